/*
 * smtp/command.h - the grammar of SMTP's command lines, which LMTP shares (RFC 5321 4.1, RFC 2033).
 *
 * Pure functions over one complete line without its CRLF.
 */
#pragma once

#include "base/base.h"

struct arena;

/* A line cut into its verb (as written) and what follows the first space, trailing white space taken off. */
struct smtp_line {
	struct str verb, rest;
};

struct smtp_line smtp_line_split(struct str line);

/* An address as it stood between the brackets, source route removed (RFC 5321 4.1.1.3: it should be ignored). */
struct smtp_path {
	struct str
	    address; /* "" for <>; else local-part@domain, or a bare local-part (postmaster) */
	struct str local_part; /* as written, quotes kept */
	struct str domain;     /* empty: none */
	bool utf8;	       /* holds bytes over 0x7f (needs SMTPUTF8, RFC 6531) */
};

/* esmtp-param: keyword and value ("" when it has none). Borrowed from the line. */
struct smtp_parameter {
	struct str keyword, value;
};

struct smtp_path_command {
	struct smtp_path path;
	struct smtp_parameter *parameters; /* in the arena */
	size_t parameter_count;
};

/*
 * "FROM:<path> [params]" and "TO:<path> [params]": what stands behind MAIL and RCPT. `keyword` is "FROM" or "TO". A space
 * behind the colon is taken, as every server does; a path without brackets is not.
 * ERR_SYNTAX, ERR_LIMIT; the text is fit for the reply.
 */
NODISCARD enum errc smtp_path_command(struct str rest, struct str keyword, struct arena *arena,
    struct smtp_path_command *command_out, struct err *err);

/*
 * The address without quotes and backslashes that it could do without: "ann"@b is ann@b (RFC 5321 4.1.2: they are no part of
 * the name). What only stands in quotes ("a b"@c) keeps them. In the arena or the path's own.
 */
struct str smtp_path_plain(const struct smtp_path *path, struct arena *arena);

/* The text between the brackets. `allow_empty`: "" is the null path. */
NODISCARD enum errc smtp_path_parse(
    struct str in, bool allow_empty, struct smtp_path *path_out, struct err *err);

/* "BDAT <size> [LAST]": what stands behind the verb (RFC 3030 2). */
NODISCARD enum errc smtp_bdat_parse(
    struct str rest, uint64_t *size_out, bool *last_out, struct err *err);

/* The name that a client gives itself: a domain or an address literal (RFC 5321 4.1.1.1). Lenient; bounded; printable. */
NODISCARD enum errc smtp_helo_parse(struct str rest, struct str *name_out, struct err *err);
