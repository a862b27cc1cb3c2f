/*
 * store/ahead_int.h - inside src/store: what was read ahead of one message.
 */
#pragma once

#include "store/ahead.h"
#include "store/content.h"

/* NULL: not there. Alive until the next ahead_read. `ahead` may be NULL. */
const struct object_info *ahead_object(
    const struct ahead *ahead, int64_t owner, int64_t object);

/* Columns of mail_contents and what of mail_objects belongs to them. */
struct content_row {
	uint64_t size, header_size, trace_size;
	struct str header;
	bool has_body;
	struct str body, extents; /* if has_body */
};
const struct content_row *ahead_content(
    const struct ahead *ahead, int64_t owner, int64_t object);

/* object_get.c: the row from `column`, its parser, on; texts copied into the arena; false: an older parser made it. */
bool object_row_take(
    const struct db_q *q, int column, struct arena *arena, struct object_info *info_out);
