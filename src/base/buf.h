/*
 * base/buf.h - bytes that grow, up to a maximum given at birth.
 *
 * Appending past the maximum appends nothing and sets `overflow`, which stays until buf_clear: a writer may
 * append many pieces and ask once at the end.
 */
#pragma once

#include "base/base.h"

struct buf {
	char *p;
	size_t n;    /* bytes in use */
	size_t room; /* bytes allocated */
	size_t max;  /* n never exceeds it */
	bool overflow;
};

#define BUF_INIT(max_bytes) ((struct buf){ .max = (max_bytes) })

void buf_init(struct buf *buf, size_t max);

/* Frees the memory; the buffer stays usable with its maximum. */
void buf_release(struct buf *buf);

/* Empty, memory kept. */
void buf_clear(struct buf *buf);

void buf_add(struct buf *buf, const void *p, size_t n);
void buf_add_str(struct buf *buf, struct str s);
void buf_add_char(struct buf *buf, char c);
void buf_add_u64(struct buf *buf, uint64_t value); /* decimal */
void buf_printf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Appends a literal. */
#define BUF_ADD(buf, literal) buf_add((buf), (literal), sizeof(literal) - 1)

/*
 * Room for `n` more bytes at the end, to be written by the caller and then booked with buf_grown.
 * NULL (and `overflow`) if that exceeds the maximum.
 */
char *buf_reserve(struct buf *buf, size_t n);
void buf_grown(struct buf *buf, size_t n);

/* Drops `n` bytes at the front (n <= buf->n). */
void buf_consume(struct buf *buf, size_t n);

/* Cuts to `n` bytes (n <= buf->n). */
void buf_truncate(struct buf *buf, size_t n);

struct str buf_str(const struct buf *buf);
