/*
 * db/mariadb_target.c - what a url asks of the client library.
 */
#include "base/arena.h"
#include "base/str.h"
#include "db/mariadb_int.h"

#define CONNECT_TIMEOUT_S 5
#define STATEMENT_TIMEOUT_S 30
#define TIMEOUT_MAX_S 3600

static enum errc read_switch(struct str value, bool *on_out, struct err *err)
{
	bool on = str_equal(value, STR("on")) || str_equal(value, STR("1"));

	if (!on && !str_equal(value, STR("off")) && !str_equal(value, STR("0")))
		return err_set(err, ERR_ARG, "is on or off");
	*on_out = on;
	return OK;
}

static enum errc read_seconds(struct str value, int *seconds_out, struct err *err)
{
	uint64_t seconds;

	if (str_to_u64(value, TIMEOUT_MAX_S, &seconds) != OK || seconds == 0)
		return err_set(err, ERR_ARG, "is a number of seconds, 1 to %d", TIMEOUT_MAX_S);
	*seconds_out = (int)seconds;
	return OK;
}

static enum errc read_path(
    struct mariadb_target *target, struct str value, const char **path_out, struct err *err)
{
	if (value.n == 0 || value.p[0] != '/')
		return err_set(err, ERR_ARG, "is an absolute path");
	*path_out = str_cstr(target->arena, value);
	target->tls = true;
	return OK;
}

static enum errc take_option(
    struct mariadb_target *target, const struct db_url_option *option, struct err *err)
{
	struct str name = option->name, value = option->value;

	if (str_equal(name, STR("ssl")))
		return OK; /* taken last: the others imply it */
	if (str_equal(name, STR("ssl_verify")))
		return read_switch(value, &target->tls_verify, err);
	if (str_equal(name, STR("ssl_ca")))
		return read_path(target, value, &target->tls_ca, err);
	if (str_equal(name, STR("ssl_cert")))
		return read_path(target, value, &target->tls_cert, err);
	if (str_equal(name, STR("ssl_key")))
		return read_path(target, value, &target->tls_key, err);
	if (str_equal(name, STR("connect_timeout")))
		return read_seconds(value, &target->connect_timeout_s, err);
	if (str_equal(name, STR("statement_timeout")))
		return read_seconds(value, &target->statement_timeout_s, err);
	return err_set(err, ERR_ARG,
	    "is no option: there are socket, ssl, ssl_ca, ssl_cert, ssl_key, ssl_verify, "
	    "connect_timeout and statement_timeout");
}

static enum errc take_options(struct mariadb_target *target, struct err *err)
{
	const struct db_url *url = &target->url;
	const struct str *ssl = db_url_option(url, "ssl");
	struct err own = { .code = OK };
	enum errc rc;

	for (size_t i = 0; i < url->option_count; i++) {
		rc = take_option(target, &url->options[i], &own);
		if (rc != OK)
			return err_set(err, rc, "database url: the option %.*s %s",
			    STR_ARG(url->options[i].name), own.text);
	}
	if (ssl && read_switch(*ssl, &target->tls, &own) != OK)
		return err_set(err, ERR_ARG, "database url: the option ssl %s", own.text);
	return OK;
}

static void take_texts(struct mariadb_target *target)
{
	const struct db_url *url = &target->url;

	/* no NUL in them: db_url_parse sees to it */
	target->user = str_cstr(target->arena, url->user);
	target->name = str_cstr(target->arena, url->name);
	for (size_t i = 0; i < url->host_count; i++)
		target->hosts[i] = str_cstr(target->arena, url->hosts[i].name);
}

enum errc mariadb_target_init(struct mariadb_target *target, struct str url, struct err *err)
{
	enum errc rc;

	*target = (struct mariadb_target){
		.arena = arena_new("mariadb url"),
		.connect_timeout_s = CONNECT_TIMEOUT_S,
		.statement_timeout_s = STATEMENT_TIMEOUT_S,
		.tls_verify = true,
	};
	rc = db_url_parse(url, target->arena, &target->url, err);
	if (rc == OK && target->url.name.n == 0)
		rc = err_set(err, ERR_ARG,
		    "the database url names no database: mysql://user:password@host/database");
	if (rc == OK)
		rc = take_options(target, err);
	if (rc == OK)
		take_texts(target);
	else
		mariadb_target_release(target);
	return rc;
}

void mariadb_target_release(struct mariadb_target *target)
{
	db_url_release(&target->url);
	arena_free(&target->arena);
}
