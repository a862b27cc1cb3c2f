/*
 * base/conf_int.h - what conf*.c share.
 */
#pragma once

#include "base/conf.h"

#include <stdatomic.h>

/* Of one file; in the whole of all sources. */
#define CONF_FILE_MAX CONF_TEXT_MAX
#define CONF_ENTRIES_MAX ((size_t)10000)
#define CONF_DIAGS_MAX ((size_t)200)
#define CONF_SETTINGS_MAX ((size_t)100)

struct arena;

/* Text that a file or the settings had, changed in place by the reader, wiped at the end. */
struct conf_text {
	char *p;
	size_t n;
	struct str name;
	struct str folder; /* where relative paths start */
};

struct conf_entry {
	const struct conf_text *from;
	unsigned line;
	struct str section, key, value;
	struct str unit; /* that DBMail means when the value has none */
};

/* How an entry came to an option; a higher one wins over a lower one, a later one over an equal one. */
enum conf_rank { CONF_RANK_NONE, CONF_RANK_DBMAIL_GENERAL, CONF_RANK_DBMAIL, CONF_RANK_OWN };

/* An option in this configuration. */
struct conf_slot {
	const struct conf_option *option;
	void *field;
	struct conf_entry entry; /* what set it, if rank is not CONF_RANK_NONE */
	enum conf_rank rank;
	bool in_error; /* the entry's value was refused, the field is the default */
	bool changed;  /* the field is not the default */
};

struct conf {
	atomic_int users;
	struct arena *arena;
	const struct conf_table *const *tables;
	void **fields; /* by table */
	size_t tables_count;
	struct conf_slot *slot;
	size_t slots;
	struct conf_text text[2]; /* the file, the settings */
	size_t texts;
	struct conf_diag *diag;
	size_t diags, errors;
	size_t entries;
	struct conf *started; /* held: fields may be of its arena; NULL: none */
};

/* A diagnostic; after CONF_DIAGS_MAX one says that there are more. `from` NULL: nowhere. */
void conf_add_diag(struct conf *conf, enum conf_severity severity, const struct conf_text *from,
    unsigned line, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* Gives each option the entry that sets it, with complaints about those that set nothing. */
void conf_place(struct conf *conf, const struct conf_entry *entry);

/* False, with a complaint, for a section that nothing belongs to. */
bool conf_know_section(
    struct conf *conf, struct str section, const struct conf_text *from, unsigned line);

/* The part of an option's name before the dot ("" without one) and behind it. */
struct str conf_section_of(const struct conf_option *option);
struct str conf_key_of(const struct conf_option *option);
