/*
 * store/admin_int.h - the rows of the administration tables, shared by the files of this folder.
 *
 * Functions that write run inside a transaction body; what a change to an account's folders or mail begins with
 * is account_lock.
 */
#pragma once

#include "base/arena.h"
#include "store/account.h"
#include "store/alias.h"
#include "store/mailbox.h"

/* What a `struct str` bound as a parameter needs when it is no text but an id. Lives in the arena. */
struct str admin_id_text(struct arena *arena, int64_t id);

/* Logins and addresses: UTF-8, no control characters, not empty, at most `max` bytes. ERR_ARG says what is wrong. */
NODISCARD enum errc admin_text_check(
    const char *what, struct str text, size_t max, struct err *err);

/* The first statement of every change to an account's mail or folders: makes the row of mail_accounts if it is
 * not there, takes its lock and counts the modseq up. */
NODISCARD enum errc account_lock(
    struct db *db, int64_t owner, int64_t *modseq_out, struct err *err);

/* Takes mail out of the account's sums. */
NODISCARD enum errc account_book_out(
    struct db *db, int64_t owner, int64_t bytes, int64_t messages, struct err *err);

/* A uidvalidity that this account never used: the time, or one more than its last. Books it. */
NODISCARD enum errc account_next_uidvalidity(
    struct db *db, int64_t owner, int64_t *uidvalidity_out, struct err *err);

NODISCARD enum errc account_row_insert(
    struct db *db, const struct account_new *account, int64_t *id_out, struct err *err);
/* ERR_NOTFOUND when there is no such account. */
NODISCARD enum errc account_row_rename(
    struct db *db, int64_t id, struct str name, struct err *err);
NODISCARD enum errc account_row_passwd(
    struct db *db, int64_t id, struct str passwd, struct str encryption, struct err *err);
NODISCARD enum errc account_row_quota(
    struct db *db, int64_t id, int64_t quota_bytes, struct err *err);
NODISCARD enum errc account_row_client(
    struct db *db, int64_t id, int64_t client, struct err *err);
NODISCARD enum errc account_row_active(struct db *db, int64_t id, bool active, struct err *err);
NODISCARD enum errc account_row_delete(struct db *db, int64_t id, struct err *err);
NODISCARD enum errc account_row_last_login(
    struct db *db, int64_t id, struct str time, struct err *err);

NODISCARD enum errc alias_row_insert(
    struct db *db, struct str address, struct str target, int64_t client, struct err *err);
/* `folded`: the address in lower case. */
NODISCARD enum errc alias_row_exists(
    struct db *db, struct str folded, struct str target, bool *exists_out, struct err *err);
/* `target` empty: every row of the address. */
NODISCARD enum errc alias_rows_delete(
    struct db *db, struct str folded, struct str target, int64_t *count_out, struct err *err);
NODISCARD enum errc alias_rows_delete_target(struct db *db, struct str target, struct err *err);

/* Names in domain_row_* are in lower case. */
NODISCARD enum errc domain_row_insert(
    struct db *db, const struct domain *domain, int64_t created, struct err *err);
NODISCARD enum errc domain_row_active(
    struct db *db, struct str name, bool active, struct err *err);
NODISCARD enum errc domain_row_delete(struct db *db, struct str name, struct err *err);

enum mailbox_space { SPACE_OWN, SPACE_USERS, SPACE_PUBLIC };

/* A name as a user sees it, taken apart. Views into that name. */
struct mailbox_path {
	enum mailbox_space space;
	struct str login;  /* SPACE_USERS: whose folder it is */
	struct str stored; /* the name in that account; empty: the namespace itself */
};

/* Form C, "inbox" and the names of the namespaces as we write them; nothing is refused but bad UTF-8 (ERR_ARG). */
NODISCARD enum errc mailbox_name_canonical(
    struct str name, struct arena *arena, struct str *name_out, struct err *err);
