/*
 * auth/auth.c - requests, the queue of passwords to be checked, and the threads that check them.
 *
 * A request belongs to two: the session that will take the answer and the queue or thread that makes it. Each lets go
 * once, under the lock; the second frees it.
 */
#include "auth/auth_int.h"
#include "auth/sasl.h"
#include "auth/throttle.h"
#include "auth/throttle_share.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/str.h"
#include "base/thread.h"
#include "store/auth_keys.h"
#include "store/mailbox.h"

#include <sodium.h>

struct auth_request {
	struct auth *auth;
	struct arena *arena; /* of the verdict and the names */
	struct verdict verdict;
	struct auth_question question; /* its credentials are those below */
	struct credentials credentials;
	struct secret password;
	struct auth_login login; /* the answer to AUTH_BY_KEYS */
	unsigned fresh;		 /* keys that were made: 1 << enum scram_hash */
	struct scram_keys fresh_keys[SCRAM_HASHES];
	uint64_t ref;
	int64_t queued_ms;
	struct auth_request *next; /* in the queue */
	/* under auth->lock */
	bool done, cancelled;
	enum errc rc;
	struct err err;
};

struct auth {
	struct auth_settings settings;
	struct auth_cache *cache;
	struct sasl_kit *kit;
	struct throttle *throttle;
	struct throttle_share *share; /* NULL: there are no other nodes */
	uint8_t site_key[SITE_SECRET_SIZE];
	struct readiness readiness;
	pthread_t *thread;
	int threads;
	pthread_mutex_t lock; /* of what follows, and of the requests' ends */
	pthread_cond_t work;
	struct auth_request *first, **last;
	unsigned waiting;
	bool stopping;
	struct counter logins, failures, refused, cache_hits;
};

static void request_free(struct auth_request *request)
{
	secret_release(&request->password);
	secret_wipe(request->fresh_keys, sizeof(request->fresh_keys));
	secret_wipe(&request->login.keys, sizeof(request->login.keys));
	secret_wipe(request->verdict.keys, sizeof(request->verdict.keys));
	if (request->verdict.stored.n > 0)
		secret_wipe(
		    (char *)(uintptr_t)request->verdict.stored.p, request->verdict.stored.n);
	arena_free(&request->arena);
	xfree(request);
}

/* The thread's part ends: the answer is the session's now, or nobody's. */
static void request_finish(struct auth_request *request, enum errc rc, const struct err *why)
{
	struct auth *auth = request->auth;
	uint64_t ref = request->ref;
	bool cancelled;

	(void)pthread_mutex_lock(&auth->lock);
	request->rc = rc;
	request->err = *why;
	request->done = true;
	cancelled = request->cancelled;
	(void)pthread_mutex_unlock(&auth->lock);
	/* from here on the session may free it */
	if (cancelled)
		request_free(request);
	else
		auth->settings.wake(auth->settings.wake_arg, ref);
}

static void log_trouble(
    const struct auth *auth, const struct verdict *verdict, const struct err *why)
{
	if (why->code != ERR_DENIED)
		log_warn(auth->settings.log, "password-check-failed",
		    F_STR("user", verdict->name), F_STR("scheme", verdict->encryption),
		    F_ERR(why));
}

/* Keys for the next time, of a password that was right. What cannot be made is done without. */
static void make_keys(const struct auth *auth, struct auth_request *request)
{
	unsigned lacks = verdict_lacks_keys(&request->verdict, &request->question);

	for (int i = 0; i < SCRAM_HASHES; i++) {
		struct scram_keys *keys = &request->fresh_keys[i];

		if ((lacks >> i & 1) == 0)
			continue;
		keys->iterations = request->question.iterations;
		scram_salt(auth->site_key, (enum scram_hash)i, request->verdict.name, keys);
		if (scram_derive(
			(enum scram_hash)i, secret_view(&request->password), keys, NULL) == OK)
			request->fresh |= 1U << i;
	}
}

