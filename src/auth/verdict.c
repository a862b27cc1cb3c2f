/* auth/verdict.c - who may log in, by the row, and with which password. */
#include "auth/auth_int.h"
#include "auth/scheme.h"
#include "base/arena.h"
#include "base/str.h"
#include "store/mailbox.h"

/* NULL if nothing but the password is left to be asked. */
static const char *refusal(const struct account *account, const struct credentials *credentials)
{
	if (account_is_internal(account))
		return "the program's own account";
	if (!account->active)
		return "account not active";
	if (account->passwd.n == 0)
		return "account without password";
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

enum errc verdict_read(struct db *db, const struct credentials *credentials,
    struct arena *arena, struct verdict *verdict_out, struct err *err)
{
	struct verdict verdict = { .reason = "no such account" };
	struct account account;
	enum errc rc = account_by_name(db, credentials->authcid, arena, &account, err);

	if (rc == OK) {
		verdict.account = account.id;
		verdict.name = account.name;
		verdict.encryption = account.encryption;
		verdict.stored = account.passwd;
		verdict.reason = refusal(&account, credentials);
		verdict.known = !verdict.reason;
	}
	if (verdict.known)
		rc = find_inbox(db, account.id, arena, &verdict.has_inbox, err);
	if (rc != OK && rc != ERR_NOTFOUND)
		return rc;
	*verdict_out = verdict;
	return OK;
}

enum errc verdict_judge(const struct verdict *verdict, struct str password,
    struct auth_cache *cache, bool *cached_out, struct err *err)
{
	bool match = false;
	enum errc rc;

	*cached_out = false;
	if (!verdict->known) {
		scheme_burn(password);
		return err_set(err, ERR_DENIED, "%s", verdict->reason);
	}
	if (cache && auth_cache_has(cache, verdict->stored, password)) {
		*cached_out = true;
		return OK;
	}
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

enum errc auth_check(struct db *db, const struct credentials *credentials, struct arena *arena,
    struct auth_login *login_out, struct err *err)
{
	struct verdict verdict;
	bool cached;
	enum errc rc = credentials_check(credentials, err);

	if (rc == OK)
		rc = verdict_read(db, credentials, arena, &verdict, err);
	if (rc == OK)
		rc = verdict_judge(&verdict, credentials->password, NULL, &cached, err);
	if (rc == OK)
		*login_out =
		    (struct auth_login){ .account = verdict.account, .name = verdict.name };
	return rc;
}
