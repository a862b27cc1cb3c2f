/*
 * db/news.c - the thread that tells and hears.
 *
 * Telling is not part of a commit: it comes a moment later, for many commits at once. What is lost on the way (a process that
 * dies, a connection that breaks) others find by looking, which they do now and then in any case.
 */
#include "db/news.h"

#include "base/heap.h"
#include "base/log.h"
#include "base/random.h"
#include "base/thread.h"

#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define QUEUE_MAX 4096 /* changes; more are told as "anything may have changed" */
#define TELL_EVERY_MS 20
#define HEAR_MS 5000
#define FIRST_PAUSE_MS 100
#define LAST_PAUSE_MS 5000

struct news {
	struct db_pool *pool;
	int64_t self;
	int wake_fd;
	_Atomic bool is_open;
	struct db_conn *conn;	/* the thread's, as is what follows */
	int64_t told_ms;	/* the last time */
	struct change *telling; /* QUEUE_MAX */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	struct change *queue; /* QUEUE_MAX */
	size_t count;
	bool overflow, stopping;
	bool has_thread;
	pthread_t thread;
};

bool news_is_open(const struct news *news)
{
	return news && atomic_load(&news->is_open);
}

static bool is_same(const struct change *a, const struct change *b)
{
	return a->owner == b->owner && a->mailbox == b->mailbox && a->kind == b->kind;
}

/* Under the lock. Changes of one mailbox in a row are one. */
static void add_one(struct news *news, const struct change *change)
{
	if (news->count > 0 && is_same(&news->queue[news->count - 1], change))
		news->queue[news->count - 1].modseq = change->modseq;
	else if (news->count < QUEUE_MAX)
		news->queue[news->count++] = *change;
	else
		news->overflow = true;
}

void news_add(struct news *news, const struct change *changes, size_t count)
{
	uint64_t one = 1;
	bool was_empty;

	(void)pthread_mutex_lock(&news->lock);
	was_empty = news->count == 0;
	for (size_t i = 0; i < count; i++)
		add_one(news, &changes[i]);
	(void)pthread_mutex_unlock(&news->lock);
	/* a full counter is readable too */
	if (was_empty && write(news->wake_fd, &one, sizeof(one)) < 0)
		return;
}

/* What is to be told; 0: nothing. */
static size_t take_queue(struct news *news)
{
	uint64_t wakes;
	size_t count;

	/* before the queue: what comes in between wakes again */
	if (read(news->wake_fd, &wakes, sizeof(wakes)) < 0)
		wakes = 0;
	(void)pthread_mutex_lock(&news->lock);
	count = news->count;
	memcpy(news->telling, news->queue, count * sizeof(*news->queue));
	if (news->overflow) {
		news->telling[0] = (struct change){ .kind = CHANGE_ALL };
		count = 1;
	}
	news->count = 0;
	news->overflow = false;
	(void)pthread_mutex_unlock(&news->lock);
	return count;
}

/* It may have been told or not. */
static void tell_all_later(struct news *news)
{
	(void)pthread_mutex_lock(&news->lock);
	news->overflow = true;
	(void)pthread_mutex_unlock(&news->lock);
}

static enum errc tell(struct news *news, struct err *err)
{
	size_t count = take_queue(news);
	enum errc rc = OK;

	if (count > 0)
		rc = news->pool->driver->ops->tell(
		    news->conn, news->self, news->telling, count, err);
	if (rc != OK)
		tell_all_later(news);
	return rc;
}

static bool has_queue(struct news *news)
{
	bool has;

	(void)pthread_mutex_lock(&news->lock);
	has = news->count > 0 || news->overflow;
	(void)pthread_mutex_unlock(&news->lock);
	return has;
}

static void heard(void *arg, const struct change *changes, size_t count)
{
	struct db_pool *pool = arg;
	const struct db_settings *settings = &pool->settings;

	for (size_t i = 0; i < count; i++) {
		if (changes[i].kind == CHANGE_ALL)
			atomic_store(&pool->foreign, true);
	}
	if (settings->on_news)
		settings->on_news(settings->on_change_arg, changes, count);
	else if (settings->on_change)
		settings->on_change(settings->on_change_arg, changes, count);
}

/* ---- the connection ---- */

static enum errc open_connection(struct news *news, struct err *err)
{
	const struct db_ops *ops = news->pool->driver->ops;
	enum errc rc = ops->connect(news->pool->driver, DB_NEWS, &news->conn, err);

	if (rc != OK)
		return rc;
	rc = ops->listen(news->conn, err);
	if (rc != OK) {
		ops->disconnect(&news->conn);
		return rc;
	}
	atomic_store(&news->is_open, true);
	/* nobody told us what came before */
	atomic_store(&news->pool->foreign, true);
	return OK;
}

static void close_connection(struct news *news)
{
	atomic_store(&news->is_open, false);
	atomic_store(&news->pool->foreign, true);
	news->pool->driver->ops->disconnect(&news->conn);
}

