/* cli/db_cmd.c - the database itself. */
#include "base/str.h"
#include "cli/command.h"

#include <stdio.h>

int cmd_db_upgrade(struct cli *cli, const struct cli_args *args)
{
	struct err err = { .code = OK };
	struct site site;
	int from = 0, to = 0, status = cli_load(cli, &site);

	(void)args;
	if (status == EX_OK) {
		enum errc rc = cli_migrate(&site, &from, &to, &err);

		if (rc != OK)
			status = cli_fail(cli, rc, &err);
		else if (from == to)
			printf("the database has schema %d, as it should\n", to);
		else
			printf("the database went from schema %d to %d\n", from, to);
	}
	site_close(&site);
	return status == EX_OK ? cli_done(cli) : status;
}
