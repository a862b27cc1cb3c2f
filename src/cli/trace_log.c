#include "cli/trace_log.h"

#include "base/arena.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/log_line.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILES_MAX 400
#define NAMES_MAX 10000
#define COPY_SIZE 65536

struct log_file {
	FILE *stream;
	int64_t changed_ns;
};

/* Names of one kind. A message that many sessions brought has many; more than so many are no answer any more. */
struct names {
	struct str *name; /* in the arena */
	size_t count;
};

struct trace_log {
	struct str wanted;
	struct arena *arena, *scratch;
	struct log_file file[FILES_MAX];
	size_t files;
	struct names sessions, whole_sessions, transactions;
	int64_t *objects;
	size_t object_count;
	bool found;
	const char *compressed;
};

/* "<a@b>" is the id without its brackets. */
static struct str without_brackets(struct str id)
{
	if (id.n > 2 && id.p[0] == '<' && id.p[id.n - 1] == '>')
		return (struct str){ id.p + 1, id.n - 2 };
	return id;
}

struct trace_log *trace_log_new(struct str wanted)
{
	struct trace_log *log = xcalloc(1, sizeof(*log));

	log->arena = arena_new("trace");
	log->scratch = arena_new("trace line");
	log->wanted = str_dup(log->arena, without_brackets(wanted));
	log->sessions.name = ARENA_NEW(log->arena, struct str, NAMES_MAX);
	log->whole_sessions.name = ARENA_NEW(log->arena, struct str, NAMES_MAX);
	log->transactions.name = ARENA_NEW(log->arena, struct str, NAMES_MAX);
	log->objects = ARENA_NEW(log->arena, int64_t, NAMES_MAX);
	return log;
}

void trace_log_free(struct trace_log **logp)
{
	struct trace_log *log = *logp;

	if (!log)
		return;
	for (size_t i = 0; i < log->files; i++)
		(void)fclose(log->file[i].stream);
	arena_free(&log->scratch);
	arena_free(&log->arena);
	xfree(log);
	*logp = NULL;
}

static enum errc cannot_read(const char *path, struct err *err)
{
	enum errc rc = errno == ENOENT ? ERR_NOTFOUND
	    : errno == EACCES	       ? ERR_DENIED
				       : ERR_UNAVAIL;

	return err_set(err, rc, "cannot read %s: %s", path, strerrordesc_np(errno));
}

static enum errc add_one(struct trace_log *log, const char *path, struct err *err)
{
	struct stat about;
	FILE *stream;

	if (log->files == FILES_MAX)
		return err_set(err, ERR_LIMIT, "more than %d files", FILES_MAX);
	stream = fopen(path, "re");
	if (!stream)
		return cannot_read(path, err);
	if (fstat(fileno(stream), &about) != 0 || !S_ISREG(about.st_mode)) {
		(void)fclose(stream);
		return err_set(err, ERR_ARG, "%s is no file", path);
	}
	log->file[log->files++] = (struct log_file){ stream,
		about.st_mtim.tv_sec * INT64_C(1000000000) + about.st_mtim.tv_nsec };
	return OK;
}

static bool is_compressed(struct str name)
{
	return str_ends_nocase(name, STR(".gz")) || str_ends_nocase(name, STR(".xz")) ||
	    str_ends_nocase(name, STR(".bz2")) || str_ends_nocase(name, STR(".zst"));
}

/* NAME.1, NAME-20261120, NAME.2.gz: digits behind the name. */
static bool is_rotated(struct str name, struct str base)
{
	struct str rest;

	if (!str_starts(name, base) || name.n < base.n + 2)
		return false;
	rest = str_from_at(name, base.n);
	return (rest.p[0] == '.' || rest.p[0] == '-') && ascii_is_digit(rest.p[1]);
}

static enum errc add_rotated(struct trace_log *log, const char *path, struct err *err)
{
	struct str whole = str_from(path);
	size_t slash = str_rfind_char(whole, '/');
	struct str folder = slash < whole.n ? str_first(whole, slash + 1) : STR("./");
	struct str base = str_from_at(whole, slash < whole.n ? slash + 1 : 0);
	DIR *dir = opendir(str_cstr(log->arena, folder));
	enum errc rc = OK;

	if (!dir)
		return cannot_read(path, err);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own */
	for (const struct dirent *entry = readdir(dir); rc == OK && entry;
	     entry = readdir(dir)) {
		struct str name = str_from(entry->d_name);
		char *full;

		if (!is_rotated(name, base))
			continue;
		full = str_cstr(log->arena,
		    str_printf(log->arena, "%.*s%.*s", STR_ARG(folder), STR_ARG(name)));
		if (is_compressed(name))
			log->compressed = full;
		else
			rc = add_one(log, full, err);
	}
	(void)closedir(dir);
	return rc;
}

static int by_age(const void *a, const void *b)
{
	const struct log_file *x = a, *y = b;

	return (x->changed_ns > y->changed_ns) - (x->changed_ns < y->changed_ns);
}

enum errc trace_log_add_file(struct trace_log *log, const char *path, struct err *err)
{
	enum errc rc = add_one(log, path, err);

	if (rc == OK)
		rc = add_rotated(log, path, err);
	qsort(log->file, log->files, sizeof(log->file[0]), by_age);
	return rc;
}

enum errc trace_log_add_input(struct trace_log *log, struct err *err)
{
	FILE *copy = tmpfile();
	char block[COPY_SIZE];
	size_t got;
	bool good = copy != NULL;

