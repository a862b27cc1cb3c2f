/* cli/help.c - help out of the table of commands, and what to do next. */
#include "base/str.h"
#include "cli/command.h"

#include <stdio.h>
#include <unistd.h>

void help_usage(FILE *out, const struct command *command)
{
	(void)fprintf(out, "Usage: tabella %s%s%s%s\n  %s\n", command->name,
	    command->arguments[0] != '\0' ? " " : "", command->arguments,
	    command->options.count > 0 ? " [OPTIONS]" : "", command->help);
	for (size_t i = 0; i < command->options.count; i++) {
		const struct cli_option *option = &command->options.item[i];

		(void)fprintf(out, "  --%s%s%-*s  %s\n", option->name, option->value ? " " : "",
		    (int)(22 - str_from(option->name).n - (option->value ? 1 : 0)),
		    option->value ? option->value : "", option->help);
	}
}

static void print_list(void)
{
	size_t count;
	const struct command *commands = command_table(&count);

	printf("Usage: tabella [-c FILE] COMMAND [--db URL]\n\n");
	for (size_t i = 0; i < count; i++)
		printf("  %-15s %s\n", commands[i].name, commands[i].help);
	printf("\n-c FILE is the configuration; without it $TABELLA_CONF, then "
	       "/etc/tabella/tabella.conf,\nthen /var/lib/tabella/tabella.conf. --db URL names "
	       "another database than it does.\n"
	       "`tabella help COMMAND` shows a command's options.\n");
}

static bool is_named(const struct command *command, const struct cli_args *args)
{
	struct str rest = str_from(command->name), word;
	size_t i = 0;

	while (str_split(&rest, ' ', &word)) {
		if (i < args->word_count && !str_equal(word, args->words[i]))
			return false;
		i++;
	}
	return args->word_count <= i;
}

int cmd_help(struct cli *cli, const struct cli_args *args)
{
	size_t count;
	const struct command *commands = command_table(&count);
	bool any = false;

	if (!args || args->word_count == 0) {
		print_list();
		return EX_OK;
	}
	for (size_t i = 0; i < count; i++) {
		if (!is_named(&commands[i], args))
			continue;
		help_usage(stdout, &commands[i]);
		any = true;
	}
	if (any)
		return EX_OK;
	return cli_usage(cli, "there is no command \"%.*s\"", STR_ARG(args->words[0]));
}

int cmd_version(struct cli *cli, const struct cli_args *args)
{
	(void)cli;
	(void)args;
	printf("tabella " TABELLA_VERSION "\n");
	return EX_OK;
}

void help_next(const char *conf_path)
{
	printf("Tabella " TABELLA_VERSION ", a mail system.\n\n");
	if (access(conf_path, F_OK) != 0)
		printf(
		    "There is no site here yet. Make one:\n\n"
		    "  tabella init --dir /var/lib/tabella --domain example.org --user ann\n");
	else
		printf("The site of %s:\n\n"
		       "  tabella status           what there is, and whether the server runs\n"
		       "  tabella serve            run the server\n"
		       "  tabella user add NAME    make an account\n",
		    conf_path);
	printf("\nEverything else: tabella help\n");
}
