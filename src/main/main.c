/*
 * main/main.c - the program: `tabella serve` is the server, everything else a command.
 */
#include "cli/cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
