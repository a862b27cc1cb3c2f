/* cli/domain.c - domains. */
#include "base/str.h"
#include "cli/command.h"
#include "cli/json.h"
#include "store/alias.h"

#include <stdio.h>

int cmd_domain_add(struct cli *cli, const struct cli_args *args)
{
	struct str kind = cli_value(args, "kind");
	struct domain domain = { .name = args->words[0],
		.kind = DOMAIN_LOCAL,
		.active = true,
		.description = cli_value(args, "description") };
	struct err err = { .code = OK };
	struct site site;
	int status;

	if (kind.p && !domain_kind_of(kind, &domain.kind))
		return cli_usage(cli, "--kind is local, relay or backup");
	status = cli_open(cli, SITE_TOOL, &site);
	if (status == EX_OK) {
		enum errc rc = domain_add(site.store, &domain, &err);

		if (rc != OK)
			status = cli_fail(cli, rc, &err);
	}
	site_close(&site);
	return status;
}

static enum errc enable(struct store *store, struct str name, struct err *err)
{
	return domain_set_active(store, name, true, err);
}

static enum errc disable(struct store *store, struct str name, struct err *err)
{
	return domain_set_active(store, name, false, err);
}

static int change(struct cli *cli, const struct cli_args *args,
    enum errc (*work)(struct store *store, struct str name, struct err *err))
{
	struct err err = { .code = OK };
	struct site site;
	int status = cli_open(cli, SITE_TOOL, &site);

	if (status == EX_OK) {
		enum errc rc = work(site.store, args->words[0], &err);

		if (rc != OK)
			status = cli_fail(cli, rc, &err);
	}
	site_close(&site);
	return status;
}

int cmd_domain_enable(struct cli *cli, const struct cli_args *args)
{
	return change(cli, args, enable);
}

int cmd_domain_disable(struct cli *cli, const struct cli_args *args)
{
	return change(cli, args, disable);
}

int cmd_domain_delete(struct cli *cli, const struct cli_args *args)
{
	return change(cli, args, domain_remove);
}

struct listing {
	struct json json;
	bool as_json;
};

static enum errc print_domain(const struct domain *domain, void *arg)
{
	struct listing *listing = arg;

	if (listing->as_json) {
		json_object(&listing->json);
		json_name_str(&listing->json, "name", domain->name);
		json_name_str(&listing->json, "kind", domain_kind_name(domain->kind));
		json_name_bool(&listing->json, "active", domain->active);
		json_name_str(&listing->json, "description", domain->description);
		json_object_end(&listing->json);
	} else {
		printf("%-40.*s %-7.*s %-7s %.*s\n", STR_ARG(domain->name),
		    STR_ARG(domain_kind_name(domain->kind)), domain->active ? "active" : "off",
		    STR_ARG(domain->description));
	}
	return OK;
}

int cmd_domain_list(struct cli *cli, const struct cli_args *args)
{
	struct listing listing = { .json = JSON_TO(stdout), .as_json = cli_has(args, "json") };
	struct err err = { .code = OK };
	struct db *db = NULL;
	struct site site;
	int status = cli_open(cli, SITE_READ, &site);

	if (status == EX_OK) {
		enum errc rc = cli_lease(&site, &db, &err);

		if (listing.as_json)
			json_array(&listing.json);
		if (rc == OK)
			rc = domain_each(db, print_domain, &listing, &err);
		if (listing.as_json)
			json_array_end(&listing.json);
		db_return(&db);
		if (rc != OK)
			status = cli_fail(cli, rc, &err);
	}
	site_close(&site);
	return status == EX_OK ? cli_done(cli) : status;
}
