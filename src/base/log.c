#include "base/log.h"

#include "base/buf.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/log_text.h"
#include "base/str.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Kept free for the end of the line: the mark, a brace, the line feed. */
#define TAIL_ROOM 16

static const char *const level_names[] = { "error", "warn", "info", "debug", "trace" };

/* A line in the making, on the stack. */
struct line {
	struct buf buf;
	enum log_format format;
	bool cut;
};

void log_init(struct log *log, struct log_sink *sink, const char *service)
{
	*log = (struct log){ .sink = sink, .service = service };
}

void log_child(struct log *log, const struct log *parent, const char *service)
{
	*log = (struct log){ .parent = parent,
		.sink = parent->sink,
		.service = service ? service : parent->service };
}

void log_set(struct log *log, struct log_field field)
{
	for (size_t i = 0; i < log->count; i++) {
		if (strcmp(log->field[i].name, field.name) == 0) {
			log->field[i] = field;
			return;
		}
	}
	assert(log->count < LOG_LINK_FIELDS);
	log->field[log->count++] = field;
}

enum errc log_sink_to_fd(struct log_sink *sink, int fd, struct err *err)
{
	/* atomic for threads that are writing: they hit the old file or the new one */
	if (dup3(fd, sink->fd, O_CLOEXEC) >= 0)
		return OK;
	return err_set(err, ERR_UNAVAIL, "log file: %s", strerror(errno));
}

enum errc log_sink_to_file(struct log_sink *sink, const char *path, struct err *err)
{
	int fd =
	    open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, LOG_FILE_MODE);
	enum errc rc;

	if (fd < 0)
		return err_set(err, ERR_UNAVAIL, "log file %s: %s", path, strerror(errno));
	rc = log_sink_to_fd(sink, fd, err);
	(void)close(fd);
	return rc;
}

static void add_text(struct line *line, struct str s)
{
	buf_add_char(&line->buf, '"');
	if (line->format == LOG_FORMAT_JSON)
		log_text_json(&line->buf, s, LOG_VALUE_MAX);
	else
		log_text_quoted(&line->buf, s, LOG_VALUE_MAX);
	buf_add_char(&line->buf, '"');
}

static void add_word(struct line *line, struct str s)
{
	if (line->format == LOG_FORMAT_TEXT && log_text_is_word(s, LOG_VALUE_MAX))
		buf_add_str(&line->buf, s);
	else
		add_text(line, s);
}

static void add_err(struct line *line, const struct err *err)
{
	char text[sizeof(err->text) + 32];
	struct buf joined = { .p = text, .room = sizeof(text), .max = sizeof(text) };

	buf_add_str(&joined, str_from(errc_name(err->code)));
	buf_add_char(&joined, ' ');
	buf_add_str(&joined, str_from(err->text));
	add_text(line, buf_str(&joined));
}

static void add_value(struct line *line, const struct log_field *field)
{
	switch (field->kind) {
	case LOG_STR:
		add_text(line, field->str);
		break;
	case LOG_WORD:
		add_word(line, str_from(field->word));
		break;
	case LOG_INT:
		if (field->i < 0)
			buf_add_char(&line->buf, '-');
		buf_add_u64(
		    &line->buf, field->i < 0 ? 0 - (uint64_t)field->i : (uint64_t)field->i);
		break;
	case LOG_UINT:
		buf_add_u64(&line->buf, field->u);
		break;
	case LOG_ERR:
		add_err(line, field->err);
		break;
	}
}

/* A name or a word of ours as the next member: the caller adds the value. */
static void add_name(struct line *line, const char *name)
{
	bool json = line->format == LOG_FORMAT_JSON;

	buf_add_str(&line->buf, json ? STR(",\"") : STR(" "));
	buf_add_str(&line->buf, str_from(name));
	buf_add_str(&line->buf, json ? STR("\":") : STR("="));
}

/* The whole field or, where the line is full, nothing of it. */
static void add_field(struct line *line, const struct log_field *field)
{
	size_t before = line->buf.n;

	add_name(line, field->name);
	add_value(line, field);
	if (line->buf.overflow) {
		line->buf.overflow = false;
		buf_truncate(&line->buf, before);
		line->cut = true;
	}
}

static bool has_name(const struct log_field *field, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(field[i].name, name) == 0)
			return true;
	return false;
}

/* Is there a field of that name in a link further in than `link`, or in the event itself? */
static bool is_hidden(const struct log *link, const char *name, const struct log *log,
    const struct log_field *field, size_t count)
{
	if (has_name(field, count, name))
		return true;
	for (; log != link; log = log->parent)
		if (has_name(log->field, log->count, name))
			return true;
	return false;
}

/* The fields of `link` and of those around it, outermost first. */
static void add_chain(struct line *line, const struct log *link, const struct log *log,
    const struct log_field *field, size_t count)
{
	if (!link)
		return;
	add_chain(line, link->parent, log, field, count);
	for (size_t i = 0; i < link->count; i++)
		if (!is_hidden(link, link->field[i].name, log, field, count))
			add_field(line, &link->field[i]);
}

static void add_head(
    struct line *line, const struct log *log, enum log_level level, const char *event)
{
	bool json = line->format == LOG_FORMAT_JSON;

	if (json)
		BUF_ADD(&line->buf, "{\"time\":\"");
	civil_add_rfc3339(&line->buf, clock_unix_ms());
	buf_add_str(&line->buf, json ? STR("\",\"level\":\"") : STR(" "));
	buf_add_str(&line->buf, str_from(level_names[level]));
	buf_add_str(&line->buf, json ? STR("\",\"service\":\"") : STR(" "));
	buf_add_str(&line->buf, str_from(log->service));
	buf_add_str(&line->buf, json ? STR("\",\"event\":\"") : STR(" "));
	buf_add_str(&line->buf, str_from(event));
	if (json)
		buf_add_char(&line->buf, '"');
}

static void add_tail(struct line *line)
{
	line->buf.max += TAIL_ROOM;
	if (line->cut) {
		add_name(line, "cut");
		buf_add_char(&line->buf, '1');
	}
	if (line->format == LOG_FORMAT_JSON)
		buf_add_char(&line->buf, '}');
	buf_add_char(&line->buf, '\n');
}

/* A reader that is gone or full costs lines, never a session. */
static void put(struct log_sink *sink, struct str line)
{
	while (line.n > 0) {
		ssize_t done = write(sink->fd, line.p, line.n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			counter_add(&sink->lost, 1);
			return;
		}
		line = str_from_at(line, (size_t)done);
	}
}

void log_write(const struct log *log, enum log_level level, const char *event,
    const struct log_field *field, size_t count)
{
	char bytes[LOG_LINE_MAX];
	struct line line = {
		.buf = { .p = bytes, .room = sizeof(bytes), .max = sizeof(bytes) - TAIL_ROOM },
		.format = log->sink->format,
	};
	int saved_errno = errno;

	if (level <= LOG_LEVEL_WARN)
		counter_add(
		    level == LOG_LEVEL_ERROR ? &log->sink->errors : &log->sink->warnings, 1);
	field++; /* the first only makes the array legal when there are no fields */
	count--;
	add_head(&line, log, level, event);
	add_chain(&line, log, log, field, count);
	for (size_t i = 0; i < count; i++)
		add_field(&line, &field[i]);
	add_tail(&line);
	put(log->sink, buf_str(&line.buf));
	errno = saved_errno;
}
