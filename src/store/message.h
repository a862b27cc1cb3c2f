/*
 * store/message.h - putting messages in, changing and removing them.
 *
 * Every change begins with the account row (lock, modseq, quota), then mailboxes in ascending id; several accounts in
 * ascending owner. What is dear (parsing, hashing, compressing) is done by prepare, before the transaction.
 */
#pragma once

#include "store/store.h"

struct prepared;

/* System flags in the mask of an entry. Keyword number k < 48 is bit 8 + k; others are rows of their own. */
enum flag {
	FLAG_SEEN = 1 << 0,
	FLAG_ANSWERED = 1 << 1,
	FLAG_FLAGGED = 1 << 2,
	FLAG_DELETED = 1 << 3,
	FLAG_DRAFT = 1 << 4,
	FLAG_SYSTEM = 31
};
#define FLAG_KEYWORD_SHIFT 8
#define FLAG_KEYWORDS_IN_MASK 48

/* Flags as a protocol brings them: the system mask and keyword names (as the client wrote them). */
struct flag_list {
	uint64_t system;
	const struct str *keywords;
	size_t keyword_count;
};

/*
 * Parse, hash and compress one message. `bytes` is borrowed until prepared_free. A message without any end of header
 * is all header. ERR_LIMIT over the store's maximum. Any thread.
 */
NODISCARD enum errc prepare_message(
    struct store *store, struct str bytes, struct prepared **prepared_out, struct err *err);
void prepared_free(struct prepared **preparedp);

/* What prepare_message and storing its result take of memory for `size` bytes, about. */
uint64_t prepare_memory(uint64_t size);

/* The Message-ID, without brackets; n = 0: none. Alive with the prepared. */
struct str prepared_message_id(const struct prepared *prepared);

/* SHA-256 over the bytes given: 32 bytes, alive with the prepared. */
const uint8_t *prepared_hash(const struct prepared *prepared);

/* One recipient of a delivery: what is to be done, and what came of it. */
struct delivery {
	int64_t owner;
	struct str
	    mailbox; /* the folder's stored name in that account; gone or no_select: INBOX, which is made if missing */
	struct flag_list flags;
	struct str
	    trace; /* Return-Path, Delivered-To, Received for this recipient, complete lines; put in front */
	uint8_t key
	    [32]; /* of return path, recipient as given and bytes: see delivery_keys in DESIGN.md */
	/* for delivery_answers_read: the recipient was refused all the same, and what was stored for him comes again */
	bool comes_again;
	/* results */
	enum errc
	    rc; /* ERR_QUOTA, ERR_NOTFOUND (account gone or not active), ERR_UNAVAIL, ... */
	struct err err;
	bool
	    repeated; /* it was there already: an earlier session stored it and its answer was lost */
	int64_t object, mailbox_id;
	uint32_t uid, uidvalidity;
};

struct delivery_batch {
	const struct prepared *message;
	struct delivery *
	    deliveries; /* sorted by store_deliver into ascending owner; one a (owner, mailbox) */
	size_t count;	/* up to STORE_RECIPIENTS_MAX */
	int64_t internal_date; /* unix seconds */
	int64_t session;       /* from delivery_session_begin */
	int64_t serial;	       /* which message of the session */
	/* Rows of other kinds (queue) written in the same transaction; NULL: none. */
	db_body *also;
	void *also_arg;
};

/*
 * Stores for all recipients in one commit, each in a savepoint. Returns OK when the transaction committed, whatever the
 * single results; otherwise nothing was stored for anybody (ERR_UNCERTAIN is resolved inside by looking for the keys).
 */
NODISCARD enum errc store_deliver(
    struct store *store, struct delivery_batch *batch, struct err *err);

/*
 * A delivering session: as long as it lives its keys are "an answer that may yet be read". Ending it without
 * delivery_answers_read leaves them, and the same delivery again is then answered and not stored twice.
 */
int64_t delivery_session_begin(struct store *store);
void delivery_session_end(struct store *store, int64_t session);

