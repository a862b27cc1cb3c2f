#include "mime/msgid.h"

#include "mime/lex.h"

#include "base/arena.h"
#include "base/cursor.h"
#include "base/str.h"

#include <string.h>

/* White space, quotes and their escapes out: <"a b"@c> has no other form, so a blank that was quoted stays. */
static struct str normalise(struct str id, struct arena *arena)
{
	bool in_quotes = false;
	size_t n = 0;
	char *p;

	for (size_t i = 0; i < id.n && n == i; i++)
		n += !ascii_is_space(id.p[i]) && id.p[i] != '"' && id.p[i] != '\\';
	if (n == id.n)
		return id;
	p = arena_alloc_raw(arena, id.n);
	n = 0;
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];

		if (c == '"') {
			in_quotes = !in_quotes;
			continue;
		}
		if (c == '\r' || c == '\n' || (ascii_is_space(c) && !in_quotes))
			continue;
		if (c == '\\' && in_quotes && i + 1 < id.n)
			c = id.p[++i];
		p[n++] = c;
	}
	return (struct str){ p, n };
}

/* Behind the '>' that is not in quotes, or NULL. A '<' in between begins anew: the first was never closed. */
static const char *close_bracket(const char **start, const char *end)
{
	for (const char *p = *start; p < end; p++) {
		if (*p == '>')
			return p;
		if (*p == '<')
			*start = p + 1;
	}
	return NULL;
}

size_t mime_message_ids(struct str value, struct arena *arena, struct str *ids, size_t max)
{
	struct cursor c = cursor_of(value);
	size_t count = 0;

	while (count < max && c.p < c.end) {
		const char *start = memchr(c.p, '<', (size_t)(c.end - c.p)), *close;
		struct str id;

		if (!start)
			break;
		start++;
		close = close_bracket(&start, c.end);
		if (!close)
			break;
		id = normalise((struct str){ start, (size_t)(close - start) }, arena);
		if (id.n > 0)
			ids[count++] = id;
		c.p = close + 1;
	}
	return count;
}

bool mime_message_id(struct str value, struct arena *arena, struct str *id_out)
{
	struct cursor c = cursor_of(value);
	const char *start;

	if (mime_message_ids(value, arena, id_out, 1) == 1)
		return true;
	c.p = start = lex_skip_cfws(c.p, c.end);
	while (c.p < c.end && !ascii_is_space(*c.p))
		c.p++;
	*id_out = normalise((struct str){ start, (size_t)(c.p - start) }, arena);
	return id_out->n > 0;
}
