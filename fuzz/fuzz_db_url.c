/*
 * Database urls: what is read is written in a form that reads the same, and what is shown has no password.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "db/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void check_same(const struct db_url *a, const struct db_url *b)
{
	expect(a->engine == b->engine && str_equal(a->user, b->user));
	expect(str_equal(secret_view(&a->password), secret_view(&b->password)));
	expect(a->host_count == b->host_count && a->option_count == b->option_count);
	expect(str_equal(a->name, b->name));
	for (size_t i = 0; i < a->host_count; i++) {
		expect(str_equal(a->hosts[i].name, b->hosts[i].name));
		expect(a->hosts[i].port == b->hosts[i].port);
	}
	for (size_t i = 0; i < a->option_count; i++) {
		expect(str_equal(a->options[i].name, b->options[i].name));
		expect(str_equal(a->options[i].value, b->options[i].value));
	}
}

static void check_printed(const struct db_url *url, struct arena *arena)
{
	struct buf out = BUF_INIT(DB_URL_TEXT_MAX);
	struct db_url again;

	db_url_print(url, &out);
	expect(!out.overflow);
	/* the written form may be longer than what may be read */
	if (out.n <= DB_URL_MAX) {
		expect(db_url_parse(buf_str(&out), arena, &again, NULL) == OK);
		check_same(url, &again);
		db_url_release(&again);
	}
	buf_release(&out);
}

static void check_shown(struct str in, const struct db_url *url, struct arena *arena)
{
	struct str shown = db_url_shown(in, arena);
	struct db_url seen;

	if (shown.n > DB_URL_MAX)
		return;
	expect(db_url_parse(shown, arena, &seen, NULL) == OK);
	expect(str_equal(seen.user, url->user));
	expect(str_equal(
	    secret_view(&seen.password), url->password.n > 0 ? STR("***") : STR_EMPTY));
	db_url_release(&seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct arena *arena = arena_new("fuzz");
	struct db_url url;

	if (db_url_parse(in, arena, &url, NULL) == OK) {
		check_printed(&url, arena);
		check_shown(in, &url, arena);
		db_url_release(&url);
	} else {
		(void)db_url_shown(in, arena);
	}
	arena_free(&arena);
	return 0;
}
