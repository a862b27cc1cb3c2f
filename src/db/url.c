#include "db/url.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"

#include <string.h>

#define PORT_MAX 65535

static const struct {
	struct str scheme;
	enum db_engine engine;
} schemes[] = {
	{ STR_INIT("mysql"), DB_MARIADB },
	{ STR_INIT("mariadb"), DB_MARIADB },
	{ STR_INIT("postgresql"), DB_PGSQL },
	{ STR_INIT("postgres"), DB_PGSQL },
	{ STR_INIT("pgsql"), DB_PGSQL },
};

static bool engine_of_scheme(struct str scheme, enum db_engine *engine_out)
{
	for (size_t i = 0; i < COUNT(schemes); i++) {
		if (str_equal_nocase(scheme, schemes[i].scheme)) {
			*engine_out = schemes[i].engine;
			return true;
		}
	}
	return false;
}

bool db_url_engine(struct str text, enum db_engine *engine_out)
{
	size_t colon = str_find_char(text, ':');

	return colon < text.n && engine_of_scheme(str_first(text, colon), engine_out);
}

/* ---- reading ---- */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %XX becomes a byte, in place of `out`, which has room for in.n bytes. No NUL: every engine's library ends texts by it. */
static enum errc decode_into(
    struct str in, const char *what, char *out, size_t *n_out, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '%') {
			int high = i + 1 < in.n ? hex_value(in.p[i + 1]) : -1;
			int low = i + 2 < in.n ? hex_value(in.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return err_set(err, ERR_SYNTAX,
				    "database url: %% in the %s is not followed by two "
				    "hexadecimal digits (%%25 is the sign itself)",
				    what);
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (c == '\0')
			return err_set(err, ERR_SYNTAX, "database url: a NUL in the %s", what);
		out[n++] = c;
	}
	*n_out = n;
	return OK;
}

static enum errc decode(
    struct str in, const char *what, struct arena *arena, struct str *text_out, struct err *err)
{
	char *p = arena_alloc_raw(arena, in.n);
	size_t n;
	enum errc rc = decode_into(in, what, p, &n, err);

	if (rc == OK)
		*text_out = (struct str){ p, n };
	return rc;
}

static enum errc read_password(struct str in, struct db_url *url, struct err *err)
{
	char bytes[DB_URL_MAX];
	size_t n;
	enum errc rc = decode_into(in, "password", bytes, &n, err);

	if (rc == OK && n > 0)
		secret_init(&url->password, (struct str){ bytes, n });
	secret_wipe(bytes, sizeof(bytes));
	return rc;
}

/* USER:PASSWORD; a raw '@' or ':' too many would silently cut the password. */
static enum errc read_user(
    struct str in, struct arena *arena, struct db_url *url, struct err *err)
{
	size_t colon = str_find_char(in, ':');
	enum errc rc;

	if (str_find_char(in, '@') < in.n)
		return err_set(err, ERR_SYNTAX,
		    "database url: write @ in the user or the password as %%40");
	rc = decode(str_first(in, colon), "user", arena, &url->user, err);
	if (rc == OK && colon < in.n)
		rc = read_password(str_from_at(in, colon + 1), url, err);
	return rc;
}

static enum errc read_port(struct str in, int *port_out, struct err *err)
{
	uint64_t port = 0;

	/* "host:" is a host with the default port (RFC 3986 3.2.3) */
	if (in.n > 0 && (str_to_u64(in, PORT_MAX, &port) != OK || port == 0))
		return err_set(
		    err, ERR_SYNTAX, "database url: a port is a number from 1 to %d", PORT_MAX);
	*port_out = (int)port;
	return OK;
}

/* The name in front of what follows it: [v6] may hold colons (RFC 3986 3.2.2). */
static bool cut_host(struct str in, struct str *name_out, struct str *rest_out)
{
	size_t end;

	if (in.n == 0 || in.p[0] != '[') {
		end = str_find_char(in, ':');
		*name_out = str_first(in, end);
		*rest_out = str_from_at(in, end);
		return true;
	}
	end = str_find_char(in, ']');
	if (end == in.n || end == 1)
		return false;
	*name_out = str_first(str_from_at(in, 1), end - 1);
	*rest_out = str_from_at(in, end + 1);
	return rest_out->n == 0 || rest_out->p[0] == ':';
}

static enum errc read_host(
    struct str in, struct arena *arena, struct db_url_host *host_out, struct err *err)
{
	struct str name, rest;
	enum errc rc;

