/*
 * imap/uids.h - the messages that a command names, as the store wants them.
 */
#pragma once

#include "imap/seqset.h"

struct imap_session;

/* Ascending; in the command's arena. */
struct uid_list {
	uint32_t *uid;
	size_t count;
};

/*
 * Resolves a set, of UIDs or of numbers, against the selected mailbox; loads the index if need be. `seqs_out` (NULL
 * allowed) gets the sequence numbers. ERR_SYNTAX: a number beyond the last message; else as view_load.
 */
NODISCARD enum errc uids_of_set(struct imap_session *s, const struct seqset *set, bool uid,
    struct uid_list *uids_out, struct seqset *seqs_out, struct err *err);
