/* cli/saslauthd_cmd.c - asks a socket of saslauthd's kind for a password, as Cyrus SASL's testsaslauthd does. */
#include "authd/authd.h"
#include "authd/saslauthd_request.h"
#include "base/buf.h"
#include "base/secret.h"
#include "base/str.h"
#include "cli/ask.h"
#include "cli/command.h"

#include <stdio.h>

#define REQUEST_TEXT_MAX 4096
#define ANSWER_TEXT_MAX ((size_t)1 << 18)
#define WAIT_S 60 /* failures before make the next one wait */
#define REPEAT_MAX 1000000

/* The first place of the configuration's, if none is given. */
static int find_socket(struct cli *cli, const struct cli_args *args, struct str *path_out)
{
	struct str given = cli_value(args, "socket");
	const struct authd_conf *conf;
	struct site site;
	int status;

	if (given.p) {
		*path_out = given;
		return EX_OK;
	}
	status = cli_load(cli, &site);
	if (status == EX_OK) {
		conf = conf_fields(site.conf, &authd_conf_table);
		if (conf->saslauthd.count > 0)
			*path_out = str_dup(cli->arena, conf->saslauthd.item[0].path);
		else
			status = cli_usage(
			    cli, "--socket PATH is needed: authd.saslauthd is not set");
	}
	site_close(&site);
	return status;
}

static enum errc ask(struct str path, struct str request, bool *good_out, struct err *err)
{
	struct buf answer = BUF_INIT(ANSWER_TEXT_MAX);
	struct str text = STR_EMPTY;
	enum errc rc = cli_exchange(path, WAIT_S, request, &answer, err);

	if (rc == OK && answer.n == 0)
		rc = err_set(err, ERR_UNAVAIL,
		    "it has hung up: it cannot look at passwords now, and its log says why");
	if (rc == OK && saslauthd_answer_parse(buf_str(&answer), &text) != OK)
		rc = err_set(err, ERR_UNAVAIL, "the answer is cut off");
	if (rc == OK && !str_starts(text, STR("OK")) && !str_starts(text, STR("NO")))
		rc = err_set(err, ERR_UNAVAIL, "the answer is neither OK nor NO");
	if (rc == OK)
		*good_out = str_starts(text, STR("OK"));
	buf_release(&answer);
	return rc;
}

/* The texts are those of Cyrus SASL's program, which scripts know. */
static int ask_often(struct cli *cli, struct str path, struct str request, uint64_t times)
{
	struct err err = { .code = OK };
	int status = EX_OK;

	for (uint64_t i = 0; i < times; i++) {
		bool good = false;
		enum errc rc = ask(path, request, &good, &err);

		if (rc != OK)
			return cli_fail(cli, rc, &err);
		printf("%llu: %s\n", (unsigned long long)i,
		    good ? "OK \"Success.\"" : "NO \"authentication failed\"");
		if (!good)
			status = EXIT_FAILED;
	}
	return status;
}

static int ask_for(struct cli *cli, const struct cli_args *args, struct str path)
{
	struct saslauthd_request request = { .login = cli_value(args, "user"),
		.service = cli_value(args, "service"),
		.realm = cli_value(args, "realm") };
	struct buf bytes = BUF_INIT(REQUEST_TEXT_MAX);
	struct err err = { .code = OK };
	uint64_t times = 1;
	bool made = false;
	enum errc rc = OK;
	int status;

	if (!request.service.p)
		request.service = STR("imap");
	if (cli_value(args, "repeat").p &&
	    str_to_u64(cli_value(args, "repeat"), REPEAT_MAX, &times) != OK)
		return cli_usage(cli, "--repeat is a number up to %d", REPEAT_MAX);
	rc = cli_password(cli, args, &request.password, &made, &err);
	if (rc == OK)
		rc = saslauthd_request_print(&bytes, &request, &err);
	status =
	    rc == OK ? ask_often(cli, path, buf_str(&bytes), times) : cli_fail(cli, rc, &err);
	if (bytes.n > 0)
		secret_wipe(bytes.p, bytes.n);
	buf_release(&bytes);
	return status == EX_OK ? cli_done(cli) : status;
}

int cmd_testsaslauthd(struct cli *cli, const struct cli_args *args)
{
	struct str path = STR_EMPTY;
	int status;

	if (!cli_value(args, "user").p)
		return cli_usage(cli, "--user NAME is needed");
	if (!cli_value(args, "password").p && !cli_has(args, "password-stdin"))
		return cli_usage(cli, "--password P or --password-stdin is needed");
	status = find_socket(cli, args, &path);
	return status == EX_OK ? ask_for(cli, args, path) : status;
}
