#include "main/database.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"
#include "db/url.h"
#include "main/settings.h"

/* SQLite's connections cost nothing, a server's are processes or threads over there. */
#define CONNECTIONS_SQLITE 32
#define CONNECTIONS_SERVER 16

#define PASSWORD_FILE_MAX ((size_t)4096)

/* "sqlite:/path", "sqlite:///path" or a path; empty: it names something else. */
static struct str sqlite_path(struct str url)
{
	if (str_starts_nocase(url, STR("sqlite://")))
		return str_from_at(url, 9);
	if (str_starts_nocase(url, STR("sqlite:")))
		return str_from_at(url, 7);
	return str_find(url, STR("://")) < url.n ? STR_EMPTY : url;
}

static enum errc url_of_keys(
    const struct settings *s, struct arena *arena, struct str *url_out, struct err *err)
{
	const struct db_url_keys keys = {
		.driver = s->db_driver,
		.host = s->db_host,
		.port = s->db_port > 0 ? str_printf(arena, "%lld", (long long)s->db_port)
				       : STR_EMPTY,
		.socket = s->db_socket,
		.user = s->db_user,
		.password = s->db_password,
		.name = s->db_name,
	};

	if (s->db_driver.n == 0 && s->db_name.n == 0)
		return err_set(err, ERR_ARG,
		    "no database: set url in section [db], such as "
		    "sqlite:/var/lib/tabella/tabella.db or "
		    "postgresql://tabella@localhost/tabella");
	return db_url_build(&keys, arena, url_out, err);
}

/* Only the scheme is repeated: behind it there may be a password. */
static enum errc check_url(
    struct str url, struct arena *arena, enum db_engine *engine_out, struct err *err)
{
	struct db_url parsed;
	enum errc rc;

	if (!db_url_engine(url, engine_out)) {
		*engine_out = DB_SQLITE;
		if (sqlite_path(url).n > 0)
			return db_check_url(url, err);
		if (str_starts_nocase(url, STR("sqlite:")))
			return err_set(err, ERR_ARG,
			    "db.url: the file is missing: sqlite:/path/to/file.db");
		return err_set(err, ERR_UNSUPPORTED,
		    "db.url: there is no engine \"%.*s\": sqlite:FILE, "
		    "postgresql://USER@HOST/NAME or mysql://USER@HOST/NAME",
		    STR_ARG(str_first(url, str_find_char(url, ':'))));
	}
	rc = db_url_parse(url, arena, &parsed, err);
	if (rc != OK)
		return rc;
	if (parsed.name.n == 0)
		rc = err_set(err, ERR_ARG,
		    "db.url: the name of the database is missing behind the host: HOST/NAME");
	db_url_release(&parsed);
	return rc == OK ? db_check_url(url, err) : rc;
}

static enum errc named_url(const struct settings *s, struct arena *arena, struct str *url_out,
    enum db_engine *engine_out, struct err *err)
{
	enum errc rc = OK;

	if (s->db_url.n > 0)
		*url_out = s->db_url;
	else
		rc = url_of_keys(s, arena, url_out, err);
	return rc == OK ? check_url(*url_out, arena, engine_out, err) : rc;
}

enum errc database_check(
    const struct settings *settings, const char **option_out, struct err *err)
{
	struct arena *arena = arena_new("database check");
	enum db_engine engine;
	struct str url;
	enum errc rc = named_url(settings, arena, &url, &engine, err);

	*option_out = settings->db_url.n > 0 ? "db.url"
	    : settings->db_driver.n > 0	     ? "db.driver"
					     : "db.name";
	if (rc == OK && settings->db_password_file.n > 0 && engine == DB_SQLITE) {
		*option_out = "db.password_file";
		rc = err_set(
		    err, ERR_ARG, "db.password_file is for a database server, not for SQLite");
	} else if (rc == OK && settings->db_password_file.n > 0 &&
	    settings->db_password.n > 0) {
		*option_out = "db.password_file";
		rc = err_set(
		    err, ERR_ARG, "db.password and db.password_file: one of them is enough");
	}
	if (rc == OK && db_check_prefix(settings->table_prefix, err) != OK) {
		*option_out = "db.table_prefix";
		rc = ERR_ARG;
	}
	arena_free(&arena);
	return rc;
}

/* The first line of the file takes the place of the url's password. */
static enum errc read_password(const char *path, struct db_url *url, struct err *err)
{
	struct buf text = BUF_INIT(PASSWORD_FILE_MAX);
	struct str line, rest;
	struct err why;
	enum errc rc;

	(void)buf_reserve(&text, PASSWORD_FILE_MAX);
	rc = file_read(path, PASSWORD_FILE_MAX, &text, &why);
	rest = buf_str(&text);
	if (rc == OK && (!str_split(&rest, '\n', &line) || str_trim(line).n == 0))
		rc = err_set(&why, ERR_ARG, "%s has no first line", path);
	if (rc == OK) {
		secret_release(&url->password);
		secret_init(&url->password, str_trim(line));
	} else {
		rc = err_set(err, rc, "db.password_file: %s", why.text);
	}
	if (text.p)
		secret_wipe(text.p, text.n);
	buf_release(&text);
	return rc;
}

static enum errc with_password(const struct settings *s, struct arena *arena, struct str url,
    struct secret *url_out, struct err *err)
{
	struct buf whole = BUF_INIT(DB_URL_TEXT_MAX);
	struct db_url parsed;
	enum errc rc = db_url_parse(url, arena, &parsed, err);

	if (rc != OK)
		return rc;
	rc = read_password(s->db_password_file.p, &parsed, err);
	if (rc == OK) {
		(void)buf_reserve(&whole, DB_URL_TEXT_MAX);
		db_url_print(&parsed, &whole);
		secret_init(url_out, buf_str(&whole));
	}
	if (whole.p)
		secret_wipe(whole.p, whole.n);
	buf_release(&whole);
	db_url_release(&parsed);
	return rc;
}

enum errc database_find(const struct settings *settings, struct arena *arena,
    struct database *database_out, struct err *err)
{
	struct database found = { .engine = DB_SQLITE };
	struct str url;
	enum errc rc = named_url(settings, arena, &url, &found.engine, err);

	if (rc != OK)
		return rc;
	if (found.engine == DB_SQLITE) {
		found.file = str_cstr(arena, sqlite_path(url));
		if (!found.file)
			return err_set(err, ERR_ARG, "db.url: a NUL in the path");
	}
	if (found.engine != DB_SQLITE && settings->db_password_file.n > 0)
		rc = with_password(settings, arena, url, &found.url, err);
	else
		secret_init(&found.url, url);
	if (rc == OK)
		*database_out = found;
	return rc;
}

void database_release(struct database *database)
{
	secret_release(&database->url);
}

int database_connections(const struct settings *settings, enum db_engine engine)
{
	if (settings->db_connections > 0)
		return (int)settings->db_connections;
	return engine == DB_SQLITE ? CONNECTIONS_SQLITE : CONNECTIONS_SERVER;
}
