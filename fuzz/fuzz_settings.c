/*
 * A configuration file, read with all the options of the program. One that is read without a mistake is shown in a form
 * that is read without one too, and whatever is wrong is said with its line.
 */
#include "base/buf.h"
#include "base/str.h"
#include "main/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		__builtin_trap();
}

/* Passwords are not shown as they are, so what is shown may name no database. */
static bool has_secret(const struct settings *settings)
{
	return settings->db_password.n > 0 || settings->db_url.n > 0;
}

static void check_shown(
    const struct conf_table *const *tables, size_t count, const struct conf *conf)
{
	struct buf out = BUF_INIT((size_t)1 << 22);
	struct conf *again = NULL;

	conf_print(conf, true, &out);
	expect(!out.overflow);
	expect(has_secret(settings_of(conf)) ||
	    conf_load_text(tables, count, "/t", buf_str(&out), &again) == OK);
	conf_free(&again);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct buf diags = BUF_INIT((size_t)1 << 22);
	size_t count;
	const struct conf_table *const *tables = settings_tables(&count);
	struct conf *conf = NULL;
	enum errc rc = conf_load_text(tables, count, "/t", in, &conf);

	if (conf)
		conf_print_diags(conf, CONF_WARNING, &diags);
	if (rc == OK)
		check_shown(tables, count, conf);
	else if (conf)
		expect(str_find(buf_str(&diags), STR(": error: ")) < diags.n);
	conf_free(&conf);
	buf_release(&diags);
	return 0;
}
