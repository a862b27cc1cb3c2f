/*
 * imap/lex.h - the terminals of IMAP's grammar (RFC 3501 section 9), one reader a rule, named after it.
 *
 * Readers move the cursor only on success. Texts are copied into the arena: nothing of the input is kept. The input
 * is a command as the framer gives it: no last line end, literals in place.
 */
#pragma once

#include "base/civil.h"
#include "base/cursor.h"
#include "base/str.h"

struct arena;
struct flag_list;

/* Bytes over 0x7f are in no class: they come in quoted strings and literals only. */
bool imap_is_atom_char(char c);
bool imap_is_astring_char(char c);

/* Single space. */
NODISCARD enum errc imap_sp(struct cursor *c, struct err *err);

/* ERR_SYNTAX unless all is read. */
NODISCARD enum errc imap_end(const struct cursor *c, struct err *err);

NODISCARD enum errc imap_tag(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err);
NODISCARD enum errc imap_atom(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err);
NODISCARD enum errc imap_astring(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err);

/* string: quoted or literal. A literal with NUL is ERR_SYNTAX (CHAR8). */
NODISCARD enum errc imap_string(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err);

/* string or NIL, which gives p == NULL. */
NODISCARD enum errc imap_nstring(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err);

/* list-mailbox: a string, or characters of which '%' and '*' are some. */
NODISCARD enum errc imap_list_mailbox(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err);

NODISCARD enum errc imap_number(struct cursor *c, uint32_t *out, struct err *err);
NODISCARD enum errc imap_nz_number(struct cursor *c, uint32_t *out, struct err *err);

/* number64 (RFC 9051 section 9): 63 bits. Sizes of RFC 3501 have 32; larger ones do no harm. */
NODISCARD enum errc imap_number64(struct cursor *c, uint64_t *out, struct err *err);

/* "{n}" or "{n+}" and CRLF, without the bytes behind. */
NODISCARD enum errc imap_literal_head(struct cursor *c, uint32_t *size_out, struct err *err);

/*
 * flag-list: in parentheses, may be empty. \Recent and system flags that nobody knows are passed over: they are in no
 * PERMANENTFLAGS, so changing them has no effect (RFC 3501 section 7.1).
 */
NODISCARD enum errc imap_flag_list(
    struct cursor *c, struct arena *arena, struct flag_list *out, struct err *err);

/* flag *(SP flag): a STORE needs no parentheses. */
NODISCARD enum errc imap_flags(
    struct cursor *c, struct arena *arena, struct flag_list *out, struct err *err);

/* date-time with its quotes, as unix time. */
NODISCARD enum errc imap_date_time(struct cursor *c, struct civil *civil_out, struct err *err);

/* date, quoted or not: days since 1970. */
NODISCARD enum errc imap_date(struct cursor *c, int64_t *days_out, struct err *err);
