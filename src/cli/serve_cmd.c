/* cli/serve_cmd.c - `tabella serve`: the server itself is main's. */
#include "cli/command.h"
#include "main/serve.h"

int cmd_serve(struct cli *cli, const struct cli_args *args)
{
	(void)args;
	return serve(cli->conf_path);
}
