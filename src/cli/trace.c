/*
 * cli/trace.c - one message from connection to mailbox: what the log says of it, and what the database has of it now.
 */
#include "store/trace.h"
#include "base/buf.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/trace_log.h"
#include "store/message.h"

#include <stdio.h>

#define SEARCH_DAYS 7
#define DAY_S INT64_C(86400)

struct trace {
	struct cli *cli;
	struct trace_log *log;
	struct str wanted;
	int64_t since_unix_s;
	struct json json;
	bool as_json, read_log;
	size_t lines, objects, places;
};

static struct str moment(struct arena *arena, int64_t unix_s)
{
	struct buf out = BUF_INIT(64);
	struct str text;

	civil_add_rfc3339(&out, unix_s * 1000);
	text = str_dup(arena, buf_str(&out));
	buf_release(&out);
	return text;
}

static void tell_line(void *arg, struct str line)
{
	struct trace *t = arg;

	t->lines++;
	if (t->as_json)
		json_str(&t->json, line);
	else
		printf("%.*s\n", STR_ARG(line));
}

static struct str flags_text(struct arena *arena, uint64_t flags)
{
	static const struct {
		enum flag flag;
		const char *name;
	} names[] = {
		{ FLAG_SEEN, "\\Seen" },
		{ FLAG_ANSWERED, "\\Answered" },
		{ FLAG_FLAGGED, "\\Flagged" },
		{ FLAG_DELETED, "\\Deleted" },
		{ FLAG_DRAFT, "\\Draft" },
	};
	struct str text = STR("");

	for (size_t i = 0; i < COUNT(names); i++)
		if (flags & (uint64_t)names[i].flag)
			text = str_printf(arena, "%.*s%s%s", STR_ARG(text),
			    text.n > 0 ? " " : "", names[i].name);
	return text;
}

static struct str or_number(struct arena *arena, struct str name, int64_t number)
{
	return name.n > 0 ? name : str_printf(arena, "#%lld", (long long)number);
}

static void json_place(struct trace *t, const struct trace_place *place)
{
	struct json *json = &t->json;

	json_object(json);
	json_name_int(json, "account", place->owner);
	json_name_str(json, "user", place->user);
	json_name_str(json, "folder", place->folder);
	json_name_int(json, "uid", place->uid);
	json_name_str(json, "flags", flags_text(t->cli->arena, place->flags));
	json_name_int(json, "received", place->internal_date);
	json_name_int(json, "saved", place->save_date);
	json_name_int(json, "expunged", place->removed);
	json_object_end(json);
}

static void tell_place(void *arg, const struct trace_place *place)
{
	struct trace *t = arg;
	struct arena *arena = t->cli->arena;

	t->places++;
	if (t->as_json) {
		json_place(t, place);
		return;
	}
	printf("    %s %.*s, folder %.*s, uid %u, (%.*s)\n",
	    place->removed > 0 ? "was with" : "lies with",
	    STR_ARG(or_number(arena, place->user, place->owner)),
	    STR_ARG(or_number(arena, place->folder, place->mailbox)), place->uid,
	    STR_ARG(flags_text(arena, place->flags)));
	printf("        since %.*s", STR_ARG(moment(arena, place->save_date)));
	if (place->removed > 0)
		printf(", expunged %.*s", STR_ARG(moment(arena, place->removed)));
	printf("\n");
}

static void begin_object(struct trace *t, const struct trace_object *o)
{
	struct arena *arena = t->cli->arena;

	t->objects++;
	if (!t->as_json) {
		printf("object %lld of %.*s: %lld bytes, stored %.*s\n", (long long)o->object,
		    STR_ARG(or_number(arena, o->user, o->owner)), (long long)o->size,
		    STR_ARG(moment(arena, o->made_s)));
		if (o->msgid.n > 0)
			printf("    Message-ID <%.*s>\n", STR_ARG(o->msgid));
		return;
	}
	json_object(&t->json);
	/* 63 bits: more than a number of JSON holds everywhere */
	json_name_str(&t->json, "object", str_printf(arena, "%lld", (long long)o->object));
	json_name_int(&t->json, "account", o->owner);
	json_name_str(&t->json, "user", o->user);
	json_name_int(&t->json, "bytes", o->size);
	json_name_int(&t->json, "stored", o->made_s);
	json_name_str(&t->json, "message_id", o->msgid);
	json_name(&t->json, "places");
	json_array(&t->json);
}

static void end_object(struct trace *t, size_t places_before)
{
	if (t->as_json) {
		json_array_end(&t->json);
		json_object_end(&t->json);
	} else if (t->places == places_before) {
		printf("    lies in no folder any more: the sweeper will take it\n");
	}
}

static enum errc tell_object(struct trace *t, struct db *db, int64_t object, struct err *err)
{
	size_t before = t->places;
	struct trace_object about;
	enum errc rc = trace_object(db, object, t->cli->arena, &about, err);

	if (rc == ERR_NOTFOUND) {
		if (!t->as_json)
			printf("object %lld is not there any more\n", (long long)object);
		return OK;
	}
	if (rc != OK)
		return rc;
	begin_object(t, &about);
	rc = trace_places(db, object, tell_place, t, err);
	end_object(t, before);
	return rc;
}

