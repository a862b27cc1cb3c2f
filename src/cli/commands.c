/*
 * cli/commands.c - the table of commands.
 *
 * long because: it is one table.
 */
#include "cli/command.h"

/* Words of a command that takes any number. */
#define WORDS_MAX 1000

static const struct cli_option init_options[] = {
	{ .name = "dir", .value = "D", .help = "the folder to make (/var/lib/tabella)" },
	{ .name = "domain", .value = "NAME", .help = "a domain whose mail is kept here" },
	{ .name = "user", .value = "NAME", .help = "a first account" },
	{ .name = "password",
	    .value = "P",
	    .help = "its password; made and shown if not given" },
	{ .name = "password-stdin",
	    .help = "its password is the first line of standard input" },
	{ .name = "hostname", .value = "NAME", .help = "how the server calls itself" },
	{ .name = "db", .value = "URL", .help = "the database (sqlite: a file in the folder)" },
	{ .name = "port-base",
	    .value = "N",
	    .help = "added to every port, on this machine alone: for trying it out" },
	{ .name = "listen",
	    .value = "HOST",
	    .help = "where IMAP is served (* or, with --port-base, localhost)" },
	{ .name = "run-as",
	    .value = "USER",
	    .help = "whom the server becomes when root starts it (tabella, or else nobody)" },
};

#define PASSWORD_OPTIONS                                                                       \
	{ .name = "password",                                                                  \
		.value = "P",                                                                  \
		.help = "the password (others can see it in ps)" },                            \
	    { .name = "password-stdin", .help = "it is the first line of standard input" },    \
	{                                                                                      \
		.name = "scheme", .value = "S",                                                \
		.help = "how it is stored: argon2id, crypt, plaintext"                         \
	}

static const struct cli_option user_add_options[] = {
	PASSWORD_OPTIONS,
	{ .name = "alias", .value = "A", .help = "an address of the account", .many = true },
	{ .name = "quota", .value = "50M", .help = "the most mail that it may keep; 0: any" },
	{ .name = "client", .value = "N", .help = "DBMail's client number" },
};

static const struct cli_option user_change_options[] = {
	PASSWORD_OPTIONS,
	{ .name = "name", .value = "NEW", .help = "another login name" },
	{ .name = "quota", .value = "50M", .help = "the most mail that it may keep; 0: any" },
	{ .name = "client", .value = "N", .help = "DBMail's client number" },
	{ .name = "enable", .help = "may log in and gets mail" },
	{ .name = "disable", .help = "may not log in and gets no mail" },
};

static const struct cli_option user_password_options[] = {
	PASSWORD_OPTIONS,
};

static const struct cli_option user_set_options[] = {
	{ .name = "services",
	    .value = "LIST",
	    .help = "what it may log in to: imap, pop3, smtp, sieve, http; all; none" },
	{ .name = "tls",
	    .value = "W",
	    .help = "required: no login without TLS, not from this machine either; optional" },
	{ .name = "login", .value = "W", .help = "off: no login, mail is taken; on" },
};

static const struct cli_option user_list_options[] = {
	{ .name = "json", .help = "as a JSON array" },
	{ .name = "all", .help = "the program's own accounts too" },
};

static const struct cli_option alias_list_options[] = {
	{ .name = "user", .value = "NAME", .help = "those of one account" },
	{ .name = "json", .help = "as a JSON array" },
};

static const struct cli_option alias_add_options[] = {
	{ .name = "client", .value = "N", .help = "DBMail's client number" },
};

static const struct cli_option domain_add_options[] = {
	{ .name = "kind", .value = "K", .help = "local, relay or backup" },
	{ .name = "description", .value = "TEXT", .help = "for people" },
};

static const struct cli_option json_option[] = {
	{ .name = "json", .help = "as JSON" },
};

static const struct cli_option trace_options[] = {
	{ .name = "since", .value = "DAYS", .help = "look so far back for a Message-ID (7)" },
	{ .name = "json", .help = "as JSON" },
};

static const struct cli_option saslauthd_options[] = {
	{ .name = "user", .value = "NAME", .help = "whose password" },
	{ .name = "password", .value = "P", .help = "the password (others can see it in ps)" },
	{ .name = "password-stdin", .help = "it is the first line of standard input" },
	{ .name = "service", .value = "S", .help = "for what: smtp, imap, pop, … (imap)" },
	{ .name = "realm", .value = "R", .help = "the user's domain, if it is asked so" },
	{ .name = "socket",
	    .value = "PATH",
	    .help = "where to ask (the first of authd.saslauthd)" },
	{ .name = "repeat", .value = "N", .help = "ask so many times" },
};

static const struct cli_option sessions_options[] = {
	{ .name = "user", .value = "NAME", .help = "those of one account" },
	{ .name = "address", .value = "IP", .help = "those from one address" },
	{ .name = "json", .help = "as a JSON array" },
};

static const struct cli_option disconnect_options[] = {
	{ .name = "user", .value = "NAME", .help = "all of one account" },
	{ .name = "address", .value = "IP", .help = "all from one address" },
};

static const struct cli_option deliver_options[] = {
	{ .name = "from", .value = "ADDRESS", .help = "the sender, for Return-Path; none: <>" },
	{ .name = "folder", .value = "NAME", .help = "into this folder, if it is there" },
};

static const struct cli_option config_show_options[] = {
	{ .name = "changed", .help = "only what is not at its default" },
};

