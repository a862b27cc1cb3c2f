#include "main/site.h"

#include "auth/conf.h"
#include "base/arena.h"
#include "base/heap.h"
#include "base/str.h"

#include <unistd.h>

/* Reading connections of a command: one for the rows, one for what is looked up between them. */
#define TOOL_READERS 2

/* Of a server, for each core: a reader is held for microseconds and seldom waits, and each has a cache of its own. */
#define READERS_PER_CORE 2
#define READERS_MIN 4
#define TOOL_CACHE_BYTES ((size_t)1024 * 1024)

static enum errc load_conf(
    struct site *site, const struct site_named *named, struct buf *complaints, struct err *err)
{
	struct conf_source source = {
		.path = site->conf_path,
		.setting = &site->setting,
		.settings = site->setting ? 1 : 0,
	};

	return settings_load(&source, named->errors_only ? CONF_ERROR : CONF_WARNING,
	    &site->conf, complaints, err);
}

enum errc site_load(
    const struct site_named *named, struct site *site, struct buf *complaints, struct err *err)
{
	/* absolute, so that the paths in it are too, wherever the process stands */
	char *absolute = realpath(named->conf_path, NULL);
	enum errc rc;

	*site = (struct site){ .sink = LOG_SINK_STDERR, .arena = arena_new("site") };
	site->conf_path =
	    str_cstr(site->arena, str_from(absolute ? absolute : named->conf_path));
	xfree(absolute);
	if (named->database.n > 0)
		site->setting =
		    str_printf(site->arena, "db.url=%.*s", STR_ARG(named->database)).p;
	rc = load_conf(site, named, complaints, err);
	if (rc != OK)
		return rc;
	site->settings = settings_of(site->conf);
	site->files = (struct files){ .configuration = site->conf_path,
		.certificate = site->settings->tls_certificate.p,
		.key = site->settings->tls_key.p,
		.certificates = site->settings->tls_certificates.p,
		.log = site->settings->log_file.p };
	site->sink.format = (enum log_format)site->settings->log_format;
	site->sink.level = site->settings->log_level;
	log_init(&site->log, &site->sink, "tabella");
	return OK;
}

/* Where locks of this machine's nodes live: beside the database's file, or where the site has its scratch files. */
static char *lock_folder(const struct site *site)
{
	struct arena *arena = site->arena;
	struct str path = str_from(site->database.file);
	size_t slash = str_rfind_char(path, '/');

	if (!site->database.file)
		return str_cstr(arena, site->settings->spool);

	if (slash == path.n)
		return str_cstr(arena, STR("."));
	return str_cstr(arena, slash == 0 ? STR("/") : str_first(path, slash));
}

static void on_change(void *arg, const struct change *changes, size_t count)
{
	const struct site *site = arg;

	/* migrations commit before there is a store, and nobody listens yet */
	if (site->store)
		store_on_change(site->store, changes, count);
}

static void on_news(void *arg, const struct change *changes, size_t count)
{
	const struct site *site = arg;

	if (site->store)
		store_on_news(site->store, changes, count);
}

/* With a server each session that works has a connection of its own. */
static int server_readers(const struct site *site)
{
	int connections = database_connections(site->settings, site->database.engine);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t readers = (cores > 0 ? cores : 1) * READERS_PER_CORE;

	if (readers < READERS_MIN)
		readers = READERS_MIN;
	if (site->database.engine != DB_SQLITE || readers > connections)
		return connections;
	return (int)readers;
}

static enum errc open_database(struct site *site, enum site_use use, struct err *err)
{
	const struct settings *s = site->settings;
	struct db_settings settings = {
		.url = secret_view(&site->database.url),
		.table_prefix = s->table_prefix,
		.readers = use == SITE_SERVE ? server_readers(site) : TOOL_READERS,
		.busy_timeout_ms = (int)s->db_busy_timeout_ms,
		.group_max = (int)s->db_group_max,
		.wal_limit_bytes = (int64_t)s->db_wal_limit,
		.size_limit_bytes = (int64_t)s->db_size_limit,
		.create = use == SITE_CREATE,
		.patient = site->patient,
		.log = &site->log,
		.on_change = on_change,
		.on_news = on_news,
		.hears_news = use == SITE_SERVE,
		.on_change_arg = site,
	};

	return db_open(&settings, &site->pool, err);
}

static enum errc open_store(struct site *site, enum site_use use, struct err *err)
{
	const struct settings *s = site->settings;
	const struct auth_conf *auth = conf_fields(site->conf, &auth_conf_table);
	struct store_settings settings = {
		.pool = site->pool,
		.log = &site->log,
		.lock_directory = lock_folder(site),
		.index_cache_bytes =
		    use == SITE_SERVE ? (size_t)s->store_index_cache : TOOL_CACHE_BYTES,
		.removed_keep_s = s->store_removed_keep_ms / 1000,
		.blob_keep_s = s->store_blob_keep_ms / 1000,
		.authlog_keep_s = auth->journal_keep_ms / 1000,
		.zstd_level = (int)s->store_zstd_level,
		.write_deadline_ms = (int)s->db_busy_timeout_ms,
		.serves = use == SITE_SERVE,
	};

	return store_open(&settings, &site->store, err);
}

enum errc site_reopen(const struct site *site, enum files_what what,
    const struct files_taker *taker, struct err *err)
{
	return site->helper ? helper_open(site->helper, what, taker, err)
			    : files_open(&site->files, what, taker, err);
}

enum errc site_find_database(struct site *site, struct err *err)
{
	if (site->database.url.n > 0)
		return OK;
	return database_find(site->settings, site->arena, &site->database, err);
}

enum errc site_open(struct site *site, enum site_use use, struct err *err)
{
	enum errc rc = site_find_database(site, err);

	if (rc == OK)
		rc = open_database(site, use, err);
	return rc == OK ? open_store(site, use, err) : rc;
}

void site_close(struct site *site)
{
	store_close(&site->store);
	db_close(&site->pool);
	helper_stop(&site->helper);
	database_release(&site->database);
	conf_free(&site->conf);
	arena_free(&site->arena);
}
