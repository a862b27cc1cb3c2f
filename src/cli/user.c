/* cli/user.c - making, changing and deleting accounts. */
#include "cli/user.h"
#include "base/str.h"

#include <stdio.h>

static enum errc number_of(struct str text, int64_t *number_out, struct err *err)
{
	uint64_t number;

	if (str_to_u64(text, INT32_MAX, &number) != OK)
		return err_set(err, ERR_ARG, "\"%.*s\" is no number", STR_ARG(text));
	*number_out = (int64_t)number;
	return OK;
}

static enum errc fill_new(struct cli *cli, const struct cli_args *args,
    struct account_new *account, struct user_password *password, struct err *err)
{
	struct str quota = cli_value(args, "quota"), client = cli_value(args, "client");
	enum errc rc = user_password_read(cli, args, password, err);

	account->name = args->words[0];
	account->aliases = cli_values(args, "alias", cli->arena, &account->alias_count);
	account->passwd = password->stored;
	account->encryption = password->encryption;
	if (rc == OK && quota.p)
		rc = cli_size(cli->arena, quota, &account->quota_bytes, err);
	if (rc == OK && client.p)
		rc = number_of(client, &account->client, err);
	return rc;
}

static enum errc add(struct cli *cli, struct site *site, struct account_new *account,
    struct user_password *password, struct err *err)
{
	int64_t id;
	enum errc rc = user_password_keys(cli->arena, site, account->name, password, err);

	account->keys = password->keys;
	account->key_count = password->key_count;
	if (rc == OK)
		rc = account_create(site->store, account, &id, err);
	if (rc != OK)
		return rc;
	printf("account %.*s has number %lld\n", STR_ARG(account->name), (long long)id);
	if (password->made_up)
		printf("password: %.*s\n", STR_ARG(password->text));
	return OK;
}

int cmd_user_add(struct cli *cli, const struct cli_args *args)
{
	struct account_new account = { .quota_bytes = 0 };
	struct user_password password = { .made_up = false };
	struct err err = { .code = OK };
	struct site site;
	enum errc rc = fill_new(cli, args, &account, &password, &err);
	int status;

	if (rc != OK)
		return cli_fail(cli, rc, &err);
	status = cli_open(cli, SITE_TOOL, &site);
	if (status == EX_OK) {
		rc = add(cli, &site, &account, &password, &err);
		if (rc != OK)
			status = cli_fail(cli, rc, &err);
	}
	site_close(&site);
	return status == EX_OK ? cli_done(cli) : status;
}

enum errc user_find(struct cli *cli, struct site *site, struct str word,
    struct account *account_out, struct err *err)
{
	struct db *db = NULL;
	uint64_t id;
	enum errc rc = cli_lease(site, &db, err);

	if (rc != OK)
		return rc;
	if (word.n > 1 && word.p[0] == '#' &&
	    str_to_u64(str_from_at(word, 1), INT64_MAX, &id) == OK)
		rc = account_by_id(db, (int64_t)id, cli->arena, account_out, err);
	else
		rc = account_by_name(db, word, cli->arena, account_out, err);
	db_return(&db);
	if (rc == ERR_NOTFOUND)
		return err_set(err, rc, "there is no account %.*s", STR_ARG(word));
	return rc;
}

static enum errc fill_change(struct cli *cli, const struct cli_args *args,
    struct account_change *change, struct user_password *password, struct err *err)
{
	struct str quota = cli_value(args, "quota"), client = cli_value(args, "client");
	enum errc rc = OK;

	change->name = cli_value(args, "name");
	change->set_name = change->name.p != NULL;
	change->set_quota = quota.p != NULL;
	change->set_client = client.p != NULL;
	change->active = cli_has(args, "enable");
	change->set_active = change->active || cli_has(args, "disable");
	change->set_passwd = cli_has(args, "password") || cli_has(args, "password-stdin");
	if (change->active && cli_has(args, "disable"))
		return err_set(err, ERR_ARG, "--enable and --disable together");
	if (change->set_quota)
		rc = cli_size(cli->arena, quota, &change->quota_bytes, err);
	if (rc == OK && change->set_client)
		rc = number_of(client, &change->client, err);
	if (rc == OK && change->set_passwd)
		rc = user_password_read(cli, args, password, err);
	return rc;
}

static enum errc change_account(struct cli *cli, struct site *site, struct str word,
    struct account_change *change, struct user_password *password, struct err *err)
{
	struct account account;
	enum errc rc = user_find(cli, site, word, &account, err);

	if (rc == OK && change->set_passwd) {
		rc = user_password_keys(cli->arena, site,
		    change->set_name ? change->name : account.name, password, err);
		change->passwd = password->stored;
		change->encryption = password->encryption;
		change->keys = password->keys;
		change->key_count = password->key_count;
	}
	return rc == OK ? account_change(site->store, account.id, change, err) : rc;
}

int cmd_user_change(struct cli *cli, const struct cli_args *args)
{
	struct account_change change = { .set_name = false };
	struct user_password password = { .made_up = false };
	struct err err = { .code = OK };
	struct site site;
	enum errc rc = fill_change(cli, args, &change, &password, &err);
	int status;

	if (rc != OK)
		return cli_fail(cli, rc, &err);
	if (args->given_count == 0)
		return cli_usage(cli, "say what to change");
	status = cli_open(cli, SITE_TOOL, &site);
	if (status == EX_OK) {
		rc = change_account(cli, &site, args->words[0], &change, &password, &err);
		if (rc != OK)
			status = cli_fail(cli, rc, &err);
	}
	site_close(&site);
	return status;
}

int cmd_user_delete(struct cli *cli, const struct cli_args *args)
{
	struct err err = { .code = OK };
	struct account account;
	struct site site;
	int status = cli_open(cli, SITE_TOOL, &site);

	if (status == EX_OK) {
		enum errc rc = user_find(cli, &site, args->words[0], &account, &err);

		if (rc == OK)
			rc = account_delete(site.store, account.id, &err);
		if (rc != OK)
			status = cli_fail(cli, rc, &err);
	}
	site_close(&site);
	return status;
}
