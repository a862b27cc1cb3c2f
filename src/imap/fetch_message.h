/*
 * imap/fetch_message.h - one message of a FETCH: its items, written piece by piece between which a step may end.
 */
#pragma once

#include "imap/fetch_att.h"
#include "imap/fetch_binary.h"
#include "imap/imap_int.h"
#include "imap/view.h"
#include "store/ahead.h"
#include "store/content.h"

struct mime_part;

struct fetch_message {
	struct imap_session *s;
	struct arena *arena; /* of this message */
	const struct fetch_item *items;
	size_t count, next; /* items; the next one to be written */
	unsigned
	    reads; /* rows that the items need, beside the index: a mask of enum ahead_what */
	struct ahead *ahead; /* rows of this message and the next; NULL: none was read yet */

	bool open;
	bool any; /* an item was written */
	uint32_t seq;
	struct view_message message;
	struct object_info info;
	struct mime_part *root;	 /* NULL: not needed, or not readable */
	struct content *content; /* NULL: not needed */

	/* the literal that is being written */
	uint64_t left,
	    offset; /* bytes to come, from `content` at offset, from `text`, or decoded */
	enum fetch_source { FROM_CONTENT, FROM_TEXT, FROM_BINARY } source;
	struct buf text; /* fields of a header */

	bool counting; /* the size of `item` is being found out; `binary` counts */
	const struct fetch_item *item;
	struct fetch_binary_part part;
	struct fetch_binary binary;
	bool unknown_encoding; /* of a part of any message: its item was left out */
};

/* For the items of a command. `arena` is cleared for each message. */
void fetch_message_init(struct fetch_message *m, struct imap_session *s, struct arena *arena,
    const struct fetch_item *items, size_t count);
void fetch_message_release(struct fetch_message *m);

/*
 * Begins number `seq`: reads what its items need before anything is written, then writes the beginning.
 * ERR_NOTFOUND: the message was removed and swept; nothing was written.
 */
NODISCARD enum errc fetch_message_begin(
    struct fetch_message *m, struct db *db, uint32_t seq, bool tell_flags, struct err *err);

/*
 * Writes the next piece: an item, or up to 64 KB of a literal. OK: written, there is more. ERR_END: the message is
 * complete. Any other error: nothing was written, and it may be tried again with another connection; in the middle of
 * a message it cannot be told to the client.
 */
NODISCARD enum errc fetch_message_go_on(
    struct fetch_message *m, struct db *db, struct err *err);
