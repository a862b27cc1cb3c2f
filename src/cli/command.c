/* cli/command.c - what every command needs: see command.h. */
#include "cli/command.h"
#include "base/buf.h"
#include "base/conf_value.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/str.h"
#include "db/url.h"
#include "main/privileges.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COMPLAINTS_MAX ((size_t)1024 * 1024)
#define PASSWORD_LINE_MAX 1024
#define PASSWORD_MADE_CHARS 20 /* of 5 bits each */
#define LEASE_WAIT_MS 30000

static int exit_status(enum errc rc)
{
	switch (rc) {
	case OK:
		return EX_OK;
	case ERR_SYNTAX:
	case ERR_LIMIT:
	case ERR_ARG:
		return EX_DATAERR;
	default:
		return errc_is_temporary(rc) && rc != ERR_CORRUPT && rc != ERR_INTERNAL
		    ? EX_TEMPFAIL
		    : EXIT_FAILED;
	}
}

int cli_fail(const struct cli *cli, enum errc rc, const struct err *err)
{
	(void)fprintf(stderr, "tabella %s: %s\n", cli->command->name,
	    err->text[0] != '\0' ? err->text : errc_name(rc));
	return exit_status(rc);
}

int cli_usage(const struct cli *cli, const char *fmt, ...)
{
	va_list args;

	(void)fprintf(stderr, "tabella %s: ", cli->command->name);
	va_start(args, fmt);
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	(void)fputc('\n', stderr);
	help_usage(stderr, cli->command);
	return EX_USAGE;
}

int cli_done(const struct cli *cli)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EX_OK;
	(void)fprintf(stderr, "tabella %s: cannot write the answer: %s\n", cli->command->name,
	    strerrordesc_np(errno));
	return EXIT_FAILED;
}

int cli_load(const struct cli *cli, struct site *site)
{
	struct buf complaints = BUF_INIT(COMPLAINTS_MAX);
	struct err err = { .code = OK };
	/* of what has no effect those are told who look at the configuration, and the log of the server */
	struct site_named named = { .conf_path = cli->conf_path,
		.database = cli->database,
		.errors_only = !str_starts(str_from(cli->command->name), STR("config ")) };
	enum errc rc = site_load(&named, site, &complaints, &err);
	struct str text = buf_str(&complaints);

	(void)fprintf(stderr, "%.*s", STR_ARG(text));
	buf_release(&complaints);
	if (rc == OK) {
		/* people read what the command says; the log's chatter is for servers */
		site->sink.level = LOG_LEVEL_ERROR;
		return EX_OK;
	}
	if (rc == ERR_NOTFOUND)
		(void)fprintf(stderr,
		    "tabella %s: %s\nMake a site with `tabella init`, or say where its "
		    "configuration is: tabella -c FILE %s\n",
		    cli->command->name, err.text, cli->command->name);
	else
		(void)cli_fail(cli, rc, &err);
	return rc == ERR_SYNTAX ? EX_DATAERR : exit_status(rc);
}

/*
 * Whose the database's file is; a server's database has no file, but the folder of our scratch files has an owner, too.
 * The password is read before.
 */
static enum errc become_database_owner(struct site *site, struct err *err)
{
	enum errc rc = site_find_database(site, err);
	const char *file = site->database.file;

	if (rc != OK)
		return rc;
	return privileges_become_owner(file ? file : site->settings->spool.p, err);
}

enum errc cli_become_owner_of(struct arena *arena, struct str url, struct err *err)
{
	enum db_engine engine;
	const char *path;

	if (db_url_engine(url, &engine))
		return OK;
	if (str_starts_nocase(url, STR("sqlite:")))
		url = str_from_at(url, str_starts_nocase(url, STR("sqlite://")) ? 9 : 7);
	path = str_cstr(arena, url);
	return path ? privileges_become_owner(path, err)
		    : err_set(err, ERR_ARG, "the path of a database has a NUL in it");
}

int cli_open(const struct cli *cli, enum site_use use, struct site *site)
{
	int status = cli_load(cli, site);

	return status == EX_OK ? cli_open_loaded(cli, use, site) : status;
}

int cli_open_loaded(const struct cli *cli, enum site_use use, struct site *site)
{
	struct err err = { .code = OK };
	enum errc rc = become_database_owner(site, &err);

	if (rc == OK)
		rc = site_open(site, use, &err);
	return rc == OK ? EX_OK : cli_fail(cli, rc, &err);
}

enum errc cli_db_settings(struct site *site, struct db_settings *settings_out, struct err *err)
{
	const struct settings *s = site->settings;
	enum errc rc = become_database_owner(site, err);

	*settings_out = (struct db_settings){
		.table_prefix = s->table_prefix,
		.readers = 1,
		.busy_timeout_ms = (int)s->db_busy_timeout_ms,
		.group_max = 1,
		.wal_limit_bytes = (int64_t)s->db_wal_limit,
		.log = &site->log,
	};
	settings_out->url = secret_view(&site->database.url);
	return rc;
}

enum errc cli_lease(struct site *site, struct db **db_out, struct err *err)
{
	return db_lease(site->pool, LEASE_WAIT_MS, db_out, err);
}

static enum errc password_from_stdin(
    struct arena *arena, struct str *password_out, struct err *err)
{
	char line[PASSWORD_LINE_MAX + 2];
	struct str text;

	if (!fgets(line, sizeof(line), stdin))
		return err_set(err, ERR_ARG, "no password on standard input");
	text = str_from(line);
	if (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	if (text.n > 0 && text.p[text.n - 1] == '\r')
		text.n--;
	if (text.n > PASSWORD_LINE_MAX)
		return err_set(
		    err, ERR_ARG, "the password is longer than %d bytes", PASSWORD_LINE_MAX);
	*password_out = str_dup(arena, text);
	secret_wipe(line, sizeof(line));
	return OK;
}

enum errc cli_password(struct cli *cli, const struct cli_args *args, struct str *password_out,
    bool *generated_out, struct err *err)
{
	struct str given = cli_value(args, "password");
	char *made;

	*generated_out = false;
	if (given.p && cli_has(args, "password-stdin"))
		return err_set(err, ERR_ARG, "--password and --password-stdin together");
	if (given.p) {
		*password_out = given;
		return OK;
	}
	if (cli_has(args, "password-stdin"))
		return password_from_stdin(cli->arena, password_out, err);
	made = arena_alloc(cli->arena, PASSWORD_MADE_CHARS);
	random_text(made, PASSWORD_MADE_CHARS);
	*password_out = (struct str){ made, PASSWORD_MADE_CHARS };
	*generated_out = true;
	return OK;
}

enum errc cli_size(struct arena *arena, struct str text, int64_t *bytes_out, struct err *err)
{
	static const struct conf_option option = { .name = "size", .type = CONF_SIZE };
	uint64_t bytes = 0;
	struct err why = { .code = OK };

	if (conf_value_parse(&option, text, STR_EMPTY, arena, &bytes, &why) != OK ||
	    bytes > INT64_MAX)
		return err_set(
		    err, ERR_ARG, "\"%.*s\" is no size such as 500M, 2G or 0", STR_ARG(text));
	*bytes_out = (int64_t)bytes;
	return OK;
}

struct str cli_bytes(struct arena *arena, int64_t bytes)
{
	static const char *const units[] = { "B", "KB", "MB", "GB", "TB", "PB" };
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < COUNT(units)) {
		value /= 1024;
		unit++;
	}
	return str_printf(arena, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}
