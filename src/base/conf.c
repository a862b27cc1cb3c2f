#include "base/conf.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/conf_ini.h"
#include "base/conf_int.h"
#include "base/conf_value.h"
#include "base/file.h"
#include "base/heap.h"
#include "base/secret.h"
#include "base/str.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct conf *conf_new(const struct conf_table *const *tables, size_t count)
{
	struct arena *arena = arena_new("conf");
	struct conf *conf = xcalloc(1, sizeof(*conf));
	size_t at = 0;

	conf->users = 1;
	conf->arena = arena;
	conf->tables = tables;
	conf->tables_count = count;
	conf->fields = ARENA_NEW(arena, void *, count);
	for (size_t i = 0; i < count; i++)
		conf->slots += tables[i]->count;
	conf->slot = ARENA_NEW(arena, struct conf_slot, conf->slots);
	conf->diag = ARENA_NEW(arena, struct conf_diag, CONF_DIAGS_MAX + 1);
	for (size_t i = 0; i < count; i++) {
		conf->fields[i] = arena_alloc(arena, tables[i]->size);
		for (size_t j = 0; j < tables[i]->count; j++) {
			const struct conf_option *option = &tables[i]->option[j];

			conf->slot[at++] = (struct conf_slot){ .option = option,
				.field = (char *)conf->fields[i] + option->offset };
		}
	}
	return conf;
}

struct conf *conf_hold(struct conf *conf)
{
	(void)atomic_fetch_add(&conf->users, 1);
	return conf;
}

void conf_free(struct conf **confp)
{
	struct conf *conf = *confp;

	*confp = NULL;
	if (!conf || atomic_fetch_sub(&conf->users, 1) > 1)
		return;
	conf_free(&conf->started);
	for (size_t i = 0; i < conf->texts; i++) {
		secret_wipe(conf->text[i].p, conf->text[i].n);
		xfree(conf->text[i].p);
	}
	arena_free(&conf->arena);
	xfree(conf);
}

__attribute__((format(printf, 5, 0))) static void add_diag_args(struct conf *conf,
    enum conf_severity severity, const struct conf_text *from, unsigned line, const char *fmt,
    va_list args)
{
	struct conf_diag *diag = &conf->diag[conf->diags];
	char text[512];

	conf->errors += severity == CONF_ERROR;
	if (conf->diags > CONF_DIAGS_MAX)
		return;
	(void)vsnprintf(text, sizeof(text), fmt, args);
	if (conf->diags == CONF_DIAGS_MAX) {
		severity = conf->errors > 0 ? CONF_ERROR : CONF_WARNING;
		(void)snprintf(
		    text, sizeof(text), "there are more mistakes, which are not listed");
	}
	*diag = (struct conf_diag){
		.severity = severity,
		.file = from ? from->name : STR_EMPTY,
		.line = line,
		.text = str_dup(conf->arena, str_from(text)),
	};
	conf->diags++;
}

void conf_add_diag(struct conf *conf, enum conf_severity severity, const struct conf_text *from,
    unsigned line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_diag_args(conf, severity, from, line, fmt, args);
	va_end(args);
}

static struct conf_slot *slot_named(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->slots; i++)
		if (strcmp(conf->slot[i].option->name, name) == 0)
			return &conf->slot[i];
	assert(false); /* not the name of an option */
	return NULL;
}

void conf_complain(
    struct conf *conf, enum conf_severity severity, const char *name, const char *fmt, ...)
{
	const struct conf_slot *slot = slot_named(conf, name);
	va_list args;

	va_start(args, fmt);
	add_diag_args(conf, severity, slot->entry.from, slot->entry.line, fmt, args);
	va_end(args);
}

/* The configuration owns `p` from here on. */
static struct conf_text *add_text(struct conf *conf, const char *name, char *p, size_t n)
{
	struct conf_text *text = &conf->text[conf->texts++];
	struct str path = str_dup(conf->arena, str_from(name));
	size_t slash = str_rfind_char(path, '/');

