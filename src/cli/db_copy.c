/*
 * cli/db_copy.c - a whole site into another database, with a line that says how far it is.
 */
#include "base/clock.h"
#include "base/str.h"
#include "cli/command.h"
#include "store/site_copy.h"

#include <stdio.h>
#include <unistd.h>

#define TERMINAL_MS 200 /* between two changes of the line */
#define PLAIN_MS 10000	/* between two lines of what no one watches */

struct watch {
	struct arena *arena; /* cleared for each line */
	bool terminal;
	enum site_copy_phase phase;
	int64_t began_ms, said_ms;
	uint64_t began_rows; /* of an earlier run: they cost no time now */
};

/* "1:02:03" or "2:03". */
static struct str duration(struct arena *arena, int64_t seconds)
{
	int64_t hours = seconds / 3600, minutes = seconds / 60 % 60;

	if (hours > 0)
		return str_printf(arena, "%lld:%02lld:%02lld", (long long)hours,
		    (long long)minutes, (long long)(seconds % 60));
	return str_printf(arena, "%lld:%02lld", (long long)minutes, (long long)(seconds % 60));
}

static void say(struct watch *watch, const struct site_copy_progress *p)
{
	int64_t ms = clock_mono_ms() - watch->began_ms;
	uint64_t rate = (p->rows - watch->began_rows) * 1000 / (uint64_t)(ms > 0 ? ms : 1);
	uint64_t left = p->rows_about > p->rows ? p->rows_about - p->rows : 0;
	struct str line = str_printf(watch->arena, "%s %-24s %12llu rows, %llu rows/s, %.*s",
	    p->phase == SITE_COPYING ? "copying  " : "verifying", p->table,
	    (unsigned long long)p->table_rows, (unsigned long long)rate,
	    STR_ARG(cli_bytes(watch->arena, (int64_t)p->bytes)));

	if (rate > 0 && left > 0)
		line = str_printf(watch->arena, "%.*s, %.*s left", STR_ARG(line),
		    STR_ARG(duration(watch->arena, (int64_t)(left / rate))));
	if (watch->terminal)
		(void)fprintf(stderr, "\r%.*s\033[K", STR_ARG(line));
	else
		(void)fprintf(stderr, "%.*s\n", STR_ARG(line));
	watch->said_ms = clock_mono_ms();
	arena_clear(watch->arena);
}

static void progress(void *arg, const struct site_copy_progress *p)
{
	struct watch *watch = arg;
	int64_t now = clock_mono_ms();

	if (watch->began_ms == 0 || watch->phase != p->phase) {
		watch->began_ms = watch->said_ms = now;
		watch->began_rows = p->phase == SITE_COPYING ? p->rows : 0;
	}
	watch->phase = p->phase;
	if ((p->table_done && p->table_rows > 0 && !watch->terminal) ||
	    now - watch->said_ms >= (watch->terminal ? TERMINAL_MS : PLAIN_MS))
		say(watch, p);
}

int cmd_db_copy(struct cli *cli, const struct cli_args *args)
{
	struct watch watch = { .terminal = isatty(STDERR_FILENO) == 1 };
	struct site_copy_report report = { .rows = 0 };
	struct err err = { .code = OK };
	struct site site;
	enum errc rc;
	int status = cli_load(cli, &site);

	if (status != EX_OK) {
		site_close(&site);
		return status;
	}
	watch.arena = arena_new("progress");
	rc = cli_become_owner_of(cli->arena, args->words[0], &err);
	if (rc == OK)
		rc = cli_become_owner_of(cli->arena, args->words[1], &err);
	if (rc == OK) {
		const struct site_copy_settings settings = {
			.from = args->words[0],
			.to = args->words[1],
			.table_prefix = site.settings->table_prefix,
			.log = &site.log,
			.busy_timeout_ms = (int)site.settings->db_busy_timeout_ms,
			.wal_limit_bytes = (int64_t)site.settings->db_wal_limit,
			.online = cli_has(args, "online"),
			.restart = cli_has(args, "restart"),
			.progress = progress,
			.arg = &watch,
		};

		rc = site_copy(&settings, &report, &err);
	}
	if (watch.terminal)
		(void)fputc('\n', stderr);
	if (rc == OK)
		printf("verified: %llu rows in %llu tables are the same in both, %.*s%s\n",
		    (unsigned long long)report.rows, (unsigned long long)report.tables,
		    STR_ARG(cli_bytes(cli->arena, (int64_t)report.bytes)),
		    report.resumed ? " (the copy went on where an earlier one stood)" : "");
	else
		status = cli_fail(cli, rc, &err);
	arena_free(&watch.arena);
	site_close(&site);
	return status == EX_OK ? cli_done(cli) : status;
}
