#include "base/conf_value.h"

#include "base/buf.h"
#include "base/str.h"

#include <string.h>

static bool lists_equal(const struct conf_list *a, const struct conf_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!str_equal(a->item[i], b->item[i]))
			return false;
	return true;
}

static bool addresses_equal(const struct conf_addresses *a, const struct conf_addresses *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!str_equal(a->item[i].host, b->item[i].host) ||
		    !str_equal(a->item[i].path, b->item[i].path) ||
		    a->item[i].port != b->item[i].port)
			return false;
	return true;
}

bool conf_value_equal(const struct conf_option *option, const void *a, const void *b)
{
	switch (option->type) {
	case CONF_STRING:
	case CONF_SECRET:
	case CONF_URL:
	case CONF_PATH:
		return str_equal(*(const struct str *)a, *(const struct str *)b);
	case CONF_LIST:
		return lists_equal(a, b);
	case CONF_ADDRESSES:
		return addresses_equal(a, b);
	case CONF_BOOL:
	case CONF_INT:
	case CONF_SIZE:
	case CONF_TIME:
	case CONF_ENUM:
		break;
	}
	return memcmp(a, b, conf_value_size(option->type)) == 0;
}

static void print_text(struct str text, struct buf *out)
{
	struct str inner = str_trim(text);

	if (text.n > 0 && inner.n == text.n && text.p[0] != '"' &&
	    str_find_char(text, '#') == text.n && str_find_char(text, ';') == text.n) {
		buf_add_str(out, text);
		return;
	}
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, text.p[i]);
	}
	buf_add_char(out, '"');
}

/* scheme://user:password@host/...: the password ends at the last @ before the path. */
static void print_url(struct str url, struct buf *out)
{
	size_t start = str_find(url, STR("://"));
	struct str authority, user;
	size_t end, at;

	start = start < url.n ? start + 3 : 0;
	authority = str_from_at(url, start);
	end = str_find_char(authority, '/');
	at = str_rfind_char(str_first(authority, end), '@');
	if (at == end) {
		/* an unescaped '/' in the password: hide more rather than less */
		at = str_rfind_char(authority, '@');
		end = authority.n;
	}
	user = str_first(authority, at < end ? at : 0);
	if (str_find_char(user, ':') < user.n) {
		buf_add_str(out, str_first(url, start));
		buf_add_str(out, str_first(user, str_find_char(user, ':')));
		BUF_ADD(out, ":***");
		url = str_from_at(authority, at);
	}
	/* libpq and others take password= behind the question mark as well */
	if (str_find(url, STR("password=")) < url.n) {
		size_t value = str_find(url, STR("password=")) + strlen("password=");
		struct str rest = str_from_at(url, value);

		buf_add_str(out, str_first(url, value));
		BUF_ADD(out, "***");
		url = str_from_at(rest, str_find_char(rest, '&'));
	}
	buf_add_str(out, url);
}

void conf_value_print(const struct conf_option *option, struct str text, struct buf *out)
{
	if (option->type == CONF_SECRET && text.n > 0)
		BUF_ADD(out, "***");
	else if (option->type == CONF_URL)
		print_url(text, out);
	else
		print_text(text, out);
}

static void describe_words(const struct conf_word *word, struct buf *out)
{
	for (const char *before = "one of "; word->word; word++, before = ", ") {
		buf_add_str(out, str_from(before));
		buf_add_str(out, str_from(word->word));
	}
}

static void describe_range(const struct conf_option *option, struct buf *out)
{
	bool counts = option->type == CONF_LIST || option->type == CONF_ADDRESSES;
	bool bytes = option->type == CONF_STRING || option->type == CONF_SECRET ||
	    option->type == CONF_URL || option->type == CONF_PATH;
	const char *of_what = counts ? " of them" : bytes ? " bytes" : "";

	if (option->min && option->max)
		buf_printf(out, " (%s to %s%s)", option->min, option->max, of_what);
	else if (option->min)
		buf_printf(out, " (at least %s%s)", option->min, of_what);
	else if (option->max)
		buf_printf(out, " (at most %s%s)", option->max, of_what);
}

void conf_value_describe(const struct conf_option *option, struct buf *out)
{
	static const char *const names[] = {
		[CONF_BOOL] = "yes or no",
		[CONF_INT] = "a number",
		[CONF_SIZE] = "a size such as 64K, 50M or 2G",
		[CONF_TIME] = "a time such as 30s, 10m or 2h",
		[CONF_STRING] = "a text",
		[CONF_SECRET] = "a secret",
		[CONF_URL] = "a URL",
		[CONF_PATH] = "a path",
		[CONF_ENUM] = "",
		[CONF_LIST] = "a list",
		[CONF_ADDRESSES] =
		    "addresses such as 127.0.0.1:24, [::1]:24, *:24 or unix:/path",
	};

	buf_add_str(out, str_from(names[option->type]));
	if (option->type == CONF_ENUM)
		describe_words(option->words, out);
	describe_range(option, out);
}
