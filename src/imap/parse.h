/*
 * imap/parse.h - a complete command as text to a command as structs (RFC 3501 section 9). Pure functions.
 */
#pragma once

#include "imap/command.h"

/*
 * `in` as the framer gives it. The messages of an APPEND are not in there: only their "{n}" and CRLF.
 *
 * command_out  holds the tag also when the rest could not be read (p == NULL: there is none), and the verb in case
 *              of ERR_SYNTAX and ERR_LIMIT if that was read (else VERB_COUNT). Lives as long as the arena.
 *
 * ERR_SYNTAX; ERR_LIMIT; ERR_UNSUPPORTED: no such command. The text of `err` may be shown to the client.
 */
NODISCARD enum errc imap_parse(
    struct str in, struct arena *arena, struct imap_command *command_out, struct err *err);

/* "UID FETCH"; constant. */
struct str imap_verb_name(enum imap_verb verb);

/*
 * Is the literal that is announced at the end of `in` (with its CRLF) the first message of an APPEND? Then it goes to
 * the spool.
 */
bool imap_literal_is_message(struct str in, struct arena *arena);

/* The same of a further one (RFC 3502): `line` is what came behind the message before. */
bool imap_literal_is_next_message(struct str line, struct arena *arena);

/* The tag at the beginning of what may be broken or cut; n == 0: there is none. Borrowed. */
struct str imap_tag_of(struct str in);

/*
 * Is all that is no literal UTF-8? Only quoted strings can hold other bytes than ASCII, so this says whether those are
 * (RFC 9051 section 9, quoted). `in` as the framer gives it.
 */
bool imap_quoted_is_utf8(struct str in);