static bool is_stopping(struct news *news, int64_t until_ms)
{
	bool stopping;

	(void)pthread_mutex_lock(&news->lock);
	while (!news->stopping && clock_mono_ms() < until_ms)
		thread_cond_wait_until(&news->wake, &news->lock, until_ms);
	stopping = news->stopping;
	(void)pthread_mutex_unlock(&news->lock);
	return stopping;
}

/* Until the connection is lost, or the end. */
static enum errc serve_connection(struct news *news, struct err *err)
{
	const struct db_ops *ops = news->pool->driver->ops;
	struct db_ear ear = { news->wake_fd, heard, news->pool };
	enum errc rc = OK;

	while (rc == OK && !is_stopping(news, 0)) {
		/* others are heard however much there is to tell */
		rc =
		    ops->hear(news->conn, news->self, &ear, has_queue(news) ? 0 : HEAR_MS, err);
		/* what comes in a row is told together */
		if (rc == OK && has_queue(news))
			(void)is_stopping(news, news->told_ms + TELL_EVERY_MS);
		if (rc == OK)
			rc = tell(news, err);
		news->told_ms = clock_mono_ms();
		if (rc == OK && ops->lease)
			rc = ops->lease(news->conn, err);
	}
	return rc;
}

static void *run(void *arg)
{
	struct news *news = arg;
	const struct log *log = news->pool->settings.log;
	int pause_ms = FIRST_PAUSE_MS;
	struct err err;

	while (!is_stopping(news, 0)) {
		enum errc rc = open_connection(news, &err);

		if (rc == OK) {
			pause_ms = FIRST_PAUSE_MS;
			rc = serve_connection(news, &err);
			close_connection(news);
		}
		if (rc == ERR_UNSUPPORTED) {
			log_info(log, "news-none", F_ERR(&err));
			break;
		}
		/* that it is still away is no news */
		if (rc != OK && pause_ms == FIRST_PAUSE_MS)
			log_warn(log, "news-lost", F_ERR(&err));
		if (is_stopping(news, clock_mono_ms() + pause_ms))
			break;
		pause_ms = 2 * pause_ms < LAST_PAUSE_MS ? 2 * pause_ms : LAST_PAUSE_MS;
	}
	return NULL;
}

/* What nobody has told yet: by a command, which has no thread, or since the thread has ended. */
static void tell_at_end(struct news *news)
{
	const struct db_ops *ops = news->pool->driver->ops;

	if (!has_queue(news) ||
	    ops->connect(news->pool->driver, DB_NEWS, &news->conn, NULL) != OK)
		return;
	/* others look now and then in any case */
	if (tell(news, NULL) != OK)
		log_info(news->pool->settings.log, "news-untold");
	ops->disconnect(&news->conn);
}

static void release(struct news **newsp)
{
	struct news *news = *newsp;

	if (news->wake_fd >= 0)
		(void)close(news->wake_fd);
	xfree(news->queue);
	xfree(news->telling);
	(void)pthread_cond_destroy(&news->wake);
	(void)pthread_mutex_destroy(&news->lock);
	xfree(news);
	*newsp = NULL;
}

enum errc news_new(struct db_pool *pool, struct news **news_out, struct err *err)
{
	struct news *news;
	enum errc rc = OK;

	*news_out = NULL;
	if (!pool->driver->ops->listen)
		return OK;
	news = xcalloc(1, sizeof(*news));
	news->pool = pool;
	news->self = (int64_t)(random_u64() >> 1) | 1;
	news->queue = xcalloc(QUEUE_MAX, sizeof(*news->queue));
	news->telling = xcalloc(QUEUE_MAX, sizeof(*news->telling));
	(void)pthread_mutex_init(&news->lock, NULL);
	thread_cond_init(&news->wake);
	news->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (news->wake_fd < 0)
		rc = err_set(err, ERR_UNAVAIL, "eventfd: no more descriptors");
	if (rc == OK && pool->settings.hears_news)
		rc = thread_start("db news", THREAD_STACK_SIZE, run, news, &news->thread, err);
	if (rc != OK) {
		release(&news);
		return rc;
	}
	news->has_thread = pool->settings.hears_news;
	*news_out = news;
	return OK;
}

void news_free(struct news **newsp)
{
	struct news *news = *newsp;
	uint64_t one = 1;

	if (!news)
		return;
	(void)pthread_mutex_lock(&news->lock);
	news->stopping = true;
	(void)pthread_cond_broadcast(&news->wake);
	(void)pthread_mutex_unlock(&news->lock);
	if (news->has_thread) {
		/* a full counter is readable too */
		if (write(news->wake_fd, &one, sizeof(one)) < 0)
			one = 0;
		thread_join(news->thread);
	}
	tell_at_end(news);
	release(newsp);
}
