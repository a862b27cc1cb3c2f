/*
 * db/writer.c - the thread that commits for many: what waits is run in one transaction, each member in a
 * savepoint, and answered after the commit. While a commit waits for the disk the next group assembles.
 *
 * A member that fails is undone alone. If the engine undid the whole transaction, the others are run again
 * without the one at which it happened; if the commit failed, every member is run again in a transaction of
 * its own, so that the one that broke it (too large for what is left of the disk) breaks only itself.
 */
#include "base/arena.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/thread.h"
#include "db/db_int.h"

#include <assert.h>
#include <errno.h>
#include <time.h>

#define GROUP_US 20000	  /* work of one transaction; a member begun is finished */
#define LOCK_SLICE_MS 250 /* waiting for another process, between looks at the deadlines */
#define IDLE_AFTER_MS 1000
#define LATER_DEADLINE_MS 30000
#define LATER_MAX 100000 /* more than that means that the database stands still */
#define MEMBERS_MAX (2 * DB_GROUP_LIMIT)

enum job_state {
	JOB_PENDING, /* not run yet, or to be run again */
	JOB_KEPT,    /* run; waits for the commit */
};

/* One call of db_transact (on the caller's stack) or db_transact_later (on the heap). */
struct job {
	struct job *next;
	db_body *body;
	void *arg;
	struct err *err; /* NULL: db_transact_later */
	void (*done)(void *arg, enum errc rc);
	struct deadline deadline;
	int64_t due_ms; /* not before (conflict), or at the latest (later) */
	sem_t answered;
	enum errc rc;
	bool
	    is_listed; /* in a list, where its caller may take it back; guarded by writer->lock */
	enum job_state state;
	int reruns;
	bool maybe_written; /* was in a commit that failed and may yet be found */
};

struct job_list {
	struct job *first, **tail;
	size_t count;
};

struct writer {
	struct db_pool *pool;
	pthread_t thread;

	pthread_mutex_t lock; /* guards the lists, what is due, and `stopping` */
	pthread_cond_t wake;
	struct job_list queue, delayed, later;
	int64_t later_due_ms;
	bool stopping;

	pthread_mutex_t conn_lock; /* guards db: held by the writer except while it sleeps */
	struct db *db;
	_Atomic bool poll_wanted;

	/* the writer's own */
	struct arena *arena;
	struct err scratch;
	struct job *members[MEMBERS_MAX]; /* NULL: answered or put off */
	size_t member_count;
	bool singly; /* one member a transaction, until the group is through */
	int losses;  /* transactions that the engine undid in this group */
	int64_t idle_since_ms;
};

static void list_init(struct job_list *list)
{
	*list = (struct job_list){ .first = NULL, .tail = &list->first };
}

static void list_add(struct job_list *list, struct job *job)
{
	job->next = NULL;
	job->is_listed = true;
	*list->tail = job;
	list->tail = &job->next;
	list->count++;
}

static struct job *list_take(struct job_list *list)
{
	struct job *job = list->first;

	list->first = job->next;
	if (!list->first)
		list->tail = &list->first;
	list->count--;
	job->is_listed = false;
	return job;
}

/* No effect if it is in another list. */
static void list_remove(struct job_list *list, struct job *job)
{
	struct job **link = &list->first;

	while (*link != job) {
		if (!*link)
			return;
		link = &(*link)->next;
	}
	*link = job->next;
	if (list->tail == &job->next)
		list->tail = link;
	list->count--;
	job->is_listed = false;
}

/* ---- answers ---- */

static void answer(struct writer *w, struct job *job, enum errc rc)
{
	const struct db_ops *ops = w->pool->driver->ops;

	if (rc != OK)
		counter_add(&w->pool->rollbacks, 1);
	if (rc != OK && job->maybe_written && ops->doubtful(w->db->conn))
		rc = err_set(job->err, ERR_UNCERTAIN, "a failed commit may have been written");
	if (job->err) {
		job->rc = rc;
		/* from here on the job is its caller's */
		(void)sem_post(&job->answered);
		return;
	}
	if (job->done)
		job->done(job->arg, rc);
	xfree(job);
}

static void answer_member(struct writer *w, size_t i, enum errc rc)
{
	struct job *job = w->members[i];

	w->members[i] = NULL;
	answer(w, job, rc);
}

static struct err *err_of(struct writer *w, struct job *job)
{
	return job->err ? job->err : &w->scratch;
}

