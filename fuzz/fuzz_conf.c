/* Property: a configuration that was read without a mistake is shown in a form that is read as the same one. */
#include "base/buf.h"
#include "base/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fields {
	bool flag;
	int64_t number, time_ms;
	uint64_t size;
	struct str text, path;
	int word;
	struct conf_list list;
	struct conf_addresses addresses;
};

static const struct conf_word words[] = { { "one", 1 }, { "two", 2 }, { NULL, 0 } };

/* No secrets and URLs: they are not shown as they are. */
static const struct conf_option options[] = {
	{ "flag", CONF_BOOL, CONF_FIELD(struct fields, flag), .dbmail = "DBMAIL.authlog" },
	{ "a.number", CONF_INT, CONF_FIELD(struct fields, number), .dbmail = "IMAP.port" },
	{ "a.time", CONF_TIME, CONF_FIELD(struct fields, time_ms), .dbmail = "IMAP.timeout:m" },
	{ "a.size", CONF_SIZE, CONF_FIELD(struct fields, size) },
	{ "a.text", CONF_STRING, CONF_FIELD(struct fields, text), .max = "50" },
	{ "b.path", CONF_PATH, CONF_FIELD(struct fields, path) },
	{ "b.word", CONF_ENUM, CONF_FIELD(struct fields, word), .words = words, .def = "one" },
	{ "b.list", CONF_LIST, CONF_FIELD(struct fields, list) },
	{ "b.addresses", CONF_ADDRESSES, CONF_FIELD(struct fields, addresses) },
};

static const struct conf_table table = CONF_TABLE(struct fields, options);
static const struct conf_table *const tables[] = { &table };

static void must_read_the_same(const struct conf *conf)
{
	struct buf out = BUF_INIT((size_t)1 << 22);
	struct conf *again;

	conf_print(conf, true, &out);
	if (out.overflow || conf_load_text(tables, 1, "/t", buf_str(&out), &again) != OK)
		__builtin_trap();
	buf_clear(&out);
	conf_print_restart(conf, again, &out);
	if (out.n > 0)
		__builtin_trap();
	conf_free(&again);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct buf out = BUF_INIT((size_t)1 << 22);
	struct conf *conf;

	if (conf_load_text(tables, 1, "/t", in, &conf) == OK)
		must_read_the_same(conf);
	conf_print_diags(conf, CONF_WARNING, &out);
	conf_free(&conf);
	buf_release(&out);
	return 0;
}
