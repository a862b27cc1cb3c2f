/*
 * mime/address_lex.h - the tokens of address lists, and texts put together from them; for address.c.
 */
#pragma once

#include "base/base.h"

struct arena;

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,    /* atoms, dots, encoded words, whatever else is no special */
	TOKEN_QUOTED,  /* text without the quotes */
	TOKEN_LITERAL, /* "[...]" of a domain */
	TOKEN_SPECIAL  /* , ; : < > @ */
};

/*
 * Splits a value into tokens. A quote or comment that is never closed is an ordinary byte, and so are then all
 * others of its kind: the search for the end is not made twice.
 */
struct address_lexer {
	const char *p, *end;
	bool quotes_are_text, comments_are_text;
	/* the last token */
	enum token_kind kind;
	const char *start; /* its first byte; quotes belong to it */
	struct str text;
	bool after_blank;   /* white space or a comment was before it */
	bool is_at;	    /* it was '@': a domain literal may follow */
	struct str comment; /* the last one that was met */
};

/* How tokens are put together again. */
enum join {
	JOIN_PHRASE, /* one blank where there was any white space */
	JOIN_ADDRESS /* the same, but none beside a dot or an '@' (RFC 5322 4.4, obs-local-part) */
};

struct address_lexer address_lexer_of(const char *p, const char *end);

/* Takes a token; TOKEN_END again and again at the end. */
enum token_kind address_next(struct address_lexer *lx);

/* Is the last token that special? */
bool address_token_is(const struct address_lexer *lx, char special);

/*
 * The text of all tokens between two places, without quotes, comments and line ends. p == NULL if there are none.
 * Borrowed where it stands so in the bytes.
 */
struct str address_render(const char *p, const char *end, enum join how, struct arena *arena);

/* A comment as a name: one line, one blank for many. p == NULL if nothing is in it. */
struct str address_render_comment(struct str comment, struct arena *arena);