static void answer_expired(struct writer *w)
{
	for (size_t i = 0; i < w->member_count; i++) {
		struct job *job = w->members[i];

		if (job && deadline_passed(job->deadline))
			answer_member(w, i, db_too_busy(err_of(w, job)));
	}
}

/* A conflict of its own: the member waits a moment, the others do not. */
static void put_off(struct writer *w, size_t i)
{
	struct job *job = w->members[i];

	if (deadline_passed(job->deadline)) {
		answer_member(w, i, db_too_busy(err_of(w, job)));
		return;
	}
	w->members[i] = NULL;
	counter_add(&w->pool->reruns, 1);
	job->due_ms = clock_mono_ms() + db_jitter_ms(++job->reruns);
	pthread_mutex_lock(&w->lock);
	list_add(&w->delayed, job);
	pthread_mutex_unlock(&w->lock);
}

/* ---- one transaction ---- */

/* The transaction is gone; who was in it is run again. */
static void requeue_kept(struct writer *w)
{
	db_changes_cut(w->db, 0);
	for (size_t i = 0; i < w->member_count; i++) {
		struct job *job = w->members[i];

		if (!job || job->state != JOB_KEPT)
			continue;
		job->state = JOB_PENDING;
		job->reruns++;
		counter_add(&w->pool->reruns, 1);
	}
}

static void pause_ms(int ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&left, NULL);
}

static bool has_transaction(const struct writer *w)
{
	return !w->db->dead && w->db->ops->in_transaction(w->db->conn);
}

static enum errc renew(struct writer *w, struct err *err)
{
	enum db_role role = w->pool->driver->single_writer ? DB_WRITER : DB_BOTH;
	enum errc rc = db_conn_renew(w->db, role, err);

	w->db->dead = rc != OK;
	return rc;
}

static enum errc begin_once(struct writer *w, struct job *job, struct err *err)
{
	int wait_ms = deadline_left_ms(job->deadline);
	enum errc rc = OK;

	if (wait_ms > w->pool->settings.busy_timeout_ms)
		wait_ms = w->pool->settings.busy_timeout_ms;
	if (wait_ms > LOCK_SLICE_MS)
		wait_ms = LOCK_SLICE_MS;
	if (w->db->dead)
		rc = renew(w, err);
	if (rc == OK)
		rc = w->db->ops->begin(w->db->conn, wait_ms, err);
	if (rc == ERR_CLOSED)
		w->db->dead = true;
	return rc;
}

/* A transaction for members[i]; false if the member was answered instead. */
static bool begin_for(struct writer *w, size_t i)
{
	struct job *job = w->members[i];
	struct err *err = err_of(w, job);
	enum errc rc;

	w->db->savepoints = 0;
	db_changes_cut(w->db, 0);
	for (int tries = 1;; tries++) {
		rc = begin_once(w, job, err);
		if (rc == OK)
			return true;
		if (rc != ERR_CONFLICT && rc != ERR_CLOSED) {
			answer_member(w, i, rc);
			return false;
		}
		answer_expired(w);
		if (!w->members[i])
			return false;
		pause_ms(db_jitter_ms(tries));
	}
}

/* The whole transaction is gone, because of members[i]. */
static void after_loss(struct writer *w, size_t i, enum errc rc)
{
	struct job *job = w->members[i];

	requeue_kept(w);
	w->singly = ++w->losses > 1;
	if (rc == ERR_CONFLICT || rc == ERR_CLOSED)
		put_off(w, i);
	else
		answer_member(w, i,
		    rc != OK ? rc
			     : err_set(err_of(w, job), ERR_UNAVAIL,
				   "the engine undid the transaction"));
}

static void undo_member(struct writer *w, bool saved)
{
	const struct db_ops *ops = w->db->ops;

	if (!saved)
		ops->rollback(w->db->conn);
	else if (ops->savepoint_undo(w->db->conn, 0, NULL) != OK)
		ops->rollback(w->db->conn);
}

/*
 * Runs members[i] in the open transaction. The first needs no savepoint: if it fails, nothing else is lost.
 * True if it waits for the commit.
 */
