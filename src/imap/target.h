/*
 * imap/target.h - the mailbox that messages are put into: APPEND, COPY, MOVE.
 */
#pragma once

#include "imap/imap_int.h"
#include "store/mailbox.h"
#include "store/message.h"

/* `name` as the store has it. Takes its own connection. ERR_NOTFOUND; ERR_STATE: it holds no messages. */
NODISCARD enum errc target_find(
    struct imap_session *s, struct str name, struct mailbox *mailbox_out, struct err *err);

/* Answers a command that could not put messages there. RFC 3501 6.3.11: TRYCREATE where CREATE would help. */
enum imap_run target_failed(struct imap_session *s, enum errc rc, const struct err *err);

/*
 * "[COPYUID 1 2:3 7:8] " (RFC 4315 section 3) and a word behind it, in the command's arena. The code is left out if it
 * would be very long: it is for the client's convenience.
 */
struct str target_copyuid(
    struct imap_session *s, const struct copied *copied, const char *word);
