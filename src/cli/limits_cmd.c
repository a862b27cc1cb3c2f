/*
 * cli/limits_cmd.c - how far the running server is from its limits.
 */
#include "base/buf.h"
#include "base/str.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/json_read.h"

#include <stdio.h>

static struct str amount(struct arena *arena, const struct json_flat *row, const char *name)
{
	int64_t value = json_flat_int(row, name);

	if (str_equal(json_flat_text(row, "bytes"), STR("true")))
		return cli_bytes(arena, value);
	return str_printf(arena, "%lld", (long long)value);
}

static void print_row(struct arena *arena, const struct json_flat *row)
{
	int64_t limit = json_flat_int(row, "limit");

	printf("%-28.*s %12.*s %12.*s %12lld  %.*s\n", STR_ARG(json_flat_text(row, "name")),
	    STR_ARG(amount(arena, row, "used")),
	    STR_ARG(limit > 0 ? amount(arena, row, "limit") : STR("none")),
	    (long long)json_flat_int(row, "refused"), STR_ARG(json_flat_text(row, "option")));
}

static enum errc print_table(struct arena *arena, const struct buf *answer, struct err *err)
{
	struct cursor c = cursor_of(buf_str(answer));
	enum errc rc = OK;
	bool more;

	if (!cursor_take(&c, '['))
		return err_set(err, ERR_CORRUPT, "the server's answer is no list");
	printf("%-28s %12s %12s %12s  %s\n", "LIMIT", "USED", "OF", "REFUSED", "OPTION");
	for (more = !cursor_take(&c, ']'); more && rc == OK; more = cursor_take(&c, ',')) {
		struct json_flat row;

		rc = json_read_flat(&c, arena, &row, err);
		if (rc == OK)
			print_row(arena, &row);
	}
	return rc;
}

int cmd_limits(struct cli *cli, const struct cli_args *args)
{
	const struct control_request request = { .verb = CONTROL_LIMITS };
	struct buf answer = BUF_INIT(ANSWER_MAX);
	struct err err = { .code = OK };
	int status = cli_ask_server(cli, &request, &answer);
	enum errc rc = OK;

	if (status == EX_OK && cli_has(args, "json"))
		(void)fwrite(answer.p, 1, answer.n, stdout);
	else if (status == EX_OK)
		rc = print_table(cli->arena, &answer, &err);
	buf_release(&answer);
	if (status != EX_OK)
		return status;
	return rc == OK ? cli_done(cli) : cli_fail(cli, rc, &err);
}
