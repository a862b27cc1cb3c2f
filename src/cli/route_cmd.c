/* cli/route_cmd.c - `tabella route`: what becomes of mail to an address, step by step. */
#include "base/str.h"
#include "cli/command.h"
#include "deliver/route.h"

#include <stdio.h>

static void print_step(void *arg, struct str text)
{
	(void)arg;
	(void)printf("  %.*s\n", STR_ARG(text));
}

static void print_target(const struct route_target *target)
{
	switch (target->kind) {
	case ROUTE_LOCAL:
		(void)printf("-> folder \"%.*s\" of account \"%.*s\" (%lld)\n",
		    STR_ARG(target->mailbox), STR_ARG(target->account),
		    (long long)target->owner);
		break;
	case ROUTE_REMOTE:
		(void)printf("-> <%.*s> elsewhere\n", STR_ARG(target->address));
		break;
	case ROUTE_PIPE:
		(void)printf("-> command %.*s\n", STR_ARG(target->address));
		break;
	}
}

int cmd_route(struct cli *cli, const struct cli_args *args)
{
	const struct route_explain explain = { .step = print_step };
	struct err err = { .code = OK };
	struct route route = { .count = 0 };
	struct db *db = NULL;
	struct site site;
	int status = cli_open(cli, SITE_READ, &site);

	if (status == EX_OK) {
		struct route_settings settings = route_settings_of(site.settings);
		struct route_request request = { &settings, args->words[0], &explain };
		enum errc rc = cli_lease(&site, &db, &err);

		if (rc == OK)
			rc = route_resolve(db, &request, cli->arena, &route, &err);
		db_return(&db);
		for (size_t i = 0; i < route.count; i++)
			print_target(&route.targets[i]);
		status = rc == OK	 ? cli_done(cli)
		    : rc == ERR_NOTFOUND ? (cli_fail(cli, rc, &err), EX_NOUSER)
					 : cli_fail(cli, rc, &err);
	}
	site_close(&site);
	return status;
}
