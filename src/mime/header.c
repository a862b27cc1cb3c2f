#include "mime/header.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <string.h>

static const char *after_line(const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	return lf ? lf + 1 : end;
}

bool mime_line_is_empty(const char *p, const char *end)
{
	/* CR CR LF is what a careless gateway makes of CR LF */
	while (p < end && *p == '\r')
		p++;
	return p < end && *p == '\n';
}

struct mime_fields_iter mime_fields(struct str header)
{
	return (
	    struct mime_fields_iter){ header.p, header.n > 0 ? header.p + header.n : header.p };
}

/* RFC 5322 3.6.8: a name is printable ASCII without a colon; 4.5: blanks before the colon are obsolete. */
static void read_name(const char *p, const char *end, struct mime_field *field)
{
	const char *name = p;
	size_t n;

	while (p<end && * p> ' ' && *p < 0x7f && *p != ':')
		p++;
	n = (size_t)(p - name);
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (n == 0 || p == end || *p != ':') {
		field->name = (struct str){ name, 0 };
		field->value = (struct str){ name, (size_t)(end - name) };
		return;
	}
	field->name = (struct str){ name, n };
	field->value = (struct str){ p + 1, (size_t)(end - p - 1) };
}

bool mime_field_next(struct mime_fields_iter *iter, struct mime_field *field_out)
{
	const char *p = iter->p, *next, *end;

	if (p == iter->end || mime_line_is_empty(p, iter->end))
		return false;
	next = after_line(p, iter->end);
	while (next < iter->end && (*next == ' ' || *next == '\t'))
		next = after_line(next, iter->end);
	end = next;
	if (end[-1] == '\n') {
		end--;
		if (end > p && end[-1] == '\r')
			end--;
	}
	field_out->raw = (struct str){ p, (size_t)(next - p) };
	read_name(p, end, field_out);
	iter->p = next;
	return true;
}

bool mime_field_find(struct str header, struct str name, struct mime_field *field_out)
{
	struct mime_fields_iter iter = mime_fields(header);
	struct mime_field field;

	while (mime_field_next(&iter, &field)) {
		if (str_equal_nocase(field.name, name)) {
			*field_out = field;
			return true;
		}
	}
	return false;
}

struct str mime_unfold(struct arena *arena, struct str value)
{
	struct str s = str_trim(value);
	char *p;
	size_t n = 0;

	if (!s.p)
		return (struct str){ "", 0 };
	if (s.n == 0 || !memchr(s.p, '\n', s.n))
		return s;
	p = arena_alloc_raw(arena, s.n);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n' || (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n'))
			continue;
		p[n++] = s.p[i];
	}
	return (struct str){ p, n };
}

/* A bit for most of the names that a list does not have, so that long headers do not meet long lists. */
static uint64_t name_bit(struct str name)
{
	return UINT64_C(1) << ((name.n * 7 + (unsigned char)ascii_lower(name.p[0])) & 63);
}

static bool is_named(
    struct str name, const struct str *names, size_t name_count, uint64_t names_bits)
{
	if (name.n == 0 || !(names_bits & name_bit(name)))
		return false;
	for (size_t i = 0; i < name_count; i++)
		if (str_equal_nocase(name, names[i]))
			return true;
	return false;
}

void mime_header_select(struct str header, const struct str *names, size_t name_count,
    bool exclude, struct buf *out)
{
	struct mime_fields_iter iter = mime_fields(header);
	struct mime_field field;
	uint64_t bits = 0;

	for (size_t i = 0; i < name_count; i++)
		if (names[i].n > 0)
			bits |= name_bit(names[i]);
	while (mime_field_next(&iter, &field))
		if (is_named(field.name, names, name_count, bits) != exclude)
			buf_add_str(out, field.raw);
	if (iter.p < iter.end)
		buf_add(out, iter.p, (size_t)(after_line(iter.p, iter.end) - iter.p));
}