	if (!cut_host(in, &name, &rest))
		return err_set(err, ERR_SYNTAX,
		    "database url: an IPv6 address is written as [address]:port");
	rc = decode(name, "host", arena, &host_out->name, err);
	if (rc == OK && str_find_char(host_out->name, ',') < host_out->name.n)
		return err_set(err, ERR_SYNTAX, "database url: a host with a comma in it");
	if (rc == OK && rest.n > 0)
		rc = read_port(str_from_at(rest, 1), &host_out->port, err);
	return rc;
}

static enum errc read_hosts(
    struct str in, struct arena *arena, struct db_url *url, struct err *err)
{
	struct str rest = in, piece;
	enum errc rc = OK;

	/* str_split takes NULL for "exhausted" */
	if (!rest.p)
		rest = STR("");
	while (rc == OK && str_split(&rest, ',', &piece)) {
		if (url->host_count == DB_URL_HOSTS_MAX)
			return err_set(err, ERR_LIMIT, "database url: more than %d hosts",
			    DB_URL_HOSTS_MAX);
		rc = read_host(piece, arena, &url->hosts[url->host_count++], err);
	}
	return rc;
}

/* user= and password= are another way to write what stands in front of the host. Its decoded bytes are the url's alone. */
static enum errc read_login(
    struct str name, struct str value, struct arena *arena, struct db_url *url, struct err *err)
{
	bool is_user = str_equal(name, STR("user"));

	if (is_user ? url->user.n > 0 : url->password.n > 0)
		return err_set(
		    err, ERR_SYNTAX, "database url: the %.*s is given twice", STR_ARG(name));
	return is_user ? decode(value, "user", arena, &url->user, err)
		       : read_password(value, url, err);
}

static enum errc read_option(
    struct str in, struct arena *arena, struct db_url *url, struct err *err)
{
	size_t equals = str_find_char(in, '=');
	struct db_url_option option = { STR_EMPTY, STR_EMPTY };
	enum errc rc;

	if (equals == 0 || equals == in.n)
		return err_set(
		    err, ERR_SYNTAX, "database url: options are written as ?name=value&...");
	rc = decode(str_first(in, equals), "name of an option", arena, &option.name, err);
	if (rc == OK &&
	    (str_equal(option.name, STR("user")) || str_equal(option.name, STR("password"))))
		return read_login(option.name, str_from_at(in, equals + 1), arena, url, err);
	if (rc == OK)
		rc = decode(str_from_at(in, equals + 1), "value of an option", arena,
		    &option.value, err);
	if (rc != OK)
		return rc;
	for (size_t i = 0; i < url->option_count; i++) {
		if (str_equal(url->options[i].name, option.name))
			return err_set(err, ERR_SYNTAX,
			    "database url: the option %.*s is given twice",
			    STR_ARG(option.name));
	}
	if (url->option_count == DB_URL_OPTIONS_MAX)
		return err_set(
		    err, ERR_LIMIT, "database url: more than %d options", DB_URL_OPTIONS_MAX);
	url->options[url->option_count++] = option;
	return OK;
}

static enum errc read_options(
    struct str in, struct arena *arena, struct db_url *url, struct err *err)
{
	struct str rest = in, piece;
	enum errc rc = OK;

	if (in.n == 0)
		return OK;
	while (rc == OK && str_split(&rest, '&', &piece))
		rc = read_option(piece, arena, url, err);
	return rc;
}

/* MariaDB's option socket=PATH is another way to write the host. */
static enum errc move_socket(struct db_url *url, struct err *err)
{
	if (url->engine != DB_MARIADB)
		return OK;
	for (size_t i = 0; i < url->option_count; i++) {
		struct str path = url->options[i].value;

		if (!str_equal(url->options[i].name, STR("socket")))
			continue;
		if (path.n == 0 || path.p[0] != '/' || str_find_char(path, ',') < path.n)
			return err_set(err, ERR_SYNTAX,
			    "database url: socket= wants an absolute path without a comma");
		url->hosts[0] = (struct db_url_host){ .name = path };
		url->host_count = 1;
		url->option_count--;
		memmove(&url->options[i], &url->options[i + 1],
		    (url->option_count - i) * sizeof(url->options[0]));
		return OK;
	}
	return OK;
}

/* What follows "SCHEME://". */
static enum errc read_rest(
    struct str rest, struct arena *arena, struct db_url *url, struct err *err)
{
	size_t question = str_find_char(rest, '?');
	struct str path = str_first(rest, question);
	size_t slash = str_find_char(path, '/');
	struct str authority = str_first(path, slash);
	size_t at = str_rfind_char(authority, '@');
	enum errc rc = OK;