static enum errc judge_password(
    struct auth *auth, struct auth_request *request, struct err *why)
{
	enum errc rc = verdict_judge(&request->verdict, &request->credentials, auth->cache,
	    &request->login.refusal, why);

	if (rc != OK)
		log_trouble(auth, &request->verdict, why);
	/* a hash that cannot be computed is the administrator's trouble: nobody gets in by it */
	if (rc == ERR_LIMIT || rc == ERR_UNSUPPORTED || rc == ERR_CORRUPT)
		rc = why->code = ERR_DENIED;
	if (rc == OK && !request->credentials.challenge.p)
		make_keys(auth, request);
	counter_add(rc == OK ? &auth->logins : &auth->failures, 1);
	return rc;
}

static enum errc find_keys(struct auth *auth, struct auth_request *request, struct err *why)
{
	struct key_wish wish = { .hash = request->question.hash,
		.iterations = request->question.iterations,
		.site_key = auth->site_key };

	return verdict_keys(&request->verdict, &wish, request->credentials.authcid, auth->cache,
	    &request->login, why);
}

static void judge(struct auth *auth, struct auth_request *request)
{
	struct err why = { .code = OK };
	enum errc rc;

	if (clock_mono_ms() - request->queued_ms > AUTH_QUEUE_WAIT_MS)
		rc = err_set(&why, ERR_UNAVAIL, "waited too long for its turn");
	else if (request->question.proof == AUTH_BY_KEYS)
		rc = find_keys(auth, request, &why);
	else
		rc = judge_password(auth, request, &why);
	request_finish(request, rc, &why);
}

/* The first of the queue, or NULL. Under the lock. */
static struct auth_request *pop(struct auth *auth)
{
	struct auth_request *request = auth->first;

	if (!request)
		return NULL;
	auth->first = request->next;
	if (!auth->first)
		auth->last = &auth->first;
	auth->waiting--;
	return request;
}

/* NULL when there will be no more. */
static struct auth_request *next_request(struct auth *auth)
{
	struct auth_request *request;

	(void)pthread_mutex_lock(&auth->lock);
	while (!auth->first && !auth->stopping)
		(void)pthread_cond_wait(&auth->work, &auth->lock);
	request = auth->stopping ? NULL : pop(auth);
	(void)pthread_mutex_unlock(&auth->lock);
	return request;
}

static void *hash_thread(void *arg)
{
	struct auth *auth = arg;
	struct auth_request *request;

	while ((request = next_request(auth)) != NULL)
		judge(auth, request);
	return NULL;
}

enum errc auth_open(
    const struct auth_settings *settings, struct auth **auth_out, struct err *err)
{
	struct auth *auth;
	enum errc rc = OK;

	*auth_out = NULL;
	if (sodium_init() < 0)
		return err_set(err, ERR_UNAVAIL, "libsodium does not start");
	auth = xcalloc(1, sizeof(*auth));
	rc = site_secret(settings->store, STR("scram"), auth->site_key, err);
	if (rc == OK)
		rc = sasl_kit_new(&auth->kit, err);
	if (rc != OK) {
		xfree(auth);
		return rc;
	}
	auth->throttle = throttle_new(THROTTLE_SLOTS);
	rc = throttle_share_new(
	    settings->store, auth->throttle, settings->log, &auth->share, err);
	auth->settings = *settings;
	auth->cache = auth_cache_new(AUTH_CACHE_SLOTS);
	auth->thread = xcalloc((size_t)settings->workers, sizeof(*auth->thread));
	auth->last = &auth->first;
	(void)pthread_mutex_init(&auth->lock, NULL);
	(void)pthread_cond_init(&auth->work, NULL);
	while (rc == OK && auth->threads < settings->workers) {
		rc = thread_start("hash", THREAD_STACK_SIZE, hash_thread, auth,
		    &auth->thread[auth->threads], err);
		if (rc == OK)
			auth->threads++;
	}
	if (rc != OK)
		auth_close(&auth);
	*auth_out = auth;
	return rc;
}