	while (good && (got = fread(block, 1, sizeof(block), stdin)) > 0)
		good = fwrite(block, 1, got, copy) == got;
	if (!good || ferror(stdin) || fflush(copy) != 0) {
		if (copy)
			(void)fclose(copy);
		return err_set(err, ERR_UNAVAIL, "standard input: %s", strerrordesc_np(errno));
	}
	log->file[log->files++] = (struct log_file){ copy, 0 };
	return OK;
}

/* The value of a field may have been cut when it was written: as much as is there has to be alike. */
static bool is_value(struct str value, struct str wanted)
{
	struct str mark = STR("\xe2\x80\xa6");

	if (value.n > LOG_VALUE_MAX - mark.n && wanted.n > LOG_VALUE_MAX - mark.n &&
	    value.n > mark.n && str_equal(str_from_at(value, value.n - mark.n), mark))
		return str_starts(wanted, str_first(value, value.n - mark.n));
	return value.n > 0 && str_equal(value, wanted);
}

static bool has_name(const struct names *names, struct str name)
{
	for (size_t i = 0; i < names->count; i++)
		if (str_equal(names->name[i], name))
			return true;
	return false;
}

static enum errc add_name(
    struct trace_log *log, struct names *names, struct str name, struct err *err)
{
	if (name.n == 0 || has_name(names, name))
		return OK;
	if (names->count == NAMES_MAX)
		return err_set(err, ERR_LIMIT, "too much in the log belongs to this");
	names->name[names->count++] = str_dup(log->arena, name);
	return OK;
}

static void add_object(struct trace_log *log, struct str text)
{
	uint64_t object;

	if (str_to_u64(text, INT64_MAX, &object) != OK || object == 0)
		return;
	for (size_t i = 0; i < log->object_count; i++)
		if (log->objects[i] == (int64_t)object)
			return;
	if (log->object_count < NAMES_MAX)
		log->objects[log->object_count++] = (int64_t)object;
}

static enum errc look_at(struct trace_log *log, const struct log_line *line, struct err *err)
{
	struct str sid = log_line_field(line, "sid"), qid = log_line_field(line, "qid");
	struct str object = log_line_field(line, "object");
	bool is_session = is_value(sid, log->wanted);
	enum errc rc;

	if (!is_session && !is_value(qid, log->wanted) && !is_value(object, log->wanted) &&
	    !is_value(without_brackets(log_line_field(line, "msgid")), log->wanted))
		return OK;
	log->found = true;
	add_object(log, object);
	rc = add_name(log, is_session ? &log->whole_sessions : &log->sessions, sid, err);
	return rc == OK ? add_name(log, &log->transactions, qid, err) : rc;
}

/* Lines of a session that carries other messages too are told where they belong to no message, or to this one. */
static bool belongs(const struct trace_log *log, const struct log_line *line)
{
	struct str sid = log_line_field(line, "sid"), qid = log_line_field(line, "qid");

	if (has_name(&log->whole_sessions, sid) || has_name(&log->transactions, qid))
		return true;
	return qid.n == 0 && has_name(&log->sessions, sid);
}

/* The next line, without its end; one that is longer than ours are is cut and the rest of it passed over. */
static bool read_line(FILE *stream, char line[LOG_LINE_MAX + 2], struct str *line_out)
{
	int c;

	if (!fgets(line, LOG_LINE_MAX + 2, stream))
		return false;
	*line_out = str_from(line);
	if (line_out->n == LOG_LINE_MAX + 1 && line[LOG_LINE_MAX] != '\n')
		do
			c = getc(stream);
		while (c != '\n' && c != EOF);
	*line_out = str_trim(*line_out);
	return true;
}

typedef enum errc line_look(struct trace_log *log, struct str text, const struct log_line *line,
    void *arg, struct err *err);

static enum errc each_line_of(
    struct trace_log *log, FILE *stream, line_look *look, void *arg, struct err *err)
{
	char room[LOG_LINE_MAX + 2];
	struct log_line line;
	struct str text;
	enum errc rc = OK;

	rewind(stream);
	while (rc == OK && read_line(stream, room, &text)) {
		arena_clear(log->scratch);
		if (log_line_parse(text, log->scratch, &line, NULL) == OK)
			rc = look(log, text, &line, arg, err);
	}
	if (rc == OK && ferror(stream))
		rc = err_set(err, ERR_UNAVAIL, "the log cannot be read");
	return rc;
}

/* Calls for each line that can be read; what lies between them is passed over. */
static enum errc each_line(struct trace_log *log, line_look *look, void *arg, struct err *err)
{
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < log->files; i++)
		rc = each_line_of(log, log->file[i].stream, look, arg, err);
	return rc;
}

static enum errc look_line(struct trace_log *log, struct str text, const struct log_line *line,
    void *arg, struct err *err)
{
	(void)text;
	(void)arg;
	return look_at(log, line, err);
}

enum errc trace_log_look(struct trace_log *log, struct err *err)
{
	return each_line(log, look_line, NULL, err);
}

struct teller {
	void (*told)(void *arg, struct str line);
	void *arg;
};

static enum errc tell_line(struct trace_log *log, struct str text, const struct log_line *line,
    void *arg, struct err *err)
{
	const struct teller *teller = arg;

	(void)err;
	if (belongs(log, line))
		teller->told(teller->arg, text);
	return OK;
}

enum errc trace_log_tell(
    struct trace_log *log, void (*told)(void *arg, struct str line), void *arg, struct err *err)
{
	struct teller teller = { told, arg };

	return each_line(log, tell_line, &teller, err);
}

bool trace_log_has_found(const struct trace_log *log)
{
	return log->found;
}

const int64_t *trace_log_objects(const struct trace_log *log, size_t *count_out)
{
	*count_out = log->object_count;
	return log->objects;
}

const char *trace_log_compressed(const struct trace_log *log)
{
	return log->compressed;
}
