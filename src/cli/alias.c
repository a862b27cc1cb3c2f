/* cli/alias.c - addresses. */
#include "store/alias.h"

#include "base/str.h"
#include "cli/command.h"
#include "cli/json.h"
#include "store/account.h"

#include <stdio.h>

/* A target that is somebody's login becomes the account's number, as the table has it; what holds an '@' and is
 * nobody's login, a number, and a command stay. */
static enum errc target_of(struct cli *cli, struct site *site, struct str word,
    struct str *target_out, struct err *err)
{
	struct account account;
	struct db *db = NULL;
	uint64_t number;
	enum errc rc;

	*target_out = word;
	if (word.n > 0 && (word.p[0] == '|' || word.p[0] == '!'))
		return OK;
	if (str_to_u64(word, INT64_MAX, &number) == OK)
		return OK;
	rc = cli_lease(site, &db, err);
	if (rc != OK)
		return rc;
	rc = account_by_name(db, word, cli->arena, &account, err);
	db_return(&db);
	if (rc == OK)
		*target_out = str_printf(cli->arena, "%lld", (long long)account.id);
	if (rc != ERR_NOTFOUND)
		return rc;
	if (str_find_char(word, '@') == word.n)
		return err_set(
		    err, rc, "%.*s is no account, no address and no |command", STR_ARG(word));
	return OK;
}

int cmd_alias_add(struct cli *cli, const struct cli_args *args)
{
	struct str client = cli_value(args, "client"), target;
	struct err err = { .code = OK };
	uint64_t number = 0;
	struct site site;
	int status;

	if (client.p && str_to_u64(client, INT32_MAX, &number) != OK)
		return cli_usage(cli, "--client needs a number");
	status = cli_open(cli, SITE_TOOL, &site);
	if (status == EX_OK) {
		enum errc rc = target_of(cli, &site, args->words[1], &target, &err);

		if (rc == OK)
			rc = alias_add(
			    site.store, args->words[0], target, (int64_t)number, &err);
		if (rc != OK)
			status = cli_fail(cli, rc, &err);
	}
	site_close(&site);
	return status;
}

int cmd_alias_delete(struct cli *cli, const struct cli_args *args)
{
	struct err err = { .code = OK };
	struct str target = STR_EMPTY;
	struct site site;
	int status = cli_open(cli, SITE_TOOL, &site);

	if (status == EX_OK) {
		enum errc rc = OK;

		if (args->word_count > 1)
			rc = target_of(cli, &site, args->words[1], &target, &err);
		if (rc == OK)
			rc = alias_remove(site.store, args->words[0], target, &err);
		if (rc != OK)
			status = cli_fail(cli, rc, &err);
	}
	site_close(&site);
	return status;
}

struct listing {
	struct json json;
	bool as_json;
	struct db *names; /* a second connection, for the names of accounts */
};

/* The login that a number stands for; empty if it is none, or of nobody. */
static struct str login_of(struct listing *listing, struct str target, struct arena *arena)
{
	struct account account;
	uint64_t id;

	if (str_to_u64(target, INT64_MAX, &id) != OK ||
	    account_by_id(listing->names, (int64_t)id, arena, &account, NULL) != OK)
		return STR("");
	return account.name;
}

static enum errc print_alias(const struct alias *alias, void *arg)
{
	struct listing *listing = arg;
	struct arena *arena = arena_new("alias");
	struct str login = login_of(listing, alias->target, arena);

	if (listing->as_json) {
		json_object(&listing->json);
		json_name_int(&listing->json, "id", alias->id);
		json_name_str(&listing->json, "address", alias->address);
		json_name_str(&listing->json, "target", alias->target);
		json_name_str(&listing->json, "account", login);
		json_name_int(&listing->json, "client", alias->client);
		json_object_end(&listing->json);
	} else {
		printf("%-40.*s %.*s\n", STR_ARG(alias->address),
		    STR_ARG(login.n > 0 ? login : alias->target));
	}
	arena_free(&arena);
	return OK;
}

static enum errc list(struct cli *cli, const struct cli_args *args, struct site *site,
    struct listing *listing, struct err *err)
{
	struct str user = cli_value(args, "user");
	struct account account = { .id = 0 };
	struct db *db = NULL;
	enum errc rc = cli_lease(site, &listing->names, err);

	if (rc == OK && user.p)
		rc = account_by_name(listing->names, user, cli->arena, &account, err);
	if (rc == ERR_NOTFOUND)
		rc = err_set(err, rc, "there is no account %.*s", STR_ARG(user));
	if (rc == OK)
		rc = cli_lease(site, &db, err);
	if (rc == OK && listing->as_json)
		json_array(&listing->json);
	if (rc == OK)
		rc = alias_each(db, account.id, print_alias, listing, err);
	if (rc == OK && listing->as_json)
		json_array_end(&listing->json);
	db_return(&db);
	db_return(&listing->names);
	return rc;
}

int cmd_alias_list(struct cli *cli, const struct cli_args *args)
{
	struct listing listing = { .json = JSON_TO(stdout), .as_json = cli_has(args, "json") };
	struct err err = { .code = OK };
	struct site site;
	int status = cli_open(cli, SITE_READ, &site);

	if (status == EX_OK) {
		enum errc rc = list(cli, args, &site, &listing, &err);

		if (rc != OK)
			status = cli_fail(cli, rc, &err);
	}
	site_close(&site);
	return status == EX_OK ? cli_done(cli) : status;
}
