/*
 * imap/resync.h - what a client that was here before has missed (QRESYNC, RFC 7162 section 3.2).
 *
 * A SELECT answers from the state row, the expunge log and the entries by modseq where the mailbox's index is not cached:
 * it costs what happened. The index is read where more happened than that is worth, or the log does not reach back.
 */
#pragma once

#include "imap/view.h"

struct qresync;
struct resync;

/*
 * The uids of the sorted set whose messages went after `since`, as far as the log tells; else all of them that are
 * not there. Messages that the client knows and was not told of are none of them. `known` (may be NULL): what it
 * says of its own mailbox. The view is loaded. In the command's arena.
 */
NODISCARD enum errc resync_gone(struct imap_session *s, struct db *db, int64_t since,
    const struct seqset *uids, const struct qresync *known, struct seqset *gone_out,
    struct err *err);

/*
 * For a SELECT: what is to be told. If the view is not loaded it is set to the state that this was read at, or loaded.
 * In the command's arena.
 */
NODISCARD enum errc resync_begin(struct imap_session *s, struct db *db,
    const struct qresync *known, struct resync **resync_out, struct err *err);

/* VANISHED (EARLIER), then FETCH (RFC 7162 3.2.5.1). False: the step is over. */
bool resync_tell(struct imap_session *s, struct resync *resync);
