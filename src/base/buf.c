#include "base/buf.h"

#include "base/heap.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_ROOM ((size_t)256)

void buf_init(struct buf *buf, size_t max)
{
	*buf = (struct buf){ .max = max };
}

void buf_release(struct buf *buf)
{
	xfree(buf->p);
	*buf = (struct buf){ .max = buf->max };
}

void buf_clear(struct buf *buf)
{
	buf->n = 0;
	buf->overflow = false;
}

static bool make_room(struct buf *buf, size_t n)
{
	size_t room;

	if (buf->overflow || n > buf->max - buf->n) {
		buf->overflow = true;
		return false;
	}
	if (n <= buf->room - buf->n)
		return true;
	room = buf->room > 0 ? buf->room : FIRST_ROOM;
	while (room - buf->n < n)
		room = room > SIZE_MAX / 2 ? buf->n + n : room * 2;
	if (room > buf->max)
		room = buf->max;
	buf->p = xrealloc(buf->p, room);
	buf->room = room;
	return true;
}

char *buf_reserve(struct buf *buf, size_t n)
{
	return make_room(buf, n) ? buf->p + buf->n : NULL;
}

void buf_grown(struct buf *buf, size_t n)
{
	assert(n <= buf->room - buf->n);
	buf->n += n;
}

void buf_add(struct buf *buf, const void *p, size_t n)
{
	if (n == 0 || !make_room(buf, n))
		return;
	memcpy(buf->p + buf->n, p, n);
	buf->n += n;
}

void buf_add_str(struct buf *buf, struct str s)
{
	buf_add(buf, s.p, s.n);
}

void buf_add_char(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

void buf_add_u64(struct buf *buf, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	buf_add(buf, digits + at, sizeof(digits) - at);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list args, again;
	char *p;
	int n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	assert(n >= 0);
	/* one byte more than needed for the NUL that vsnprintf insists on */
	if (n > 0 && (size_t)n <= buf->max - buf->n && !buf->overflow) {
		char small[512];

		if ((size_t)n < sizeof(small)) {
			(void)vsnprintf(small, sizeof(small), fmt, again);
			buf_add(buf, small, (size_t)n);
		} else {
			p = xmalloc((size_t)n + 1);
			(void)vsnprintf(p, (size_t)n + 1, fmt, again);
			buf_add(buf, p, (size_t)n);
			xfree(p);
		}
	} else if (n > 0) {
		buf->overflow = true;
	}
	va_end(again);
}

void buf_consume(struct buf *buf, size_t n)
{
	assert(n <= buf->n);
	buf->n -= n;
	if (n > 0 && buf->n > 0)
		memmove(buf->p, buf->p + n, buf->n);
}

void buf_truncate(struct buf *buf, size_t n)
{
	assert(n <= buf->n);
	buf->n = n;
}

struct str buf_str(const struct buf *buf)
{
	return (struct str){ buf->p, buf->n };
}
