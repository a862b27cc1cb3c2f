/* auth/verdict.c - who may log in, by the rows, and with which password or keys. */
#include "auth/auth_int.h"
#include "auth/scheme.h"
#include "base/arena.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/str.h"
#include "store/auth_keys.h"
#include "store/mailbox.h"

/* NULL if nothing but the password is left to be asked. */
static const char *refusal(const struct account *account, const struct account_access *access,
    const struct auth_question *question)
{
	const struct credentials *credentials = question->credentials;

	if (account_is_internal(account))
		return "the program's own account";
	if (!account->active)
		return "account not active";
	if (account->passwd.n == 0)
		return "account without password";
	if (!access->login)
		return "login is off for this account";
	if ((access->services & question->service) == 0)
		return "this service is off for this account";
	if (access->needs_tls && !question->tls)
		return "this account needs TLS";
	/* RFC 4616 section 2: acting for others is not offered */
	if (credentials->authzid.n > 0 &&
	    !str_equal_nocase(credentials->authzid, credentials->authcid))
		return "authorization for another account";
	return NULL;
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
	enum errc rc = account_access_read(db, account->id, &access, err);

	if (rc != OK)
		return rc;
	verdict->account = account->id;
	verdict->name = account->name;
	verdict->encryption = account->encryption;
	verdict->stored = account->passwd;
	verdict->is_plain = scheme_is_plain(account->encryption);
	verdict->reason = refusal(account, &access, question);
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

enum errc verdict_judge(const struct verdict *verdict, const struct credentials *credentials,
    struct auth_cache *cache, struct err *err)
{
	struct str password = credentials->password;
	bool match = false;
	enum errc rc;

	if (credentials->challenge.p)
		return judge_cram(verdict, credentials, err);
	if (!verdict->known) {
		scheme_burn(password);
		return err_set(err, ERR_DENIED, "%s", verdict->reason);
	}
	if (cache && auth_cache_has(cache, verdict->stored, password))
		return OK;
	rc = scheme_verify(verdict->encryption, verdict->stored, password, &match, err);
	if (rc == OK && match) {
		if (cache)
			auth_cache_add(cache, verdict->stored, password);
		return OK;
	}
	if (rc != OK || scheme_is_quick(verdict->encryption, verdict->stored))
		scheme_burn(password);
	return rc == OK ? err_set(err, ERR_DENIED, "wrong password") : rc;
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
	enum errc rc = credentials_check(credentials, err);

	if (rc == OK)
		rc = verdict_read(db, &question, arena, &verdict, err);
	if (rc == OK)
		rc = verdict_judge(&verdict, credentials, NULL, err);
	if (rc == OK)
		*login_out = (struct auth_login){ .account = verdict.account,
			.name = verdict.name,
			.has_inbox = verdict.has_inbox };
	return rc;
}
