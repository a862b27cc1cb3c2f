#include "base/str.h"

#include <string.h>

struct str str_from(const char *cstr)
{
	return (struct str){ cstr, cstr ? strlen(cstr) : 0 };
}

bool str_equal(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

char ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool ascii_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool ascii_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool ascii_is_print(char c)
{
	return c >= 0x20 && c <= 0x7e;
}

bool str_equal_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_equal(str_first(s, prefix.n), prefix);
}

bool str_starts_nocase(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_equal_nocase(str_first(s, prefix.n), prefix);
}

bool str_ends_nocase(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_equal_nocase(str_from_at(s, s.n - suffix.n), suffix);
}

int str_compare(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

struct str str_from_at(struct str s, size_t at)
{
	if (at >= s.n)
		return (struct str){ s.n > 0 ? s.p + s.n : s.p, 0 };
	return (struct str){ s.p + at, s.n - at };
}

struct str str_first(struct str s, size_t n)
{
	return (struct str){ s.p, n < s.n ? n : s.n };
}

size_t str_find_char(struct str s, char c)
{
	const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

size_t str_rfind_char(struct str s, char c)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == c)
			return i - 1;
	return s.n;
}

size_t str_find(struct str s, struct str what)
{
	const char *at;

	if (what.n == 0)
		return 0;
	if (what.n > s.n)
		return s.n;
	at = memmem(s.p, s.n, what.p, what.n);
	return at ? (size_t)(at - s.p) : s.n;
}

struct str str_trim(struct str s)
{
	while (s.n > 0 && ascii_is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && ascii_is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool str_split(struct str *rest, char sep, struct str *piece_out)
{
	size_t at;

	if (!rest->p)
		return false;
	at = str_find_char(*rest, sep);
	*piece_out = str_first(*rest, at);
	*rest = at < rest->n ? (struct str){ rest->p + at + 1, rest->n - at - 1 } : STR_EMPTY;
	return true;
}

enum errc str_to_u64(struct str s, uint64_t max, uint64_t *value_out)
{
	uint64_t value = 0;
	bool too_large = false;

	if (s.n == 0)
		return ERR_SYNTAX;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t digit = (uint64_t)(s.p[i] - '0');

		if (!ascii_is_digit(s.p[i]))
			return ERR_SYNTAX;
		if (value > (UINT64_MAX - digit) / 10)
			too_large = true; /* keep looking for bytes that are no digits */
		else
			value = value * 10 + digit;
	}
	if (too_large || value > max)
		return ERR_LIMIT;
	*value_out = value;
	return OK;
}
