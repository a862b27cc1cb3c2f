#include "net/deflate.h"

#include "base/buf.h"
#include "base/heap.h"
#include "base/str.h"

#define ZLIB_CONST /* next_in is read only */
#include <zlib.h>

#include <assert.h>

/* A window of 8 KB and a small table: 64 KB together, where zlib's defaults take 256 KB. */
#define PACK_LEVEL 4
#define PACK_WINDOW_BITS (-13)
#define PACK_MEMORY_LEVEL 6
/* Of a call: about a millisecond's work. */
#define PACK_MAX ((size_t)65536)

/* A peer may have compressed with the largest window. */
#define WINDOW_BITS (-15)
#define WINDOW_SIZE ((size_t)32768)

/* What zlib takes, about (zconf.h). */
#define PACKER_MEMORY ((size_t)70 * 1024)
#define UNPACKER_MEMORY ((size_t)42 * 1024)

/* z_stream.data_type: the last code of a block was read, and no bit is left over. */
#define BETWEEN_BLOCKS 128

struct deflate {
	z_stream packer, unpacker;
	bool packs, unpacks; /* they are there */
	bool flushed;	     /* the peer can unpack what was packed */
	bool full;	     /* the unpacker may have more without input */
	bool ended;
	struct buf packed;
	size_t packed_sent;
	struct buf given;
	size_t given_taken;
	struct buf history; /* of a resting unpacker */
};

static voidpf allocate(voidpf opaque, uInt count, uInt size)
{
	(void)opaque;
	return xcalloc(count, size);
}

static void release(voidpf opaque, voidpf p)
{
	(void)opaque;
	xfree(p);
}

struct deflate *deflate_new(struct str already)
{
	struct deflate *d = xcalloc(1, sizeof(*d));

	d->flushed = true;
	buf_init(&d->packed, SIZE_MAX);
	buf_init(&d->given, SIZE_MAX);
	buf_init(&d->history, WINDOW_SIZE);
	buf_add_str(&d->given, already);
	return d;
}

static void end_packer(struct deflate *d)
{
	if (d->packs)
		(void)deflateEnd(&d->packer);
	d->packs = false;
}

static void end_unpacker(struct deflate *d)
{
	if (d->unpacks)
		(void)inflateEnd(&d->unpacker);
	d->unpacks = false;
}

void deflate_free(struct deflate **deflatep)
{
	struct deflate *d = *deflatep;

	if (!d)
		return;
	end_packer(d);
	end_unpacker(d);
	buf_release(&d->packed);
	buf_release(&d->given);
	buf_release(&d->history);
	xfree(d);
	*deflatep = NULL;
}

static void begin_unpacker(struct deflate *d)
{
	int rc;

	if (d->unpacks)
		return;
	d->unpacker = (z_stream){ .zalloc = allocate, .zfree = release };
	rc = inflateInit2(&d->unpacker, WINDOW_BITS);
	if (rc == Z_OK && d->history.n > 0)
		rc = inflateSetDictionary(
		    &d->unpacker, (const Bytef *)d->history.p, (uInt)d->history.n);
	/* memory is had or the process ends, and nothing else can be wrong */
	assert(rc == Z_OK);
	(void)rc;
	buf_release(&d->history);
	d->unpacks = true;
}

bool deflate_has_pending(const struct deflate *d)
{
	return d->ended || d->full || d->given.n > d->given_taken;
}

void deflate_give(struct deflate *d, struct str packed)
{
	buf_add_str(&d->given, packed);
}

enum io_result deflate_read(struct deflate *d, char *p, size_t room, size_t *got_out)
{
	z_stream *z = &d->unpacker;
	int rc;

	*got_out = 0;
	if (d->ended)
		return IO_EOF;
	if (!deflate_has_pending(d))
		return IO_WAIT;
	begin_unpacker(d);
	z->next_in = (const Bytef *)d->given.p + d->given_taken;
	z->avail_in = (uInt)(d->given.n - d->given_taken);
	z->next_out = (Bytef *)p;
	z->avail_out = (uInt)room;
	rc = inflate(z, Z_SYNC_FLUSH);
	d->given_taken = d->given.n - z->avail_in;
	if (z->avail_in == 0) {
		buf_release(&d->given);
		d->given_taken = 0;
	}
	d->full = z->avail_out == 0;
	d->ended = rc == Z_STREAM_END;
	*got_out = room - z->avail_out;
	/* Z_BUF_ERROR: nothing could be done without more input */
	if (rc != Z_OK && rc != Z_BUF_ERROR && rc != Z_STREAM_END)
		return IO_FAILED;
	if (*got_out > 0)
		return IO_OK;
	return d->ended ? IO_EOF : IO_WAIT;
}

static void begin_packer(struct deflate *d)
{
	int rc;

	if (d->packs)
		return;
	d->packer = (z_stream){ .zalloc = allocate, .zfree = release };
	rc = deflateInit2(&d->packer, PACK_LEVEL, Z_DEFLATED, PACK_WINDOW_BITS,
	    PACK_MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
	assert(rc == Z_OK);
	(void)rc;
	d->packs = true;
}

size_t deflate_pack(struct deflate *d, struct str plain)
{
	size_t n = plain.n < PACK_MAX ? plain.n : PACK_MAX;
	z_stream *z = &d->packer;
	int flush = n == plain.n ? Z_SYNC_FLUSH : Z_NO_FLUSH;
	size_t room;

	assert(d->packed.n == 0 && n > 0);
	begin_packer(d);
	z->next_in = (const Bytef *)plain.p;
	z->avail_in = (uInt)n;
	room = deflateBound(z, (uLong)n) + 16;
	do {
		char *to = buf_reserve(&d->packed, room);

		z->next_out = (Bytef *)to;
		z->avail_out = (uInt)room;
		(void)deflate(z, flush);
		buf_grown(&d->packed, room - z->avail_out);
	} while (z->avail_out == 0);
	d->flushed = flush == Z_SYNC_FLUSH;
	return n;
}

struct str deflate_packed(const struct deflate *d)
{
	return str_from_at(buf_str(&d->packed), d->packed_sent);
}

void deflate_sent(struct deflate *d, size_t n)
{
	d->packed_sent += n;
	if (d->packed_sent < d->packed.n)
		return;
	buf_clear(&d->packed);
	d->packed_sent = 0;
}

/* Between two blocks an unpacker is nothing but the bytes before. */
static void rest_unpacker(struct deflate *d)
{
	uInt n = WINDOW_SIZE;
	char *to;

	if (!d->unpacks || d->ended || deflate_has_pending(d) ||
	    d->unpacker.data_type != BETWEEN_BLOCKS)
		return;
	if (inflateGetDictionary(&d->unpacker, NULL, &n) != Z_OK)
		return;
	to = buf_reserve(&d->history, n);
	if (inflateGetDictionary(&d->unpacker, (Bytef *)to, &n) != Z_OK)
		return;
	buf_grown(&d->history, n);
	end_unpacker(d);
}

void deflate_rest(struct deflate *d)
{
	if (d->packed.n == 0) {
		buf_release(&d->packed);
		if (d->flushed)
			end_packer(d);
	}
	rest_unpacker(d);
}

size_t deflate_memory(const struct deflate *d)
{
	return sizeof(*d) + (d->packs ? PACKER_MEMORY : 0) +
	    (d->unpacks ? UNPACKER_MEMORY : 0) + d->packed.room + d->given.room +
	    d->history.room;
}
