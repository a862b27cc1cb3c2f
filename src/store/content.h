/*
 * store/content.h - reading stored messages: the object's row (sizes, ENVELOPE, structure) and the bytes.
 */
#pragma once

#include "base/buf.h"
#include "store/store.h"

struct object_info {
	int64_t owner, object;
	uint64_t size, header_size, trace_size;
	int64_t thread, sent_date;	/* sent_date INT64_MIN: none */
	struct str envelope, structure; /* as they are sent */
	struct str parts;		/* for mime_index_read; shifted by trace_size */
	struct str sha256;
	bool encoded; /* holds 8-bit text */
};

struct ahead;

/*
 * From what was read ahead (NULL: nothing was), or with one statement. Rows whose parser version is older are computed
 * again from the bytes. What it gives lives until the arena's end or the next ahead_read. ERR_NOTFOUND: swept.
 */
NODISCARD enum errc object_get(struct db *db, const struct ahead *ahead, int64_t owner,
    int64_t object, struct arena *arena, struct object_info *info_out, struct err *err);

/*
 * An open message: small ones are wholly in memory, of large ones the blobs are read as needed, at most 1 MB at a time.
 * It holds no connection and may be kept between steps.
 */
struct content;

/* `ahead` is looked at now and may be NULL. */
NODISCARD enum errc content_open(struct db *db, const struct ahead *ahead, int64_t owner,
    int64_t object, struct content **content_out, struct err *err);
void content_close(struct content **contentp);
uint64_t content_size(const struct content *content);

/* Up to and with the empty line, trace headers included. */
uint64_t content_header_size(const struct content *content);

/* Appends bytes [offset, offset + n) to `out`; short only at the end of the message. ERR_CORRUPT: chunks are missing. */
NODISCARD enum errc content_read(struct content *content, struct db *db, uint64_t offset,
    size_t n, struct buf *out, struct err *err);

/* Everything as one view, for small messages (content_size up to `max`, else ERR_LIMIT). Alive with the content. */
NODISCARD enum errc content_view(
    struct content *content, struct db *db, size_t max, struct str *bytes_out, struct err *err);
