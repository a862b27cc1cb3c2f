#include "base/conf_value.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"

#include <assert.h>
#include <string.h>

/* Pieces of a list. */
#define LIST_MAX 1000

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit time_units[] = {
	{ "", 1000 },
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", UINT64_C(60) * 1000 },
	{ "h", UINT64_C(3600) * 1000 },
	{ "d", UINT64_C(24) * 3600 * 1000 },
	{ "w", UINT64_C(7) * 24 * 3600 * 1000 },
};

static const struct unit size_units[] = {
	{ "", 1 },
	{ "b", 1 },
	{ "k", UINT64_C(1) << 10 },
	{ "kb", UINT64_C(1) << 10 },
	{ "kib", UINT64_C(1) << 10 },
	{ "m", UINT64_C(1) << 20 },
	{ "mb", UINT64_C(1) << 20 },
	{ "mib", UINT64_C(1) << 20 },
	{ "g", UINT64_C(1) << 30 },
	{ "gb", UINT64_C(1) << 30 },
	{ "gib", UINT64_C(1) << 30 },
	{ "t", UINT64_C(1) << 40 },
	{ "tb", UINT64_C(1) << 40 },
	{ "tib", UINT64_C(1) << 40 },
};

/* A number up to INT64_MAX and one of the units. */
static enum errc parse_unit(
    struct str text, const struct unit *unit, size_t count, int64_t *value_out)
{
	struct cursor c = cursor_of(text);
	struct str digits = cursor_take_while(&c, ascii_is_digit);
	struct str name = str_trim(cursor_rest(&c));
	uint64_t number;
	enum errc rc = str_to_u64(digits, INT64_MAX, &number);

	if (rc != OK)
		return rc;
	for (size_t i = 0; i < count; i++) {
		if (!str_equal_nocase(name, str_from(unit[i].name)))
			continue;
		if (number > INT64_MAX / unit[i].factor)
			return ERR_LIMIT;
		*value_out = (int64_t)(number * unit[i].factor);
		return OK;
	}
	return ERR_SYNTAX;
}

static enum errc parse_int(struct str text, int64_t *value_out)
{
	struct cursor c = cursor_of(text);
	bool negative = cursor_take(&c, '-');
	uint64_t number;
	enum errc rc = str_to_u64(cursor_rest(&c), INT64_MAX, &number);

	if (rc == OK)
		*value_out = negative ? -(int64_t)number : (int64_t)number;
	return rc;
}

static enum errc parse_number(enum conf_type type, struct str text, int64_t *value_out)
{
	if (type == CONF_TIME)
		return parse_unit(text, time_units, COUNT(time_units), value_out);
	if (type == CONF_SIZE)
		return parse_unit(text, size_units, COUNT(size_units), value_out);
	return parse_int(text, value_out);
}

static bool is_number(enum conf_type type)
{
	return type == CONF_INT || type == CONF_SIZE || type == CONF_TIME;
}

/* A bound of the table, which is right: tests look at that. */
static int64_t bound(const struct conf_option *option, const char *text, int64_t none)
{
	int64_t value = none;

	if (text) {
		enum errc rc = parse_number(
		    is_number(option->type) ? option->type : CONF_INT, str_from(text), &value);

		assert(rc == OK);
		(void)rc;
	}
	return value;
}

static bool is_shown(enum conf_type type)
{
	return type != CONF_SECRET && type != CONF_URL;
}

/* "X expected, not "text"", X being what conf_value_describe says. */
static enum errc unexpected(
    const struct conf_option *option, enum errc code, struct str text, struct err *err)
{
	char room[200];
	struct buf what = { .p = room, .room = sizeof(room), .max = sizeof(room) };

	conf_value_describe(option, &what);
	if (!is_shown(option->type))
		return err_set(err, code, "%.*s expected", STR_ARG(buf_str(&what)));
	return err_set(err, code, "%.*s expected, not \"%.*s\"", STR_ARG(buf_str(&what)),
	    STR_ARG(str_first(text, 60)));
}

static enum errc check_range(
    const struct conf_option *option, int64_t value, struct str text, struct err *err)
{
	if (value < bound(option, option->min, INT64_MIN) ||
	    value > bound(option, option->max, INT64_MAX))
		return unexpected(option, ERR_LIMIT, text, err);
	return OK;
}

static enum errc parse_bool(struct str text, bool *value_out)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0",
		"1" };

	for (size_t i = 0; i < COUNT(words); i++) {
		if (str_equal_nocase(text, str_from(words[i]))) {
			*value_out = i % 2 == 1;
			return OK;
		}
	}
	return ERR_SYNTAX;
}

static enum errc parse_enum(const struct conf_option *option, struct str text, int *value_out)
{
	for (const struct conf_word *word = option->words; word->word; word++) {
		if (str_equal_nocase(text, str_from(word->word))) {
			*value_out = word->value;
			return OK;
		}
	}
	return ERR_SYNTAX;
}

static struct str parse_path(struct arena *arena, struct str folder, struct str text)
{
	const char *slash = folder.n > 0 && folder.p[folder.n - 1] != '/' ? "/" : "";

	if (text.n == 0 || text.p[0] == '/')
		folder = STR_EMPTY;
	return str_printf(
	    arena, "%.*s%s%.*s", STR_ARG(folder), folder.n > 0 ? slash : "", STR_ARG(text));
}

static bool is_between(char c)
{
	return c == ',' || c == ' ' || c == '\t';
}

static bool is_inside(char c)
{
	return !is_between(c);
}

/* The pieces between commas and spaces; `item` NULL only counts. */
static size_t split_list(struct str text, struct str *item)
{
	struct cursor c = cursor_of(text);
	size_t count = 0;

	for (;;) {
		struct str piece;

		(void)cursor_take_while(&c, is_between);
		piece = cursor_take_while(&c, is_inside);
		if (piece.n == 0)
			return count;
		if (item)
			item[count] = piece;
		count++;
	}
}

