/*
 * mime/lex.h - the words of structured fields (RFC 5322 section 3.2): comments, quoted strings, encoded words.
 */
#pragma once

#include "base/base.h"

struct arena;

/* `p` is at '('. The byte behind the comment, nested ones taken with it; NULL if it is never closed. */
const char *lex_after_comment(const char *p, const char *end);

/* `p` is at '"'. The byte behind the closing one, or NULL. */
const char *lex_after_quoted(const char *p, const char *end);

/* Behind white space and comments. A comment that is never closed is not skipped. */
const char *lex_skip_cfws(const char *p, const char *end);

/*
 * The text of a quoted string or a comment, without the bytes around it: escapes and line ends taken out. Borrowed
 * if there are none.
 */
struct str lex_unescape(struct arena *arena, struct str s);

/* "=?charset?q?text?=", an RFC 2047 encoded word. */
struct lex_word {
	struct str charset; /* without the language of RFC 2231 section 5 */
	char encoding;	    /* 'b' or 'q' */
	struct str text;
	const char *after;
};

/*
 * Is there an encoded word at `p`, which is at "=?" ? Blanks in the text are taken if `blanks` (RFC 2047 forbids
 * them, mail has them), line ends never. On false `after` is set: no word begins between `p` and there.
 */
bool lex_encoded_word(const char *p, const char *end, bool blanks, struct lex_word *word_out);

/* 0 to 15, or -1. */
int lex_hex_value(char c);
