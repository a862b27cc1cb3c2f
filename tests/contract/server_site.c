#include "tests/cm.h"

#include "tests/contract/server_site.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "tests/contract/scratch_int.h"

#include <stdlib.h>
#include <string.h>

int server_set_up(void **state)
{
	static struct scratch scratch;

	scratch_init(&scratch);
	*state = &scratch;
	return 0;
}

int server_tear_down(void **state)
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
	if (scratch_engine() == DB_PGSQL)
		scratch_pgsql_run(url, str_cstr(arena, sql));
	else
		scratch_mariadb_run(url, str_cstr(arena, sql));
	arena_free(&arena);
}

void administer(const struct scratch *scratch, const char *format)
{
	bool is_pgsql = scratch_engine() == DB_PGSQL;

	administer_at(
	    scratch, getenv(is_pgsql ? "TABELLA_TEST_PGSQL" : "TABELLA_TEST_MARIADB"), format);
}

void nothing(struct db_url *url)
{
	(void)url;
}

void wrong_password(struct db_url *url)
{
	secret_release(&url->password);
	secret_init(&url->password, STR("not-the-password"));
}

static const struct db_url_host nobody_listens = { .name = STR_INIT("127.0.0.1"), .port = 1 };

void no_server(struct db_url *url)
{
	url->hosts[0] = nobody_listens;
	url->host_count = 1;
}

void first_host_is_down(struct db_url *url)
{
	url->hosts[1] = url->hosts[0];
	url->hosts[0] = nobody_listens;
	url->host_count = 2;
}

void change_url(const struct scratch *scratch, url_change *change, struct buf *out)
{
	struct arena *arena = arena_new("test");
	struct db_url url;

	assert_int_equal(db_url_parse(str_from(scratch->url), arena, &url, NULL), OK);
	change(&url);
	db_url_print(&url, out);
	db_url_release(&url);
	arena_free(&arena);
}

static void assert_keeps_the_password(struct str url_text, const struct err *err)
{
	struct arena *arena = arena_new("test");
	struct db_url url;

	assert_int_equal(db_url_parse(url_text, arena, &url, NULL), OK);
	if (url.password.n > 0)
		assert_int_equal(str_find(str_from(err->text), secret_view(&url.password)),
		    strlen(err->text));
	db_url_release(&url);
	arena_free(&arena);
}

enum errc open_changed(
    const struct scratch *scratch, bool create, url_change *change, struct err *err)
{
	struct db_settings settings = scratch_settings(scratch);
	struct buf text = BUF_INIT(DB_URL_TEXT_MAX);
	struct db_pool *pool = NULL;
	enum errc rc;

	change_url(scratch, change, &text);
	settings.url = buf_str(&text);
	settings.create = create;
	rc = db_open(&settings, &pool, err);
	if (rc != OK)
		assert_keeps_the_password(settings.url, err);
	db_close(&pool);
	buf_release(&text);
	return rc;
}

void assert_says(const struct err *err, const char *what)
{
	if (!strstr(err->text, what))
		fail_msg("\"%s\" does not say \"%s\"", err->text, what);
	assert_null(strchr(err->text, '\n'));
}
