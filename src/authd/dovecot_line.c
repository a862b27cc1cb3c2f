#include "authd/dovecot_line.h"

#include "authd/limits.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define ESCAPE '\001'

enum errc dovecot_line_take(struct str in, struct str *line_out, size_t *used_out)
{
	size_t lf = str_find_char(str_first(in, DOVECOT_LINE_MAX + 1), '\n');
	struct str line;

	if (lf > DOVECOT_LINE_MAX)
		return ERR_LIMIT;
	if (lf == in.n)
		return ERR_MORE;
	line = str_first(in, lf);
	*used_out = lf + 1;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	*line_out = line;
	return OK;
}

/* A byte, and what stands for it behind the escape. */
static const struct {
	char byte, code;
} escapes[] = {
	{ '\0', '0' },
	{ ESCAPE, '1' },
	{ '\t', 't' },
	{ '\r', 'r' },
	{ '\n', 'l' },
};

void dovecot_escape(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		size_t e = 0;

		while (e < COUNT(escapes) && escapes[e].byte != text.p[i])
			e++;
		if (e < COUNT(escapes))
			buf_add_char(out, ESCAPE);
		buf_add_char(out, e < COUNT(escapes) ? escapes[e].code : text.p[i]);
	}
}

static char unescaped(char code)
{
	for (size_t e = 0; e < COUNT(escapes); e++)
		if (escapes[e].code == code)
			return escapes[e].byte;
	return code;
}

struct str dovecot_unescape(struct arena *arena, struct str text)
{
	size_t n = 0;
	char *out;

	if (str_find_char(text, ESCAPE) == text.n)
		return text;
	out = arena_alloc(arena, text.n);
	for (size_t i = 0; i < text.n; i++) {
		bool is_escape = text.p[i] == ESCAPE && i + 1 < text.n;

		if (is_escape)
			i++;
		if (is_escape ||
		    text.p[i] != ESCAPE) /* one at the very end stands for nothing */
			out[n++] = is_escape ? unescaped(text.p[i]) : text.p[i];
	}
	return (struct str){ out, n };
}

static const struct str verbs[] = {
	[DOVECOT_VERSION] = STR_INIT("VERSION"),
	[DOVECOT_CPID] = STR_INIT("CPID"),
	[DOVECOT_AUTH] = STR_INIT("AUTH"),
	[DOVECOT_CONT] = STR_INIT("CONT"),
	[DOVECOT_CANCEL] = STR_INIT("CANCEL"),
};
_Static_assert(COUNT(verbs) == DOVECOT_UNKNOWN, "every verb has its word");

static enum dovecot_verb verb_of(struct str word)
{
	size_t i = 0;

	while (i < COUNT(verbs) && !str_equal(verbs[i], word))
		i++;
	return (enum dovecot_verb)i;
}

/* A parameter that has to be there: a number of 32 bits. */
static enum errc take_u32(
    struct str *rest, const char *what, uint32_t *value_out, struct err *err)
{
	struct str piece;
	uint64_t value;

	if (!str_split(rest, '\t', &piece) || str_to_u64(piece, UINT32_MAX, &value) != OK)
		return err_set(err, ERR_SYNTAX, "%s: a number expected", what);
	*value_out = (uint32_t)value;
	return OK;
}

static enum errc take_id(struct str *rest, const char *what, uint32_t *id_out, struct err *err)
{
	uint32_t id = 0;
	enum errc rc = take_u32(rest, what, &id, err);

	if (rc == OK && id == 0)
		rc = err_set(err, ERR_SYNTAX, "%s: no id", what);
	*id_out = rc == OK ? id : 0;
	return rc;
}

/* "name=value": the value, still escaped. */
static bool is_named(struct str parameter, struct str name, struct str *value_out)
{
	if (!str_starts(parameter, name) || parameter.n == name.n || parameter.p[name.n] != '=')
		return false;
	*value_out = str_from_at(parameter, name.n + 1);
	return true;
}

