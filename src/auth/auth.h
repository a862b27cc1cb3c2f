/*
 * auth/auth.h - is this the account's password?
 *
 * A session asks with auth_start, while it has a database connection: the account's row is read, and the hashing is
 * given to a thread of its own behind a bounded queue. It lets go of everything, parks (STEP_WAIT), is woken, and fetches
 * the answer with auth_take. Names that nobody has take the same way and time.
 *
 * Remembered are only proofs that a hash and a password belong together, keyed by both under a key of this process; the
 * row is read at each login, so that a change of it counts at once.
 */
#pragma once

#include "auth/limits.h"
#include "auth/sasl.h"
#include "store/account.h"

struct auth;
struct auth_request;
struct log;

struct auth_settings {
	struct store *store; /* borrowed, like all below */
	struct log *log;     /* may be NULL */
	int workers;	     /* threads that hash, each on a core while it does */
	int queue_max;	     /* passwords that wait */
	/* tells the session that its answer is there; on a hashing thread, or inside auth_start */
	void (*wake)(void *arg, uint64_t ref);
	void *wake_arg;
};

NODISCARD enum errc auth_open(
    const struct auth_settings *settings, struct auth **auth_out, struct err *err);

/* Joins the threads; requests that wait are answered ERR_UNAVAIL. Every answer must be taken or cancelled before, but for
 * those that this gives: sessions end first. *authp = NULL. */
void auth_close(struct auth **authp);

/*
 * Begin to check. The credentials are copied. `wake(arg, ref)` is called once when auth_take will not say ERR_MORE any
 * more, perhaps before this returns.
 *
 * OK           *request_out is there
 * ERR_LIMIT, ERR_SYNTAX  the credentials break credentials_check: answer as to a wrong password
 * ERR_UNAVAIL  the queue is full, or the account could not be looked up: temporary
 */
NODISCARD enum errc auth_start(struct auth *auth, struct db *db,
    const struct credentials *credentials, uint64_t ref, struct auth_request **request_out,
    struct err *err);

struct auth_login {
	int64_t account;
	struct str name; /* the login name as stored; in the arena given to auth_take */
};

/*
 * Fetch the answer. Ends the request (*requestp = NULL) unless it is ERR_MORE. On OK the account has an INBOX and its last
 * login is noted.
 *
 * ERR_MORE     not there yet
 * ERR_DENIED   no such account, wrong password, not active, not a person's, or an authzid that is another's. The text, for
 *              the log alone, says which
 * ERR_UNAVAIL  could not be checked
 */
NODISCARD enum errc auth_take(struct auth_request **requestp, struct arena *arena,
    struct auth_login *login_out, struct err *err);

/* The session has gone: nobody will take the answer. Accepts a pointer to NULL. */
void auth_cancel(struct auth_request **requestp);

/* Begin, wait and take at once, on the caller's thread: for the command line and tests. */
NODISCARD enum errc auth_check(struct db *db, const struct credentials *credentials,
    struct arena *arena, struct auth_login *login_out, struct err *err);

struct auth_stats {
	uint64_t logins, failures, refused; /* refused: the queue was full */
	uint64_t cache_hits;
	unsigned waiting; /* now */
};

void auth_stats(struct auth *auth, struct auth_stats *stats_out);
