/* auth/verdict.c - who may log in, by the rows, and with which password or keys. */
#include "auth/auth_int.h"
#include "auth/scheme.h"
#include "base/arena.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/str.h"
#include "store/auth_keys.h"
#include "store/mailbox.h"

/* Why nobody gets in, and whether one who knows the password may hear it. */
struct refusal {
	const char *reason; /* NULL: nothing but the password is left to be asked */
	enum auth_refusal told;
};

static struct refusal refusal(const struct account *account,
    const struct account_access *access, const struct auth_question *question)
{
	const struct credentials *credentials = question->credentials;

	if (account_is_internal(account))
		return (struct refusal){ "the program's own account", AUTH_NOT_TOLD };
	if (account->passwd.n == 0)
		return (struct refusal){ "account without password", AUTH_NOT_TOLD };
	if (!account->active)
		return (struct refusal){ "account not active", AUTH_SWITCHED_OFF };
	if (!access->login)
		return (struct refusal){ "login is off for this account", AUTH_SWITCHED_OFF };
	if ((access->services & question->service) == 0)
		return (struct refusal){ "this service is off for this account",
			AUTH_SWITCHED_OFF };
	if (access->needs_tls && !question->tls)
		return (struct refusal){ "this account needs TLS", AUTH_NOT_TOLD };
	/* RFC 4616 section 2: acting for others is not offered */
	if (credentials->authzid.n > 0 &&
	    !str_equal_nocase(credentials->authzid, credentials->authcid))
		return (
		    struct refusal){ "authorization for another account", AUTH_FOR_ANOTHER };
	return (struct refusal){ NULL, AUTH_NOT_TOLD };
}

static enum errc find_inbox(
    struct db *db, int64_t account, struct arena *arena, bool *has_out, struct err *err)
{
	struct actor actor = { .user = account };
	struct mailbox mailbox;
	enum errc rc = mailbox_find(db, actor, STR("INBOX"), arena, &mailbox, err);

	*has_out = rc == OK;
	return rc == ERR_NOTFOUND ? OK : rc;
}

static bool hash_of(struct str mechanism, enum scram_hash *hash_out)
{
	for (int hash = 0; hash < SCRAM_HASHES; hash++) {
		*hash_out = (enum scram_hash)hash;
		if (str_equal(scram_hash_name(*hash_out), mechanism))
			return true;
	}
	return false;
}

/* Rows that are no keys, by hand or by age, are as if they were not there. */
static enum errc read_keys(
    struct db *db, struct arena *arena, struct verdict *verdict, struct err *err)
{
	struct auth_key keys[AUTH_KEYS_MAX];
	enum scram_hash hash;
	size_t count = 0;
	enum errc rc =
	    auth_keys_read(db, verdict->account, verdict->stored, arena, keys, &count, err);

	for (size_t i = 0; rc == OK && i < count; i++) {
		if (hash_of(keys[i].mechanism, &hash))
			verdict->has_keys[hash] =
			    scram_parse(hash, keys[i].data, &verdict->keys[hash], NULL) == OK;
	}
	return rc;
}

static enum errc read_rest(struct db *db, const struct account *account,
    const struct auth_question *question, struct arena *arena, struct verdict *verdict,
    struct err *err)
{
	struct account_access access;
	struct refusal why;
	enum errc rc = account_access_read(db, account->id, &access, err);

	if (rc != OK)
		return rc;
	why = refusal(account, &access, question);
	verdict->account = account->id;
	verdict->name = account->name;
	verdict->encryption = account->encryption;
	verdict->stored = account->passwd;
	verdict->is_plain = scheme_is_plain(account->encryption);
	verdict->reason = why.reason;
	verdict->refusal = why.told;
	verdict->known = !verdict->reason;
	if (!verdict->known)
		return OK;
	rc = find_inbox(db, account->id, arena, &verdict->has_inbox, err);
	if (rc == OK && !verdict->is_plain &&
	    (question->proof == AUTH_BY_KEYS || question->make_keys != 0))
		rc = read_keys(db, arena, verdict, err);
	return rc;
}

enum errc verdict_read(struct db *db, const struct auth_question *question, struct arena *arena,
    struct verdict *verdict_out, struct err *err)
{
	struct verdict verdict = { .reason = "no such account" };
	struct account account;
	enum errc rc =
	    account_by_name(db, question->credentials->authcid, arena, &account, err);

	if (rc == OK)
		rc = read_rest(db, &account, question, arena, &verdict, err);
	if (rc != OK && rc != ERR_NOTFOUND)
		return rc;
	*verdict_out = verdict;
	return OK;
}

unsigned verdict_lacks_keys(const struct verdict *verdict, const struct auth_question *question)
{
	unsigned lacks = 0;

	if (!verdict->known || verdict->is_plain)
		return 0;
	for (int hash = 0; hash < SCRAM_HASHES; hash++) {
		if ((question->make_keys >> hash & 1) != 0 &&
		    (!verdict->has_keys[hash] ||
			verdict->keys[hash].iterations != question->iterations))
			lacks |= 1U << hash;
	}
	return lacks;
}

