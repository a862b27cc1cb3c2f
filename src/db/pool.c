/*
 * db/pool.c - opening and closing a database, what is known of it.
 */
#include "base/arena.h"
#include "base/heap.h"
#include "base/str.h"
#include "db/db_int.h"
#include "db/group.h"
#include "db/migrate_int.h"
#include "db/news.h"
#include "db/url.h"

#define BUSY_TIMEOUT_MS 10000
#define GROUP_MAX 64
#define PREFIX_MAX 32
#define WAL_LIMIT_BYTES ((int64_t)64 << 20)

static int within(int value, int standard, int max)
{
	if (value <= 0)
		return standard;
	return value < max ? value : max;
}

static void take_settings(struct db_pool *pool, const struct db_settings *given)
{
	struct db_settings *own = &pool->settings;

	*own = *given;
	own->url = str_dup(pool->arena, given->url);
	own->table_prefix = given->table_prefix.n > 0
	    ? str_dup(pool->arena, given->table_prefix)
	    : STR("dbmail_");
	own->readers = within(given->readers, 1, DB_READERS_MAX);
	own->busy_timeout_ms = within(given->busy_timeout_ms, BUSY_TIMEOUT_MS, INT32_MAX);
	own->group_max = within(given->group_max, GROUP_MAX, (int)GROUP_MEMBERS_MAX / 2);
	if (own->wal_limit_bytes <= 0)
		own->wal_limit_bytes = WAL_LIMIT_BYTES;
	pool->rewrites_names = !str_equal(own->table_prefix, STR("dbmail_"));
}

/* A prefix becomes part of statements, and must not lead into our own tables' names. */
enum errc db_check_prefix(struct str prefix, struct err *err)
{
	for (size_t i = 0; i < prefix.n; i++) {
		char c = prefix.p[i];

		if (!ascii_is_alpha(c) && c != '_' && !(ascii_is_digit(c) && i > 0))
			return err_set(err, ERR_ARG,
			    "table_prefix \"%.*s\": letters, digits and _ only",
			    STR_ARG(prefix));
	}
	if (str_equal_nocase(prefix, STR("mail_")) || prefix.n > PREFIX_MAX)
		return err_set(err, ERR_ARG,
		    "table_prefix \"%.*s\": not mail_, and up to %d bytes", STR_ARG(prefix),
		    PREFIX_MAX);
	return OK;
}

static enum errc make_driver(struct db_pool *pool, struct err *err)
{
	const struct db_settings *settings = &pool->settings;
	enum errc rc = db_check_prefix(settings->table_prefix, err);

	if (rc == OK)
		rc = db_driver_new(settings, &pool->driver, err);
	if (rc == OK && settings->wrap_driver)
		pool->driver = settings->wrap_driver(settings->wrap_arg, pool->driver);
	return rc;
}

static const uint64_t group_sizes[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256 };
static const struct metric_bounds group_bounds = { group_sizes, COUNT(group_sizes), 1 };

static const uint64_t commit_times_us[] = { 250, 500, 1000, 2500, 5000, 10000, 25000, 50000,
	100000, 250000, 1000000, 5000000 };
static const struct metric_bounds commit_bounds = { commit_times_us, COUNT(commit_times_us),
	1000000 };

static const struct metric metric_rows[] = {
	[DB_GROUP_SIZE] = { "tabella_db_group_size", "Transactions that share a commit.",
	    METRIC_HISTOGRAM, .bounds = &group_bounds },
	[DB_COMMIT_TIME] = { "tabella_db_commit_seconds",
	    "Commits, with their flush to the disk.", METRIC_HISTOGRAM,
	    .bounds = &commit_bounds },
};

static struct db_pool *pool_new(const struct db_settings *settings)
{
	struct db_pool *pool = xcalloc(1, sizeof(*pool));

	pool->arena = arena_new("database settings");
	take_settings(pool, settings);
	(void)pthread_mutex_init(&pool->lock, NULL);
	reach_init(&pool->reach, settings->log);
	pool->waiters_tail = &pool->waiters;
	pool->metrics = metrics_new((struct metric_table){ metric_rows, COUNT(metric_rows) },
	    (struct metric_own){ .label = NULL });
	return pool;
}

static void pool_release(struct db_pool **poolp)
{
	struct db_pool *pool = *poolp;

	writer_free(&pool->writer);
	news_free(&pool->news);
	leases_release(pool);
	if (pool->driver)
		pool->driver->ops->free(pool->driver);
	arena_free(&pool->arena);
	metrics_free(&pool->metrics);
	reach_release(&pool->reach);
	(void)pthread_mutex_destroy(&pool->lock);
	xfree(pool);
	*poolp = NULL;
}

/* On a connection for it, which is closed. */
static enum errc administer(
    struct db_pool *pool, db_admin_body *body, void *arg, struct err *err)
{
	const struct db_ops *ops = pool->driver->ops;
	struct schema_work work;
	struct db_conn *conn;
	enum errc rc = ops->connect(pool->driver, DB_ADMIN, &conn, err);

