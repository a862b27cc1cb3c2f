/* store/auth_keys.c - keys of accounts, written with a password or after a login, and the site's secrets. */
#include "store/auth_keys.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/heap.h"
#include "base/hex.h"
#include "base/random.h"
#include "base/str.h"
#include "store/account.h"
#include "store/auth_keys_int.h"
#include "store/resolve.h"

/* How long keys may wait to be written with others (DESIGN.md, law 2). */
#define KEYS_DELAY_MS 5000

/* NOLINTNEXTLINE(readability-function-size): whose, of what, and a list as result */
enum errc auth_keys_read(struct db *db, int64_t account, struct str passwd, struct arena *arena,
    struct auth_key keys_out[AUTH_KEYS_MAX], size_t *count_out, struct err *err)
{
	struct db_q *q = NULL;
	size_t count = 0;
	enum errc rc = db_query(db, &sql_auth_keys_read, &q, err);

	*count_out = 0;
	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, account);
	db_bind_str(q, 2, passwd);
	while (count < AUTH_KEYS_MAX && (rc = db_step(q, err)) == OK) {
		struct str data = db_str(q, 1);

		if (data.n > AUTH_KEY_DATA_MAX)
			continue;
		keys_out[count++] =
		    (struct auth_key){ str_dup(arena, db_str(q, 0)), str_dup(arena, data) };
	}
	db_done(&q);
	*count_out = count;
	return rc == ERR_END ? OK : rc;
}

/* NOLINTNEXTLINE(readability-function-size): a row of four columns, and two outcomes */
static enum errc put_one(struct db *db, const struct db_sql *sql, int64_t account,
    struct str passwd, const struct auth_key *key, int64_t *changes_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, sql, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, passwd);
	db_bind_str(q, 2, key->data);
	db_bind_i64(q, 3, account);
	db_bind_str(q, 4, key->mechanism);
	return db_run(&q, changes_out, err);
}

enum errc auth_keys_put(struct db *db, int64_t account, struct str passwd,
    const struct auth_key *keys, size_t count, struct err *err)
{
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < count; i++) {
		int64_t changes = 0;

		rc =
		    put_one(db, &sql_auth_key_update, account, passwd, &keys[i], &changes, err);
		if (rc == OK && changes == 0)
			rc = put_one(
			    db, &sql_auth_key_insert, account, passwd, &keys[i], NULL, err);
		if (rc == ERR_EXISTS)
			rc = err_set(err, ERR_CONFLICT, "auth_keys row made meanwhile");
	}
	return rc;
}

struct put_work {
	struct arena *arena;
	int64_t account;
	struct str passwd;
	struct auth_key *key;
	size_t count;
};

static enum errc put_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct put_work *work = arg;
	struct account account;
	enum errc rc = account_by_id(db, work->account, arena, &account, err);

	/* another password by now, or nobody's: the keys are worth nothing */
	if (rc == ERR_NOTFOUND || (rc == OK && !str_equal(account.passwd, work->passwd)))
		return OK;
	if (rc != OK)
		return rc;
	return auth_keys_put(db, work->account, work->passwd, work->key, work->count, err);
}

static void put_done(void *arg, enum errc rc)
{
	struct put_work *work = arg;

	(void)rc; /* the next login makes them again */
	arena_free(&work->arena);
	xfree(work);
}

void auth_keys_put_later(struct store *store, int64_t account, struct str passwd,
    const struct auth_key *keys, size_t count)
{
	struct put_work *work = xcalloc(1, sizeof(*work));

	work->arena = arena_new("auth keys");
	work->account = account;
	work->passwd = str_dup(work->arena, passwd);
	work->key = ARENA_NEW(work->arena, struct auth_key, count);
	work->count = count;
	for (size_t i = 0; i < count; i++) {
		work->key[i].mechanism = str_dup(work->arena, keys[i].mechanism);
		work->key[i].data = str_dup(work->arena, keys[i].data);
	}
	db_transact_later(store_pool(store), KEYS_DELAY_MS, put_body, put_done, work);
}

static enum errc find_missing(struct db *db, const struct db_sql *sql, struct str mechanism,
    int64_t hint, int64_t *account_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, sql, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, mechanism);
	if (hint != 0)
		db_bind_i64(q, 2, hint);
	rc = db_step(q, err);
	*account_out = rc == OK ? db_i64(q, 0) : 0;
	db_done(&q);
	return rc == ERR_END ? OK : rc;
}

enum errc auth_keys_missing(
    struct db *db, struct str mechanism, int64_t hint, int64_t *account_out, struct err *err)
{
	enum errc rc = OK;

	*account_out = 0;
	if (hint != 0)
		rc = find_missing(
		    db, &sql_auth_keys_missing_one, mechanism, hint, account_out, err);
	if (rc == OK && *account_out == 0)
		rc = find_missing(db, &sql_auth_keys_missing, mechanism, 0, account_out, err);
	return rc;
}

struct secret_work {
	struct str name;
	uint8_t fresh[SITE_SECRET_SIZE]; /* if there is none yet */
	uint8_t *out;
};

static enum errc read_secret(
    struct db *db, struct arena *arena, const struct secret_work *work, struct err *err)
{
	struct db_q *q = NULL;
	struct str bytes;
	enum errc rc = db_query(db, &sql_site_secret, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, work->name);
	rc = db_step(q, err);
	if (rc == OK)
		rc = hex_decode(arena, db_str(q, 0), &bytes, err);
	db_done(&q);
	if (rc == ERR_END)
		return ERR_NOTFOUND;
	if (rc == ERR_SYNTAX || (rc == OK && bytes.n != SITE_SECRET_SIZE))
		return err_set(err, ERR_CORRUPT, "site_secrets.%.*s is no %zu bytes in hex",
		    STR_ARG(work->name), SITE_SECRET_SIZE);
	if (rc == OK)
		memcpy(work->out, bytes.p, bytes.n);
	return rc;
}

static enum errc insert_secret(struct db *db, const struct secret_work *work, struct err *err)
{
	struct buf hex = BUF_INIT(2 * SITE_SECRET_SIZE);
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &sql_site_secret_insert, &q, err);

	if (rc != OK)
		return rc;
	hex_encode(&hex, (struct str){ (const char *)work->fresh, sizeof(work->fresh) });
	db_bind_str(q, 1, work->name);
	db_bind_str(q, 2, buf_str(&hex));
	rc = db_run(&q, NULL, err);
	buf_release(&hex);
	if (rc == ERR_EXISTS)
		return err_set(err, ERR_CONFLICT, "site_secrets row made meanwhile");
	if (rc == OK)
		memcpy(work->out, work->fresh, sizeof(work->fresh));
	return rc;
}

static enum errc secret_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct secret_work *work = arg;
	enum errc rc = read_secret(db, arena, work, err);

	return rc == ERR_NOTFOUND ? insert_secret(db, work, err) : rc;
}

enum errc site_secret(
    struct store *store, struct str name, uint8_t out[SITE_SECRET_SIZE], struct err *err)
{
	struct secret_work work = { .name = name, .out = out };

	random_bytes(work.fresh, sizeof(work.fresh));
	return store_transact(store, secret_body, &work, 0, err);
}
