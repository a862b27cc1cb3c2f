#include "base/cursor.h"

#include "base/str.h"

struct cursor cursor_of(struct str s)
{
	const char *p = s.n > 0 ? s.p : "";

	return (struct cursor){ p, p + s.n };
}

struct str cursor_rest(const struct cursor *c)
{
	return (struct str){ c->p, (size_t)(c->end - c->p) };
}

bool cursor_at_end(const struct cursor *c)
{
	return c->p == c->end;
}

int cursor_peek(const struct cursor *c)
{
	return c->p == c->end ? -1 : (unsigned char)*c->p;
}

bool cursor_take(struct cursor *c, char byte)
{
	if (c->p == c->end || *c->p != byte)
		return false;
	c->p++;
	return true;
}

bool cursor_take_str(struct cursor *c, struct str s)
{
	if (!str_starts(cursor_rest(c), s))
		return false;
	c->p += s.n;
	return true;
}

bool cursor_take_nocase(struct cursor *c, struct str s)
{
	if (!str_starts_nocase(cursor_rest(c), s))
		return false;
	c->p += s.n;
	return true;
}

struct str cursor_take_while(struct cursor *c, bool (*is_member)(char))
{
	const char *start = c->p;

	while (c->p < c->end && is_member(*c->p))
		c->p++;
	return (struct str){ start, (size_t)(c->p - start) };
}

bool cursor_take_n(struct cursor *c, size_t n, struct str *bytes_out)
{
	if ((size_t)(c->end - c->p) < n)
		return false;
	*bytes_out = (struct str){ c->p, n };
	c->p += n;
	return true;
}

enum errc cursor_take_u64(struct cursor *c, uint64_t max, uint64_t *value_out)
{
	struct cursor ahead = *c;
	struct str digits = cursor_take_while(&ahead, ascii_is_digit);
	enum errc rc = str_to_u64(digits, max, value_out);

	if (rc == OK)
		*c = ahead;
	return rc;
}