static enum errc parse_list(const struct conf_option *option, struct str text,
    struct arena *arena, struct conf_list *list_out, struct err *err)
{
	size_t count = split_list(text, NULL);
	struct str *item;

	if (count > LIST_MAX)
		return err_set(err, ERR_LIMIT, "at most %d pieces", LIST_MAX);
	if (check_range(option, (int64_t)count, text, err) != OK)
		return ERR_LIMIT;
	item = ARENA_NEW(arena, struct str, count);
	(void)split_list(text, item);
	*list_out = (struct conf_list){ item, count };
	return OK;
}

static bool is_host_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '.' || c == '-' || c == '_';
}

static bool is_literal_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '.' || c == ':' || c == '%';
}

static enum errc take_port(struct cursor *c, uint16_t *port_out)
{
	uint64_t port;

	if (!cursor_take(c, ':'))
		return OK;
	if (cursor_take_u64(c, UINT16_MAX, &port) != OK || port == 0)
		return ERR_SYNTAX;
	*port_out = (uint16_t)port;
	return OK;
}

/* "unix:/path", "*", "host", "[literal]", each but the first with ":port" or not; "::1" without. */
static enum errc parse_address(
    struct str text, struct arena *arena, struct conf_address *address_out)
{
	struct conf_address address = { .port = 0 };
	struct cursor c = cursor_of(text);
	size_t colon = str_find_char(text, ':');

	if (cursor_take_str(&c, STR("unix:"))) {
		address.path = parse_path(arena, STR_EMPTY, cursor_rest(&c));
		*address_out = address;
		return address.path.n > 0 && address.path.p[0] == '/' ? OK : ERR_SYNTAX;
	}
	if (cursor_take(&c, '[')) {
		address.host = cursor_take_while(&c, is_literal_char);
		if (!cursor_take(&c, ']'))
			return ERR_SYNTAX;
	} else if (str_rfind_char(text, ':') != colon) {
		address.host = cursor_take_while(&c, is_literal_char);
	} else if (cursor_take(&c, '*')) {
		address.host = STR("*");
	} else {
		address.host = cursor_take_while(&c, is_host_char);
	}
	if (address.host.n == 0 || take_port(&c, &address.port) != OK || !cursor_at_end(&c))
		return ERR_SYNTAX;
	*address_out = address;
	return OK;
}

static enum errc parse_addresses(const struct conf_option *option, struct str text,
    struct arena *arena, struct conf_addresses *addresses_out, struct err *err)
{
	struct conf_list list = { NULL, 0 };
	struct conf_address *item;
	enum errc rc = parse_list(option, text, arena, &list, err);

	if (rc != OK)
		return rc;
	item = ARENA_NEW(arena, struct conf_address, list.count);
	for (size_t i = 0; i < list.count; i++)
		if (parse_address(list.item[i], arena, &item[i]) != OK)
			return unexpected(option, ERR_SYNTAX, list.item[i], err);
	*addresses_out = (struct conf_addresses){ item, list.count };
	return OK;
}

static enum errc parse_numeric(
    const struct conf_option *option, struct str text, void *field, struct err *err)
{
	int64_t value;
	enum errc rc = parse_number(option->type, text, &value);

	if (rc != OK)
		return unexpected(option, rc, text, err);
	rc = check_range(option, value, text, err);
	if (rc != OK)
		return rc;
	if (option->type == CONF_SIZE)
		*(uint64_t *)field = (uint64_t)value;
	else
		*(int64_t *)field = value;
	return OK;
}

static enum errc parse_text(const struct conf_option *option, struct str text,
    struct str folder, struct arena *arena, struct str *field, struct err *err)
{
	enum errc rc = check_range(option, (int64_t)text.n, text, err);

	if (rc == OK)
		*field = option->type == CONF_PATH ? parse_path(arena, folder, text) : text;
	return rc;
}

enum errc conf_value_parse(const struct conf_option *option, struct str text, struct str folder,
    struct arena *arena, void *field, struct err *err)
{
	enum errc rc = OK;

	switch (option->type) {
	case CONF_BOOL:
		rc = parse_bool(text, field);
		return rc == OK ? OK : unexpected(option, rc, text, err);
	case CONF_ENUM:
		rc = parse_enum(option, text, field);
		return rc == OK ? OK : unexpected(option, rc, text, err);
	case CONF_INT:
	case CONF_SIZE:
	case CONF_TIME:
		return parse_numeric(option, text, field, err);
	case CONF_STRING:
	case CONF_SECRET:
	case CONF_URL:
	case CONF_PATH:
		return parse_text(option, text, folder, arena, field, err);
	case CONF_LIST:
		return parse_list(option, text, arena, field, err);
	case CONF_ADDRESSES:
		return parse_addresses(option, text, arena, field, err);
	}
	return ERR_INTERNAL;
}

size_t conf_value_size(enum conf_type type)
{
	static const size_t sizes[] = {
		[CONF_BOOL] = sizeof(bool),
		[CONF_INT] = sizeof(int64_t),
		[CONF_SIZE] = sizeof(uint64_t),
		[CONF_TIME] = sizeof(int64_t),
		[CONF_STRING] = sizeof(struct str),
		[CONF_SECRET] = sizeof(struct str),
		[CONF_URL] = sizeof(struct str),
		[CONF_PATH] = sizeof(struct str),
		[CONF_ENUM] = sizeof(int),
		[CONF_LIST] = sizeof(struct conf_list),
		[CONF_ADDRESSES] = sizeof(struct conf_addresses),
	};

	return sizes[type];
}