/*
 * The peer's next command shows that it read the answer of every delivery up to `serial`. Keys are forgotten in a later
 * commit, together; those of deliveries that come again stay, and are found by their repeat. Copies what it needs.
 */
void delivery_answers_read(struct store *store, int64_t session,
    const struct delivery *deliveries, size_t count, int64_t serial);

/*
 * A recipient is refused for now, and `owner` has what comes again by another recipient of the delivery: the refused one's
 * `key` is added in a later commit, so that the repeat finds it.
 */
void delivery_comes_again(
    struct store *store, int64_t session, int64_t serial, int64_t owner, const uint8_t key[32]);

struct append_message {
	const struct prepared *message;
	struct flag_list flags;
	int64_t internal_date; /* unix seconds */
	int internal_zone_min; /* minutes east of Greenwich: how the client wrote it (RFC 3501 6.4.4 searches by its day) */
};

struct appended {
	uint32_t uidvalidity, uid_first, uid_last;
};

/* All or none. Rights: insert; flags that the actor may not set are dropped (RFC 4314 4). ERR_QUOTA, ERR_NOTFOUND. */
NODISCARD enum errc store_append(struct store *store, struct actor actor, int64_t owner,
    int64_t mailbox, const struct append_message *messages, size_t count,
    struct appended *appended_out, struct err *err);

enum flag_operation { FLAGS_SET, FLAGS_ADD, FLAGS_REMOVE };

struct flag_change {
	enum flag_operation operation;
	struct flag_list flags;
	int64_t
	    unchanged_since; /* messages with a higher modseq are left alone; INT64_MAX: no condition */
};

/* What a message became. */
struct flag_result {
	uint32_t uid;
	uint64_t flags;
	int64_t modseq;
	int64_t was_modseq; /* the same as modseq: it was like that already, or `failed` */
	bool failed;	    /* changed since: nothing was done to it */
};

/*
 * Changes the flags of the given uids (ascending; those that are gone are passed over) in transactions of at most
 * STORE_TRANSACTION_ENTRIES. Entries that would not change keep their modseq. Results in the arena, ascending: every
 * message that is there, changed or not. New keywords are numbered; ERR_LIMIT when there are too many.
 */
NODISCARD enum errc store_flags(struct store *store, struct actor actor, int64_t owner,
    int64_t mailbox, const uint32_t *uids, size_t count, const struct flag_change *change,
    struct arena *arena, struct flag_result **results_out, size_t *result_count_out,
    struct err *err);

struct copied {
	uint32_t uidvalidity;
	uint32_t *from, *to; /* pairs in the arena: source uid, its new uid */
	size_t count;
};

/* Which messages, and where they are to be. */
struct copy_order {
	struct actor actor;
	int64_t owner, mailbox; /* from */
	const uint32_t *uids;	/* ascending; those that are gone are passed over */
	size_t count;
	int64_t to_owner, to_mailbox;
	bool move;
};

/*
 * Copies entries (never bytes inside an account), all or none, flags and dates kept. Between accounts the objects are
 * written again under the other owner. Target is given by id; ERR_NOTFOUND when it is gone; ERR_QUOTA.
 *
 * With `move` the source's entries are gone with it: at every moment a message is in exactly one mailbox. They go to the
 * expunge log, and from one account to another to mail_removed as well. Rights: read, deleted and expunge in the
 * source, insert in the target. Inside an account nobody is over quota by it. What was moved of more than
 * STORE_COPY_ATOMIC_MAX messages when it fails is moved back, under new uids.
 */
NODISCARD enum errc store_copy(struct store *store, const struct copy_order *order,
    struct arena *arena, struct copied *copied_out, struct err *err);

/*
 * Removes those of the given uids (NULL: of all) that are \Deleted. In transactions of at most STORE_TRANSACTION_ENTRIES;
 * what is removed goes to mail_removed and the expunge log. The removed uids in the arena, ascending.
 */
NODISCARD enum errc store_expunge(struct store *store, struct actor actor, int64_t owner,
    int64_t mailbox, const uint32_t *uids, size_t count, struct arena *arena,
    uint32_t **removed_out, size_t *removed_count_out, struct err *err);