static bool run_member(struct writer *w, size_t i, bool saved)
{
	struct job *job = w->members[i];
	struct db *db = w->db;
	struct err *err = err_of(w, job);
	size_t changes_before = db->changes.count;
	enum errc rc = saved ? db->ops->savepoint(db->conn, 0, err) : OK;

	db->savepoints = saved ? 1 : 0;
	if (rc == OK)
		rc = db_run_body(db, w->arena, job->body, job->arg, err);
	if (rc == OK && saved && has_transaction(w))
		rc = db->ops->savepoint_keep(db->conn, 0, err);
	if (rc == OK && has_transaction(w)) {
		job->state = JOB_KEPT;
		return true;
	}
	if (has_transaction(w))
		undo_member(w, saved);
	if (saved && !has_transaction(w)) {
		after_loss(w, i, rc);
		return false;
	}
	db_changes_cut(db, changes_before);
	if (rc == OK)
		rc = err_set(err, ERR_UNAVAIL, "the engine undid the transaction");
	if (rc == ERR_CONFLICT || rc == ERR_CLOSED)
		put_off(w, i);
	else
		answer_member(w, i, rc);
	return false;
}

static enum errc commit(struct writer *w, struct err *err)
{
	struct db *db = w->db;
	enum errc rc = OK;

	if (db->ops->notify && db->changes.count > 0)
		rc = db->ops->notify(db->conn, db->changes.items, db->changes.count, err);
	if (rc == OK && db->ops->flush)
		rc = db->ops->flush(db->conn, err);
	if (rc == OK)
		return db->ops->commit(db->conn, err);
	db->ops->rollback(db->conn);
	return rc;
}

static void answer_kept(struct writer *w, enum errc rc, const struct err *err)
{
	for (size_t i = 0; i < w->member_count; i++) {
		struct job *job = w->members[i];

		if (!job || job->state != JOB_KEPT)
			continue;
		if (rc != OK)
			(void)err_set(job->err, rc, "%s", err->text);
		answer_member(w, i, rc);
	}
}

static void after_failed_commit(
    struct writer *w, size_t kept, enum errc rc, const struct err *err)
{
	const struct db_ops *ops = w->db->ops;

	if (ops->doubtful && ops->doubtful(w->db->conn)) {
		for (size_t i = 0; i < w->member_count; i++) {
			if (w->members[i] && w->members[i]->state == JOB_KEPT)
				w->members[i]->maybe_written = true;
		}
	}
	if (rc == ERR_CLOSED || rc == ERR_UNCERTAIN)
		w->db->dead = true;
	if (rc == ERR_CONFLICT || rc == ERR_CLOSED) {
		requeue_kept(w);
		answer_expired(w);
		pause_ms(db_jitter_ms(++w->losses));
	} else if (rc == ERR_UNCERTAIN || kept == 1) {
		answer_kept(w, rc, err);
	} else {
		w->singly = true;
		requeue_kept(w);
	}
}

static void commit_kept(struct writer *w, size_t kept)
{
	const struct db_settings *settings = &w->pool->settings;
	struct err err;
	enum errc rc = commit(w, &err);

	if (rc != OK) {
		after_failed_commit(w, kept, rc, &err);
		return;
	}
	counter_add(&w->pool->commits, 1);
	if (settings->on_change && w->db->changes.count > 0)
		settings->on_change(
		    settings->on_change_arg, w->db->changes.items, w->db->changes.count);
	answer_kept(w, OK, NULL);
}

static void run_transaction(struct writer *w)
{
	int64_t began_us = clock_mono_us();
	size_t kept = 0;

	for (size_t i = 0; i < w->member_count; i++) {
		struct job *job = w->members[i];

		if (!job || job->state != JOB_PENDING)
			continue;
		if (kept > 0 && (w->singly || clock_mono_us() - began_us > GROUP_US))
			break;
		if (deadline_passed(job->deadline)) {
			answer_member(w, i, db_too_busy(err_of(w, job)));
			continue;
		}
		if (!has_transaction(w)) {
			kept = 0;
			if (!begin_for(w, i))
				continue;
		}
		if (run_member(w, i, kept > 0))
			kept++;
		else if (!has_transaction(w))
			kept = 0;
	}
	if (kept > 0)
		commit_kept(w, kept);
	db_count_statements(w->db);
}

static bool any_left(const struct writer *w)
{
	for (size_t i = 0; i < w->member_count; i++) {
		if (w->members[i])
			return true;
	}
	return false;
}

static void note_foreign(struct writer *w)
{
	const struct db_ops *ops = w->pool->driver->ops;

	if (!w->db->dead && ops->foreign_changes(w->db->conn))
		atomic_store(&w->pool->foreign, true);
}