/* The threads are gone: whoever still waits is told. */
static void refuse_rest(struct auth *auth)
{
	struct auth_request *request;

	while ((request = pop(auth)) != NULL) {
		struct err why;
		enum errc rc = err_set(&why, ERR_UNAVAIL, "the server stops");

		request_finish(request, rc, &why);
	}
}

void auth_close(struct auth **authp)
{
	struct auth *auth = *authp;

	*authp = NULL;
	if (!auth)
		return;
	(void)pthread_mutex_lock(&auth->lock);
	auth->stopping = true;
	(void)pthread_cond_broadcast(&auth->work);
	(void)pthread_mutex_unlock(&auth->lock);
	for (int i = 0; i < auth->threads; i++)
		thread_join(auth->thread[i]);
	refuse_rest(auth);
	auth_cache_free(&auth->cache);
	sasl_kit_free(&auth->kit);
	throttle_share_free(&auth->share);
	throttle_free(&auth->throttle);
	secret_wipe(auth->site_key, sizeof(auth->site_key));
	(void)pthread_cond_destroy(&auth->work);
	(void)pthread_mutex_destroy(&auth->lock);
	xfree(auth->thread);
	xfree(auth);
}

/* False when the queue is full. */
static bool enqueue(struct auth *auth, struct auth_request *request)
{
	bool room;

	(void)pthread_mutex_lock(&auth->lock);
	room = auth->waiting < (unsigned)auth->settings.queue_max && !auth->stopping;
	if (room) {
		*auth->last = request;
		auth->last = &request->next;
		auth->waiting++;
		(void)pthread_cond_signal(&auth->work);
	}
	(void)pthread_mutex_unlock(&auth->lock);
	return room;
}

/* Known already, and nothing to be made: no hash, no queue. */
static bool is_remembered(struct auth *auth, struct auth_request *request)
{
	return request->question.proof == AUTH_BY_PASSWORD &&
	    !request->credentials.challenge.p && request->verdict.known &&
	    verdict_lacks_keys(&request->verdict, &request->question) == 0 &&
	    auth_cache_has(
		auth->cache, request->verdict.stored, secret_view(&request->password));
}

static struct auth_request *request_new(
    struct auth *auth, const struct auth_question *question, uint64_t ref)
{
	struct auth_request *request = xcalloc(1, sizeof(*request));
	const struct credentials *c = question->credentials;

	request->auth = auth;
	request->ref = ref;
	request->queued_ms = clock_mono_ms();
	request->arena = arena_new("auth");
	secret_init(&request->password, c->password);
	request->credentials = (struct credentials){
		.authzid = str_dup(request->arena, c->authzid),
		.authcid = str_dup(request->arena, c->authcid),
		.password = secret_view(&request->password),
	};
	if (c->challenge.p)
		request->credentials.challenge = str_dup(request->arena, c->challenge);
	request->question = *question;
	request->question.credentials = &request->credentials;
	return request;
}

enum errc auth_start(struct auth *auth, struct db *db, const struct auth_question *question,
    uint64_t ref, struct auth_request **request_out, struct err *err)
{
	struct auth_request *request;
	enum errc rc = question->proof == AUTH_BY_KEYS
	    ? credentials_check_names(question->credentials, err)
	    : credentials_check(question->credentials, err);

	if (rc != OK)
		return rc;
	request = request_new(auth, question, ref);
	rc = verdict_read(db, &request->question, request->arena, &request->verdict, err);
	if (rc != OK) {
		request_free(request);
		return rc;
	}
	*request_out = request;
	if (is_remembered(auth, request)) {
		counter_add(&auth->cache_hits, 1);
		counter_add(&auth->logins, 1);
		request_finish(request, OK, &(const struct err){ .code = OK });
		return OK;
	}
	if (enqueue(auth, request))
		return OK;
	*request_out = NULL;
	counter_add(&auth->refused, 1);
	request_free(request);
	return err_set(err, ERR_UNAVAIL, "too many logins at once");
}