	if (at < authority.n) {
		rc = read_user(str_first(authority, at), arena, url, err);
		authority = str_from_at(authority, at + 1);
	}
	if (rc == OK)
		rc = read_hosts(authority, arena, url, err);
	if (rc == OK)
		rc = decode(str_from_at(path, slash < path.n ? slash + 1 : slash),
		    "name of the database", arena, &url->name, err);
	if (rc == OK && question < rest.n)
		rc = read_options(str_from_at(rest, question + 1), arena, url, err);
	if (rc == OK)
		rc = move_socket(url, err);
	return rc;
}

enum errc db_url_parse(
    struct str text, struct arena *arena, struct db_url *url_out, struct err *err)
{
	size_t colon = str_find_char(text, ':');
	struct db_url url = { .host_count = 0 };
	struct str rest;
	enum errc rc;

	if (text.n > DB_URL_MAX)
		return err_set(
		    err, ERR_LIMIT, "database url: longer than %d bytes", DB_URL_MAX);
	if (colon == text.n || !engine_of_scheme(str_first(text, colon), &url.engine))
		return err_set(err, ERR_UNSUPPORTED,
		    "database url: begins with none of mysql:, mariadb:, postgresql:");
	rest = str_from_at(text, colon + 1);
	if (!str_starts(rest, STR("//")))
		return err_set(err, ERR_SYNTAX,
		    "database url: write %.*s://user:password@host/database",
		    STR_ARG(str_first(text, colon)));
	rc = read_rest(str_from_at(rest, 2), arena, &url, err);
	if (rc == OK)
		*url_out = url;
	else
		db_url_release(&url);
	return rc;
}

void db_url_release(struct db_url *url)
{
	secret_release(&url->password);
}

const struct str *db_url_option(const struct db_url *url, const char *name)
{
	for (size_t i = 0; i < url->option_count; i++) {
		if (str_equal(url->options[i].name, str_from(name)))
			return &url->options[i].value;
	}
	return NULL;
}

/* ---- writing ---- */

/* RFC 3986 2.3: these need no encoding anywhere. */
static bool is_unreserved(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

static void add_encoded(struct buf *out, struct str s, char also)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (is_unreserved(s.p[i]) || (also && s.p[i] == also)) {
			buf_add_char(out, s.p[i]);
			continue;
		}
		buf_add_char(out, '%');
		buf_add_char(out, digits[c >> 4]);
		buf_add_char(out, digits[c & 15]);
	}
}

static void add_host(struct buf *out, const struct db_url_host *host)
{
	bool is_v6 = str_find_char(host->name, ':') < host->name.n;

	if (is_v6)
		buf_add_char(out, '[');
	add_encoded(out, host->name, is_v6 ? ':' : '\0');
	if (is_v6)
		buf_add_char(out, ']');
	if (host->port > 0)
		buf_printf(out, ":%d", host->port);
}

static bool sounds_secret(struct str name)
{
	static const struct str words[] = { STR_INIT("pass"), STR_INIT("pw"),
		STR_INIT("secret"), STR_INIT("token") };

	for (size_t i = 0; i < COUNT(words); i++) {
		for (size_t at = 0; at < name.n; at++) {
			if (str_starts_nocase(str_from_at(name, at), words[i]))
				return true;
		}
	}
	return false;
}

static void print(const struct db_url *url, bool masked, struct buf *out)
{
	struct str password = secret_view(&url->password);

	buf_add_str(out, url->engine == DB_PGSQL ? STR("postgresql://") : STR("mysql://"));
	add_encoded(out, url->user, '\0');
	if (password.n > 0) {
		buf_add_char(out, ':');
		if (masked)
			BUF_ADD(out, "***");
		else
			add_encoded(out, password, '\0');
	}
	if (url->user.n > 0 || password.n > 0)
		buf_add_char(out, '@');
	for (size_t i = 0; i < url->host_count; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		add_host(out, &url->hosts[i]);
	}
	buf_add_char(out, '/');
	add_encoded(out, url->name, '\0');
	for (size_t i = 0; i < url->option_count; i++) {
		const struct db_url_option *option = &url->options[i];

		buf_add_char(out, i == 0 ? '?' : '&');
		add_encoded(out, option->name, '\0');
		buf_add_char(out, '=');
		if (masked && sounds_secret(option->name))
			BUF_ADD(out, "***");
		else
			add_encoded(out, option->value, '/');
	}
}

void db_url_print(const struct db_url *url, struct buf *out)
{
	print(url, false, out);
}

