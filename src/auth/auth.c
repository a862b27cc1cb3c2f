/*
 * auth/auth.c - requests, the queue of passwords to be checked, and the threads that check them.
 *
 * A request belongs to two: the session that will take the answer and the queue or thread that makes it. Each lets go
 * once, under the lock; the second frees it.
 */
#include "auth/auth_int.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/str.h"
#include "base/thread.h"
#include "store/mailbox.h"

#include <sodium.h>

struct auth_request {
	struct auth *auth;
	struct arena *arena; /* of the verdict */
	struct verdict verdict;
	struct secret password;
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

static void judge(struct auth *auth, struct auth_request *request)
{
	struct err why = { .code = OK };
	bool cached = false;
	enum errc rc;

	if (clock_mono_ms() - request->queued_ms > AUTH_QUEUE_WAIT_MS) {
		rc = err_set(&why, ERR_UNAVAIL, "waited too long for its turn");
	} else {
		rc = verdict_judge(&request->verdict, secret_view(&request->password),
		    auth->cache, &cached, &why);
		if (rc != OK)
			log_trouble(auth, &request->verdict, &why);
		/* a hash that cannot be computed is the administrator's trouble: nobody gets in by it */
		if (rc == ERR_LIMIT || rc == ERR_UNSUPPORTED || rc == ERR_CORRUPT)
			rc = why.code = ERR_DENIED;
	}
	counter_add(rc == OK ? &auth->logins : &auth->failures, 1);
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

	if (sodium_init() < 0)
		return err_set(err, ERR_UNAVAIL, "libsodium does not start");
	auth = xcalloc(1, sizeof(*auth));
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

/* Known already: no hash, no queue. */
static bool is_remembered(struct auth *auth, struct auth_request *request)
{
	return request->verdict.known &&
	    auth_cache_has(
		auth->cache, request->verdict.stored, secret_view(&request->password));
}

enum errc auth_start(struct auth *auth, struct db *db, const struct credentials *credentials,
    uint64_t ref, struct auth_request **request_out, struct err *err)
{
	struct auth_request *request;
	enum errc rc = credentials_check(credentials, err);

	if (rc != OK)
		return rc;
	request = xcalloc(1, sizeof(*request));
	request->auth = auth;
	request->ref = ref;
	request->queued_ms = clock_mono_ms();
	request->arena = arena_new("auth");
	rc = verdict_read(db, credentials, request->arena, &request->verdict, err);
	if (rc != OK) {
		request_free(request);
		return rc;
	}
	secret_init(&request->password, credentials->password);
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

enum errc auth_take(struct auth_request **requestp, struct arena *arena,
    struct auth_login *login_out, struct err *err)
{
	struct auth_request *request = *requestp;
	struct auth *auth = request->auth;
	int64_t inbox;
	bool done;
	enum errc rc;

	(void)pthread_mutex_lock(&auth->lock);
	done = request->done;
	(void)pthread_mutex_unlock(&auth->lock);
	if (!done)
		return ERR_MORE;
	*requestp = NULL;
	rc = request->rc;
	if (rc != OK) {
		rc = err_set(err, rc, "%s", request->err.text);
	} else {
		login_out->account = request->verdict.account;
		login_out->name = str_dup(arena, request->verdict.name);
		if (!request->verdict.has_inbox)
			rc = mailbox_inbox(
			    auth->settings.store, login_out->account, &inbox, err);
	}
	if (rc == OK)
		account_note_login(auth->settings.store, login_out->account);
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
