/* cli/cli.c - from argv to a command. */
#include "cli/cli.h"

#include "base/str.h"
#include "cli/command.h"
#include "db/url.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the configuration is looked for, in this order, when nobody says where it is. */
static const char *const conf_paths[] = {
	"/etc/tabella/tabella.conf",
	"/var/lib/tabella/tabella.conf",
};

static const char *default_conf_path(void)
{
	const char *named = getenv("TABELLA_CONF");

	if (named && named[0] != '\0')
		return named;
	for (size_t i = 0; i < COUNT(conf_paths); i++) {
		if (access(conf_paths[i], F_OK) == 0)
			return conf_paths[i];
	}
	return conf_paths[0];
}

static int usage(const char *fmt, ...) PRINTF_LIKE(1, 2);

static int usage(const char *fmt, ...)
{
	va_list args;

	(void)fputs("tabella: ", stderr);
	va_start(args, fmt);
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	(void)fputs("\nTry `tabella help`.\n", stderr);
	return EX_USAGE;
}

/* Takes the options that stand before the command. False: *status_out is the end of it. */
static bool take_globals(int *argc, char ***argv, struct cli *cli, int *status_out)
{
	while (*argc > 0 && (*argv)[0][0] == '-') {
		const char *option = (*argv)[0];

		if (strcmp(option, "-h") == 0 || strcmp(option, "--help") == 0) {
			*status_out = cmd_help(cli, NULL);
			return false;
		}
		if (strcmp(option, "-V") == 0 || strcmp(option, "--version") == 0) {
			*status_out = cmd_version(cli, NULL);
			return false;
		}
		if (strcmp(option, "-c") != 0 && strcmp(option, "--config") != 0) {
			*status_out = usage("unknown option %s before the command", option);
			return false;
		}
		if (*argc < 2) {
			*status_out = usage("%s needs a file", option);
			return false;
		}
		cli->conf_path = (*argv)[1];
		*argc -= 2;
		*argv += 2;
	}
	return true;
}

static const char *command_name(const void *commands, size_t i)
{
	return ((const struct command *)commands)[i].name;
}

/* The command whose one or two words stand at the front; *words_out says how many. */
static const struct command *find_command(int argc, char **argv, int *words_out)
{
	size_t count;
	const struct command *commands = command_table(&count);

	for (size_t i = 0; i < count; i++) {
		struct str name = str_from(commands[i].name);
		size_t space = str_find_char(name, ' ');

		if (!str_equal(str_first(name, space), str_from(argv[0])))
			continue;
		*words_out = space < name.n ? 2 : 1;
		if (space == name.n ||
		    (argc > 1 && str_equal(str_from_at(name, space + 1), str_from(argv[1]))))
			return &commands[i];
	}
	return NULL;
}

/* The commands that begin with the given first word, for "tabella user". */
static bool list_group(const char *word)
{
	size_t count;
	const struct command *commands = command_table(&count);
	struct str first = str_from(word);
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		struct str name = str_from(commands[i].name);

		if (!str_starts(name, first) || name.n <= first.n || name.p[first.n] != ' ')
			continue;
		if (!any)
			(void)fprintf(stderr, "tabella %s: which of these?\n", word);
		(void)fprintf(stderr, "  %-16s %s\n", commands[i].name, commands[i].help);
		any = true;
	}
	return any;
}

static int unknown_command(struct cli *cli, int argc, char **argv)
{
	struct cli_names names = { .name = command_name };
	struct str wanted = str_from(argv[0]);

	if (argc > 1 && argv[1][0] != '-')
		wanted = str_printf(cli->arena, "%s %s", argv[0], argv[1]);
	if (list_group(argv[0]))
		return EX_USAGE;
	names.names = command_table(&names.count);
	return usage("unknown command \"%s\"%.*s", argv[0],
	    STR_ARG(cli_guess(cli->arena, "", wanted, names)));
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	}
	return false;
}

/* Known to every command. */
static const struct cli_option common_option[] = {
	{ .name = "db", .value = "URL", .help = "this database in place of db.url" },
};
static const struct cli_options common_options = { .item = common_option,
	.count = COUNT(common_option) };

/* A copy of a url, which is covered in what ps shows of us: there may be a password in it. */
static struct str take_url(struct cli *cli, struct str url, int argc, char **argv)
{
	struct str kept = str_dup(cli->arena, url);
	enum db_engine engine;

	for (int i = 0; i < argc && db_url_engine(kept, &engine); i++) {
		size_t n = strlen(argv[i]);

		if (url.p >= argv[i] && url.p <= argv[i] + n)
			memset(argv[i] + (url.p - argv[i]), '*', n - (size_t)(url.p - argv[i]));
	}
	return kept;
}

static void take_urls(struct cli *cli, struct cli_args *args, int argc, char **argv)
{
	struct str database = cli_value(args, "db");
	struct str *words = ARENA_NEW(cli->arena, struct str, args->word_count);

	if (database.p)
		cli->database = take_url(cli, database, argc, argv);
	for (size_t i = 0; i < args->word_count; i++)
		words[i] = take_url(cli, args->words[i], argc, argv);
	args->words = words;
}

static int run_command(struct cli *cli, int argc, char **argv)
{
	const struct command *command = cli->command;
	struct cli_options options = command->options;
	struct cli_args args;
	struct err err = { .code = OK };

	options.more = &common_options;
	if (asks_for_help(argc, argv)) {
		help_usage(stdout, command);
		return EX_OK;
	}
	if (cli_args_parse(&options, argc, argv, cli->arena, &args, &err) != OK)
		return cli_usage(cli, "%s", err.text);
	if (args.word_count < command->words_min)
		return cli_usage(cli, "%s is missing", command->arguments);
	if (args.word_count > command->words_max)
		return cli_usage(cli, "too many arguments, beginning with \"%.*s\"",
		    STR_ARG(args.words[command->words_max]));
	if (cli_value(&args, "db").p && cli_value(&args, "db").n == 0)
		return cli_usage(cli, "--db names no database");
	take_urls(cli, &args, argc, argv);
	return command->run(cli, &args);
}

int cli_main(int argc, char **argv)
{
	struct cli cli = { .conf_path = default_conf_path(), .arena = arena_new("cli") };
	int status = EX_OK, words = 1;

	argc--;
	argv++;
	if (take_globals(&argc, &argv, &cli, &status)) {
		if (argc <= 0) {
			help_next(cli.conf_path);
			status = EX_USAGE;
		} else {
			cli.command = find_command(argc, argv, &words);
			status = cli.command ? run_command(&cli, argc - words, argv + words)
					     : unknown_command(&cli, argc, argv);
		}
	}
	arena_free(&cli.arena);
	return status;
}
