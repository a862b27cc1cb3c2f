/*
 * imap/status.h - a STATUS response: of the command, and of a LIST that asks for one a name.
 */
#pragma once

#include "store/mailbox.h"

struct imap_session;

/*
 * Appends the response. `items` is a set of enum status_item; `state` is the mailbox's, complete but for what the
 * database is asked for here: the size of what is \Deleted.
 */
NODISCARD enum errc status_tell(struct imap_session *s, struct db *db,
    const struct mailbox *mailbox, unsigned items, const struct mailbox_state *state,
    struct err *err);
