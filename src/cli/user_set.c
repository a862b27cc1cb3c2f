/* cli/user_set.c - what an account may log in to, and how. */
#include "base/str.h"
#include "cli/user.h"

/* One of two words. */
static enum errc choose(
    struct str word, const char *yes, const char *no, bool *yes_out, struct err *err)
{
	*yes_out = str_equal(word, str_from(yes));
	if (*yes_out || str_equal(word, str_from(no)))
		return OK;
	return err_set(err, ERR_ARG, "\"%.*s\": %s or %s", STR_ARG(word), yes, no);
}

static enum errc fill(
    const struct cli_args *args, struct account_change *change, struct err *err)
{
	struct str services = cli_value(args, "services"), tls = cli_value(args, "tls");
	struct str login = cli_value(args, "login");
	enum errc rc = OK;

	change->set_services = services.p != NULL;
	change->set_needs_tls = tls.p != NULL;
	change->set_login = login.p != NULL;
	if (services.p)
		rc = account_services_parse(services, &change->access.services, err);
	if (rc == OK && tls.p)
		rc = choose(tls, "required", "optional", &change->access.needs_tls, err);
	if (rc == OK && login.p)
		rc = choose(login, "on", "off", &change->access.login, err);
	return rc;
}

int cmd_user_set(struct cli *cli, const struct cli_args *args)
{
	struct account_change change = { .set_name = false };
	struct err err = { .code = OK };
	struct account account;
	struct site site;
	enum errc rc = fill(args, &change, &err);
	int status;

	if (rc != OK)
		return cli_fail(cli, rc, &err);
	if (args->given_count == 0)
		return cli_usage(cli, "say what to set");
	status = cli_open(cli, SITE_TOOL, &site);
	if (status == EX_OK) {
		rc = user_find(cli, &site, args->words[0], &account, &err);
		if (rc == OK)
			rc = account_change(site.store, account.id, &change, &err);
		if (rc != OK)
			status = cli_fail(cli, rc, &err);
	}
	site_close(&site);
	return status;
}
