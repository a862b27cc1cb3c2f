/*
 * store/account.h - accounts (dbmail_users). Rows are read when they are used and cached nowhere: an UPDATE typed
 * by hand works at once.
 */
#pragma once

#include "store/access.h"
#include "store/auth_keys.h"
#include "store/store.h"

struct account {
	int64_t id;
	struct str name;       /* the login name, as stored */
	struct str passwd;     /* never to be logged */
	struct str encryption; /* DBMail's encryption_type */
	int64_t client;
	int64_t quota_bytes;	      /* 0: none */
	int64_t used_bytes, messages; /* as booked in mail_accounts */
	bool active;
};

/* Is this one of the three accounts that are not people's: internal delivery user, anyone, __public__? */
bool account_is_internal(const struct account *account);
#define ACCOUNT_ID_ANYONE 2
#define ACCOUNT_ID_PUBLIC 3

/* By login name, without regard to case. ERR_NOTFOUND; ERR_UNAVAIL when it could not be looked up. */
NODISCARD enum errc account_by_name(struct db *db, struct str name, struct arena *arena,
    struct account *account_out, struct err *err);
NODISCARD enum errc account_by_id(struct db *db, int64_t id, struct arena *arena,
    struct account *account_out, struct err *err);

struct account_new {
	struct str name;
	struct str passwd, encryption; /* already hashed */
	const struct auth_key *keys;   /* made from that password */
	size_t key_count;
	int64_t quota_bytes, client;
	const struct str *aliases;
	size_t alias_count;
};

#define ACCOUNT_NAME_MAX 255 /* bytes; the width of DBMail's column */

/* UTF-8 without control characters, spaces and slashes; the result is in form C. ERR_ARG says what is wrong. */
NODISCARD enum errc account_name_check(
    struct str name, struct arena *arena, struct str *name_out, struct err *err);

/* The account, its aliases and its INBOX, in one transaction. ERR_EXISTS, ERR_ARG (what is wrong with the name). */
NODISCARD enum errc account_create(
    struct store *store, const struct account_new *account, int64_t *id_out, struct err *err);

/* What is to change; members whose flag is off stay. */
struct account_change {
	bool set_name, set_passwd, set_quota, set_client, set_active;
	bool set_services, set_needs_tls, set_login;
	struct str name, passwd, encryption;
	const struct auth_key *keys; /* with the password: made from it */
	size_t key_count;
	struct account_access access; /* its members as their flags say */
	int64_t quota_bytes, client;
	bool active;
};

NODISCARD enum errc account_change(
    struct store *store, int64_t id, const struct account_change *change, struct err *err);

/* The row, its aliases, folders and rights; the mail is swept by housekeeping. ERR_DENIED for internal accounts. */
NODISCARD enum errc account_delete(struct store *store, int64_t id, struct err *err);

/* Calls `each` for every account in the order of names; stops when it returns anything but OK. */
NODISCARD enum errc account_each(struct db *db,
    enum errc (*each)(const struct account *account, void *arg), void *arg, struct err *err);

/* Last login: batched, written within 5 s; may be lost with the process. */
void account_note_login(struct store *store, int64_t id);
