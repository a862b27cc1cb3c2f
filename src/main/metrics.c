#include "main/metrics.h"

#include "auth/auth.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"
#include "main/site.h"
#include "net/reactor.h"
#include "store/index.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

void metrics_env_open(struct metrics_env *env)
{
	env->statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	env->fds_fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void metrics_env_close(struct metrics_env *env)
{
	close_fd(&env->statm_fd);
	close_fd(&env->fds_fd);
}

struct number {
	const char *name, *help;
	enum metric_kind kind;
	uint64_t value;
};

static void write_numbers(struct buf *out, const struct number *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		metric_one(
		    out, numbers[i].name, numbers[i].help, numbers[i].kind, numbers[i].value);
}

static void write_net(const struct metrics_env *env, struct buf *out)
{
	struct reactor_stats net = reactor_stats(env->reactor);
	const struct number numbers[] = {
		{ "tabella_connections_before_login",
		    "Connections of people who have not logged in.", METRIC_GAUGE,
		    net.strangers },
		{ "tabella_tls_handshakes", "TLS handshakes now.", METRIC_GAUGE,
		    net.handshakes },
		{ "tabella_tickets_waiting",
		    "Sessions that wait for their turn at the database.", METRIC_GAUGE,
		    net.tickets_waiting },
		{ "tabella_session_memory_bytes", "What sessions hold between their steps.",
		    METRIC_GAUGE, net.memory },
	};

	write_numbers(out, numbers, COUNT(numbers));
}

/* How near the limits are: `tabella limits` as numbers. */
static void write_limits(const struct metrics_env *env, struct buf *out)
{
	struct limit_row rows[REACTOR_LIMITS];
	size_t count = reactor_limits(env->reactor, rows, COUNT(rows));

	metric_head(out, "tabella_limit", "What may be.", METRIC_GAUGE);
	for (size_t i = 0; i < count; i++)
		metric_sample(
		    out, "tabella_limit", "limit", str_from(rows[i].name), rows[i].limit);
	metric_head(out, "tabella_limit_used",
	    "What is; of limits by address or user, of the one that has most.", METRIC_GAUGE);
	for (size_t i = 0; i < count; i++)
		metric_sample(
		    out, "tabella_limit_used", "limit", str_from(rows[i].name), rows[i].used);
	metric_head(out, "tabella_limit_refused_total", "What was refused, or made to wait.",
	    METRIC_COUNTER);
	for (size_t i = 0; i < count; i++)
		metric_sample(out, "tabella_limit_refused_total", "limit",
		    str_from(rows[i].name), rows[i].refused);
}

static void write_db(const struct metrics_env *env, struct buf *out)
{
	struct db_stats db;

	db_stats(env->site->pool, &db);
	{
		const struct number numbers[] = {
			{ "tabella_db_statements_total", "Statements.", METRIC_COUNTER,
			    db.statements },
			{ "tabella_db_round_trips_total",
			    "Times that a database server was waited for.", METRIC_COUNTER,
			    db.round_trips },
			{ "tabella_db_slow_statements_total",
			    "Statements whose first row took a second or longer.",
			    METRIC_COUNTER, db.slow },
			{ "tabella_db_transactions_total", "Transactions that were asked for.",
			    METRIC_COUNTER, db.transactions },
			{ "tabella_db_commits_total",
			    "Commits; many transactions may share one.", METRIC_COUNTER,
			    db.commits },
			{ "tabella_db_rollbacks_total", "Transactions that failed.",
			    METRIC_COUNTER, db.rollbacks },
			{ "tabella_db_reruns_total", "Transactions that were run again.",
			    METRIC_COUNTER, db.reruns },
			{ "tabella_db_checkpoints_total",
			    "Times that the write-ahead log was copied into the database.",
			    METRIC_COUNTER, db.checkpoints },
			{ "tabella_db_wal_bytes", "Size of the write-ahead log.", METRIC_GAUGE,
			    db.wal_bytes > 0 ? (uint64_t)db.wal_bytes : 0 },
			{ "tabella_db_connections", "Connections for sessions.", METRIC_GAUGE,
			    (uint64_t)db.connections },
			{ "tabella_db_connections_used", "Of them, in use.", METRIC_GAUGE,
			    (uint64_t)db.connections_used },
			{ "tabella_db_connection_waits_total",
			    "Times that a connection was waited for, since all were in use.",
			    METRIC_COUNTER, db.waits },
			{ "tabella_db_connects_total",
			    "Connections to a database server opened after the start.",
			    METRIC_COUNTER, db.connects },
			{ "tabella_db_connects_failed_total",
			    "Connections to a database server that could not be opened.",
			    METRIC_COUNTER, db.connects_failed },
			{ "tabella_db_lost", "1: the database server cannot be reached.",
			    METRIC_GAUGE, db.is_lost },
		};

		write_numbers(out, numbers, COUNT(numbers));
	}
}

static void write_store(const struct metrics_env *env, struct buf *out)
{
	const char *path = env->site->database.file;
	struct index_cache_stats cache;
	struct stat about;

	if (path && stat(path, &about) == 0)
		metric_one(out, "tabella_db_file_bytes", "Size of the database's file.",
		    METRIC_GAUGE, (uint64_t)about.st_size);
	index_cache_stats(env->site->store, &cache);
	{
		const struct number numbers[] = {
			{ "tabella_index_cache_bytes", "Memory of mailbox indexes.",
			    METRIC_GAUGE, cache.bytes },
			{ "tabella_index_cache_pinned_bytes", "Of them, in use by sessions.",
			    METRIC_GAUGE, cache.pinned_bytes },
			{ "tabella_index_cache_hits_total",
			    "Indexes that were there and newest.", METRIC_COUNTER, cache.hits },
			{ "tabella_index_cache_loads_total",
			    "Indexes that were read as a whole.", METRIC_COUNTER, cache.loads },
			{ "tabella_index_cache_updates_total",
			    "Indexes that were brought up to date.", METRIC_COUNTER,
			    cache.updates },
		};

		write_numbers(out, numbers, COUNT(numbers));
	}
}

static void write_auth(const struct metrics_env *env, struct buf *out)
{
	struct auth_stats auth;

	auth_stats(env->auth, &auth);
	{
		const struct number numbers[] = {
			{ "tabella_password_checks_waiting", "Passwords in the queue.",
			    METRIC_GAUGE, auth.waiting },
			{ "tabella_password_checks_refused_total",
			    "Passwords that found the queue full.", METRIC_COUNTER,
			    auth.refused },
			{ "tabella_password_cache_hits_total",
			    "Passwords that needed no hashing.", METRIC_COUNTER,
			    auth.cache_hits },
		};

		write_numbers(out, numbers, COUNT(numbers));
	}
}

static void write_log(const struct metrics_env *env, struct buf *out)
{
	const struct log_sink *sink = &env->site->sink;

	metric_head(out, "tabella_log_lines_total", "Lines of the log that ask for a look.",
	    METRIC_COUNTER);
	metric_sample(
	    out, "tabella_log_lines_total", "level", STR("error"), counter_read(&sink->errors));
	metric_sample(out, "tabella_log_lines_total", "level", STR("warn"),
	    counter_read(&sink->warnings));
	metric_one(out, "tabella_log_lines_lost_total", "Lines that could not be written.",
	    METRIC_COUNTER, counter_read(&sink->lost));
}

/* How many names a folder of /proc has. The descriptor's place is shared: one reader at a time would do, and two get
 * numbers that are a little off. */
static uint64_t open_fds(int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *folder = own >= 0 ? fdopendir(own) : NULL;
	uint64_t count = 0;

	if (!folder) {
		if (own >= 0)
			(void)close(own);
		return 0;
	}
	rewinddir(folder);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own */
	for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
		count += entry->d_name[0] != '.';
	(void)closedir(folder);
	return count > 0 ? count - 1 : 0; /* without the one it is read by */
}

/* The second number of statm: pages that are in memory. */
static uint64_t resident_bytes(int fd)
{
	char text[128];
	ssize_t n = pread(fd, text, sizeof(text), 0);
	struct cursor c = cursor_of((struct str){ text, n > 0 ? (size_t)n : 0 });
	uint64_t size, resident;
	long page = sysconf(_SC_PAGESIZE);

	if (cursor_take_u64(&c, INT64_MAX, &size) != OK || !cursor_take(&c, ' ') ||
	    cursor_take_u64(&c, INT64_MAX / 65536, &resident) != OK || page <= 0)
		return 0;
	return resident * (uint64_t)page;
}

/* The names that every program has for these, so that common recipes work. */
static void write_process(const struct metrics_env *env, struct buf *out)
{
	struct rusage usage;
	struct rlimit files;
	uint64_t fds = env->fds_fd >= 0 ? open_fds(env->fds_fd) : 0;
	uint64_t resident = env->statm_fd >= 0 ? resident_bytes(env->statm_fd) : 0;

	metric_head(out, "tabella_build_info", "Which version runs.", METRIC_GAUGE);
	metric_sample(out, "tabella_build_info", "version", STR(TABELLA_VERSION), 1);
	metric_one(out, "process_start_time_seconds", "When it was started, Unix time.",
	    METRIC_GAUGE, (uint64_t)env->started_unix_s);
	if (fds > 0)
		metric_one(out, "process_open_fds", "Open descriptors.", METRIC_GAUGE, fds);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0)
		metric_one(out, "process_max_fds", "Descriptors that may be open.",
		    METRIC_GAUGE, (uint64_t)files.rlim_cur);
	if (resident > 0)
		metric_one(out, "process_resident_memory_bytes", "Memory in use.", METRIC_GAUGE,
		    resident);
	if (getrusage(RUSAGE_SELF, &usage) == 0) {
		int64_t us = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
		int64_t s = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + us / 1000000;

		metric_head(
		    out, "process_cpu_seconds_total", "Time on processors.", METRIC_COUNTER);
		buf_printf(out, "process_cpu_seconds_total %lld.%06lld\n", (long long)s,
		    (long long)(us % 1000000));
	}
}

void metrics_page(const struct metrics_env *env, struct buf *out)
{
	metrics_write(out, env->sets, env->set_count);
	write_net(env, out);
	write_limits(env, out);
	write_db(env, out);
	write_store(env, out);
	write_auth(env, out);
	write_log(env, out);
	write_process(env, out);
}