struct mailbox_path mailbox_name_path(struct str canonical);

/* The name under which `viewer` sees a folder of `owner`, whose login is given. */
struct str mailbox_name_seen(
    struct arena *arena, int64_t viewer, int64_t owner, struct str login, struct str stored);

/* memcmp's order with '/' before every other byte, so that what is below a name follows it. */
int mailbox_name_compare(struct str a, struct str b);

/* Is `name` a level or more below `parent`? */
bool mailbox_name_is_below(struct str name, struct str parent);

/* "a/b" of "a/b/c"; empty for a name of one level. */
struct str mailbox_name_parent(struct str name);

/* A folder's row with the rights that the actor's and everybody's ACL rows give, before ownership is looked at. */
struct mailbox_row {
	int64_t id, owner;
	struct str name; /* as stored */
	unsigned acl;
	bool no_select, no_inferiors, read_only, subscribed;
	bool special_use_set;	    /* mailbox_rows_own alone reads it */
	struct str special_use;	    /* the setting */
	struct mailbox_state state; /* by mailbox_row_get and mailbox_row_inbox_nocase */
};

/* One folder by its stored name. */
struct mailbox_key {
	int64_t owner;
	struct str name;
	int64_t user; /* whose rights are read; 0: nobody's */
};

/* ERR_NOTFOUND. */
NODISCARD enum errc mailbox_row_get(struct db *db, const struct mailbox_key *key,
    struct arena *arena, struct mailbox_row *row_out, struct err *err);

/* A row named INBOX in other letters, as made by hand; the key's name is not looked at. ERR_NOTFOUND. */
NODISCARD enum errc mailbox_row_inbox_nocase(struct db *db, const struct mailbox_key *key,
    struct arena *arena, struct mailbox_row *row_out, struct err *err);

/* Where a name leads. */
struct mailbox_place {
	int64_t owner;
	struct str login;  /* the owner's, where it is another account's folder */
	struct str stored; /* not empty */
};

/* ERR_NOTFOUND: no such account, or a namespace itself. `name` in form C, see mailbox_name_canonical. */
NODISCARD enum errc mailbox_resolve(struct db *db, struct actor actor, struct str name,
    struct arena *arena, struct mailbox_place *place_out, struct err *err);

/* The actor's rights on a folder whose row was read for him. */
unsigned mailbox_row_rights(struct actor actor, const struct mailbox_row *row);

/* The row at a place, INBOX in whatever letters. Not looked at: whether the actor may look it up. */
NODISCARD enum errc mailbox_place_row(struct db *db, struct actor actor,
    const struct mailbox_place *place, struct arena *arena, struct mailbox_row *row_out,
    struct err *err);

/* As the actor is shown it; has_children is left to the caller. */
struct mailbox mailbox_from_row(
    struct arena *arena, struct actor actor, const struct mailbox_row *row, struct str login);

typedef enum errc mailbox_row_fn(
    void *arg, const struct mailbox_row *row, struct str login, struct err *err);

/* The folders of `user`, then the folders of others that user or everybody has an ACL row for (rows of one folder
 * follow each other; `login` is the owner's). The row's texts are borrowed during the call. */
NODISCARD enum errc mailbox_rows_own(
    struct db *db, int64_t user, mailbox_row_fn *each, void *arg, struct err *err);
NODISCARD enum errc mailbox_rows_shared(
    struct db *db, int64_t user, mailbox_row_fn *each, void *arg, struct err *err);

struct mailbox_rows {
	struct mailbox_row *row; /* in the arena */
	size_t count, room;
};

/* The rows below `name` (not itself), in the order of names. ERR_LIMIT above STORE_MAILBOXES_MAX. */
NODISCARD enum errc mailbox_rows_below(struct db *db, int64_t owner, struct str name,
    struct arena *arena, struct mailbox_rows *rows_out, struct err *err);
NODISCARD enum errc mailbox_has_below(
    struct db *db, int64_t owner, struct str name, bool *has_out, struct err *err);
