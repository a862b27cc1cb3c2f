#include "main/control_request.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

static const struct str verbs[] = {
	[CONTROL_STATUS] = STR_INIT("status"),
	[CONTROL_SESSIONS] = STR_INIT("sessions"),
	[CONTROL_DISCONNECT] = STR_INIT("disconnect"),
	[CONTROL_LIMITS] = STR_INIT("limits"),
};

static struct str *field_of(struct control_request *request, struct str name)
{
	if (str_equal(name, STR("user")))
		return &request->user;
	if (str_equal(name, STR("address")))
		return &request->address;
	return str_equal(name, STR("sid")) ? &request->sid : NULL;
}

static bool is_plain(char c)
{
	return c > ' ' && c < 0x7f && c != '%';
}

static int digit_of(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False: a byte that may not stand there, or half a %XX. */
static bool decode(struct str text, struct arena *arena, struct str *value_out)
{
	char *p = arena_alloc(arena, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '%') {
			int high = i + 2 < text.n ? digit_of(text.p[i + 1]) : -1;
			int low = i + 2 < text.n ? digit_of(text.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			p[n++] = (char)(high << 4 | low);
			i += 2;
		} else if (is_plain(text.p[i])) {
			p[n++] = text.p[i];
		} else {
			return false;
		}
	}
	*value_out = (struct str){ p, n };
	return true;
}

static enum errc find_verb(struct str word, enum control_verb *verb_out, struct err *err)
{
	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (str_equal(word, verbs[i])) {
			*verb_out = (enum control_verb)i;
			return OK;
		}
	}
	return err_set(err, ERR_UNSUPPORTED, "no such request");
}

static enum errc take_pair(
    struct str pair, struct arena *arena, struct control_request *request, struct err *err)
{
	size_t equals = str_find_char(pair, '=');
	struct str *field = field_of(request, str_first(pair, equals));

	if (!field)
		return err_set(err, ERR_UNSUPPORTED, "nothing is named so");
	if (field->p)
		return err_set(err, ERR_SYNTAX, "named twice");
	if (equals == pair.n || !decode(str_from_at(pair, equals + 1), arena, field))
		return err_set(err, ERR_SYNTAX, "no value");
	return OK;
}

enum errc control_request_parse(
    struct str line, struct arena *arena, struct control_request *request_out, struct err *err)
{
	struct control_request request = { .verb = CONTROL_STATUS };
	struct str word;
	enum errc rc;

	if (line.n > CONTROL_LINE_MAX)
		return err_set(err, ERR_LIMIT, "the line is too long");
	(void)str_split(&line, ' ', &word);
	rc = find_verb(word, &request.verb, err);
	while (rc == OK && str_split(&line, ' ', &word))
		rc = take_pair(word, arena, &request, err);
	if (rc == OK)
		*request_out = request;
	return rc;
}

static void add_pair(struct buf *out, const char *name, struct str value)
{
	if (!value.p)
		return;
	buf_printf(out, " %s=", name);
	for (size_t i = 0; i < value.n; i++) {
		if (is_plain(value.p[i]))
			buf_add_char(out, value.p[i]);
		else
			buf_printf(out, "%%%02x", (unsigned)(unsigned char)value.p[i]);
	}
}

struct str control_request_write(struct arena *arena, const struct control_request *request)
{
	struct buf out = BUF_INIT(SIZE_MAX);
	struct str line;

	buf_add_str(&out, verbs[request->verb]);
	add_pair(&out, "user", request->user);
	add_pair(&out, "address", request->address);
	add_pair(&out, "sid", request->sid);
	line = str_dup(arena, buf_str(&out));
	buf_release(&out);
	return line;
}
