#include "smtp/command.h"

#include "base/arena.h"
#include "base/cursor.h"
#include "base/str.h"
#include "base/utf8.h"
#include "smtp/limits.h"

#include <string.h>

struct smtp_line smtp_line_split(struct str line)
{
	size_t space;
	struct smtp_line split;

	while (line.n > 0 && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
		line.n--;
	space = str_find_char(line, ' ');
	split.verb = str_first(line, space);
	split.rest = str_from_at(line, space < line.n ? space + 1 : space);
	return split;
}

/* atext of RFC 5322 3.2.3 and the bytes that RFC 6531 3.3 adds. */
static bool is_atext(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80 ||
	    (c != '\0' && str_find_char(STR("!#$%&'*+-/=?^_`{|}~"), c) < 19);
}

/* RFC 5321's Dot-string asks for no dots at the ends or in a row; mail with them is about, and harmless. */
static bool is_dot_string(char c)
{
	return is_atext(c) || c == '.';
}

static bool is_quotable(char c)
{
	return ascii_is_print(c) || (unsigned char)c >= 0x80;
}

/* Quoted-string, kept as written (RFC 5321 4.1.2: qtextSMTP and quoted-pairSMTP). */
static bool take_quoted(struct cursor *c)
{
	struct cursor ahead = *c;

	if (!cursor_take(&ahead, '"'))
		return false;
	while (!cursor_take(&ahead, '"')) {
		(void)cursor_take(&ahead, '\\');
		if (cursor_at_end(&ahead) || !is_quotable(*ahead.p))
			return false;
		ahead.p++;
	}
	*c = ahead;
	return true;
}

static bool is_domain_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80 || c == '-' ||
	    c == '.' || c == '_';
}

static bool is_literal_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == ':' || c == '.' || c == '-';
}

/* A domain, or an address literal in its brackets. */
static bool take_domain(struct cursor *c)
{
	struct cursor ahead = *c;

	if (cursor_take(&ahead, '[')) {
		if (cursor_take_while(&ahead, is_literal_char).n == 0 ||
		    !cursor_take(&ahead, ']'))
			return false;
	} else if (cursor_take_while(&ahead, is_domain_char).n == 0) {
		return false;
	}
	*c = ahead;
	return true;
}

/* A-d-l ":" of the obsolete source route; MUST be accepted, SHOULD be ignored (RFC 5321 4.1.2). */
static void skip_source_route(struct cursor *c)
{
	struct cursor ahead = *c;

	do {
		if (!cursor_take(&ahead, '@') || !take_domain(&ahead))
			return;
	} while (cursor_take(&ahead, ','));
	if (cursor_take(&ahead, ':'))
		*c = ahead;
}

static struct str between(const char *start, const struct cursor *c)
{
	return (struct str){ start, (size_t)(c->p - start) };
}

static enum errc read_mailbox(struct cursor *c, struct smtp_path *path, struct err *err)
{
	const char *start = c->p;

	if (!take_quoted(c) && cursor_take_while(c, is_dot_string).n == 0)
		return err_set(err, ERR_SYNTAX, "bad local part in address");
	path->local_part = between(start, c);
	path->domain = STR_EMPTY;
	if (cursor_take(c, '@')) {
		const char *domain = c->p;

		if (!take_domain(c))
			return err_set(err, ERR_SYNTAX, "bad domain in address");
		path->domain = between(domain, c);
	}
	path->address = between(start, c);
	path->utf8 = !utf8_is_ascii(path->address);
	if (path->utf8 && !utf8_is_valid(path->address))
		return err_set(err, ERR_SYNTAX, "address is not UTF-8");
	return OK;
}

enum errc smtp_path_parse(
    struct str in, bool allow_empty, struct smtp_path *path_out, struct err *err)
{
	struct cursor c = cursor_of(in);
	struct smtp_path path = { .utf8 = false };
	enum errc rc;

	if (in.n > SMTP_PATH_MAX)
		return err_set(err, ERR_LIMIT, "address over %d bytes", SMTP_PATH_MAX);
	if (in.n == 0) {
		if (!allow_empty)
			return err_set(err, ERR_SYNTAX, "empty address");
		*path_out = path;
		return OK;
	}
	skip_source_route(&c);
	rc = read_mailbox(&c, &path, err);
	if (rc != OK)
		return rc;
	if (!cursor_at_end(&c))
		return err_set(err, ERR_SYNTAX, "bad character in address");
	*path_out = path;
	return OK;
}

struct str smtp_path_plain(const struct smtp_path *path, struct arena *arena)
{
	struct str local = path->local_part;
	char *plain;
	size_t n = 0;