	if (rc != OK)
		return rc == ERR_LIMIT ? db_unreachable(rc, err) : rc;
	work = schema_work_on(pool->driver, conn, pool->settings.table_prefix);
	rc = body(&work, arg, err);
	ops->disconnect(&conn);
	return rc;
}

struct migration {
	struct str copy_source;
	int from, to;
};

static enum errc migrate_body(const struct schema_work *work, void *arg, struct err *err)
{
	struct migration *m = arg;

	return schema_bring_up(work, m->copy_source, &m->from, &m->to, err);
}

/* The first reader is opened at once, so that a database that cannot be read is known at the start. */
static enum errc open_first_reader(struct db_pool *pool, struct err *err)
{
	struct db *db;
	enum errc rc = db_conn_new(pool, pool->reader_role, &db, err);

	if (rc != OK)
		return rc;
	if (!pool->settings.any_schema)
		rc = db_check_schema(pool->driver, db->conn, pool->settings.table_prefix, err);
	pool->connections++;
	db_return(&db);
	return rc;
}

static enum errc start(struct db_pool *pool, struct err *err)
{
	const struct db_settings *settings = &pool->settings;
	struct migration migration = { .copy_source = settings->copy_source };
	enum errc rc = make_driver(pool, err);

	if (rc != OK)
		return rc;
	pool->reader_role =
	    pool->driver->single_writer || settings->read_only ? DB_READER : DB_BOTH;
	if (settings->create && !settings->read_only)
		rc = administer(pool, migrate_body, &migration, err);
	if (rc == OK && !settings->read_only)
		rc = writer_new(pool, &pool->writer, err);
	if (rc == OK && !settings->read_only)
		rc = news_new(pool, &pool->news, err);
	if (rc == OK)
		rc = open_first_reader(pool, err);
	return rc;
}

enum errc db_open(
    const struct db_settings *settings, struct db_pool **pool_out, struct err *err)
{
	struct db_pool *pool = pool_new(settings);
	enum errc rc = start(pool, err);

	if (rc != OK) {
		pool_release(&pool);
		return rc;
	}
	pool->is_open = true;
	*pool_out = pool;
	return OK;
}

void db_close(struct db_pool **poolp)
{
	if (*poolp)
		pool_release(poolp);
}

enum errc db_administer(
    const struct db_settings *settings, db_admin_body *body, void *arg, struct err *err)
{
	struct db_pool *pool = pool_new(settings);
	enum errc rc = make_driver(pool, err);

	if (rc == OK)
		rc = administer(pool, body, arg, err);
	pool_release(&pool);
	return rc;
}

enum errc db_migrate(
    const struct db_settings *settings, int *from_out, int *to_out, struct err *err)
{
	struct migration migration = { .copy_source = settings->copy_source };
	enum errc rc = db_administer(settings, migrate_body, &migration, err);

	*from_out = migration.from;
	*to_out = migration.to;
	return rc;
}

/* ---- what the pool knows ---- */

int db_tickets(const struct db_pool *pool)
{
	const struct db_settings *settings = &pool->settings;

	/* who waits for a commit holds no connection, and a group wants to be large */
	if (pool->driver->single_writer && settings->group_max > settings->readers)
		return settings->group_max;
	return settings->readers;
}

bool db_foreign_changes(struct db_pool *pool)
{
	leases_close_stale(pool);
	if (pool->writer && pool->driver->ops->foreign_changes)
		writer_poll_foreign(pool->writer);
	return atomic_exchange(&pool->foreign, false);
}

bool db_hears_news(const struct db_pool *pool)
{
	return news_is_open(pool->news);
}

void db_committed(struct db_pool *pool, const struct change_list *changes)
{
	const struct db_settings *settings = &pool->settings;

	if (changes->count == 0)
		return;
	if (settings->on_change)
		settings->on_change(settings->on_change_arg, changes->items, changes->count);
	if (pool->news)
		news_add(pool->news, changes->items, changes->count);
}

const struct metrics *db_metrics(const struct db_pool *pool)
{
	return pool->metrics;
}

void db_stats(struct db_pool *pool, struct db_stats *stats_out)
{
	struct reach_state reach = reach_state(&pool->reach);
	struct db_driver_stats driver;

	pool->driver->ops->stats(pool->driver, &driver);
	*stats_out = (struct db_stats){
		.statements = counter_read(&pool->statements),
		.transactions = counter_read(&pool->transactions),
		.commits = counter_read(&pool->commits),
		.rollbacks = counter_read(&pool->rollbacks),
		.reruns = counter_read(&pool->reruns),
		.checkpoints = driver.checkpoints,
		.slow = counter_read(&pool->slow),
		.wal_bytes = driver.wal_bytes,
		.round_trips = driver.round_trips,
		.waits = counter_read(&pool->waits),
		.connects = reach.opened,
		.connects_failed = reach.failed,
	};
	leases_count(pool, stats_out);
	stats_out->is_lost = reach.lost || (reach.full && stats_out->connections == 0);
}

int db_schema_known(const struct db_pool *pool)
{
	size_t count;
	const struct db_migration *steps = pool->driver->ops->migrations(pool->driver, &count);

	return steps[count - 1].to;
}

enum db_engine db_pool_engine(const struct db_pool *pool)
{
	return pool->driver->ops->engine;
}
