/*
 * net/deflate.h - one raw DEFLATE stream in each direction (RFC 1951), without I/O: IMAP's COMPRESS (RFC 4978) stands on
 * it.
 *
 * Nothing is held that is not needed. While it works the packing side takes 70 KB (a window of 8 KB), the unpacking side
 * 42 KB (a peer may use the whole window of 32 KB). deflate_rest gives both back: packing begins anew without history,
 * which a stream that was flushed allows, and of unpacking only the last bytes of the peer are kept that it may refer to.
 */
#pragma once

#include "net/tls.h"

struct deflate;

/* `already`: compressed bytes that have come before. Copied. */
struct deflate *deflate_new(struct str already);
void deflate_free(struct deflate **deflatep);

/*
 * Unpacks up to `room` bytes: IO_OK with at least one; IO_WAIT: bytes of the peer are needed (deflate_give); IO_EOF: the
 * stream has ended; IO_FAILED: it is none.
 */
enum io_result deflate_read(struct deflate *deflate, char *p, size_t room, size_t *got_out);

/* Bytes of the peer, when deflate_read has said IO_WAIT. At most DEFLATE_GIVE_MAX. Copied. */
void deflate_give(struct deflate *deflate, struct str packed);
#define DEFLATE_GIVE_MAX ((size_t)16384)

/* deflate_read would say something else than IO_WAIT, or may. */
bool deflate_has_pending(const struct deflate *deflate);

/*
 * Packs the beginning of `plain`, or all of it; then the stream is flushed, so that the peer can unpack every byte. What
 * comes out is sent and dropped (deflate_sent) before the next call. Returns how much of `plain` was taken: 1 or more.
 */
size_t deflate_pack(struct deflate *deflate, struct str plain);

/* What waits to be sent. Borrowed until the next call. */
struct str deflate_packed(const struct deflate *deflate);
void deflate_sent(struct deflate *deflate, size_t n);

/* Gives back what can be made again. */
void deflate_rest(struct deflate *deflate);

/* Bytes that it holds. */
size_t deflate_memory(const struct deflate *deflate);
