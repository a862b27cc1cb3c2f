/* cli/user_show.c - accounts as tables and as JSON. */
#include "auth/scheme.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/json.h"
#include "store/account.h"
#include "store/alias.h"
#include "store/mailbox.h"

#include <stdio.h>

static void json_account(struct json *json, const struct account *account)
{
	json_name_int(json, "id", account->id);
	json_name_str(json, "name", account->name);
	json_name_bool(json, "active", account->active);
	json_name_int(json, "client", account->client);
	json_name_int(json, "quota_bytes", account->quota_bytes);
	json_name_int(json, "used_bytes", account->used_bytes);
	json_name_int(json, "messages", account->messages);
	json_name_str(json, "password_scheme",
	    account->passwd.n == 0	     ? STR("none")
		: account->encryption.n == 0 ? STR("plaintext")
					     : account->encryption);
}

struct listing {
	struct cli *cli;
	struct json json;
	bool as_json, all;
	size_t count;
};

static enum errc print_account(const struct account *account, void *arg)
{
	struct listing *listing = arg;

	if (account_is_internal(account) && !listing->all)
		return OK;
	listing->count++;
	if (listing->as_json) {
		json_object(&listing->json);
		json_account(&listing->json, account);
		json_object_end(&listing->json);
		return OK;
	}
	printf("%-32.*s %10lld %10.*s %10.*s  %s\n", STR_ARG(account->name),
	    (long long)account->messages,
	    STR_ARG(cli_bytes(listing->cli->arena, account->used_bytes)),
	    STR_ARG(account->quota_bytes > 0
		    ? cli_bytes(listing->cli->arena, account->quota_bytes)
		    : STR("-")),
	    account->active ? "active" : "off");
	return OK;
}

int cmd_user_list(struct cli *cli, const struct cli_args *args)
{
	struct listing listing = { .cli = cli,
		.json = JSON_TO(stdout),
		.as_json = cli_has(args, "json"),
		.all = cli_has(args, "all") };
	struct err err = { .code = OK };
	struct db *db = NULL;
	struct site site;
	int status = cli_open(cli, SITE_READ, &site);

	if (status == EX_OK) {
		enum errc rc = cli_lease(&site, &db, &err);

		if (listing.as_json)
			json_array(&listing.json);
		else
			printf("%-32s %10s %10s %10s  %s\n", "NAME", "MESSAGES", "USED",
			    "QUOTA", "STATE");
		if (rc == OK)
			rc = account_each(db, print_account, &listing, &err);
		if (listing.as_json)
			json_array_end(&listing.json);
		db_return(&db);
		if (rc != OK)
			status = cli_fail(cli, rc, &err);
	}
	site_close(&site);
	return status == EX_OK ? cli_done(cli) : status;
}

struct details {
	struct account account;
	struct account_access access;
	struct auth_key keys[AUTH_KEYS_MAX];
	size_t key_count;
	struct mailbox *mailboxes;
	size_t mailbox_count;
	struct listing listing;
};

static enum errc print_alias(const struct alias *alias, void *arg)
{
	struct listing *listing = arg;

	if (listing->as_json)
		json_str(&listing->json, alias->address);
	else
		printf("%s%.*s", listing->count > 0 ? ", " : "", STR_ARG(alias->address));
	listing->count++;
	return OK;
}

/* Which SCRAMs it can log in with: mechanisms of keys that are there and valid. */
static void json_access(struct json *json, struct details *details)
{
	struct arena *arena = details->listing.cli->arena;
	struct str services = account_services_text(arena, details->access.services), word;

	json_name_bool(json, "login", details->access.login);
	json_name_bool(json, "tls_required", details->access.needs_tls);
	json_name(json, "services");
	json_array(json);
	while (details->access.services != 0 && str_split(&services, ' ', &word))
		json_str(json, word);
	json_array_end(json);
	json_name(json, "login_keys");
	json_array(json);
	for (size_t i = 0; i < details->key_count; i++)
		json_str(json, details->keys[i].mechanism);
	json_array_end(json);
}

