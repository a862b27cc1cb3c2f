/* The last key of a copy, as it comes back from the database, and times as engines write them. */
#include "base/arena.h"
#include "base/str.h"
#include "store/site_copy_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size }, once, again;
	/* its key is all of its columns, in their order: a key is a row, too */
	const struct site_table *table = site_table_find(STR("mail_blob_refs"));
	struct site_key key = site_key_of(table, DB_SQLITE);
	struct arena *arena = arena_new("fuzz");
	char room[2][19];

	once = site_row_key(arena, table, &key, in);
	again = site_row_key(arena, table, &key, once);
	if (!str_equal(once, again))
		__builtin_trap();
	if (!str_starts(site_key_text(arena, table, &key, in), STR("hash ")))
		__builtin_trap();
	once = site_time(in, room[0]);
	if (!str_equal(site_time(once, room[1]), once))
		__builtin_trap();
	arena_free(&arena);
	return 0;
}