/* What the log named; else what is asked for, as an object or as a Message-ID. */
static enum errc find_objects(struct trace *t, struct db *db, const int64_t **objects_out,
    size_t *count_out, struct err *err)
{
	int64_t *found = ARENA_NEW(t->cli->arena, int64_t, 1);
	uint64_t number;
	enum errc rc;

	*objects_out = trace_log_objects(t->log, count_out);
	if (*count_out > 0)
		return OK;
	if (str_to_u64(t->wanted, INT64_MAX, &number) == OK) {
		found[0] = (int64_t)number;
		*objects_out = found;
		*count_out = 1;
		return OK;
	}
	if (str_find_char(t->wanted, '@') == t->wanted.n)
		return OK;
	rc = trace_find(db, &(const struct trace_search){ t->wanted, t->since_unix_s },
	    t->cli->arena, &found, count_out, err);
	*objects_out = found;
	return rc == ERR_END ? OK : rc;
}

static enum errc tell_database(struct trace *t, struct site *site, struct err *err)
{
	const int64_t *objects = NULL;
	struct db *db = NULL;
	size_t count = 0;
	enum errc rc = cli_lease(site, &db, err);

	if (rc == OK)
		rc = find_objects(t, db, &objects, &count, err);
	for (size_t i = 0; rc == OK && i < count; i++)
		rc = tell_object(t, db, objects[i], err);
	db_return(&db);
	return rc;
}

/* Where is the log? */
static enum errc open_log(
    struct trace *t, const struct site *site, struct str named, struct err *err)
{
	t->read_log = true;
	if (str_equal(named, STR("-")))
		return trace_log_add_input(t->log, err);
	if (named.n > 0)
		return trace_log_add_file(t->log, str_cstr(t->cli->arena, named), err);
	if (site->settings->log_file.n > 0)
		return trace_log_add_file(t->log, site->settings->log_file.p, err);
	t->read_log = false;
	(void)fprintf(stderr,
	    "tabella trace: the server's log goes to standard error (option log.file is not "
	    "set). If systemd keeps it:\n"
	    "    journalctl -o cat -u tabella | tabella trace - '%.*s'\n",
	    STR_ARG(t->wanted));
	return OK;
}

static enum errc tell_log(struct trace *t, struct err *err)
{
	enum errc rc = trace_log_look(t->log, err);
	const char *compressed = trace_log_compressed(t->log);

	if (rc == OK)
		rc = trace_log_tell(t->log, tell_line, t, err);
	if (compressed)
		(void)fprintf(stderr,
		    "tabella trace: %s is compressed and was not read: zcat it to `tabella "
		    "trace - ...`\n",
		    compressed);
	return rc;
}

static enum errc tell(struct trace *t, struct site *site, struct err *err)
{
	enum errc rc = OK;

	if (t->as_json) {
		json_object(&t->json);
		json_name(&t->json, "log");
		json_array(&t->json);
	}
	if (t->read_log)
		rc = tell_log(t, err);
	if (t->as_json) {
		json_array_end(&t->json);
		json_name(&t->json, "objects");
		json_array(&t->json);
	} else if (t->lines > 0) {
		printf("\n");
	}
	if (rc == OK)
		rc = tell_database(t, site, err);
	if (t->as_json) {
		json_array_end(&t->json);
		json_object_end(&t->json);
	}
	return rc;
}

/* The log may be root's: it is opened before the process becomes the owner of the database. */
static int open_and_tell(struct trace *t, struct str log)
{
	struct err err = { .code = OK };
	struct site site;
	int status = cli_load(t->cli, &site);
	enum errc rc;

	if (status == EX_OK) {
		rc = open_log(t, &site, log, &err);
		status = rc == OK ? cli_open_loaded(t->cli, SITE_READ, &site)
				  : cli_fail(t->cli, rc, &err);
	}
	if (status == EX_OK) {
		rc = tell(t, &site, &err);
		if (rc != OK)
			status = cli_fail(t->cli, rc, &err);
	}
	site_close(&site);
	return status;
}

static void say_nothing_found(const struct trace *t)
{
	if (!t->as_json)
		printf("Nothing of %.*s is in the %sdatabase%s.\n", STR_ARG(t->wanted),
		    t->read_log ? "log or the " : "",
		    str_find_char(t->wanted, '@') < t->wanted.n
			? "; messages that are older than --since were not looked through"
			: "");
}

/* Days, back from now. */
static bool take_since(const struct cli_args *args, int64_t *since_out)
{
	struct str text = cli_value(args, "since");
	uint64_t days = SEARCH_DAYS;

	if (text.p) {
		text = str_ends_nocase(text, STR("d")) ? str_first(text, text.n - 1) : text;
		if (str_to_u64(text, 100000, &days) != OK)
			return false;
	}
	*since_out = clock_unix_s() - (int64_t)days * DAY_S;
	return true;
}

static struct str id_of(struct str word)
{
	if (word.n > 2 && word.p[0] == '<' && word.p[word.n - 1] == '>')
		return (struct str){ word.p + 1, word.n - 2 };
	return word;
}

int cmd_trace(struct cli *cli, const struct cli_args *args)
{
	struct trace t = { .cli = cli,
		.json = JSON_TO(stdout),
		.as_json = cli_has(args, "json"),
		.wanted = id_of(args->words[args->word_count - 1]) };
	struct str log = args->word_count > 1 ? args->words[0] : STR_EMPTY;
	int status;

	if (!take_since(args, &t.since_unix_s))
		return cli_usage(cli, "--since takes a number of days");
	if (t.wanted.n == 0)
		return cli_usage(cli, "an id is missing");
	t.log = trace_log_new(t.wanted);
	status = open_and_tell(&t, log);
	trace_log_free(&t.log);
	if (status != EX_OK)
		return status;
	if (t.lines == 0 && t.objects == 0)
		say_nothing_found(&t);
	status = cli_done(cli);
	return status == EX_OK && t.lines == 0 && t.objects == 0 ? EXIT_FAILED : status;
}
