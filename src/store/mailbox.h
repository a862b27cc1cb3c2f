/*
 * store/mailbox.h - folders (dbmail_mailboxes), rights (dbmail_acl), subscriptions, and the state row that
 * SELECT and STATUS answer from (mail_mailboxes).
 *
 * Names here are NFC UTF-8 with '/' between the levels, as one user sees them: own folders by their name, others'
 * as "#Users/<login>/<name>", public ones as "#Public/<name>". "INBOX" ignores case; all else does not.
 */
#pragma once

#include "store/index.h"

/* Rights of RFC 4314, a bit each. */
enum right {
	RIGHT_LOOKUP = 1 << 0,
	RIGHT_READ = 1 << 1,
	RIGHT_SEEN = 1 << 2,
	RIGHT_WRITE = 1 << 3,
	RIGHT_INSERT = 1 << 4,
	RIGHT_POST = 1 << 5,
	RIGHT_CREATE = 1 << 6,
	RIGHT_DELETE = 1 << 7,	/* x: the mailbox */
	RIGHT_DELETED = 1 << 8, /* t: the flag */
	RIGHT_EXPUNGE = 1 << 9,
	RIGHT_ADMINISTER = 1 << 10,
	RIGHT_ALL = (1 << 11) - 1
};

struct mailbox_state {
	uint32_t uidvalidity, uidnext;
	uint32_t messages, unseen, deleted, recent;
	uint32_t first_recent; /* what is \Recent has this uid or a higher one */
	uint64_t size;
	int64_t highestmodseq, expunged_floor;
};

struct mailbox {
	int64_t id, owner;
	struct str name;			 /* as the actor sees it */
	unsigned rights;			 /* the actor's */
	bool no_select, no_inferiors, read_only; /* read_only: permission 1 */
	bool has_children;
	bool subscribed; /* by mailbox_list */
	bool gone; /* no folder, and none below: a subscription of this name or below it */
	unsigned
	    special_use; /* enum special_use; by mailbox_list, of the actor's own folders */
	bool special_use_set; /* by a setting, not by the name */
	/* by mailbox_find, for mailbox_state_found; uidvalidity 0: nothing was ever stored there */
	struct mailbox_state state;
};

/* NFC, depth, length, empty components, control characters, the reserved "#": ERR_ARG says what is wrong.
 * "inbox" at the first level becomes "INBOX". The result lives in the arena. */
NODISCARD enum errc mailbox_name_check(
    struct str name, struct arena *arena, struct str *name_out, struct err *err);

/* Folders of one account at the most. */
#define STORE_MAILBOXES_MAX 20000

/*
 * ERR_NOTFOUND also where the actor has no lookup right (RFC 4314 section 6: do not tell). has_children is false: another
 * question, for who needs to know.
 */
NODISCARD enum errc mailbox_find(struct db *db, struct actor actor, struct str name,
    struct arena *arena, struct mailbox *mailbox_out, struct err *err);

/* The same with has_children, as LIST tells it. */
NODISCARD enum errc mailbox_find_listed(struct db *db, struct actor actor, struct str name,
    struct arena *arena, struct mailbox *mailbox_out, struct err *err);

/*
 * What the actor may do with the messages of a mailbox, as the rows say at this moment: read, seen, write, insert,
 * deleted, expunge. A mailbox that is read only leaves reading alone. ERR_NOTFOUND: it is gone, or holds no messages.
 */
NODISCARD enum errc mailbox_rights(struct db *db, struct actor actor, int64_t owner,
    int64_t mailbox, unsigned *rights_out, struct err *err);

/* The same, and what tells whether a cached index is the newest, with one statement. */
struct mailbox_look {
	unsigned rights;
	struct index_row index;
};
NODISCARD enum errc mailbox_look(struct db *db, struct actor actor, int64_t owner,
    int64_t mailbox, struct mailbox_look *look_out, struct err *err);

/*
 * Everything that the actor may look up, own folders first, in the order of names, what is below a name following it;
 * also names that exist only as a parent of others (id 0, no_select). `with_gone`: subscriptions of folders that are
 * there no more as well. Two or three statements however many folders. Arrays live in the arena.
 */
