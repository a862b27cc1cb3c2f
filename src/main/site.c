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

enum errc site_load(
    const char *conf_path, struct site *site, struct buf *complaints, struct err *err)
{
	/* absolute, so that the paths in it are too, wherever the process stands */
	char *absolute = realpath(conf_path, NULL);
	struct conf_source source = { .path = absolute ? absolute : conf_path };
	enum errc rc;

	*site = (struct site){ .sink = LOG_SINK_STDERR };
	rc = settings_load(&source, &site->conf, complaints, err);
	if (rc == OK) {
		site->arena = arena_new("site");
		site->conf_path = str_cstr(site->arena, str_from(source.path));
	}
	xfree(absolute);
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

/* "sqlite:/path", "sqlite:///path" or a path. */
static struct str sqlite_path(struct str url)
{
	if (str_starts_nocase(url, STR("sqlite://")))
		return str_from_at(url, 9);
	if (str_starts_nocase(url, STR("sqlite:")))
		return str_from_at(url, 7);
	return str_find(url, STR("://")) < url.n ? STR_EMPTY : url;
}

/* The folder of the database file: locks of the nodes live there. */
static char *folder_of(struct arena *arena, struct str path)
{
	size_t slash = str_rfind_char(path, '/');

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

static int server_readers(const struct settings *s)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t readers = (cores > 0 ? cores : 1) * READERS_PER_CORE;

	if (readers < READERS_MIN)
		readers = READERS_MIN;
	return (int)(readers < s->db_connections ? readers : s->db_connections);
}

static enum errc open_database(
    struct site *site, enum site_use use, struct str url, struct err *err)
{
	const struct settings *s = site->settings;
	struct db_settings settings = {
		.url = url,
		.table_prefix = s->table_prefix,
		.readers = use == SITE_SERVE ? server_readers(s) : TOOL_READERS,
		.busy_timeout_ms = (int)s->db_busy_timeout_ms,
		.group_max = (int)s->db_group_max,
		.wal_limit_bytes = (int64_t)s->db_wal_limit,
		.size_limit_bytes = (int64_t)s->db_size_limit,
		.create = use == SITE_CREATE,
		.log = &site->log,
		.on_change = on_change,
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
		.lock_directory = folder_of(site->arena, str_from(site->database_path)),
		.index_cache_bytes =
		    use == SITE_SERVE ? (size_t)s->store_index_cache : TOOL_CACHE_BYTES,
		.removed_keep_s = s->store_removed_keep_ms / 1000,
		.blob_keep_s = s->store_blob_keep_ms / 1000,
		.authlog_keep_s = auth->journal_keep_ms / 1000,
		.zstd_level = (int)s->store_zstd_level,
		.write_deadline_ms = (int)s->db_busy_timeout_ms,
		.read_only_tool = use == SITE_READ,
	};

	return store_open(&settings, &site->store, err);
}

enum errc site_reopen(const struct site *site, enum files_what what,
    const struct files_taker *taker, struct err *err)
{
	return site->helper ? helper_open(site->helper, what, taker, err)
			    : files_open(&site->files, what, taker, err);
}

static enum errc find_database(struct site *site, struct str *url_out, struct err *err)
{
	enum errc rc = settings_db_url(site->settings, site->arena, url_out, err);
	struct str path;

	if (rc != OK)
		return rc;
	path = sqlite_path(*url_out);
	if (path.n > 0) {
		site->database_path = str_cstr(site->arena, path);
		if (!site->database_path)
			return err_set(err, ERR_ARG, "db.url: a NUL in the path");
	}
	return OK;
}

enum errc site_find_database(struct site *site, struct err *err)
{
	struct str url;

	return find_database(site, &url, err);
}

enum errc site_open(struct site *site, enum site_use use, struct err *err)
{
	struct str url;
	enum errc rc = find_database(site, &url, err);

	if (rc != OK)
		return rc;
	rc = open_database(site, use, url, err);
	return rc == OK ? open_store(site, use, err) : rc;
}

void site_close(struct site *site)
{
	store_close(&site->store);
	db_close(&site->pool);
	helper_stop(&site->helper);
	conf_free(&site->conf);
	arena_free(&site->arena);
}
