/*
 * mime/msgid.h - message identifiers for threads (RFC 5322 section 3.6.4, RFC 5256 section 3).
 */
#pragma once

#include "base/base.h"

struct arena;

/*
 * Up to `max` identifiers of a raw References, In-Reply-To or Message-ID, in order, without their angle brackets and
 * white space; a quoted left side without needless quotes, as RFC 5256 wants it compared. Text that is in no brackets
 * is skipped. Returns how many; they are views of `value` or live in `arena`.
 */
size_t mime_message_ids(struct str value, struct arena *arena, struct str *ids, size_t max);

/*
 * The identifier of a raw Message-ID: the first in brackets, else the first word of the text, which careless programs
 * write. False if there is neither.
 */
bool mime_message_id(struct str value, struct arena *arena, struct str *id_out);