/* A port that is none is as if it had not been said: nothing hangs on it. */
static uint16_t port_of(struct str value)
{
	uint64_t port;

	return str_to_u64(value, UINT16_MAX, &port) == OK ? (uint16_t)port : 0;
}

static bool is_switch(struct str parameter, struct str name)
{
	struct str value;

	return str_equal(parameter, name) || is_named(parameter, name, &value);
}

/* One parameter of AUTH; most are for others. */
static void take_parameter(struct str parameter, struct arena *arena, struct dovecot_auth *auth)
{
	const struct {
		struct str name;
		struct str *field;
	} texts[] = {
		{ STR_INIT("service"), &auth->service },
		{ STR_INIT("rip"), &auth->address },
		{ STR_INIT("lip"), &auth->local_address },
		{ STR_INIT("tls_protocol"), &auth->tls_protocol },
		{ STR_INIT("tls_cipher"), &auth->tls_cipher },
	};
	struct str value;

	for (size_t i = 0; i < COUNT(texts); i++) {
		if (is_named(parameter, texts[i].name, &value)) {
			*texts[i].field = dovecot_unescape(arena, value);
			return;
		}
	}
	if (is_named(parameter, STR("rport"), &value))
		auth->port = port_of(value);
	else if (is_named(parameter, STR("lport"), &value))
		auth->local_port = port_of(value);
	else if (is_switch(parameter, STR("secured")))
		auth->secured = true;
	else if (is_switch(parameter, STR("final-resp-ok")))
		auth->final_resp_ok = true;
}

/* "AUTH" id mechanism "service=" name [parameters] ["resp=" base 64]: nothing comes behind the last. */
static enum errc parse_auth(
    struct str rest, struct arena *arena, struct dovecot_command *command, struct err *err)
{
	struct dovecot_auth *auth = &command->auth;
	struct str piece, value;
	enum errc rc = take_id(&rest, "AUTH", &command->id, err);

	if (rc != OK)
		return rc;
	if (!str_split(&rest, '\t', &auth->mechanism) || auth->mechanism.n == 0)
		return err_set(err, ERR_SYNTAX, "AUTH: no mechanism");
	while (str_split(&rest, '\t', &piece)) {
		if (is_named(piece, STR("resp"), &value)) {
			if (rest.p)
				return err_set(err, ERR_SYNTAX, "AUTH: resp is not the last");
			/* "=" says empty; nothing at all is what Exim sends where there is none */
			if (value.n > 0)
				auth->response = value;
		} else {
			take_parameter(piece, arena, auth);
		}
	}
	if (auth->service.n == 0)
		return err_set(err, ERR_SYNTAX, "AUTH: no service");
	return OK;
}

static enum errc parse_cont(struct str rest, struct dovecot_command *command, struct err *err)
{
	enum errc rc = take_id(&rest, "CONT", &command->id, err);

	if (rc == OK && !str_split(&rest, '\t', &command->data))
		rc = err_set(err, ERR_SYNTAX, "CONT: no data");
	return rc;
}

enum errc dovecot_line_parse(
    struct str line, struct arena *arena, struct dovecot_command *command_out, struct err *err)
{
	struct str rest = line, word = STR_EMPTY;
	enum errc rc;

	(void)str_split(&rest, '\t', &word);
	*command_out = (struct dovecot_command){ .verb = verb_of(word) };
	switch (command_out->verb) {
	case DOVECOT_VERSION:
		rc = take_u32(&rest, "VERSION", &command_out->major, err);
		return rc == OK ? take_u32(&rest, "VERSION", &command_out->minor, err) : rc;
	case DOVECOT_CPID:
		return take_u32(&rest, "CPID", &command_out->id, err);
	case DOVECOT_AUTH:
		return parse_auth(rest, arena, command_out, err);
	case DOVECOT_CONT:
		return parse_cont(rest, command_out, err);
	case DOVECOT_CANCEL:
		return take_id(&rest, "CANCEL", &command_out->id, err);
	case DOVECOT_UNKNOWN:
		break;
	}
	return OK;
}