/* The same in two halves (db_send); the arena outlives the answer. */
NODISCARD enum errc mailbox_below_ask(struct db *db, struct arena *arena, int64_t owner,
    struct str name, struct db_q **q_out, struct err *err);
NODISCARD enum errc mailbox_below_take(struct db_q **qp, bool *has_out, struct err *err);
NODISCARD enum errc mailbox_rows_count(
    struct db *db, int64_t owner, int64_t *count_out, struct err *err);

/* The folder's setting; replaces what it was. */
NODISCARD enum errc mailbox_setting_put(
    struct db *db, int64_t id, struct str name, struct str value, struct err *err);

/* The folder's row and its state row with a uidvalidity of its own. The account is locked at `modseq`. */
NODISCARD enum errc mailbox_row_make(struct db *db, int64_t owner, struct str name,
    int64_t modseq, int64_t *id_out, struct err *err);
NODISCARD enum errc mailbox_row_rename(
    struct db *db, int64_t id, struct str name, struct err *err);
NODISCARD enum errc mailbox_row_select(
    struct db *db, int64_t id, bool no_select, struct err *err);

/* Deletes the folder's row and books its mail out of the account. The rows of the mail stay for the sweeper: the
 * state row says zero, so that nothing is booked out twice. The account is locked. */
NODISCARD enum errc mailbox_row_delete(
    struct db *db, int64_t owner, int64_t id, struct err *err);

/* The account's INBOX, made if there is none. The account is locked at `modseq`. */
NODISCARD enum errc mailbox_row_inbox(struct db *db, int64_t owner, int64_t modseq,
    struct arena *arena, int64_t *id_out, struct err *err);

/* Rights: of this user's row alone; 0: there is none. */
NODISCARD enum errc acl_row_get(
    struct db *db, int64_t mailbox, int64_t user, unsigned *rights_out, struct err *err);
/* Every row, in the order of logins; `login` is borrowed during the call. */
NODISCARD enum errc acl_rows_each(struct db *db, int64_t mailbox,
    enum errc (*each)(
	void *arg, int64_t user, struct str login, unsigned rights, struct err *err),
    void *arg, struct err *err);
/* Rights: add or replace nothing else than this user's row. */
NODISCARD enum errc acl_row_set(
    struct db *db, int64_t mailbox, int64_t user, unsigned rights, struct err *err);
NODISCARD enum errc acl_row_delete(
    struct db *db, int64_t mailbox, int64_t user, struct err *err);
NODISCARD enum errc acl_rows_copy(struct db *db, int64_t from, int64_t to, struct err *err);
NODISCARD enum errc acl_rows_delete(struct db *db, int64_t mailbox, struct err *err);

NODISCARD enum errc subscription_row_add(
    struct db *db, int64_t user, int64_t mailbox, struct err *err);
NODISCARD enum errc subscription_row_remove(
    struct db *db, int64_t user, int64_t mailbox, struct err *err);
NODISCARD enum errc subscription_rows_move(
    struct db *db, int64_t from, int64_t to, struct err *err);
/* Who has subscribed to it; the array lives in the arena. */
NODISCARD enum errc subscription_rows_users(struct db *db, int64_t mailbox, struct arena *arena,
    int64_t **users_out, size_t *count_out, struct err *err);

/*
 * Names that stay subscribed although their folder is gone (RFC 3501 6.3.9): rows of account_settings, since
 * dbmail_subscription knows ids only. `name` is as the user sees it.
 */
NODISCARD enum errc subscription_name_keep(
    struct db *db, int64_t user, struct str name, struct err *err);
NODISCARD enum errc subscription_name_forget(
    struct db *db, int64_t user, struct str name, bool *was_out, struct err *err);
NODISCARD enum errc subscription_names(struct db *db, int64_t user,
    enum errc (*each)(void *arg, struct str name), void *arg, struct err *err);
