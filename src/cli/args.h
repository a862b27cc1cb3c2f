/*
 * cli/args.h - the words behind a command, strictly: an option that is not in the table is an error with a guess at
 * what was meant.
 */
#pragma once

#include "base/base.h"

struct arena;

struct cli_option {
	const char *name;  /* without the dashes: "password" */
	const char *value; /* what stands for its value in help: "P"; NULL: a switch */
	const char *help;
	bool many; /* may be given more than once */
};

struct cli_options {
	const struct cli_option *item;
	size_t count;
	const struct cli_options *more; /* NULL, or others that are known too */
};

struct cli_given {
	const struct cli_option *option;
	struct str value;
};

/* What was given. Views into argv. */
struct cli_args {
	const struct str *words;
	size_t word_count;
	const struct cli_given *given;
	size_t given_count;
};

/*
 * "--name value", "--name=value", "--switch"; "--" ends the options. `-h` and `--help` are not known here.
 * ERR_ARG: the text says what is wrong.
 */
NODISCARD enum errc cli_args_parse(const struct cli_options *options, int argc, char **argv,
    struct arena *arena, struct cli_args *args_out, struct err *err);

bool cli_has(const struct cli_args *args, const char *name);

/* The value of an option; p == NULL if it was not given. */
struct str cli_value(const struct cli_args *args, const char *name);

/* All values of an option that may be given more than once, in the arena. */
const struct str *cli_values(
    const struct cli_args *args, const char *name, struct arena *arena, size_t *count_out);

/* " (did you mean --password?)" or an empty text. */
struct cli_names {
	const char *(*name)(const void *names, size_t i);
	const void *names;
	size_t count;
};
struct str cli_guess(
    struct arena *arena, const char *prefix, struct str wanted, struct cli_names names);
