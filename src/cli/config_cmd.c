/* cli/config_cmd.c - looking at the configuration; the database is not touched. */
#include "base/buf.h"
#include "base/str.h"
#include "cli/command.h"

#include <stdio.h>

#define CONFIGURATION_MAX ((size_t)4 * 1024 * 1024)

int cmd_config_check(struct cli *cli, const struct cli_args *args)
{
	struct site site;
	int status = cli_load(cli, &site);

	(void)args;
	if (status == EX_OK)
		printf("%s: no errors\n", cli->conf_path);
	site_close(&site);
	return status;
}

int cmd_config_show(struct cli *cli, const struct cli_args *args)
{
	struct buf text = BUF_INIT(CONFIGURATION_MAX);
	struct site site;
	int status = cli_load(cli, &site);

	if (status == EX_OK) {
		conf_print(site.conf, cli_has(args, "changed"), &text);
		printf("%.*s", STR_ARG(buf_str(&text)));
	}
	buf_release(&text);
	site_close(&site);
	return status == EX_OK ? cli_done(cli) : status;
}

/* docs/configuration.md is what this prints. */
int cmd_config_manual(struct cli *cli, const struct cli_args *args)
{
	struct buf text = BUF_INIT(CONFIGURATION_MAX);
	const struct conf_table *const *tables;
	size_t count;

	(void)args;
	tables = settings_tables(&count);
	conf_print_manual(tables, count, &text);
	printf("%.*s", STR_ARG(buf_str(&text)));
	buf_release(&text);
	return cli_done(cli);
}
