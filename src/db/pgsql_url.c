/*
 * db/pgsql_url.c - from the url of the configuration to what libpq is told.
 */
#include "base/arena.h"
#include "base/heap.h"
#include "base/str.h"
#include "db/pgsql_int.h"
#include "db/url.h"

#include <string.h>

#define SECONDS_MAX 86400

static enum errc no_nul(struct err *err)
{
	return err_set(err, ERR_SYNTAX, "the database's url holds a NUL byte");
}

/* NULL for an empty one. */
static enum errc copy(struct arena *arena, struct str text, const char **out, struct err *err)
{
	*out = text.n > 0 ? str_cstr(arena, text) : NULL;
	return text.n > 0 && !*out ? no_nul(err) : OK;
}

static enum errc take_hosts(
    struct pgsql_target *target, const struct db_url *url, struct err *err)
{
	enum errc rc = OK;

	for (size_t i = 0; i < url->host_count && rc == OK; i++) {
		const struct db_url_host *host = &url->hosts[i];

		rc = copy(target->arena, host->name, &target->host[i], err);
		if (host->port > 0)
			target->port[i] = str_printf(target->arena, "%d", host->port).p;
	}
	target->hosts = url->host_count;
	return rc;
}

static enum errc take_seconds(const struct db_url_option *option, int *ms_out, struct err *err)
{
	uint64_t seconds;

	if (str_to_u64(option->value, SECONDS_MAX, &seconds) != OK || seconds == 0)
		return err_set(err, ERR_SYNTAX,
		    "the database's url: %.*s wants 1 to %d seconds", STR_ARG(option->name),
		    SECONDS_MAX);
	*ms_out = (int)seconds * 1000;
	return OK;
}

static enum errc take_prepare(
    const struct db_url_option *option, bool *prepares_out, struct err *err)
{
	bool off = str_equal_nocase(option->value, STR("off"));

	if (!off && !str_equal_nocase(option->value, STR("on")))
		return err_set(err, ERR_SYNTAX, "the database's url: prepare is on or off");
	*prepares_out = !off;
	return OK;
}

/* What would change what we rely on, or reach another place than what errors name. */
static bool is_refused(struct str name)
{
	static const struct str names[] = { STR_INIT("host"), STR_INIT("hostaddr"),
		STR_INIT("port"), STR_INIT("dbname"), STR_INIT("user"), STR_INIT("password"),
		STR_INIT("client_encoding"), STR_INIT("replication"), STR_INIT("service") };

	for (size_t i = 0; i < COUNT(names); i++) {
		if (str_equal(names[i], name))
			return true;
	}
	return false;
}

/* libpq would say it with every connection, as if the server were not there. */
static bool is_libpqs(struct str name)
{
	PQconninfoOption *options = PQconndefaults();
	bool found = !options; /* no memory: libpq may say it */

	for (const PQconninfoOption *o = options; o && o->keyword && !found; o++)
		found = str_equal(str_from(o->keyword), name);
	PQconninfoFree(options);
	return found;
}

static enum errc take_option(
    struct pgsql_target *target, const struct db_url_option *option, struct err *err)
{
	const char *name, *value;
	enum errc rc;

	if (str_equal(option->name, STR("prepare")))
		return take_prepare(option, &target->prepares, err);
	if (str_equal(option->name, STR("connect_timeout")))
		return take_seconds(option, &target->connect_ms, err);
	if (str_equal(option->name, STR("statement_timeout")))
		return take_seconds(option, &target->query_ms, err);
	if (is_refused(option->name))
		return err_set(err, ERR_SYNTAX,
		    "the database's url: %.*s does not stand behind the ?",
		    STR_ARG(option->name));
	if (!is_libpqs(option->name))
		return err_set(err, ERR_SYNTAX,
		    "the database's url: there is no option %.*s: there are prepare, "
		    "connect_timeout, statement_timeout, and those of libpq (sslmode, "
		    "sslrootcert, target_session_attrs ...)",
		    STR_ARG(option->name));
	rc = copy(target->arena, option->name, &name, err);
	if (rc == OK)
		rc = copy(target->arena, option->value, &value, err);
	if (rc != OK || !name || !value)
		return rc;
	if (str_equal(option->name, STR("options"))) {
		target->session_options = value;
		return OK;
	}
	target->option[target->options] = name;
	target->value[target->options++] = value;
	return OK;
}

/* With a NUL behind it, for libpq. */
static void take_password(struct pgsql_target *target, struct str password)
{
	target->password = (struct secret){ xmalloc(password.n + 1), password.n + 1 };
	memcpy(target->password.p, password.p, password.n);
	target->password.p[password.n] = '\0';
}

static enum errc take(struct pgsql_target *target, const struct db_url *url, struct err *err)
{
	struct str password = secret_view(&url->password);
	enum errc rc = copy(target->arena, url->user, &target->user, err);

	if (rc == OK)
		rc = copy(target->arena, url->name, &target->name, err);
	if (rc == OK)
		rc = take_hosts(target, url, err);
	for (size_t i = 0; i < url->option_count && rc == OK; i++)
		rc = take_option(target, &url->options[i], err);
	if (str_find_char(password, '\0') < password.n)
		rc = no_nul(err);
	if (rc == OK && password.n > 0)
		take_password(target, password);
	return rc;
}

enum errc pgsql_target_init(struct pgsql_target *target, struct str url, struct err *err)
{
	struct db_url parsed;
	enum errc rc;

	*target = (struct pgsql_target){ .arena = arena_new("database url"),
		.prepares = true,
		.connect_ms = PGSQL_CONNECT_MS,
		.query_ms = PGSQL_QUERY_MS };
	rc = db_url_parse(url, target->arena, &parsed, err);
	if (rc == OK) {
		rc = take(target, &parsed, err);
		db_url_release(&parsed);
	}
	if (rc != OK)
		pgsql_target_release(target);
	return rc;
}

void pgsql_target_release(struct pgsql_target *target)
{
	secret_release(&target->password);
	arena_free(&target->arena);
}
