/*
 * cli/command.h - what a command is, and what all of them need: the site opened, errors told, passwords read.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "cli/args.h"
#include "main/site.h"

#include <sysexits.h>

#define EXIT_FAILED 1

struct cli {
	const char *conf_path;
	struct str database;	       /* --db: in place of db.url; empty: not given */
	const struct command *command; /* the one that runs */
	struct arena *arena;
};

struct command {
	const char *name;      /* "serve", "user add" */
	const char *arguments; /* words, as help shows them: "NAME" */
	const char *help;      /* a line */
	struct cli_options options;
	size_t words_min, words_max;
	int (*run)(struct cli *cli, const struct cli_args *args);
};

#define OPTIONS(table)                                                                         \
	{                                                                                      \
		.item = (table), .count = COUNT(table)                                         \
	}
#define NO_OPTIONS                                                                             \
	{                                                                                      \
		.item = NULL, .count = 0                                                       \
	}

/* commands.c: all of them, in the order of help. */
const struct command *command_table(size_t *count_out);

/* The commands, one file or a few to a subject. */
int cmd_init(struct cli *cli, const struct cli_args *args);
int cmd_serve(struct cli *cli, const struct cli_args *args);
int cmd_user_add(struct cli *cli, const struct cli_args *args);
int cmd_user_list(struct cli *cli, const struct cli_args *args);
int cmd_user_show(struct cli *cli, const struct cli_args *args);
int cmd_user_change(struct cli *cli, const struct cli_args *args);
int cmd_user_password(struct cli *cli, const struct cli_args *args);
int cmd_user_set(struct cli *cli, const struct cli_args *args);
int cmd_user_delete(struct cli *cli, const struct cli_args *args);
int cmd_alias_add(struct cli *cli, const struct cli_args *args);
int cmd_alias_list(struct cli *cli, const struct cli_args *args);
int cmd_alias_delete(struct cli *cli, const struct cli_args *args);
int cmd_domain_add(struct cli *cli, const struct cli_args *args);
int cmd_domain_list(struct cli *cli, const struct cli_args *args);
int cmd_domain_enable(struct cli *cli, const struct cli_args *args);
int cmd_domain_disable(struct cli *cli, const struct cli_args *args);
int cmd_domain_delete(struct cli *cli, const struct cli_args *args);
int cmd_route(struct cli *cli, const struct cli_args *args);
int cmd_deliver(struct cli *cli, const struct cli_args *args);
int cmd_config_check(struct cli *cli, const struct cli_args *args);
int cmd_config_show(struct cli *cli, const struct cli_args *args);
int cmd_config_manual(struct cli *cli, const struct cli_args *args);
int cmd_status(struct cli *cli, const struct cli_args *args);
int cmd_limits(struct cli *cli, const struct cli_args *args);
int cmd_sessions(struct cli *cli, const struct cli_args *args);
int cmd_sessions_disconnect(struct cli *cli, const struct cli_args *args);
int cmd_testsaslauthd(struct cli *cli, const struct cli_args *args);
int cmd_trace(struct cli *cli, const struct cli_args *args);
int cmd_verify(struct cli *cli, const struct cli_args *args);
int cmd_db_copy(struct cli *cli, const struct cli_args *args);
int cmd_db_status(struct cli *cli, const struct cli_args *args);
int cmd_db_sweep(struct cli *cli, const struct cli_args *args);
int cmd_db_upgrade(struct cli *cli, const struct cli_args *args);
int cmd_help(struct cli *cli, const struct cli_args *args);
int cmd_version(struct cli *cli, const struct cli_args *args);

/* help.c: the synopsis of one command, for usage errors. */
void help_usage(FILE *out, const struct command *command);

/* What `tabella` without arguments says: what to do next. */
void help_next(const char *conf_path);

/* "tabella user add: TEXT" on standard error; returns the exit status that the code means. */
int cli_fail(const struct cli *cli, enum errc rc, const struct err *err);
int cli_usage(const struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* OK or how writing the answer failed (a full disk, a closed pipe): the exit status of a command that has printed. */
int cli_done(const struct cli *cli);

/*
 * Loads the configuration and opens the site. Started by root beside a server that has another user, the process
 * becomes that user first, so that no file of root's is left in the database's folder. EX_OK, or an exit status after
 * having said why. The caller calls site_close in either case.
 */
int cli_open(const struct cli *cli, enum site_use use, struct site *site);

/* The two halves: only the configuration, then the rest. */
int cli_load(const struct cli *cli, struct site *site);
int cli_open_loaded(const struct cli *cli, enum site_use use, struct site *site);

/* How a loaded site's database is opened by itself, without a store; as its owner from then on. */
NODISCARD enum errc cli_db_settings(
    struct site *site, struct db_settings *settings_out, struct err *err);

/* Run by root, becomes the owner of the file that an SQLite url names, or of its folder. Other urls: nothing. */
NODISCARD enum errc cli_become_owner_of(struct arena *arena, struct str url, struct err *err);

/* The password that options give: --password, --password-stdin (the first line), or none: then one is made and
 * *generated_out says so. In the arena. */
NODISCARD enum errc cli_password(struct cli *cli, const struct cli_args *args,
    struct str *password_out, bool *generated_out, struct err *err);

/* "50M" as bytes. ERR_ARG. */
NODISCARD enum errc cli_size(
    struct arena *arena, struct str text, int64_t *bytes_out, struct err *err);

/* "3.4 MB" for people, in the arena. */
struct str cli_bytes(struct arena *arena, int64_t bytes);

/* A connection for reading, that db_return gives back. */
NODISCARD enum errc cli_lease(struct site *site, struct db **db_out, struct err *err);
