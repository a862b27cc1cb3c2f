/*
 * cli/status.c - what there is, and what the running server says of itself through its control socket: one line of JSON
 * with numbers (main/control.h).
 */
#include "base/buf.h"
#include "base/str.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/json_read.h"
#include "cli/nodes.h"
#include "db/url.h"
#include "store/summary.h"

#include <stdio.h>
#include <sys/stat.h>

struct counter_value {
	struct str name;
	int64_t value;
};

struct server {
	bool running;
	struct counter_value counters[JSON_FIELDS_MAX];
	size_t count;
};

/* {"name":number,...} */
static void ask_server(struct str path, struct arena *arena, struct server *server)
{
	const struct control_request request = { .verb = CONTROL_STATUS };
	struct buf answer = BUF_INIT(ANSWER_MAX);
	struct json_flat flat = { .count = 0 };
	struct str line;
	struct cursor c;

	if (cli_ask(path, &request, arena, &answer, NULL) == OK) {
		/* the texts are views of it */
		line = str_dup(arena, buf_str(&answer));
		c = cursor_of(line);
		server->running = json_read_flat(&c, arena, &flat, NULL) == OK;
	}
	buf_release(&answer);
	for (size_t i = 0; server->running && i < flat.count; i++)
		server->counters[server->count++] = (struct counter_value){ flat.field[i].name,
			json_flat_int(&flat,
			    str_printf(arena, "%.*s%c", STR_ARG(flat.field[i].name), '\0').p) };
}

static int64_t file_size(struct arena *arena, const char *path, const char *suffix)
{
	struct stat about;

	if (!path || stat(str_printf(arena, "%s%s%c", path, suffix, '\0').p, &about) != 0)
		return 0;
	return (int64_t)about.st_size;
}

struct answer {
	struct summary summary;
	struct site_nodes nodes;
	struct server *server;
	int64_t file, log;
	const char *database_path; /* SQLite's file */
	struct str database;	   /* of other engines, without its password */
	const char *conf_path;
};

static void print_json(const struct answer *answer)
{
	struct json json = JSON_TO(stdout);
	const struct summary *s = &answer->summary;

	json_object(&json);
	json_name_str(&json, "version", STR(TABELLA_VERSION));
	json_name_bool(&json, "running", answer->server->running);
	json_name_int(&json, "schema", s->schema);
	json_name_int(&json, "accounts", s->accounts);
	json_name_int(&json, "accounts_off", s->accounts_off);
	json_name_int(&json, "domains", s->domains);
	json_name_int(&json, "aliases", s->aliases);
	json_name_int(&json, "folders", s->mailboxes);
	json_name_int(&json, "messages", s->messages);
	json_name_int(&json, "bytes", s->bytes);
	json_name_int(&json, "database_bytes", answer->file);
	json_name_int(&json, "database_log_bytes", answer->log);
	cli_json_nodes(&json, &answer->nodes);
	json_name(&json, "server");
	json_object(&json);
	for (size_t i = 0; i < answer->server->count; i++) {
		struct counter_value counter = answer->server->counters[i];

		json_name_of(&json, counter.name);
		json_int(&json, counter.value);
	}
	json_object_end(&json);
	json_object_end(&json);
}

static void print_text(struct arena *arena, const struct answer *answer)
{
	const struct summary *s = &answer->summary;

	printf("configuration  %s\n", answer->conf_path);
	printf("server         %s\n", answer->server->running ? "running" : "not running");
	for (size_t i = 0; i < answer->server->count; i++)
		printf("  %-26.*s %lld\n", STR_ARG(answer->server->counters[i].name),
		    (long long)answer->server->counters[i].value);
	for (size_t i = 0; i < answer->nodes.count; i++) {
		if (answer->nodes.item[i].alive)
			cli_print_node(arena, &answer->nodes.item[i]);
	}
	printf("accounts       %lld, %lld of them off\n", (long long)s->accounts,
	    (long long)s->accounts_off);
	printf("addresses      %lld, in %lld domains\n", (long long)s->aliases,
	    (long long)s->domains);
	printf("folders        %lld\n", (long long)s->mailboxes);
	printf("mail           %lld messages, %.*s\n", (long long)s->messages,
	    STR_ARG(cli_bytes(arena, s->bytes)));
	if (answer->database_path)
		printf("database       %s, %.*s and %.*s of log, schema %lld\n",
		    answer->database_path, STR_ARG(cli_bytes(arena, answer->file)),
		    STR_ARG(cli_bytes(arena, answer->log)), (long long)s->schema);
	else
		printf("database       %.*s, schema %lld\n", STR_ARG(answer->database),
		    (long long)s->schema);
	if (!answer->server->running)
		printf("\nStart the server with `tabella -c %s serve`.\n", answer->conf_path);
}

int cmd_status(struct cli *cli, const struct cli_args *args)
{
	struct answer answer = { .server = arena_alloc(cli->arena, sizeof(struct server)),
		.conf_path = cli->conf_path };
	struct err err = { .code = OK };
	struct db *db = NULL;
	struct site site;
	int status = cli_load(cli, &site);

	if (status == EX_OK) {
		/* the socket of a server that root has started may be root's: asked before we become another */
		ask_server(site.settings->control, cli->arena, answer.server);
		status = cli_open_loaded(cli, SITE_READ, &site);
	}
	if (status == EX_OK) {
		enum errc rc = cli_lease(&site, &db, &err);

		if (rc == OK)
			rc = summary_read(db, &answer.summary, &err);
		if (rc == OK)
			rc = site_nodes_read(db, db_schema_known(site.pool),
			    site_lock_folder(cli->arena, secret_view(&site.database.url)),
			    cli->arena, &answer.nodes, &err);
		db_return(&db);
		answer.database_path = site.database.file;
		answer.database = db_url_shown(secret_view(&site.database.url), cli->arena);
		answer.file = file_size(cli->arena, site.database.file, "");
		answer.log = file_size(cli->arena, site.database.file, "-wal");
		if (rc != OK)
			status = cli_fail(cli, rc, &err);
		else if (cli_has(args, "json"))
			print_json(&answer);
		else
			print_text(cli->arena, &answer);
	}
	site_close(&site);
	return status == EX_OK ? cli_done(cli) : status;
}
