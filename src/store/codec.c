/*
 * store/codec.c - zstd where it saves something, raw bytes elsewhere.
 */
#include "store/codec.h"

#include "base/cursor.h"
#include "base/heap.h"

#include <assert.h>
#include <pthread.h>
#include <zstd.h>

enum { FORM_RAW = 0, FORM_ZSTD = 1 };

#define WORTH_TRYING 512 /* bytes; below, its tables cost more time than they save bytes */
#define IDLE_MAX 4	 /* compressors that are kept */

struct codec {
	int level;
	pthread_mutex_t lock; /* guards the two below */
	ZSTD_CCtx *idle[IDLE_MAX];
	size_t idle_count;
};

struct codec *codec_new(int zstd_level)
{
	struct codec *codec = xcalloc(1, sizeof(*codec));

	codec->level = zstd_level;
	(void)pthread_mutex_init(&codec->lock, NULL);
	return codec;
}

void codec_free(struct codec **codecp)
{
	struct codec *codec = *codecp;

	if (!codec)
		return;
	while (codec->idle_count > 0)
		(void)ZSTD_freeCCtx(codec->idle[--codec->idle_count]);
	(void)pthread_mutex_destroy(&codec->lock);
	xfree(codec);
	*codecp = NULL;
}

static ZSTD_CCtx *take(struct codec *codec)
{
	ZSTD_CCtx *ctx = NULL;

	(void)pthread_mutex_lock(&codec->lock);
	if (codec->idle_count > 0)
		ctx = codec->idle[--codec->idle_count];
	(void)pthread_mutex_unlock(&codec->lock);
	if (!ctx)
		ctx = ZSTD_createCCtx();
	if (!ctx)
		heap_exhausted(sizeof(void *));
	return ctx;
}

static void give_back(struct codec *codec, ZSTD_CCtx *ctx)
{
	(void)pthread_mutex_lock(&codec->lock);
	if (codec->idle_count < IDLE_MAX) {
		codec->idle[codec->idle_count++] = ctx;
		ctx = NULL;
	}
	(void)pthread_mutex_unlock(&codec->lock);
	(void)ZSTD_freeCCtx(ctx);
}

/* Compressed bytes behind the form byte at `to`, or 0 where that saves less than a sixteenth. */
static size_t compress_to(struct codec *codec, struct str raw, char *to)
{
	size_t room = raw.n - raw.n / 16, n;
	ZSTD_CCtx *ctx;

	if (raw.n < WORTH_TRYING)
		return 0;
	ctx = take(codec);
	n = ZSTD_compressCCtx(ctx, to, room, raw.p, raw.n, codec->level);
	give_back(codec, ctx);
	return ZSTD_isError(n) ? 0 : n;
}

void codec_encode(struct codec *codec, struct str raw, struct buf *out)
{
	char *to;
	size_t n;

	assert(raw.n <= CODEC_INPUT_MAX);
	to = buf_reserve(out, raw.n + 1);
	if (!to)
		return;
	n = compress_to(codec, raw, to + 1);
	to[0] = n > 0 ? FORM_ZSTD : FORM_RAW;
	if (n == 0 && raw.n > 0)
		memcpy(to + 1, raw.p, raw.n);
	buf_grown(out, 1 + (n > 0 ? n : raw.n));
}

static enum errc decompress(struct str coded, size_t max, struct buf *out, struct err *err)
{
	unsigned long long size = ZSTD_getFrameContentSize(coded.p, coded.n);
	char *to;
	size_t n;

	if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > max)
		return err_set(err, ERR_CORRUPT, "stored bytes: no zstd frame of ours");
	to = buf_reserve(out, (size_t)size);
	if (!to)
		return err_set(err, ERR_LIMIT, "stored bytes: no room for %llu", size);
	n = ZSTD_decompress(to, (size_t)size, coded.p, coded.n);
	if (ZSTD_isError(n) || n != size)
		return err_set(err, ERR_CORRUPT, "stored bytes: zstd: %s",
		    ZSTD_isError(n) ? ZSTD_getErrorName(n) : "short");
	buf_grown(out, n);
	return OK;
}

enum errc codec_decode(struct str coded, size_t max, struct buf *out, struct err *err)
{
	struct str data;

	if (coded.n == 0)
		return err_set(err, ERR_CORRUPT, "stored bytes: empty");
	data = (struct str){ coded.p + 1, coded.n - 1 };
	if (coded.p[0] == FORM_ZSTD)
		return decompress(data, max, out, err);
	if (coded.p[0] != FORM_RAW || data.n > max)
		return err_set(err, ERR_CORRUPT, "stored bytes: unknown form");
	buf_add_str(out, data);
	return out->overflow ? err_set(err, ERR_LIMIT, "stored bytes: no room") : OK;
}

void codec_add_number(struct buf *out, uint64_t number)
{
	while (number >= 0x80) {
		buf_add_char(out, (char)(unsigned char)(number | 0x80));
		number >>= 7;
	}
	buf_add_char(out, (char)(unsigned char)number);
}

bool codec_take_number(struct cursor *c, uint64_t *number_out)
{
	const char *p = c->p;
	uint64_t number = 0;

	for (int shift = 0; shift < 64 && p < c->end; shift += 7) {
		uint64_t byte = (unsigned char)*p++;

		if (shift == 63 && byte > 1)
			return false;
		number |= (byte & 0x7f) << shift;
		if (byte < 0x80) {
			c->p = p;
			*number_out = number;
			return true;
		}
	}
	return false;
}
