/*
 * bench/blast_message.h - messages that are cheap to make and never twice the same.
 *
 * A message is a list of pieces for writev: its own headers, a stretch of a pool of text that was made beforehand, and
 * an attachment whose first line is its own and whose others are a stretch of a pool of incompressible base64. Only
 * some 900 bytes are written for each message; the rest is not copied before the system call.
 */
#pragma once

#include "base/base.h"

#include <sys/uio.h>

/* Below this, headers and MIME lines do not fit. */
#define BLAST_SIZE_MIN 1024
#define BLAST_SIZE_MAX (16 * 1024 * 1024)

#define BLAST_PARTS 6

/* Bytes that all messages are cut from; read-only once made. */
struct blast_pool {
	char *text, *base64;
	size_t room; /* bytes of each */
	size_t
	    size; /* of a message, from MAIL's point of view: without dots and the final dot line */
	unsigned random_percent;
	uint64_t run; /* goes into every Message-ID, so that two runs never share one */
	char date[40];
};

struct blast_message {
	char head[1024]; /* the header and the first part's header */
	char attachment[512];
	char text_end[3];
	char tail[64];
	struct iovec
	    part[BLAST_PARTS]; /* into the arrays above and the pool; ends with the dot line */
	size_t count;
	size_t size; /* exactly what was asked for */
};

/* Numbers that differ by seed: splitmix64. */
uint64_t blast_random(uint64_t *state);

/*
 * size            BLAST_SIZE_MIN to BLAST_SIZE_MAX bytes for each message
 * random_percent  share of the body that is base64 of random bytes, 0 to 100
 */
void blast_pool_init(
    struct blast_pool *pool, size_t size, unsigned random_percent, uint64_t seed);
void blast_pool_release(struct blast_pool *pool);

/* Message `number` to `rcpt`. It lives in *message_out, which must not move, and in the pool. */
void blast_message_compose(const struct blast_pool *pool, uint64_t number, struct str rcpt,
    struct blast_message *message_out);

/* "16 hex digits.number@blast.test", without angle brackets; returns its length. */
size_t blast_message_id(const struct blast_pool *pool, uint64_t number, char id_out[64]);
