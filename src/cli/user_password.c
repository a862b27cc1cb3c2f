/* cli/user_password.c - passwords from the command line, and `user password`. */
#include "auth/auth.h"
#include "auth/conf.h"
#include "auth/scheme.h"
#include "base/str.h"
#include "cli/user.h"

#include <stdio.h>

enum errc user_password_read(struct cli *cli, const struct cli_args *args,
    struct user_password *password_out, struct err *err)
{
	struct user_password password = { .keys = NULL };
	struct str scheme = cli_value(args, "scheme");
	enum errc rc = cli_password(cli, args, &password.text, &password.made_up, err);

	if (rc == OK)
		rc = scheme_make(scheme.p ? scheme : STR("argon2id"), password.text, cli->arena,
		    &password.stored, &password.encryption, err);
	if (rc == OK)
		*password_out = password;
	return rc;
}

enum errc user_password_keys(struct arena *arena, struct site *site, struct str name,
    struct user_password *password, struct err *err)
{
	const struct auth_conf *conf = conf_fields(site->conf, &auth_conf_table);

	if (scheme_is_plain(password->encryption))
		return OK;
	return auth_make_keys(site->store, name, password->text,
	    (uint32_t)conf->scram_iterations, arena, &password->keys, &password->key_count,
	    err);
}

static enum errc set_password(struct cli *cli, struct site *site, struct str word,
    struct user_password *password, struct err *err)
{
	struct account_change change = { .set_passwd = true };
	struct account account;
	enum errc rc = user_find(cli, site, word, &account, err);

	if (rc == OK)
		rc = user_password_keys(cli->arena, site, account.name, password, err);
	if (rc != OK)
		return rc;
	change.passwd = password->stored;
	change.encryption = password->encryption;
	change.keys = password->keys;
	change.key_count = password->key_count;
	return account_change(site->store, account.id, &change, err);
}

int cmd_user_password(struct cli *cli, const struct cli_args *args)
{
	struct user_password password;
	struct err err = { .code = OK };
	struct site site;
	enum errc rc = user_password_read(cli, args, &password, &err);
	int status;

	if (rc != OK)
		return cli_fail(cli, rc, &err);
	status = cli_open(cli, SITE_TOOL, &site);
	if (status == EX_OK) {
		rc = set_password(cli, &site, args->words[0], &password, &err);
		if (rc != OK)
			status = cli_fail(cli, rc, &err);
		else if (password.made_up)
			printf("password: %.*s\n", STR_ARG(password.text));
	}
	site_close(&site);
	return status == EX_OK ? cli_done(cli) : status;
}