static void run_group(struct writer *w)
{
	const struct db_ops *ops = w->pool->driver->ops;

	w->singly = false;
	w->losses = 0;
	while (any_left(w))
		run_transaction(w);
	if (atomic_exchange(&w->poll_wanted, false))
		note_foreign(w);
	if (ops->between && !w->db->dead)
		ops->between(w->db->conn);
}

/* ---- who is next ---- */

static void add_member(struct writer *w, struct job *job)
{
	job->state = JOB_PENDING;
	w->members[w->member_count++] = job;
}

/* Under the lock. */
static void take_delayed(struct writer *w, size_t room, int64_t now_ms)
{
	size_t count = w->delayed.count;

	for (size_t i = 0; i < count; i++) {
		struct job *job = list_take(&w->delayed);

		if (w->member_count < room && (job->due_ms <= now_ms || w->stopping))
			add_member(w, job);
		else
			list_add(&w->delayed, job);
	}
}

/* Under the lock. Waiting callers first; what may wait joins any group. */
static void take_members(struct writer *w, int64_t now_ms)
{
	size_t room = (size_t)w->pool->settings.group_max;

	w->member_count = 0;
	take_delayed(w, room, now_ms);
	while (w->member_count < room && w->queue.first)
		add_member(w, list_take(&w->queue));
	if (w->member_count == 0 && w->later_due_ms > now_ms && !w->stopping)
		return;
	room += w->member_count;
	while (w->member_count < room && w->member_count < MEMBERS_MAX && w->later.first)
		add_member(w, list_take(&w->later));
	w->later_due_ms = w->later.first ? now_ms : INT64_MAX;
}

/* Under the lock. When there is something to do even if nobody calls; INT64_MAX: never. */
static int64_t next_due_ms(const struct writer *w)
{
	int64_t due_ms = w->later_due_ms;

	for (const struct job *job = w->delayed.first; job; job = job->next) {
		if (job->due_ms < due_ms)
			due_ms = job->due_ms;
	}
	return due_ms;
}

/* Under the lock. Until woken, or until `until_ms`. */
static void sleep_until(struct writer *w, int64_t until_ms)
{
	struct timespec at = { .tv_sec = until_ms / 1000,
		.tv_nsec = (long)(until_ms % 1000) * 1000000 };

	if (until_ms == INT64_MAX)
		(void)pthread_cond_wait(&w->wake, &w->lock);
	else
		(void)pthread_cond_timedwait(&w->wake, &w->lock, &at);
}

static int64_t do_idle_work(struct writer *w, int64_t now_ms)
{
	const struct db_ops *ops = w->pool->driver->ops;
	int next_ms = -1;

	pthread_mutex_lock(&w->conn_lock);
	if (ops->idle && !w->db->dead)
		next_ms = ops->idle(w->db->conn, now_ms - w->idle_since_ms);
	pthread_mutex_unlock(&w->conn_lock);
	return next_ms < 0 ? INT64_MAX : now_ms + next_ms;
}

/* Fills the members; false when the writer is to end and nothing is left. */
static bool wait_for_members(struct writer *w)
{
	int64_t idle_at_ms;

	w->idle_since_ms = clock_mono_ms();
	idle_at_ms = w->idle_since_ms + IDLE_AFTER_MS;
	pthread_mutex_lock(&w->lock);
	for (;;) {
		int64_t now_ms = clock_mono_ms(), due_ms;

		take_members(w, now_ms);
		if (w->member_count > 0 || w->stopping)
			break;
		due_ms = next_due_ms(w);
		if (idle_at_ms <= now_ms) {
			pthread_mutex_unlock(&w->lock);
			idle_at_ms = do_idle_work(w, now_ms);
			pthread_mutex_lock(&w->lock);
		} else {
			sleep_until(w, due_ms < idle_at_ms ? due_ms : idle_at_ms);
		}
	}
	pthread_mutex_unlock(&w->lock);
	return w->member_count > 0;
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;

	while (wait_for_members(w)) {
		pthread_mutex_lock(&w->conn_lock);
		run_group(w);
		pthread_mutex_unlock(&w->conn_lock);
	}
	return NULL;
}

/* ---- callers ---- */

/* Waits on the real-time clock because that is what POSIX offers; a jump of it only costs another look. */
static bool wait_answer(struct job *job)
{
	int left_ms = deadline_left_ms(job->deadline);
	int64_t until_ms = clock_unix_ms() + left_ms;
	struct timespec at = { .tv_sec = until_ms / 1000,
		.tv_nsec = (long)(until_ms % 1000) * 1000000 };

	while (sem_timedwait(&job->answered, &at) < 0) {
		if (errno != EINTR)
			return false;
	}
	return true;
}

