/*
 * cli/db_status.c - the database itself: engine, schema, sizes, nodes, replication, and what to do next.
 */
#include "base/str.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/nodes.h"
#include "db/url.h"
#include "store/site_status.h"

#include <stdio.h>

/* What an administrator has to do, if anything. */
static struct str next_step(struct arena *arena, const struct site_status *status)
{
	const struct db_schema *s = &status->schema;

	if (s->copy_source[0] != '\0')
		return str_printf(arena,
		    "the copy of %s into this database is not finished: give the same `tabella "
		    "db copy` command again",
		    s->copy_source);
	if (s->version == 0)
		return STR(
		    "the database is empty: make it with `tabella db upgrade`, or copy a "
		    "site into it with `tabella db copy`");
	if (s->version < s->program)
		return str_printf(arena, "run `tabella db upgrade`%s",
		    s->oldest_then > s->version
			? ": servers of the old version must be stopped first"
			: "");
	if (s->version > s->program && s->oldest <= s->program)
		return str_printf(arena,
		    "a newer program made this schema; this one can run beside it until it is "
		    "replaced");
	if (s->version > s->program)
		return STR("use the newer program: this one cannot use the database");
	if (status->standby)
		return STR("this server is a standby: name its primary, or promote it");
	if (status->not_primary)
		return STR(
		    "this node is cut off from its cluster: see to its network, or to the "
		    "other nodes");
	if (s->confirmed < s->version)
		return str_printf(arena,
		    "when all is well: `tabella db upgrade --confirm`; until then `--undo` "
		    "leads back to schema %d",
		    s->confirmed);
	return STR("nothing to do");
}

static void print_tables(struct arena *arena, const struct site_status *status)
{
	for (size_t i = 0; i < status->table_count; i++) {
		const struct site_table_size *t = &status->table[i];

		if (t->rows <= 0)
			continue;
		printf("  %-26.*s %s%lld", STR_ARG(t->name), t->about ? "about " : "",
		    (long long)t->rows);
		if (t->bytes >= 0)
			printf(", %.*s", STR_ARG(cli_bytes(arena, t->bytes)));
		putchar('\n');
	}
}

static void print_text(struct arena *arena, struct str url, const struct site_status *status)
{
	const struct db_schema *s = &status->schema;

	printf("database       %.*s\n", STR_ARG(url));
	printf("engine         %s %.*s\n", site_engine_name(status->engine),
	    STR_ARG(status->version));
	printf("schema         %d, program %d, for programs from %d on, %s\n", s->version,
	    s->program, s->oldest, s->confirmed < s->version ? "not confirmed" : "confirmed");
	if (status->bytes >= 0)
		printf("size           %.*s\n", STR_ARG(cli_bytes(arena, status->bytes)));
	for (size_t i = 0; i < status->fact_count; i++)
		printf("  %-26.*s %.*s\n", STR_ARG(status->fact[i].name),
		    STR_ARG(status->fact[i].value));
	printf("rows\n");
	print_tables(arena, status);
	for (size_t i = 0; i < status->nodes.count; i++)
		cli_print_node(arena, &status->nodes.item[i]);
	if (status->careless.n > 0)
		printf("careful        %.*s: what was acknowledged may be lost when the server "
		       "or its machine crashes\n",
		    STR_ARG(status->careless));
	printf("next           %.*s\n", STR_ARG(next_step(arena, status)));
}

static void json_tables(struct json *json, const struct site_status *status)
{
	json_name(json, "tables");
	json_object(json);
	for (size_t i = 0; i < status->table_count; i++) {
		const struct site_table_size *t = &status->table[i];

		json_name_of(json, t->name);
		json_object(json);
		if (t->rows >= 0)
			json_name_int(json, "rows", t->rows);
		json_name_bool(json, "estimated", t->about);
		if (t->bytes >= 0)
			json_name_int(json, "bytes", t->bytes);
		json_object_end(json);
	}
	json_object_end(json);
}

static void json_facts(struct json *json, const struct site_status *status)
{
	json_name(json, "engine_says");
	json_object(json);
	for (size_t i = 0; i < status->fact_count; i++) {
		const struct site_fact *fact = &status->fact[i];
		uint64_t number = 0;

		json_name_of(json, fact->name);
		if (fact->number && str_to_u64(fact->value, INT64_MAX, &number) == OK)
			json_int(json, (int64_t)number);
		else
			json_str(json, fact->value);
	}
	json_object_end(json);
}

static void print_json(struct arena *arena, struct str url, const struct site_status *status)
{
	struct json json = JSON_TO(stdout);
	const struct db_schema *s = &status->schema;

	json_object(&json);
	json_name_str(&json, "url", url);
	json_name_str(&json, "engine", str_from(site_engine_name(status->engine)));
	json_name_str(&json, "engine_version", status->version);
	json_name_int(&json, "schema", s->version);
	json_name_int(&json, "schema_of_program", s->program);
	json_name_int(&json, "schema_oldest", s->oldest);
	json_name_int(&json, "schema_confirmed", s->confirmed);
	json_name_str(&json, "copy_of", str_from(s->copy_source));
	json_name_int(&json, "bytes", status->bytes);
	json_facts(&json, status);
	json_tables(&json, status);
	cli_json_nodes(&json, &status->nodes);
	json_name_str(&json, "careless", status->careless);
	json_name_str(&json, "next", next_step(arena, status));
	json_object_end(&json);
}

int cmd_db_status(struct cli *cli, const struct cli_args *args)
{
	struct site_status *status_of_db = ARENA_NEW(cli->arena, struct site_status, 1);
	struct err err = { .code = OK };
	struct db_settings settings;
	struct site site;
	int status = cli_load(cli, &site);

	if (status == EX_OK) {
		enum errc rc = cli_db_settings(&site, &settings, &err);

		if (rc == OK)
			rc = site_status_read(&settings,
			    site_lock_folder(cli->arena, settings.url), cli->arena,
			    status_of_db, &err);
		if (rc != OK)
			status = cli_fail(cli, rc, &err);
		else if (cli_has(args, "json"))
			print_json(
			    cli->arena, db_url_shown(settings.url, cli->arena), status_of_db);
		else
			print_text(
			    cli->arena, db_url_shown(settings.url, cli->arena), status_of_db);
	}
	site_close(&site);
	return status == EX_OK ? cli_done(cli) : status;
}