static void print_access(const struct details *details)
{
	struct arena *arena = details->listing.cli->arena;

	printf("login     %s, services: %.*s%s\nkeys     ",
	    details->access.login ? "on" : "off",
	    STR_ARG(account_services_text(arena, details->access.services)),
	    details->access.needs_tls ? ", TLS required" : "");
	for (size_t i = 0; i < details->key_count; i++)
		printf(" %.*s", STR_ARG(details->keys[i].mechanism));
	if (details->key_count == 0)
		printf(" %s",
		    scheme_is_plain(details->account.encryption) ? "made from the plain text"
								 : "none until the next login");
	printf("\n");
}

static enum errc show_json(struct db *db, struct details *details, struct err *err)
{
	struct json *json = &details->listing.json;
	enum errc rc;

	json_object(json);
	json_account(json, &details->account);
	json_access(json, details);
	json_name(json, "aliases");
	json_array(json);
	rc = alias_each(db, details->account.id, print_alias, &details->listing, err);
	json_array_end(json);
	json_name(json, "folders");
	json_array(json);
	for (size_t i = 0; i < details->mailbox_count; i++)
		json_str(json, details->mailboxes[i].name);
	json_array_end(json);
	json_object_end(json);
	return rc;
}

static enum errc show_text(struct db *db, struct details *details, struct err *err)
{
	const struct account *a = &details->account;
	struct arena *arena = details->listing.cli->arena;
	enum errc rc;

	printf("name      %.*s\nnumber    %lld\nstate     %s\nclient    %lld\n",
	    STR_ARG(a->name), (long long)a->id, a->active ? "active" : "off",
	    (long long)a->client);
	printf("password  %.*s\n",
	    STR_ARG(a->passwd.n == 0	   ? STR("none, cannot log in")
		    : a->encryption.n == 0 ? STR("plain text")
					   : a->encryption));
	print_access(details);
	printf("mail      %lld messages, %.*s", (long long)a->messages,
	    STR_ARG(cli_bytes(arena, a->used_bytes)));
	if (a->quota_bytes > 0)
		printf(" of %.*s", STR_ARG(cli_bytes(arena, a->quota_bytes)));
	printf("\naddresses ");
	rc = alias_each(db, a->id, print_alias, &details->listing, err);
	printf("\nfolders   ");
	for (size_t i = 0; i < details->mailbox_count; i++)
		printf("%s%.*s", i > 0 ? ", " : "", STR_ARG(details->mailboxes[i].name));
	printf("\n");
	return rc;
}

static enum errc show(struct db *db, struct str name, struct details *details, struct err *err)
{
	struct arena *arena = details->listing.cli->arena;
	struct actor actor;
	enum errc rc = account_by_name(db, name, arena, &details->account, err);

	if (rc == ERR_NOTFOUND)
		return err_set(err, rc, "there is no account %.*s", STR_ARG(name));
	actor = (struct actor){ .user = details->account.id };
	if (rc == OK)
		rc = mailbox_list(
		    db, actor, false, arena, &details->mailboxes, &details->mailbox_count, err);
	if (rc == OK)
		rc = account_access_read(db, details->account.id, &details->access, err);
	if (rc == OK)
		rc = auth_keys_read(db, details->account.id, details->account.passwd, arena,
		    details->keys, &details->key_count, err);
	if (rc != OK)
		return rc;
	return details->listing.as_json ? show_json(db, details, err)
					: show_text(db, details, err);
}

int cmd_user_show(struct cli *cli, const struct cli_args *args)
{
	struct details details = { .listing = { .cli = cli,
				       .json = JSON_TO(stdout),
				       .as_json = cli_has(args, "json") } };
	struct err err = { .code = OK };
	struct db *db = NULL;
	struct site site;
	int status = cli_open(cli, SITE_READ, &site);

	if (status == EX_OK) {
		enum errc rc = cli_lease(&site, &db, &err);

		if (rc == OK)
			rc = show(db, args->words[0], &details, &err);
		db_return(&db);
		if (rc != OK)
			status = cli_fail(cli, rc, &err);
	}
	site_close(&site);
	return status == EX_OK ? cli_done(cli) : status;
}