/* Its deadline has passed: a job that no group has taken yet is taken back. */
static bool take_back(struct writer *w, struct job *job)
{
	bool taken_back;

	pthread_mutex_lock(&w->lock);
	taken_back = job->is_listed;
	if (taken_back) {
		list_remove(&w->queue, job);
		list_remove(&w->delayed, job);
	}
	pthread_mutex_unlock(&w->lock);
	return taken_back;
}

/* True when the job was answered, false when it was never run to an end. */
static bool wait_for_job(struct writer *w, struct job *job)
{
	while (!wait_answer(job)) {
		if (!deadline_passed(job->deadline))
			continue;
		if (take_back(w, job))
			return false;
		/* a group has it, and the writer answers what it took */
		while (sem_wait(&job->answered) < 0)
			assert(errno == EINTR);
		break;
	}
	return true;
}

enum errc writer_run(
    struct writer *w, struct deadline deadline, db_body *body, void *arg, struct err *err)
{
	struct job job = { .body = body, .arg = arg, .err = err, .deadline = deadline };
	bool answered;

	(void)sem_init(&job.answered, 0, 0);
	pthread_mutex_lock(&w->lock);
	list_add(&w->queue, &job);
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	answered = wait_for_job(w, &job);
	(void)sem_destroy(&job.answered);
	return answered ? job.rc : db_too_busy(err);
}

void writer_run_later(struct writer *w, int delay_ms, db_body *body,
    void (*done)(void *arg, enum errc rc), void *arg)
{
	struct job *job = xcalloc(1, sizeof(*job));
	bool full;

	*job = (struct job){ .body = body, .arg = arg, .done = done };
	job->deadline = deadline_in_ms((int64_t)delay_ms + LATER_DEADLINE_MS);
	job->due_ms = clock_mono_ms() + delay_ms;
	pthread_mutex_lock(&w->lock);
	full = w->later.count >= LATER_MAX;
	if (!full) {
		list_add(&w->later, job);
		if (job->due_ms < w->later_due_ms) {
			w->later_due_ms = job->due_ms;
			pthread_cond_signal(&w->wake);
		}
	}
	pthread_mutex_unlock(&w->lock);
	if (!full)
		return;
	if (done)
		done(arg, ERR_UNAVAIL);
	xfree(job);
}

void writer_poll_foreign(struct writer *w)
{
	if (pthread_mutex_trylock(&w->conn_lock) != 0) {
		atomic_store(&w->poll_wanted, true);
		return;
	}
	note_foreign(w);
	pthread_mutex_unlock(&w->conn_lock);
}

/* ---- life ---- */

static void init_locks(struct writer *w)
{
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&w->wake, &attr);
	(void)pthread_condattr_destroy(&attr);
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_mutex_init(&w->conn_lock, NULL);
}

static void release(struct writer **wp)
{
	struct writer *w = *wp;

	db_conn_free(&w->db);
	arena_free(&w->arena);
	(void)pthread_cond_destroy(&w->wake);
	(void)pthread_mutex_destroy(&w->lock);
	(void)pthread_mutex_destroy(&w->conn_lock);
	xfree(w);
	*wp = NULL;
}

enum errc writer_new(struct db_pool *pool, struct writer **writer_out, struct err *err)
{
	enum db_role role = pool->driver->single_writer ? DB_WRITER : DB_BOTH;
	struct writer *w = xcalloc(1, sizeof(*w));
	enum errc rc;

	w->pool = pool;
	w->arena = arena_new("transaction");
	w->later_due_ms = INT64_MAX;
	list_init(&w->queue);
	list_init(&w->delayed);
	list_init(&w->later);
	init_locks(w);
	rc = db_conn_new(pool, role, &w->db, err);
	if (rc == OK)
		rc = db_check_schema(pool->driver, w->db->conn, err);
	if (rc == OK)
		rc = thread_start(
		    "db writer", THREAD_STACK_SIZE, writer_main, w, &w->thread, err);
	if (rc != OK) {
		release(&w);
		return rc;
	}
	*writer_out = w;
	return OK;
}

void writer_free(struct writer **wp)
{
	struct writer *w = *wp;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	thread_join(w->thread);
	release(wp);
}
