/* cli/serve_cmd.c - `tabella serve`: the server itself is main's. */
#include "cli/command.h"
#include "main/serve.h"

int cmd_serve(struct cli *cli, const struct cli_args *args)
{
	struct site_named named = { .conf_path = cli->conf_path, .database = cli->database };

	(void)args;
	return serve(&named);
}
