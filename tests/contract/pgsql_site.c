#include "tests/cm.h"

#include "tests/contract/pgsql_site.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "tests/contract/scratch_int.h"

#include <stdlib.h>
#include <string.h>

int pgsql_set_up(void **state)
{
	static struct scratch scratch;

	scratch_init(&scratch);
	*state = &scratch;
	return 0;
}

int pgsql_tear_down(void **state)
{
	scratch_release(*state);
	return 0;
}

void administer_at(const struct scratch *scratch, const char *url, const char *format)
{
	struct arena *arena = arena_new("test");
	struct str rest = str_from(format), piece, sql = STR_EMPTY;

	for (int i = 0; str_split(&rest, '%', &piece); i++)
		sql = i == 0 ? piece
			     : str_printf(arena, "%.*s%s%.*s", STR_ARG(sql), scratch->name,
				   STR_ARG(str_from_at(piece, 1)));
	scratch_pgsql_run(url, str_cstr(arena, sql));
	arena_free(&arena);
}

void administer(const struct scratch *scratch, const char *format)
{
	administer_at(scratch, getenv("TABELLA_TEST_PGSQL"), format);
}

void change_url(
    const struct scratch *scratch, void (*change)(struct db_url *url), struct buf *out)
{
	struct arena *arena = arena_new("test");
	struct db_url url;

	assert_int_equal(db_url_parse(str_from(scratch->url), arena, &url, NULL), OK);
	change(&url);
	db_url_print(&url, out);
	db_url_release(&url);
	arena_free(&arena);
}

void nothing(struct db_url *url)
{
	(void)url;
}

void assert_says(const struct err *err, const char *what)
{
	if (!strstr(err->text, what))
		fail_msg("\"%s\" does not say \"%s\"", err->text, what);
	assert_null(strchr(err->text, '\n'));
}
