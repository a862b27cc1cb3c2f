/*
 * base/conf_ini.h - the INI form: [section], key = value, comments that begin with # or ; and have their own line.
 *
 * A value is the rest of its line without the spaces around it, or a text in double quotes with \" and \\ inside.
 * A mistake costs its line and not the rest. Lines may end in CRLF, a byte order mark is skipped.
 */
#pragma once

#include "base/base.h"

/* Bytes of one line. */
#define INI_LINE_MAX 4096

enum ini_kind {
	INI_SECTION,
	INI_ENTRY,
	INI_BAD_SECTION, /* what follows belongs to no section */
	INI_BAD_LINE,
};

struct ini_item {
	enum ini_kind kind;
	unsigned line;
	struct str section; /* INI_SECTION */
	struct str key, value;
	bool comment_like; /* the value has # or ; after a space: perhaps meant as a comment */
	const char *mistake; /* a constant */
};

struct ini {
	char *p, *end;
	unsigned line;
};

/* `text` is changed while it is read (quotes are undone in place), and items are views into it. */
void ini_init(struct ini *ini, char *text, size_t n);

/* False at the end. */
bool ini_next(struct ini *ini, struct ini_item *item_out);
