/*
 * db/pgsql_payload.c - changes in the text of a notification.
 *
 *	payload = "1" SP self *( SP owner "," mailbox "," modseq "," kind )
 *
 * in decimal; 1 is the version of this form.
 */
#include "base/cursor.h"
#include "base/str.h"
#include "db/pgsql_int.h"

#define CHANGE_BYTES_MAX ((size_t)80) /* four numbers and what parts them */

static void add_change(struct buf *out, const struct change *change)
{
	buf_printf(out, " %lld,%lld,%lld,%d", (long long)change->owner,
	    (long long)change->mailbox, (long long)change->modseq, (int)change->kind);
}

size_t pgsql_payload_add(
    struct buf *out, int64_t self, const struct change *changes, size_t count)
{
	size_t start = out->n, done = 0;

	if (count > PGSQL_CHANGES_MAX)
		count = PGSQL_CHANGES_MAX;
	buf_printf(out, "1 %lld", (long long)self);
	while (done < count && out->n - start + CHANGE_BYTES_MAX <= PGSQL_PAYLOAD_MAX)
		add_change(out, &changes[done++]);
	return done;
}

static bool take_number(struct cursor *c, int64_t *number_out)
{
	bool negative = cursor_take(c, '-');
	uint64_t magnitude;

	if (cursor_take_u64(c, (uint64_t)INT64_MAX + negative, &magnitude) != OK)
		return false;
	*number_out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return true;
}

static bool take_change(struct cursor *c, struct change *change)
{
	int64_t kind;

	if (!cursor_take(c, ' ') || !take_number(c, &change->owner) || !cursor_take(c, ',') ||
	    !take_number(c, &change->mailbox) || !cursor_take(c, ',') ||
	    !take_number(c, &change->modseq) || !cursor_take(c, ',') || !take_number(c, &kind))
		return false;
	change->kind = (enum change_kind)kind;
	return kind >= CHANGE_MAIL && kind <= CHANGE_ALL;
}

enum errc pgsql_payload_parse(struct str payload, int64_t *self_out,
    struct change changes[PGSQL_CHANGES_MAX], size_t *count_out)
{
	struct cursor c = cursor_of(payload);
	size_t count = 0;

	if (!cursor_take_str(&c, STR("1 ")) || !take_number(&c, self_out))
		return ERR_SYNTAX;
	while (!cursor_at_end(&c)) {
		if (count == PGSQL_CHANGES_MAX)
			return ERR_LIMIT;
		if (!take_change(&c, &changes[count++]))
			return ERR_SYNTAX;
	}
	*count_out = count;
	return OK;
}