static void put_fresh_keys(const struct auth *auth, const struct auth_request *request)
{
	struct auth_key keys[SCRAM_HASHES];
	size_t count = 0;

	for (int i = 0; i < SCRAM_HASHES; i++) {
		enum scram_hash hash = (enum scram_hash)i;

		if ((request->fresh >> i & 1) != 0)
			keys[count++] = (struct auth_key){ scram_hash_name(hash),
				scram_print(request->arena, hash, &request->fresh_keys[i]) };
	}
	if (count > 0)
		auth_keys_put_later(auth->settings.store, request->verdict.account,
		    request->verdict.stored, keys, count);
}

enum errc auth_accept(struct auth *auth, const struct auth_login *login, struct err *err)
{
	int64_t inbox;
	enum errc rc = OK;

	if (!login->has_inbox)
		rc = mailbox_inbox(auth->settings.store, login->account, &inbox, err);
	if (rc == OK)
		account_note_login(auth->settings.store, login->account);
	return rc;
}

/* The answer to a request that went well. */
static enum errc take(struct auth_request *request, struct arena *arena,
    struct auth_login *login_out, struct err *err)
{
	*login_out = request->login;
	login_out->account = request->verdict.account;
	login_out->name = str_dup(arena, request->verdict.name);
	login_out->has_inbox = request->verdict.has_inbox;
	if (request->question.proof == AUTH_BY_KEYS)
		return OK;
	put_fresh_keys(request->auth, request);
	return auth_accept(request->auth, login_out, err);
}

enum errc auth_take(struct auth_request **requestp, struct arena *arena,
    struct auth_login *login_out, struct err *err)
{
	struct auth_request *request = *requestp;
	struct auth *auth = request->auth;
	bool done;
	enum errc rc;

	(void)pthread_mutex_lock(&auth->lock);
	done = request->done;
	(void)pthread_mutex_unlock(&auth->lock);
	if (!done)
		return ERR_MORE;
	*requestp = NULL;
	rc = request->rc;
	if (rc == OK)
		rc = take(request, arena, login_out, err);
	else
		rc = err_set(err, rc, "%s", request->err.text);
	login_out->refusal = request->login.refusal;
	request_free(request);
	return rc;
}

void auth_cancel(struct auth_request **requestp)
{
	struct auth_request *request = *requestp;
	struct auth *auth;
	bool done;

	*requestp = NULL;
	if (!request)
		return;
	auth = request->auth;
	(void)pthread_mutex_lock(&auth->lock);
	done = request->done;
	request->cancelled = true;
	(void)pthread_mutex_unlock(&auth->lock);
	if (done)
		request_free(request);
}

void auth_stats(struct auth *auth, struct auth_stats *stats_out)
{
	(void)pthread_mutex_lock(&auth->lock);
	stats_out->waiting = auth->waiting;
	(void)pthread_mutex_unlock(&auth->lock);
	stats_out->logins = counter_read(&auth->logins);
	stats_out->failures = counter_read(&auth->failures);
	stats_out->refused = counter_read(&auth->refused);
	stats_out->cache_hits = counter_read(&auth->cache_hits);
}

bool auth_scram_is_ready(const struct auth *auth)
{
	return readiness_is(&auth->readiness);
}

void auth_note_no_keys(struct auth *auth)
{
	readiness_note_no_keys(&auth->readiness);
}

void auth_look(struct auth *auth, unsigned hashes)
{
	struct err err;

	if (readiness_look(&auth->readiness, auth->settings.store, hashes, &err) != OK)
		log_warn(auth->settings.log, "scram-look-failed", F_ERR(&err));
}

struct sasl_kit *auth_kit(struct auth *auth)
{
	return auth->kit;
}

struct store *auth_store(struct auth *auth)
{
	return auth->settings.store;
}

struct throttle *auth_throttle(struct auth *auth)
{
	return auth->throttle;
}
