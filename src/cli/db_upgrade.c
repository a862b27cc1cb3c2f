/*
 * cli/db_upgrade.c - the schema of the database: made, brought up to date after a rehearsal, undone, confirmed.
 */
#include "base/str.h"
#include "cli/command.h"
#include "db/upgrade.h"
#include "store/site_nodes.h"

#include <limits.h>
#include <stdio.h>

static void print_rehearsal(const struct db_rehearsal *rehearsal)
{
	switch (rehearsal->how) {
	case DB_REHEARSED_NOTHING:
		break;
	case DB_REHEARSED_HERE:
	case DB_REHEARSED_COPY:
		printf("rehearsed %s: schema %d to %d%s: it works\n",
		    rehearsal->how == DB_REHEARSED_HERE ? "in a transaction that was undone"
							: "on a copy of the structure",
		    rehearsal->from, rehearsal->to, rehearsal->and_back ? " and back" : "");
		break;
	case DB_REHEARSED_NOT:
		printf("not rehearsed: %s\n", rehearsal->why_not.text);
		break;
	}
}

/* Running servers that could not use the database afterwards: they know a schema below `least` or above `most`. */
static enum errc refuse_nodes(
    const struct db_settings *settings, int version, int least, int most, struct err *err)
{
	struct arena *arena = arena_new("nodes");
	struct site_nodes nodes;
	struct db_schema now;
	enum errc rc = site_nodes_look(settings, version, arena, &nodes, err);

	for (size_t i = 0; rc == OK && i < nodes.count; i++) {
		struct site_node *node = &nodes.item[i];
		/* what it does not say is the one that is there */
		int64_t knows = node->schema > 0 ? node->schema : version;

		node->alive = node->alive && (knows < least || knows > most);
	}
	if (rc == OK && site_node_text(arena, &nodes).n > 0)
		rc = err_set(err, ERR_STATE,
		    "%.*s runs and could not use the database afterwards: stop it first",
		    STR_ARG(site_node_text(arena, &nodes)));
	/* columns that only the other schema has */
	if (rc == ERR_INTERNAL && db_schema_read(settings, &now, NULL) == OK &&
	    now.version != version)
		rc = err_set(err, ERR_STATE, "another process changes the schema: look again");
	arena_free(&arena);
	return rc;
}

static enum errc check_running(const struct db_settings *settings, struct err *err)
{
	struct db_schema schema;
	enum errc rc = db_schema_read(settings, &schema, err);

	if (rc != OK)
		return rc;
	return refuse_nodes(settings, schema.version, schema.oldest_then, INT_MAX, err);
}

static enum errc upgrade(
    const struct db_settings *settings, bool rehearse_only, struct err *err)
{
	struct db_rehearsal rehearsal;
	struct db_schema schema;
	int from = 0, to = 0;
	enum errc rc = db_rehearse(settings, &rehearsal, err);

	if (rc == ERR_NOTFOUND && settings->create)
		rehearsal.how = DB_REHEARSED_NOTHING, rc = OK; /* no file yet */
	if (rc != OK)
		return rc;
	if (rehearsal.how != DB_REHEARSED_NOT || !rehearse_only)
		print_rehearsal(&rehearsal);
	if (rehearse_only) {
		if (rehearsal.how == DB_REHEARSED_NOTHING)
			printf("nothing to rehearse: no step of the schema is missing\n");
		if (rehearsal.how == DB_REHEARSED_NOT)
			return err_set(
			    err, ERR_UNSUPPORTED, "not rehearsed: %s", rehearsal.why_not.text);
		return OK;
	}
	if (rehearsal.how != DB_REHEARSED_NOTHING)
		rc = check_running(settings, err);
	if (rc == OK)
		rc = db_migrate(settings, &from, &to, err);
	if (rc == OK)
		rc = db_schema_read(settings, &schema, err);
	if (rc != OK)
		return rc;
	if (from == to)
		printf("the database has schema %d, as it should\n", to);
	else
		printf("the database went from schema %d to %d\n", from, to);
	if (schema.version > schema.program)
		printf("it was made by a newer program, beside which this one (schema %d) can "
		       "run\n",
		    schema.program);
	else if (schema.confirmed < schema.version)
		printf("`tabella db upgrade --undo` leads back to schema %d, until "
		       "`tabella db upgrade --confirm`\n",
		    schema.confirmed);
	return OK;
}

static enum errc undo(const struct db_settings *settings, struct err *err)
{
	struct db_schema schema;
	int from = 0, to = 0;
	enum errc rc = db_schema_read(settings, &schema, err);

	if (rc == OK && schema.confirmed < schema.version && schema.version <= schema.program)
		rc = refuse_nodes(settings, schema.version, 0, schema.confirmed, err);
	if (rc == OK)
		rc = db_undo(settings, &from, &to, err);

	if (from != to)
		printf("the database went back from schema %d to %d\n", from, to);
	return rc;
}

static enum errc confirm(const struct db_settings *settings, struct err *err)
{
	int version = 0;
	enum errc rc = db_confirm(settings, &version, err);

	if (rc == OK)
		printf("schema %d is confirmed: there is no way back from it\n", version);
	return rc;
}

int cmd_db_upgrade(struct cli *cli, const struct cli_args *args)
{
	bool rehearse = cli_has(args, "rehearse"), back = cli_has(args, "undo"),
	     sure = cli_has(args, "confirm");
	struct err err = { .code = OK };
	struct db_settings settings;
	struct site site;
	enum errc rc;
	int status;

	if (rehearse + back + sure > 1)
		return cli_usage(cli, "--rehearse, --undo and --confirm: one of them");
	status = cli_load(cli, &site);
	if (status == EX_OK) {
		rc = cli_db_settings(&site, &settings, &err);
		settings.create = rc == OK && !rehearse && !back && !sure;
		if (rc == OK && back)
			rc = undo(&settings, &err);
		else if (rc == OK && sure)
			rc = confirm(&settings, &err);
		else if (rc == OK)
			rc = upgrade(&settings, rehearse, &err);
		if (rc != OK)
			status = cli_fail(cli, rc, &err);
	}
	site_close(&site);
	return status == EX_OK ? cli_done(cli) : status;
}