struct str db_url_shown(struct str text, struct arena *arena)
{
	struct buf out = BUF_INIT(DB_URL_TEXT_MAX);
	enum db_engine engine;
	struct db_url url;
	struct str shown;

	if (!db_url_engine(text, &engine))
		return text;
	if (db_url_parse(text, arena, &url, NULL) != OK)
		return engine == DB_PGSQL ? STR("postgresql:...") : STR("mysql:...");
	print(&url, true, &out);
	shown = str_dup(arena, buf_str(&out));
	db_url_release(&url);
	buf_release(&out);
	return shown;
}

/* ---- DBMail's keys ---- */

/* A name or address as the key has it; an IPv6 address stands there without brackets. */
static void add_key_host(struct buf *out, struct str host, struct str port)
{
	size_t colon = str_find_char(host, ':');
	bool is_v6 = colon < str_rfind_char(host, ':');

	if (host.n > 0 && host.p[0] == '[') {
		buf_add_str(out, host);
	} else {
		if (is_v6)
			buf_add_char(out, '[');
		add_encoded(out, host, ':');
		if (is_v6)
			buf_add_char(out, ']');
	}
	if (port.n > 0 && (is_v6 || colon == host.n)) {
		buf_add_char(out, ':');
		buf_add_str(out, port);
	}
}

static void add_key_hosts(struct buf *out, const struct db_url_keys *keys, struct str port)
{
	struct str rest = keys->host, piece;

	if (keys->socket.n > 0) {
		add_encoded(out, keys->socket, '\0');
		return;
	}
	if (!rest.p)
		rest = STR("");
	for (bool first = true; str_split(&rest, ',', &piece); first = false) {
		if (!first)
			buf_add_char(out, ',');
		add_key_host(out, str_trim(piece), port);
	}
}

static enum errc build_network(
    const struct db_url_keys *keys, enum db_engine engine, struct buf *out, struct err *err)
{
	struct str port = keys->port;
	uint64_t number = 0;

	if (port.n > 0 && str_to_u64(port, PORT_MAX, &number) != OK)
		return err_set(
		    err, ERR_SYNTAX, "database: the port is a number from 1 to %d", PORT_MAX);
	if (number == 0)
		port = STR_EMPTY;
	/* all the room at once: growing would leave copies of the password behind */
	(void)buf_reserve(out, DB_URL_TEXT_MAX);
	buf_add_str(out, engine == DB_PGSQL ? STR("postgresql://") : STR("mysql://"));
	add_encoded(out, keys->user, '\0');
	if (keys->password.n > 0) {
		buf_add_char(out, ':');
		add_encoded(out, keys->password, '\0');
	}
	if (keys->user.n > 0 || keys->password.n > 0)
		buf_add_char(out, '@');
	add_key_hosts(out, keys, port);
	buf_add_char(out, '/');
	add_encoded(out, keys->name, '\0');
	return OK;
}

/* What was put together must be a good url, or its mistake is said here. */
static enum errc check_built(struct str text, struct err *err)
{
	struct arena *arena = arena_new("database url");
	struct db_url url;
	enum errc rc = db_url_parse(text, arena, &url, err);

	if (rc == OK)
		db_url_release(&url);
	arena_free(&arena);
	return rc;
}

enum errc db_url_build(
    const struct db_url_keys *keys, struct arena *arena, struct str *text_out, struct err *err)
{
	struct buf out = BUF_INIT(DB_URL_TEXT_MAX);
	enum db_engine engine;
	enum errc rc = OK;

	if (keys->name.n == 0)
		return err_set(err, ERR_SYNTAX, "database: its name is missing (db = ...)");
	if (str_equal_nocase(keys->driver, STR("sqlite"))) {
		*text_out = str_printf(arena, "sqlite:%.*s", STR_ARG(keys->name));
		return OK;
	}
	if (!engine_of_scheme(keys->driver, &engine))
		return err_set(err, ERR_UNSUPPORTED,
		    "database: no driver \"%.*s\": there are sqlite, postgresql and mysql",
		    STR_ARG(keys->driver));
	rc = build_network(keys, engine, &out, err);
	if (rc == OK && out.overflow)
		rc = err_set(err, ERR_LIMIT, "database url: longer than %d bytes", DB_URL_MAX);
	if (rc == OK)
		rc = check_built(buf_str(&out), err);
	if (rc == OK)
		*text_out = str_dup(arena, buf_str(&out));
	if (out.p)
		secret_wipe(out.p, out.n);
	buf_release(&out);
	return rc;
}
