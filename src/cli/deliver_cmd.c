/* cli/deliver_cmd.c - `tabella deliver`: one message from standard input into mailboxes, as a pipe of an MTA gives it. */
#include "base/buf.h"
#include "base/str.h"
#include "cli/command.h"
#include "deliver/pipeline.h"
#include "lmtp/lmtp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE ((size_t)65536)

static enum errc read_input(struct buf *in, struct err *err)
{
	for (;;) {
		char *room = buf_reserve(in, READ_SIZE);
		ssize_t n;

		if (!room)
			return err_set(
			    err, ERR_LIMIT, "the message is over %zu bytes", in->max);
		n = read(STDIN_FILENO, room, READ_SIZE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(
			    err, ERR_UNAVAIL, "standard input: %s", strerrordesc_np(errno));
		if (n == 0)
			return OK;
		buf_grown(in, (size_t)n);
	}
}

/* An MTA's pipe may put an mbox line in front; it is no header. */
static struct str without_from_line(struct str bytes)
{
	size_t end = str_find_char(bytes, '\n');

	return str_starts(bytes, STR("From ")) && end < bytes.n ? str_from_at(bytes, end + 1)
								: bytes;
}

/* Does its first line end as Unix text does? Then every line is taken to, and gets the CR that mail has. */
static bool is_unix_text(struct str bytes)
{
	size_t end = str_find_char(bytes, '\n');

	return end < bytes.n && (end == 0 || bytes.p[end - 1] != '\r');
}

static void add_with_crlf(struct buf *out, struct str bytes)
{
	while (bytes.n > 0) {
		size_t end = str_find_char(bytes, '\n');
		bool has_cr = end > 0 && end < bytes.n && bytes.p[end - 1] == '\r';

		buf_add_str(out, str_first(bytes, end));
		if (end < bytes.n)
			buf_add_str(out, has_cr ? STR("\n") : STR("\r\n"));
		bytes = str_from_at(bytes, end + 1);
	}
}

/* --folder wins over what the address says. */
static void use_folder(struct plan *plan, struct str folder)
{
	for (size_t i = 0; folder.n > 0 && i < plan->route.count; i++)
		if (plan->route.targets[i].kind == ROUTE_LOCAL)
			plan->route.targets[i].mailbox = folder;
}

static enum errc route_all(struct cli *cli, struct site *site, const struct cli_args *args,
    struct plan *plans, struct err *err)
{
	struct route_settings settings = route_settings_of(site->settings);
	struct db *db = NULL;
	enum errc rc = cli_lease(site, &db, err);

	for (size_t i = 0; rc == OK && i < args->word_count; i++) {
		plans[i] = (struct plan){ .recipient = args->words[i] };
		rc = route_resolve(db,
		    &(struct route_request){ &settings, args->words[i], NULL }, cli->arena,
		    &plans[i].route, err);
		use_folder(&plans[i], cli_value(args, "folder"));
	}
	db_return(&db);
	return rc;
}

/* sysexits, as MTAs know them (and as dbmail-deliver has them). */
static int exit_status(enum errc rc)
{
	switch (rc) {
	case OK:
		return EX_OK;
	case ERR_NOTFOUND:
	case ERR_DENIED:
		return EX_NOUSER;
	case ERR_QUOTA:
		return EX_CANTCREAT;
	case ERR_LIMIT:
	case ERR_SYNTAX:
	case ERR_ARG:
		return EX_DATAERR;
	default:
		return EX_TEMPFAIL;
	}
}

static enum errc deliver(struct cli *cli, struct site *site, const struct cli_args *args,
    struct str bytes, struct err *err)
{
	struct plan *plans = ARENA_NEW(cli->arena, struct plan, args->word_count);
	struct envelope envelope = { .sender = cli_value(args, "from"), .id = STR("local") };
	struct deliver_env env = { .store = site->store,
		.outbound = &outbound_none,
		.hostname = site->settings->hostname };
	struct pipeline *pipeline = NULL;
	int64_t session;
	enum errc rc = route_all(cli, site, args, plans, err);

	if (rc == OK)
		rc = pipeline_new(&env, &envelope, (struct plans){ plans, args->word_count },
		    bytes, &pipeline, err);
	if (rc != OK)
		return rc;
	session = delivery_session_begin(site->store);
	rc = pipeline_run(pipeline, session, 1, err);
	for (size_t i = 0; rc == OK && i < args->word_count; i++)
		if (plans[i].rc != OK)
			rc = err_set(err, plans[i].rc, "<%.*s>: %s",
			    STR_ARG(plans[i].recipient), plans[i].err.text);
	for (size_t i = 0; i < args->word_count; i++)
		plans[i].comes_again = exit_status(rc) == EX_TEMPFAIL;
	/* the exit status is read by whoever waits for us: there is no answer that could be lost */
	pipeline_answers_read(pipeline);
	delivery_session_end(site->store, session);
	pipeline_free(&pipeline);
	return rc;
}

static enum errc deliver_input(
    struct cli *cli, struct site *site, const struct cli_args *args, struct err *err)
{
	const struct lmtp_conf *lmtp = conf_fields(site->conf, &lmtp_conf_table);
	struct buf in = BUF_INIT((size_t)lmtp->message_max + READ_SIZE);
	struct buf converted = BUF_INIT(2 * (size_t)lmtp->message_max + READ_SIZE);
	struct str bytes;
	enum errc rc = read_input(&in, err);

	bytes = without_from_line(buf_str(&in));
	if (rc == OK && is_unix_text(bytes)) {
		add_with_crlf(&converted, bytes);
		bytes = buf_str(&converted);
	}
	if (rc == OK && bytes.n > lmtp->message_max)
		rc = err_set(err, ERR_LIMIT, "the message is over %llu bytes",
		    (unsigned long long)lmtp->message_max);
	if (rc == OK)
		rc = deliver(cli, site, args, bytes, err);
	buf_release(&in);
	buf_release(&converted);
	return rc;
}

int cmd_deliver(struct cli *cli, const struct cli_args *args)
{
	struct err err = { .code = OK };
	struct site site;
	int status = cli_open(cli, SITE_TOOL, &site);

	if (status == EX_OK) {
		enum errc rc = deliver_input(cli, &site, args, &err);

		if (rc != OK) {
			(void)cli_fail(cli, rc, &err);
			status = exit_status(rc);
		}
	}
	site_close(&site);
	return status;
}
