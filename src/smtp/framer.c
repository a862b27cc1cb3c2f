#include "smtp/framer.h"

#include "base/str.h"
#include "net/spool.h"
#include "smtp/limits.h"

/* The index of the first CRLF, or in.n. */
static size_t find_crlf(struct str in)
{
	return str_find(in, STR("\r\n"));
}

/* A CR at the end may be the first half of the CRLF that is looked for. */
static size_t without_last_cr(struct str in)
{
	return in.n > 0 && in.p[in.n - 1] == '\r' ? in.n - 1 : in.n;
}

enum errc smtp_line_take(struct str in, struct str *line_out, size_t *used_out)
{
	struct str window = str_first(in, SMTP_LINE_MAX);
	size_t end = find_crlf(window);
	struct str line = str_first(window, end);

	if (end == window.n) {
		*used_out = without_last_cr(window);
		return in.n >= SMTP_LINE_MAX ? ERR_LIMIT : ERR_MORE;
	}
	*used_out = end + 2;
	if (str_find_char(line, '\r') < line.n || str_find_char(line, '\n') < line.n ||
	    str_find_char(line, '\0') < line.n)
		return ERR_SYNTAX;
	*line_out = line;
	return OK;
}

size_t smtp_line_skip(struct str in, bool *done_out)
{
	size_t end = find_crlf(in);

	*done_out = end < in.n;
	return *done_out ? end + 2 : without_last_cr(in);
}

void smtp_data_init(struct smtp_data *data)
{
	*data = (struct smtp_data){ .state = SMTP_DATA_LINE_START, .rc = OK };
}

static void keep(struct smtp_data *data, struct spool *spool, struct str bytes)
{
	if (bytes.n > 0 && data->rc == OK)
		data->rc = spool_add(spool, bytes, &data->err);
}

/* One byte behind CRLF, behind a dot there, or behind a CR there; gives the state that follows. `c` itself is not
 * kept here: the caller keeps it with the run that it begins, unless it belongs to the end or is a stuffed dot. */
static enum smtp_data_state next_state(enum smtp_data_state state, char c)
{
	switch (state) {
	case SMTP_DATA_LINE_START:
		return c == '.' ? SMTP_DATA_DOT : c == '\r' ? SMTP_DATA_CR : SMTP_DATA_TEXT;
	case SMTP_DATA_DOT:
		return c == '\r' ? SMTP_DATA_DOT_CR : SMTP_DATA_TEXT;
	case SMTP_DATA_DOT_CR:
		if (c == '\n')
			return SMTP_DATA_END;
		return c == '\r' ? SMTP_DATA_CR : SMTP_DATA_TEXT;
	case SMTP_DATA_CR:
		if (c == '\n')
			return SMTP_DATA_LINE_START;
		return c == '\r' ? SMTP_DATA_CR : SMTP_DATA_TEXT;
	case SMTP_DATA_TEXT:
	case SMTP_DATA_END:
		break;
	}
	return c == '\r' ? SMTP_DATA_CR : SMTP_DATA_TEXT;
}

/*
 * Bytes are kept in runs, not one by one: `from` is where the run began. A held-back dot or dot and CR is no part of
 * a run; when a dot turns out to be stuffed, the run goes on behind it.
 */
size_t smtp_data_take(struct smtp_data *data, struct str in, struct spool *spool)
{
	size_t i = 0, from = 0;

	while (i < in.n && data->state != SMTP_DATA_END) {
		enum smtp_data_state was = data->state;

		if (was == SMTP_DATA_TEXT) {
			i += str_find_char(str_from_at(in, i), '\r');
			if (i == in.n)
				break;
		}
		data->state = next_state(was, in.p[i]);
		if (data->state == SMTP_DATA_DOT) {
			keep(data, spool, (struct str){ in.p + from, i - from });
			from = i + 1;
		} else if (data->state == SMTP_DATA_DOT_CR || data->state == SMTP_DATA_END) {
			from = i + 1;
		} else if (was == SMTP_DATA_DOT_CR) {
			keep(data, spool, STR("\r"));
			from = i;
		}
		i++;
	}
	if (data->state != SMTP_DATA_END)
		keep(data, spool, (struct str){ in.p + from, i - from });
	return i;
}