	assert(conf->texts <= COUNT(conf->text));
	*text = (struct conf_text){ .p = p,
		.n = n,
		.name = path,
		.folder = str_first(path, slash < path.n ? slash + 1 : 0) };
	return text;
}

/* False when there are too many. */
static bool take_entry(struct conf *conf, const struct conf_text *text, struct str section,
    const struct ini_item *item)
{
	struct conf_entry entry = { .from = text,
		.line = item->line,
		.section = section,
		.key = item->key,
		.value = item->value };

	if (conf->entries++ == CONF_ENTRIES_MAX) {
		conf_add_diag(conf, CONF_ERROR, text, item->line,
		    "more than %zu keys; the rest is not looked at", CONF_ENTRIES_MAX);
		return false;
	}
	if (item->comment_like)
		conf_add_diag(conf, CONF_WARNING, text, item->line,
		    "the value goes on to the end of the line; a comment has a line of its "
		    "own");
	conf_place(conf, &entry);
	return true;
}

static void read_text(struct conf *conf, const struct conf_text *text)
{
	struct ini ini;
	struct ini_item item;
	struct str section = STR_EMPTY;
	bool skip = false, more = true;

	ini_init(&ini, text->p, text->n);
	while (more && ini_next(&ini, &item)) {
		switch (item.kind) {
		case INI_BAD_SECTION:
		case INI_BAD_LINE:
			conf_add_diag(conf, CONF_ERROR, text, item.line, "%s", item.mistake);
			skip = skip || item.kind == INI_BAD_SECTION;
			break;
		case INI_SECTION:
			section = item.section;
			skip = !conf_know_section(conf, section, text, item.line);
			break;
		case INI_ENTRY:
			if (!skip)
				more = take_entry(conf, text, section, &item);
			break;
		}
	}
}

static void parse_default(struct conf *conf, const struct conf_slot *slot)
{
	/* as if it stood in the file */
	struct str folder = conf->texts > 0 ? conf->text[0].folder : STR_EMPTY;
	struct err err;
	enum errc rc;

	if (!slot->option->def)
		return;
	rc = conf_value_parse(
	    slot->option, str_from(slot->option->def), folder, conf->arena, slot->field, &err);
	assert(rc == OK); /* a table of ours: every program start and test comes by here */
	(void)rc;
}

/* The default first, so that the field is right even when what was set is refused. */
static void fill(struct conf *conf, struct conf_slot *slot)
{
	const struct conf_entry *entry = &slot->entry;
	const size_t size = slot->option->size;
	struct str value = entry->value;
	void *def = arena_alloc(conf->arena, size);
	struct err err;

	assert(size == conf_value_size(slot->option->type));
	parse_default(conf, slot);
	memcpy(def, slot->field, size);
	if (slot->rank == CONF_RANK_NONE) {
		if (slot->option->required)
			conf_add_diag(
			    conf, CONF_ERROR, NULL, 0, "%s must be set", slot->option->name);
		return;
	}
	if (entry->unit.n > 0)
		value =
		    str_printf(conf->arena, "%.*s%.*s", STR_ARG(value), STR_ARG(entry->unit));
	slot->entry.value = value;
	if (conf_value_parse(slot->option, value, entry->from->folder, conf->arena, slot->field,
		&err) != OK) {
		conf_add_diag(conf, CONF_ERROR, entry->from, entry->line, "%.*s: %s",
		    STR_ARG(entry->key), err.text);
		slot->in_error = true;
	}
	slot->changed = !conf_value_equal(slot->option, def, slot->field);
}

