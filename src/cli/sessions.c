/*
 * cli/sessions.c - who is connected, from where and doing what; and the end of sessions.
 */
#include "base/buf.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/str.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/json_read.h"

#include <stdio.h>

/* "3m", "2h", "5d": since a moment in the past. */
static struct str age(struct arena *arena, int64_t seconds)
{
	if (seconds < 120)
		return str_printf(arena, "%llds", (long long)(seconds > 0 ? seconds : 0));
	if (seconds < INT64_C(7200))
		return str_printf(arena, "%lldm", (long long)(seconds / 60));
	if (seconds < INT64_C(172800))
		return str_printf(arena, "%lldh", (long long)(seconds / 3600));
	return str_printf(arena, "%lldd", (long long)(seconds / 86400));
}

static struct str or_dash(struct str text)
{
	return text.n > 0 ? text : STR("-");
}

/* "FETCH 12ms", or the state that it waits in. */
static struct str doing(struct arena *arena, const struct json_flat *s)
{
	struct str verb = json_flat_text(s, "verb");
	int64_t ms = json_flat_int(s, "verb_ms");

	if (verb.n == 0)
		return or_dash(json_flat_text(s, "state"));
	if (ms < 1000)
		return str_printf(arena, "%.*s %lldms", STR_ARG(verb), (long long)ms);
	return str_printf(arena, "%.*s %.*s", STR_ARG(verb), STR_ARG(age(arena, ms / 1000)));
}

static void print_head(void)
{
	printf("%-17s %-8s %-24s %-24s %-4s %5s %-18s %-20s %10s %10s %10s\n", "SID", "SERVICE",
	    "USER", "FROM", "TLS", "SINCE", "DOING", "MAILBOX", "IN", "OUT", "MEMORY");
}

static void print_session(struct arena *arena, const struct json_flat *s)
{
	struct str since = age(arena, clock_unix_s() - json_flat_int(s, "since"));

	printf(
	    "%-17.*s %-8.*s %-24.*s %-24.*s %-4s %5.*s %-18.*s %-20.*s %10.*s %10.*s %10.*s\n",
	    STR_ARG(json_flat_text(s, "sid")), STR_ARG(json_flat_text(s, "service")),
	    STR_ARG(or_dash(json_flat_text(s, "user"))), STR_ARG(json_flat_text(s, "peer")),
	    json_flat_text(s, "tls").n > 0 ? "yes" : "no", STR_ARG(since),
	    STR_ARG(doing(arena, s)), STR_ARG(or_dash(json_flat_text(s, "mailbox"))),
	    STR_ARG(cli_bytes(arena, json_flat_int(s, "in"))),
	    STR_ARG(cli_bytes(arena, json_flat_int(s, "out"))),
	    STR_ARG(cli_bytes(arena, json_flat_int(s, "memory"))));
}

static enum errc print_table(const struct buf *answer, struct err *err)
{
	struct cursor c = cursor_of(buf_str(answer));
	struct arena *arena = arena_new("sessions");
	enum errc rc = OK;
	bool more;

	print_head();
	if (!cursor_take(&c, '['))
		rc = err_set(err, ERR_CORRUPT, "the server's answer is no list");
	for (more = rc == OK && !cursor_take(&c, ']'); more && rc == OK;
	     more = cursor_take(&c, ',')) {
		struct json_flat session;

		arena_clear(arena);
		rc = json_read_flat(&c, arena, &session, err);
		if (rc == OK)
			print_session(arena, &session);
	}
	arena_free(&arena);
	return rc;
}

static struct control_request request_of(
    enum control_verb verb, const struct cli_args *args, struct str sid)
{
	return (struct control_request){
		.verb = verb,
		.user = cli_value(args, "user"),
		.address = cli_value(args, "address"),
		.sid = sid,
	};
}

int cmd_sessions(struct cli *cli, const struct cli_args *args)
{
	struct control_request request = request_of(CONTROL_SESSIONS, args, STR_EMPTY);
	struct buf answer = BUF_INIT(ANSWER_MAX);
	struct err err = { .code = OK };
	int status = cli_ask_server(cli, &request, &answer);
	enum errc rc = OK;

	if (status == EX_OK && cli_has(args, "json"))
		(void)fwrite(answer.p, 1, answer.n, stdout);
	else if (status == EX_OK)
		rc = print_table(&answer, &err);
	buf_release(&answer);
	if (status != EX_OK)
		return status;
	return rc == OK ? cli_done(cli) : cli_fail(cli, rc, &err);
}

int cmd_sessions_disconnect(struct cli *cli, const struct cli_args *args)
{
	struct control_request request = request_of(
	    CONTROL_DISCONNECT, args, args->word_count > 0 ? args->words[0] : STR_EMPTY);
	struct buf answer = BUF_INIT(ANSWER_MAX);
	struct json_flat flat;
	struct cursor c;
	int status;
	int64_t count = 0;

	if (!request.sid.p && !request.user.p && !request.address.p)
		return cli_usage(cli, "say whom: a SID, --user or --address");
	status = cli_ask_server(cli, &request, &answer);
	c = cursor_of(buf_str(&answer));
	if (status == EX_OK && json_read_flat(&c, cli->arena, &flat, NULL) == OK)
		count = json_flat_int(&flat, "disconnected");
	buf_release(&answer);
	if (status != EX_OK)
		return status;
	printf("%lld disconnected\n", (long long)count);
	status = cli_done(cli);
	return status == EX_OK && count == 0 ? EXIT_FAILED : status;
}