/* Takes a few microseconds whoever it is. */
static enum errc judge_cram(
    const struct verdict *verdict, const struct credentials *credentials, struct err *err)
{
	bool possible = verdict->known && verdict->is_plain;
	bool right =
	    sasl_cram_is_right(credentials, possible ? verdict->stored : STR("nobody's"));

	if (!verdict->known)
		return err_set(err, ERR_DENIED, "%s", verdict->reason);
	if (!possible)
		return err_set(err, ERR_DENIED, "CRAM-MD5 needs a password in plain text");
	return right ? OK : err_set(err, ERR_DENIED, "wrong password");
}

/* Against the account's hash, or for as long as that takes. *match_out: it is right. */
static enum errc judge_password(const struct verdict *verdict, struct str password,
    struct auth_cache *cache, bool *match_out, struct err *err)
{
	enum errc rc;

	*match_out = cache && auth_cache_has(cache, verdict->stored, password);
	if (*match_out)
		return OK;
	rc = scheme_verify(verdict->encryption, verdict->stored, password, match_out, err);
	if (rc == OK && *match_out) {
		if (cache)
			auth_cache_add(cache, verdict->stored, password);
		return OK;
	}
	if (rc != OK || scheme_is_quick(verdict->encryption, verdict->stored))
		scheme_burn(password);
	return rc;
}

enum errc verdict_judge(const struct verdict *verdict, const struct credentials *credentials,
    struct auth_cache *cache, enum auth_refusal *refusal_out, struct err *err)
{
	bool match = false;
	enum errc rc = OK;

	*refusal_out = AUTH_NOT_TOLD;
	if (credentials->challenge.p)
		return judge_cram(verdict, credentials, err);
	if (verdict->known || verdict->refusal != AUTH_NOT_TOLD)
		rc = judge_password(verdict, credentials->password, cache, &match, err);
	else
		scheme_burn(credentials->password);
	if (!verdict->known) {
		if (rc == OK && match)
			*refusal_out = verdict->refusal;
		return err_set(err, ERR_DENIED, "%s", verdict->reason);
	}
	if (rc != OK)
		return rc;
	return match ? OK : err_set(err, ERR_DENIED, "wrong password");
}

static const char *why_no_keys(const struct verdict *verdict, enum scram_hash hash)
{
	if (!verdict->known)
		return verdict->reason;
	if (!verdict->is_plain && !verdict->has_keys[hash])
		return "no SCRAM keys of this password yet";
	return NULL;
}

enum errc verdict_keys(const struct verdict *verdict, const struct key_wish *wish,
    struct str name, struct auth_cache *cache, struct auth_login *login_out, struct err *err)
{
	const char *reason = why_no_keys(verdict, wish->hash);
	bool from_plain = !reason && verdict->is_plain;
	struct str password = from_plain ? verdict->stored : STR_EMPTY;
	struct scram_keys made = { .iterations = wish->iterations };
	enum errc rc = OK;

	scram_salt(wish->site_key, wish->hash, name, &made);
	if (!auth_cache_find_keys(cache, wish->hash, password, &made)) {
		/* a password that cannot be prepared has no keys; it takes as long as another's */
		rc = scram_derive(
		    wish->hash, from_plain ? password : STR("nobody's"), &made, err);
		if (rc == ERR_ARG) {
			rc = scram_derive(wish->hash, STR("nobody's"), &made, err);
			from_plain = false;
			reason = "a password that SCRAM cannot use";
		} else if (rc == OK) {
			auth_cache_add_keys(cache, wish->hash, password, &made);
		}
	}
	if (rc != OK)
		return rc;
	if (!from_plain) {
		random_bytes(made.stored, sizeof(made.stored));
		random_bytes(made.server, sizeof(made.server));
	}
	login_out->reason = reason;
	login_out->lacks_keys = reason && verdict->known && !verdict->is_plain;
	login_out->keys = reason || from_plain ? made : verdict->keys[wish->hash];
	secret_wipe(&made, sizeof(made));
	return OK;
}

enum errc auth_check(struct db *db, const struct credentials *credentials, struct arena *arena,
    struct auth_login *login_out, struct err *err)
{
	struct auth_question question = {
		.credentials = credentials, .service = ACCOUNT_SERVICES_ALL, .tls = true
	};
	struct verdict verdict;
	enum auth_refusal refused;
	enum errc rc = credentials_check(credentials, err);

	if (rc == OK)
		rc = verdict_read(db, &question, arena, &verdict, err);
	if (rc == OK)
		rc = verdict_judge(&verdict, credentials, NULL, &refused, err);
	if (rc == OK)
		*login_out = (struct auth_login){ .account = verdict.account,
			.name = verdict.name,
			.has_inbox = verdict.has_inbox };
	return rc;
}
