/*
 * Values of fields. Properties: what is decoded is UTF-8 without NUL; addresses have a mailbox and a host or are marks
 * in pairs; a base subject is part of its text and its own base; a date that is read is written and read to the same;
 * identifiers have no white space around them.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/utf8.h"
#include "mime/address.h"
#include "mime/date.h"
#include "mime/header.h"
#include "mime/limits.h"
#include "mime/msgid.h"
#include "mime/param.h"
#include "mime/subject.h"
#include "mime/word.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void check_addresses(struct str in, struct arena *arena)
{
	struct mime_address_list list = { .first = NULL };
	size_t count = 0;
	bool in_group = false;

	mime_addresses(in, MIME_ADDRESSES_MAX, arena, &list);
	for (const struct mime_address *a = list.first; a; a = a->next, count++) {
		if (!mime_address_is_mark(a)) {
			require(a->mailbox.p != NULL);
			continue;
		}
		require(in_group == (a->mailbox.p == NULL));
		in_group = !in_group;
	}
	require(count == list.count && count <= MIME_ADDRESSES_MAX);
	require(!in_group || count == MIME_ADDRESSES_MAX);
}

static void check_text(struct str in, struct arena *arena)
{
	struct mime_subject subject = mime_subject(in, arena);
	struct str text = mime_word_text(in, arena);

	require(utf8_is_valid(text) && (text.n == 0 || !memchr(text.p, '\0', text.n)));
	require(utf8_is_valid(subject.base) && utf8_is_valid(subject.key));
	require(str_find(subject.text, subject.base) <= subject.text.n);
}

static void check_date(struct str in)
{
	char text[MIME_DATE_SIZE];
	int64_t unix_s, again;
	int zone_min, zone_again;

	if (mime_date_parse(in, &unix_s, &zone_min, NULL) != OK)
		return;
	mime_date_format(unix_s, zone_min, text);
	/* below the year 1000 digits are a year of another century */
	if (unix_s < INT64_C(-30000000000))
		return;
	require(mime_date_parse(str_from(text), &again, &zone_again, NULL) == OK);
	require(again == unix_s && zone_again == zone_min);
}

static void check_params(struct str in, struct arena *arena)
{
	struct mime_param params[MIME_PARAMS_MAX];
	struct str type, subtype, rest = in, value;
	size_t count;

	if (mime_content_type(in, &type, &subtype, &rest))
		require(type.n > 0 && subtype.n > 0 && rest.n < in.n);
	count = mime_params(rest, arena, params, COUNT(params));
	for (size_t i = 0; i < count; i++) {
		require(params[i].name.n > 0);
		require(mime_param_find(rest, params[i].name, arena, &value));
		require(mime_param_text(rest, params[i].name, arena, &value));
		require(utf8_is_valid(value));
	}
}

static void check_ids(struct str in, struct arena *arena)
{
	struct str ids[20];
	size_t count = mime_message_ids(in, arena, ids, COUNT(ids));

	for (size_t i = 0; i < count; i++)
		require(ids[i].n > 0 && ids[i].n < in.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct arena *arena = arena_new("fuzz");

	check_addresses(in, arena);
	check_text(in, arena);
	check_date(in);
	check_params(in, arena);
	check_ids(in, arena);
	(void)mime_unfold(arena, in);
	arena_free(&arena);
	return 0;
}