	if (local.n < 2 || local.p[0] != '"')
		return path->address;
	plain = arena_alloc_raw(arena, path->address.n);
	for (size_t i = 1; i + 1 < local.n; i++) {
		i += local.p[i] == '\\';
		if (!is_dot_string(local.p[i]))
			return path->address;
		plain[n++] = local.p[i];
	}
	if (n == 0)
		return path->address;
	memcpy(plain + n, local.p + local.n, path->address.n - local.n);
	return (struct str){ plain, n + path->address.n - local.n };
}

/* The end of "<...>" in `s`, quotes honoured; s.n when there is none. `s` starts behind the '<'. */
static size_t find_bracket(struct str s)
{
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		if (quoted && s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && s.p[i] == '>')
			return i;
	}
	return s.n;
}

static bool is_keyword_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-';
}

/* esmtp-value: anything printable but "=" and space (RFC 5321 4.1.2); UTF-8 by RFC 6531 3.3. */
static bool is_value_char(char c)
{
	return (unsigned char)c > 0x20 && c != '=' && c != 0x7f;
}

static enum errc read_parameters(
    struct str in, struct arena *arena, struct smtp_path_command *command, struct err *err)
{
	struct cursor c = cursor_of(in);

	command->parameters = ARENA_NEW(arena, struct smtp_parameter, SMTP_PARAMETERS_MAX);
	command->parameter_count = 0;
	for (;;) {
		struct smtp_parameter parameter = { .value = STR_EMPTY };
		bool spaced = false;

		while (cursor_take(&c, ' ') || cursor_take(&c, '\t'))
			spaced = true;
		if (cursor_at_end(&c))
			return OK;
		if (command->parameter_count == SMTP_PARAMETERS_MAX)
			return err_set(err, ERR_LIMIT, "too many parameters");
		parameter.keyword = cursor_take_while(&c, is_keyword_char);
		if (!spaced || parameter.keyword.n == 0)
			return err_set(err, ERR_SYNTAX, "bad parameter behind the address");
		if (cursor_take(&c, '='))
			parameter.value = cursor_take_while(&c, is_value_char);
		command->parameters[command->parameter_count++] = parameter;
	}
}

enum errc smtp_path_command(struct str rest, struct str keyword, struct arena *arena,
    struct smtp_path_command *command_out, struct err *err)
{
	struct cursor c = cursor_of(rest);
	struct smtp_path_command command = { .parameter_count = 0 };
	bool is_sender = str_equal(keyword, STR("FROM"));
	struct str in;
	size_t end;
	enum errc rc;

	if (!cursor_take_nocase(&c, keyword) || !cursor_take(&c, ':'))
		return err_set(err, ERR_SYNTAX, "%.*s:<address> expected", STR_ARG(keyword));
	while (cursor_take(&c, ' '))
		;
	if (!cursor_take(&c, '<'))
		return err_set(err, ERR_SYNTAX, "address must stand in < >");
	in = cursor_rest(&c);
	end = find_bracket(in);
	if (end == in.n)
		return err_set(err, ERR_SYNTAX, "'>' is missing behind the address");
	rc = smtp_path_parse(str_first(in, end), is_sender, &command.path, err);
	if (rc == OK)
		rc = read_parameters(str_from_at(in, end + 1), arena, &command, err);
	if (rc == OK)
		*command_out = command;
	return rc;
}

enum errc smtp_bdat_parse(struct str rest, uint64_t *size_out, bool *last_out, struct err *err)
{
	struct cursor c = cursor_of(rest);
	uint64_t size;
	bool last = false;

	if (cursor_take_u64(&c, UINT64_MAX / 2, &size) != OK)
		return err_set(err, ERR_SYNTAX, "BDAT size expected");
	if (!cursor_at_end(&c)) {
		last = cursor_take(&c, ' ') && cursor_take_nocase(&c, STR("LAST"));
		if (!last || !cursor_at_end(&c))
			return err_set(err, ERR_SYNTAX, "only LAST may follow the size");
	}
	*size_out = size;
	*last_out = last;
	return OK;
}

enum errc smtp_helo_parse(struct str rest, struct str *name_out, struct err *err)
{
	struct str name = str_trim(rest);

	if (name.n == 0)
		return err_set(err, ERR_SYNTAX, "host name expected");
	if (name.n > 255)
		return err_set(err, ERR_LIMIT, "host name over 255 bytes");
	for (size_t i = 0; i < name.n; i++)
		if (!is_value_char(name.p[i]))
			return err_set(err, ERR_SYNTAX, "bad character in host name");
	*name_out = name;
	return OK;
}
