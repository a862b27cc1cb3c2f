#include "cli/args.h"

#include "base/arena.h"
#include "base/conf_names.h"
#include "base/str.h"

#include <string.h>

struct str cli_guess(
    struct arena *arena, const char *prefix, struct str wanted, struct cli_names names)
{
	struct conf_guess guess = conf_guess_of(wanted);

	for (size_t i = 0; i < names.count; i++)
		conf_guess_try(&guess, str_from(names.name(names.names, i)));
	if (guess.best.n == 0)
		return STR("");
	return str_printf(arena, " (did you mean %s%.*s?)", prefix, STR_ARG(guess.best));
}

static const char *option_name(const void *options, size_t i)
{
	return ((const struct cli_option *)options)[i].name;
}

struct parse {
	const struct cli_options *options;
	int argc, at;
	char **argv;
	struct arena *arena;
	struct str *words;
	size_t word_count;
	struct cli_given *given;
	size_t given_count;
};

static const struct cli_option *find_option(const struct parse *p, struct str name)
{
	for (const struct cli_options *list = p->options; list; list = list->more) {
		for (size_t i = 0; i < list->count; i++) {
			if (str_equal(str_from(list->item[i].name), name))
				return &list->item[i];
		}
	}
	return NULL;
}

static enum errc check_again(
    const struct parse *p, const struct cli_option *option, struct err *err)
{
	if (option->many)
		return OK;
	for (size_t i = 0; i < p->given_count; i++) {
		if (p->given[i].option == option)
			return err_set(err, ERR_ARG, "--%s is given twice", option->name);
	}
	return OK;
}

static enum errc unknown_option(const struct parse *p, struct str name, struct err *err)
{
	struct cli_names names = { option_name, p->options->item, p->options->count };
	struct str guess = cli_guess(p->arena, "--", name, names);

	return err_set(
	    err, ERR_ARG, "unknown option --%.*s%.*s", STR_ARG(name), STR_ARG(guess));
}

/* `text` is what stands behind the two dashes. */
static enum errc take_option(struct parse *p, struct str text, struct err *err)
{
	size_t equals = str_find_char(text, '=');
	struct str name = str_first(text, equals);
	const struct cli_option *option = find_option(p, name);
	struct str value = STR_EMPTY;
	enum errc rc;

	if (!option)
		return unknown_option(p, name, err);
	if (!option->value && equals < text.n)
		return err_set(err, ERR_ARG, "--%s takes no value", option->name);
	if (option->value && equals < text.n)
		value = str_from_at(text, equals + 1);
	else if (option->value && p->at < p->argc)
		value = str_from(p->argv[p->at++]);
	else if (option->value)
		return err_set(err, ERR_ARG, "--%s needs a value: --%s %s", option->name,
		    option->name, option->value);
	rc = check_again(p, option, err);
	if (rc == OK)
		p->given[p->given_count++] =
		    (struct cli_given){ .option = option, .value = value };
	return rc;
}

enum errc cli_args_parse(const struct cli_options *options, int argc, char **argv,
    struct arena *arena, struct cli_args *args_out, struct err *err)
{
	struct parse p = { .options = options,
		.argc = argc,
		.argv = argv,
		.arena = arena,
		.words = ARENA_NEW(arena, struct str, (size_t)argc),
		.given = ARENA_NEW(arena, struct cli_given, (size_t)argc) };
	bool only_words = false;
	enum errc rc = OK;

	while (rc == OK && p.at < argc) {
		struct str text = str_from(argv[p.at++]);

		if (only_words || text.n < 2 || text.p[0] != '-')
			p.words[p.word_count++] = text;
		else if (str_equal(text, STR("--")))
			only_words = true;
		else if (text.p[1] == '-')
			rc = take_option(&p, str_from_at(text, 2), err);
		else
			rc = err_set(err, ERR_ARG, "unknown option %.*s", STR_ARG(text));
	}
	if (rc == OK)
		*args_out = (struct cli_args){ p.words, p.word_count, p.given, p.given_count };
	return rc;
}

struct str cli_value(const struct cli_args *args, const char *name)
{
	for (size_t i = 0; i < args->given_count; i++) {
		if (strcmp(args->given[i].option->name, name) == 0)
			return args->given[i].value.p ? args->given[i].value : STR("");
	}
	return STR_EMPTY;
}

bool cli_has(const struct cli_args *args, const char *name)
{
	return cli_value(args, name).p != NULL;
}

const struct str *cli_values(
    const struct cli_args *args, const char *name, struct arena *arena, size_t *count_out)
{
	struct str *values = ARENA_NEW(arena, struct str, args->given_count);
	size_t count = 0;

	for (size_t i = 0; i < args->given_count; i++) {
		if (strcmp(args->given[i].option->name, name) == 0)
			values[count++] = args->given[i].value;
	}
	*count_out = count;
	return values;
}