NODISCARD enum errc mailbox_list(struct db *db, struct actor actor, bool with_gone,
    struct arena *arena, struct mailbox **list_out, size_t *count_out, struct err *err);

/* The account's INBOX, made if its row is missing (an account made by hand). Called at login; mailbox_find only reads. */
NODISCARD enum errc mailbox_inbox(
    struct store *store, int64_t owner, int64_t *id_out, struct err *err);

/*
 * Parents are made as needed. `name` as the actor sees it. ERR_EXISTS, ERR_DENIED, ERR_ARG, ERR_LIMIT.
 */
NODISCARD enum errc mailbox_create(
    struct store *store, struct actor actor, struct str name, int64_t *id_out, struct err *err);

/* The same with uses (enum special_use; 0: none is set). ERR_UNSUPPORTED: those of another's folder are not the actor's. */
NODISCARD enum errc mailbox_create_for(struct store *store, struct actor actor, struct str name,
    unsigned special_use, int64_t *id_out, struct err *err);

/* ERR_NOTFOUND, ERR_DENIED (INBOX, rights). A folder with children loses its mail and becomes \Noselect (RFC 3501 6.3.4);
 * one that is \Noselect already and has children: ERR_STATE. */
NODISCARD enum errc mailbox_delete(
    struct store *store, struct actor actor, struct str name, struct err *err);

/* With all inferiors, in one transaction. INBOX: its mail moves to the new name, INBOX stays, empty (RFC 3501 6.3.5). */
NODISCARD enum errc mailbox_rename(
    struct store *store, struct actor actor, struct str from, struct str to, struct err *err);

NODISCARD enum errc mailbox_subscribe(
    struct store *store, struct actor actor, struct str name, bool subscribe, struct err *err);

/* The state row; zeros with a valid uidvalidity when nothing was ever stored (the row is then made: needs the
 * store, not only a connection). */
NODISCARD enum errc mailbox_state(struct store *store, struct db *db, int64_t owner,
    int64_t mailbox, struct mailbox_state *state_out, struct err *err);

/* The same for a folder that was just found: most of it is known. */
NODISCARD enum errc mailbox_state_found(struct store *store, struct db *db,
    const struct mailbox *mailbox, struct mailbox_state *state_out, struct err *err);

/* Bytes of the messages that are marked \Deleted (RFC 9208 4.1.4); `state` says whether there are any. */
NODISCARD enum errc mailbox_deleted_size(struct db *db, const struct mailbox *mailbox,
    const struct mailbox_state *state, uint64_t *size_out, struct err *err);

/* State rows of many folders, by their ids. */
struct mailbox_states {
	struct mailbox_state_of *item; /* ascending; in the arena */
	size_t count;
};

/* All folders that the actor owns or has a right to, in two statements; `recent` is left to mailbox_count_recent. */
NODISCARD enum errc mailbox_states(struct db *db, struct actor actor, struct arena *arena,
    struct mailbox_states *states_out, struct err *err);

/* Completes a state of mailbox_states. */
NODISCARD enum errc mailbox_count_recent(struct store *store, struct db *db,
    const struct mailbox *mailbox, struct mailbox_state *state, struct err *err);

/* NULL: nothing was ever stored there, or it is not among them; ask mailbox_state. */
const struct mailbox_state *mailbox_states_find(
    const struct mailbox_states *states, int64_t mailbox);

/* Uids from `first` on, before `end`. */
struct recent_uids {
	uint32_t first, end;
};

/* What is \Recent at this moment becomes the caller's: no other session will see it as recent (RFC 3501 2.3.2). Writes
 * only if there is something recent; where that cannot be written within two seconds nothing is recent for the caller.
 * The caller reads the mailbox before: what he knows is then his or another's, and what comes later is neither's yet.
 * Holds no lease while it is called. */
NODISCARD enum errc mailbox_take_recent(struct store *store, int64_t owner, int64_t mailbox,
    struct recent_uids *recent_out, struct err *err);