/* In the order of the lines, which is that of reading and not of the tables. What has no line comes last. */
static void sort_diags(struct conf *conf)
{
	for (size_t i = 1; i < conf->diags && i < CONF_DIAGS_MAX; i++) {
		struct conf_diag diag = conf->diag[i];
		size_t j = i;

		for (; j > 0 && diag.line > 0 && str_equal(conf->diag[j - 1].file, diag.file) &&
		     conf->diag[j - 1].line > diag.line;
		     j--)
			conf->diag[j] = conf->diag[j - 1];
		conf->diag[j] = diag;
	}
}

static enum errc finish(struct conf *conf, struct err *err)
{
	for (size_t i = 0; i < conf->slots; i++)
		fill(conf, &conf->slot[i]);
	for (size_t i = 0; i < conf->tables_count; i++)
		if (conf->tables[i]->check)
			conf->tables[i]->check(conf, conf->fields[i]);
	sort_diags(conf);
	if (conf->errors > 0)
		return err_set(err, ERR_SYNTAX, "the configuration has %zu mistake%s",
		    conf->errors, conf->errors > 1 ? "s" : "");
	return OK;
}

/* Settings are a text of one line each, without sections: "imap.idle_timeout=5m". */
static void read_settings(struct conf *conf, const struct conf_source *source)
{
	struct buf text = BUF_INIT(CONF_FILE_MAX);

	for (size_t i = 0; i < source->settings; i++) {
		buf_add_str(&text, str_from(source->setting[i]));
		buf_add_char(&text, '\n');
	}
	read_text(conf, add_text(conf, "command line", text.p, text.n));
}

enum errc conf_load(const struct conf_table *const *tables, size_t count,
    const struct conf_source *source, struct conf **conf_out, struct err *err)
{
	struct buf text = BUF_INIT(CONF_FILE_MAX + 1);
	struct conf *conf;
	enum errc rc;

	if (source->text) {
		buf_add_str(&text, *source->text);
	} else if (source->path) {
		rc = file_read(source->path, CONF_FILE_MAX, &text, err);
		if (rc != OK) {
			buf_release(&text);
			return rc == ERR_LIMIT
			    ? err_set(err, ERR_UNAVAIL, "%s has more than %zu bytes",
				  source->path, CONF_FILE_MAX)
			    : rc;
		}
	}
	conf = conf_new(tables, count);
	if (source->path)
		read_text(conf, add_text(conf, source->path, text.p, text.n));
	if (source->settings > 0)
		read_settings(conf, source);
	*conf_out = conf;
	return finish(conf, err);
}

enum errc conf_load_text(const struct conf_table *const *tables, size_t count, const char *name,
    struct str text, struct conf **conf_out)
{
	struct conf *conf = conf_new(tables, count);
	char *copy = xmalloc(text.n);

	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	read_text(conf, add_text(conf, name, copy, text.n));
	*conf_out = conf;
	return finish(conf, NULL);
}

const void *conf_fields(const struct conf *conf, const struct conf_table *table)
{
	for (size_t i = 0; i < conf->tables_count; i++)
		if (conf->tables[i] == table)
			return conf->fields[i];
	assert(false); /* not a table of this configuration */
	return NULL;
}

void conf_keep_started(struct conf *conf, struct conf *started)
{
	assert(!conf->started && conf->tables == started->tables);
	conf->started = conf_hold(started);
	for (size_t i = 0; i < conf->slots; i++) {
		struct conf_slot *slot = &conf->slot[i];
		void *field = slot->field;

		if (slot->option->reload)
			continue;
		*slot = started->slot[i];
		slot->field = field;
		memcpy(field, started->slot[i].field, slot->option->size);
	}
}

bool conf_is_set(const struct conf *conf, const char *name)
{
	return slot_named(conf, name)->rank != CONF_RANK_NONE;
}

size_t conf_diag_count(const struct conf *conf)
{
	return conf->diags;
}

const struct conf_diag *conf_diag(const struct conf *conf, size_t i)
{
	return &conf->diag[i];
}

bool conf_has_errors(const struct conf *conf)
{
	return conf->errors > 0;
}
