/*
 * auth/auth.h - is this the account's password, or what are its keys?
 *
 * A session asks with auth_start, while it has a database connection: the account's rows are read, and the hashing is
 * given to a thread of its own behind a bounded queue. It lets go of everything, parks (STEP_WAIT), is woken, and fetches
 * the answer with auth_take. Names that nobody has take the same way and time.
 *
 * Remembered are only proofs that a hash and a password belong together, and keys that were made from a hash, keyed by
 * both under a key of this process; the rows are read at each login, so that a change of them counts at once.
 *
 * auth/login.h is the whole of a login as protocols use it.
 */
#pragma once

#include "auth/limits.h"
#include "auth/sasl.h"
#include "auth/scram.h"
#include "store/account.h"

struct auth;
struct auth_request;
struct log;
struct throttle;

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

/* What is asked. */
enum auth_proof {
	AUTH_BY_PASSWORD, /* credentials.password, or with a challenge CRAM-MD5's answer: is it right? */
	AUTH_BY_KEYS, /* SCRAM: keys of credentials.authcid, of nobody's if need be */
};

struct auth_question {
	const struct credentials *credentials;
	enum auth_proof proof;
	unsigned service;     /* enum account_service: one of them */
	bool tls;	      /* for accounts that need it */
	enum scram_hash hash; /* AUTH_BY_KEYS */
	uint32_t iterations;  /* of keys that are made */
	unsigned
	    make_keys; /* 1 << enum scram_hash: a right password leaves these keys behind */
};

/*
 * Begin to check. The credentials are copied. `wake(arg, ref)` is called once when auth_take will not say ERR_MORE any
 * more, perhaps before this returns.
 *
 * OK           *request_out is there
 * ERR_LIMIT, ERR_SYNTAX  the credentials break credentials_check: answer as to a wrong password
 * ERR_UNAVAIL  the queue is full, or the account could not be looked up: temporary
 */
NODISCARD enum errc auth_start(struct auth *auth, struct db *db,
    const struct auth_question *question, uint64_t ref, struct auth_request **request_out,
    struct err *err);

/* Why somebody whose password was right is not let in. For those whom he trusts with it: others hear of no difference. */
enum auth_refusal {
	AUTH_NOT_TOLD, /* the password was wrong, was not looked at, or there is no such account */
	AUTH_SWITCHED_OFF, /* the account, its login, or this service of it */
	AUTH_FOR_ANOTHER,  /* an authzid that is another's */
};

struct auth_login {
	int64_t account;
	struct str name; /* the login name as stored; in the arena given to auth_take */
	bool has_inbox;
	enum auth_refusal refusal;
	/* AUTH_BY_KEYS: */
	const char
	    *reason; /* why no proof can be right, a constant for the log; NULL: it can */
	bool
	    lacks_keys; /* that is why: there is such an account, and its password has none yet */
	struct scram_keys keys;
};

/*
 * Fetch the answer. Ends the request (*requestp = NULL) unless it is ERR_MORE. After OK to AUTH_BY_PASSWORD the login is
 * accepted (auth_accept); after OK to AUTH_BY_KEYS that is left until the keys were proved.
 *
 * ERR_MORE     not there yet
 * ERR_DENIED   no such account, wrong password, not active, not a person's, not for this service, or an authzid that is
 *              another's. The text, for the log alone, says which; login_out->refusal is set
 * ERR_UNAVAIL  could not be checked
 */
NODISCARD enum errc auth_take(struct auth_request **requestp, struct arena *arena,
    struct auth_login *login_out, struct err *err);

/* The account has an INBOX and its last login is noted. */
NODISCARD enum errc auth_accept(
    struct auth *auth, const struct auth_login *login, struct err *err);

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

/*
 * Can every account log in by SCRAM with these hashes (1 << enum scram_hash)? As of the last auth_look; an account that
 * turns out to have no keys changes it at once.
 */
bool auth_scram_is_ready(const struct auth *auth);
/* Looks at the accounts. Every minute or so, on any thread, one at a time. */
void auth_look(struct auth *auth, unsigned hashes);
void auth_note_no_keys(struct auth *auth);

/* What the process has for every exchange. */
struct sasl_kit *auth_kit(struct auth *auth);
struct store *auth_store(struct auth *auth);
struct throttle *auth_throttle(struct auth *auth);

/*
 * What a new password is stored with besides its hash, for `tabella user`: keys of both SCRAMs, in the arena. None for a
 * password that SASLprep forbids.
 */
struct auth_key;
NODISCARD enum errc auth_make_keys(struct store *store, struct str name, struct str password,
    uint32_t iterations, struct arena *arena, struct auth_key **keys_out, size_t *count_out,
    struct err *err);

void auth_stats(struct auth *auth, struct auth_stats *stats_out);