static const struct cli_option db_upgrade_options[] = {
	{ .name = "rehearse", .help = "try the steps and undo them; nothing is changed" },
	{ .name = "undo", .help = "back to the schema before, until it is confirmed" },
	{ .name = "confirm", .help = "stay: there is no way back from then on" },
};

static const struct cli_option db_copy_options[] = {
	{ .name = "online", .help = "while servers run on FROM: as it is at the beginning" },
	{ .name = "restart", .help = "throw away what an unfinished copy left in TO" },
};

static const struct command commands[] = {
	{ "init", "", "make a new site: configuration, database, certificate",
	    OPTIONS(init_options), 0, 0, cmd_init },
	{ "serve", "", "run the server, in the foreground", NO_OPTIONS, 0, 0, cmd_serve },
	{ "status", "", "what there is, and what the running server says of itself",
	    OPTIONS(json_option), 0, 0, cmd_status },

	{ "testsaslauthd", "", "ask for a password as programs ask saslauthd",
	    OPTIONS(saslauthd_options), 0, 0, cmd_testsaslauthd },
	{ "sessions disconnect", "[SID]", "end a session, or all of an account or an address",
	    OPTIONS(disconnect_options), 0, 1, cmd_sessions_disconnect },
	{ "sessions", "", "who is connected, from where and doing what",
	    OPTIONS(sessions_options), 0, 0, cmd_sessions },

	{ "limits", "", "what is used of each limit, and what was refused for it",
	    OPTIONS(json_option), 0, 0, cmd_limits },

	{ "user add", "NAME", "make an account", OPTIONS(user_add_options), 1, 1,
	    cmd_user_add },
	{ "user list", "", "every account", OPTIONS(user_list_options), 0, 0, cmd_user_list },
	{ "user show", "NAME", "one account with its addresses and folders",
	    OPTIONS(json_option), 1, 1, cmd_user_show },
	{ "user change", "NAME", "another password, name, quota; on and off",
	    OPTIONS(user_change_options), 1, 1, cmd_user_change },
	{ "user password", "NAME", "another password; made up and shown if none is given",
	    OPTIONS(user_password_options), 1, 1, cmd_user_password },
	{ "user set", "NAME", "which services it may use, and whether it needs TLS",
	    OPTIONS(user_set_options), 1, 1, cmd_user_set },
	{ "user delete", "NAME", "delete an account, its addresses and its mail", NO_OPTIONS, 1,
	    1, cmd_user_delete },

	{ "alias add", "ADDRESS TARGET", "let mail to an address go to an account or elsewhere",
	    OPTIONS(alias_add_options), 2, 2, cmd_alias_add },
	{ "alias list", "", "every address", OPTIONS(alias_list_options), 0, 0,
	    cmd_alias_list },
	{ "alias delete", "ADDRESS [TARGET]", "delete an address, or one of its targets",
	    NO_OPTIONS, 1, 2, cmd_alias_delete },

	{ "domain add", "NAME", "say that a domain's mail is kept here",
	    OPTIONS(domain_add_options), 1, 1, cmd_domain_add },
	{ "domain list", "", "every domain", OPTIONS(json_option), 0, 0, cmd_domain_list },
	{ "domain enable", "NAME", "take its mail again", NO_OPTIONS, 1, 1, cmd_domain_enable },
	{ "domain disable", "NAME", "take no mail for it", NO_OPTIONS, 1, 1,
	    cmd_domain_disable },
	{ "domain delete", "NAME", "forget a domain; its addresses stay", NO_OPTIONS, 1, 1,
	    cmd_domain_delete },

	{ "route", "ADDRESS", "what becomes of mail to an address, step by step", NO_OPTIONS, 1,
	    1, cmd_route },
	{ "deliver", "ADDRESS...", "put one message from standard input into mailboxes",
	    OPTIONS(deliver_options), 1, WORDS_MAX, cmd_deliver },

	{ "trace", "[LOG | -] ID",
	    "a message from connection to mailbox, by Message-ID, object, "
	    "transaction or session",
	    OPTIONS(trace_options), 1, 2, cmd_trace },

	{ "config check", "", "look for mistakes in the configuration", NO_OPTIONS, 0, 0,
	    cmd_config_check },
	{ "config show", "", "every option as it is in force", OPTIONS(config_show_options), 0,
	    0, cmd_config_show },
	{ "config manual", "", "what each option means, as Markdown", NO_OPTIONS, 0, 0,
	    cmd_config_manual },
	{ "db status", "", "what the database says of itself, and what to do next",
	    OPTIONS(json_option), 0, 0, cmd_db_status },
	{ "db sweep", "", "housekeeping now: what is over its time, and what nobody uses",
	    OPTIONS(json_option), 0, 0, cmd_db_sweep },
	{ "db copy", "FROM TO", "a whole site from one database into another, verified",
	    OPTIONS(db_copy_options), 2, 2, cmd_db_copy },
	{ "db upgrade", "", "make the database, or bring it to this program's schema",
	    OPTIONS(db_upgrade_options), 0, 0, cmd_db_upgrade },

	{ "verify", "", "check every rule of the mail store", OPTIONS(json_option), 0, 0,
	    cmd_verify },

	{ "help", "[COMMAND]", "this list, or one command", NO_OPTIONS, 0, 2, cmd_help },
	{ "version", "", "which version this is", NO_OPTIONS, 0, 0, cmd_version },
};

const struct command *command_table(size_t *count_out)
{
	*count_out = COUNT(commands);
	return commands;
}
