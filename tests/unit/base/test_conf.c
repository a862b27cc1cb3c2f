#include "tests/cm.h"

#include "base/buf.h"
#include "base/conf.h"
#include "base/file.h"
#include "base/str.h"

#include <string.h>
#include <unistd.h>

struct mail_conf {
	struct str hostname;
	struct str db_url;
	struct str password;
};

struct imap_conf {
	bool enabled;
	int64_t idle_timeout_ms;
	int64_t port;
	uint64_t message_max;
	struct conf_addresses listen;
	struct str key;
};

static const struct conf_option mail_options[] = {
	{ "hostname", CONF_STRING, CONF_FIELD(struct mail_conf, hostname), .text = "Our name.",
	    .reload = true },
	{ "db.url", CONF_URL, CONF_FIELD(struct mail_conf, db_url), .def = "sqlite:mail.db",
	    .dbmail = "DBMAIL.dburi" },
	{ "db.password", CONF_SECRET, CONF_FIELD(struct mail_conf, password),
	    .dbmail = "DBMAIL.pass" },
};

static void check_imap(struct conf *conf, const void *fields)
{
	const struct imap_conf *imap = fields;

	if (imap->enabled && imap->port == 25)
		conf_complain(conf, CONF_ERROR, "imap.port", "port 25 is SMTP's");
}

static const struct conf_option imap_options[] = {
	{ "imap.enabled", CONF_BOOL, CONF_FIELD(struct imap_conf, enabled), .def = "yes" },
	{ "imap.idle_timeout", CONF_TIME, CONF_FIELD(struct imap_conf, idle_timeout_ms),
	    .def = "30m", .min = "1m", .max = "24h", .reload = true,
	    .dbmail = "IMAP.idle_timeout:m", .text = "How long." },
	{ "imap.port", CONF_INT, CONF_FIELD(struct imap_conf, port), .def = "143", .min = "1",
	    .max = "65535", .dbmail = "IMAP.port" },
	{ "imap.message_max", CONF_SIZE, CONF_FIELD(struct imap_conf, message_max),
	    .def = "50M", .dbmail = "IMAP.max_message_size" },
	{ "imap.listen", CONF_ADDRESSES, CONF_FIELD(struct imap_conf, listen),
	    .def = "127.0.0.1", .dbmail = "IMAP.bindip" },
	{ "imap.key", CONF_PATH, CONF_FIELD(struct imap_conf, key), .def = "" },
};

static const struct conf_table mail_table = CONF_TABLE(struct mail_conf, mail_options);
static const struct conf_table imap_table = {
	.option = imap_options,
	.count = COUNT(imap_options),
	.size = sizeof(struct imap_conf),
	.check = check_imap,
};
static const struct conf_table *const tables[] = { &mail_table, &imap_table };

static struct conf *load(const char *text)
{
	struct conf *conf;
	enum errc rc =
	    conf_load_text(tables, COUNT(tables), "/etc/t.conf", str_from(text), &conf);

	assert_int_equal(rc, conf_has_errors(conf) ? ERR_SYNTAX : OK);
	return conf;
}

static const struct imap_conf *imap_of(const struct conf *conf)
{
	return conf_fields(conf, &imap_table);
}

static const struct mail_conf *mail_of(const struct conf *conf)
{
	return conf_fields(conf, &mail_table);
}

static void fills_fields_with_defaults_and_settings(void **state)
{
	struct conf *conf =
	    load("hostname = mx.example.org\n[IMAP]\n"
		 "[imap]\nIdle_Timeout = 2h\nkey = k.pem\n[Db]\nurl = sqlite:x");

	(void)state;
	assert_false(conf_has_errors(conf));
	assert_int_equal(conf_diag_count(conf), 0);
	assert_true(str_equal(mail_of(conf)->hostname, STR("mx.example.org")));
	assert_true(str_equal(mail_of(conf)->db_url, STR("sqlite:x")));
	assert_true(imap_of(conf)->enabled);
	assert_int_equal(imap_of(conf)->idle_timeout_ms, 7200000);
	assert_int_equal(imap_of(conf)->message_max, 50 << 20);
	assert_string_equal(imap_of(conf)->key.p, "/etc/k.pem");
	assert_int_equal(imap_of(conf)->listen.count, 1);
	assert_true(conf_is_set(conf, "imap.key"));
	assert_false(conf_is_set(conf, "imap.port"));
	conf_free(&conf);
	assert_null(conf);
	conf_free(&conf);
}

static void takes_full_names_before_any_section_and_in_its_own(void **state)
{
	struct conf *conf =
	    load("imap.port = 1143\n[tabella]\nhostname = a\nimap.enabled = no\n");

	(void)state;
	assert_int_equal(conf_diag_count(conf), 0);
	assert_int_equal(imap_of(conf)->port, 1143);
	assert_false(imap_of(conf)->enabled);
	assert_true(str_equal(mail_of(conf)->hostname, STR("a")));
	conf_free(&conf);
}

static void reads_the_keys_of_dbmail(void **state)
{
	struct conf *conf =
	    load("[DBMAIL]\ndburi = mysql://u:p@h/d\nbindip = 0.0.0.0\nport = 1\n"
		 "PASS = geheim\n[IMAP]\nPort = 143\nidle_timeout = 45\n"
		 "max_message_size = 1000\n");

	(void)state;
	assert_int_equal(conf_diag_count(conf), 0);
	assert_true(str_equal(mail_of(conf)->db_url, STR("mysql://u:p@h/d")));
	assert_true(str_equal(mail_of(conf)->password, STR("geheim")));
	/* missing in [IMAP]: from [DBMAIL]; there: its own */
	assert_true(str_equal(imap_of(conf)->listen.item[0].host, STR("0.0.0.0")));
	assert_int_equal(imap_of(conf)->port, 143);
	/* DBMail's minutes */
	assert_int_equal(imap_of(conf)->idle_timeout_ms, 45 * 60000);
	assert_int_equal(imap_of(conf)->message_max, 1000);
	conf_free(&conf);
}

static void lets_the_services_own_key_win_in_any_order(void **state)
{
	struct conf *conf = load("[IMAP]\nport = 1143\n[DBMAIL]\nport = 99\n");

	(void)state;
	assert_int_equal(imap_of(conf)->port, 1143);
	assert_int_equal(conf_diag_count(conf), 0);
	conf_free(&conf);
	conf = load("[imap]\nport = 2143\n[IMAP]\nport = 1143\n[DBMAIL]\nport = 99\n");
	assert_int_equal(imap_of(conf)->port, 2143);
	assert_int_equal(conf_diag_count(conf), 1);
	conf_free(&conf);
}

/* Every kind of complaint: the text that makes it, and what is said. */
static const struct {
	const char *text, *want;
} complaints[] = {
	{ "[imap]\nidle_timout = 5m\n",
	    "/etc/t.conf:2: error: there is no option idle_timout in [imap]; did you mean "
	    "idle_timeout?\n" },
	{ "[db]\nidle_timeout = 5m\n",
	    "/etc/t.conf:2: error: there is no option idle_timeout in [db]; did you mean "
	    "imap.idle_timeout?\n" },
	{ "zzz = 5m\n", "/etc/t.conf:1: error: there is no option zzz\n" },
	{ "[imapp]\na = b\nc = d\n[imap]\nport=5\n",
	    "/etc/t.conf:1: error: there is no section [imapp]; did you mean [imap]?\n" },
	{ "[DBMIAL]\nport = 5\n",
	    "/etc/t.conf:1: error: there is no section [DBMIAL]; did you mean [DBMAIL]?\n" },
	{ "[spooling]\na = b\n",
	    "/etc/t.conf:1: error: there is no section [spooling]; its keys are not looked "
	    "at\n" },
	{ "[imap]\nport = 0\n",
	    "/etc/t.conf:2: error: port: a number (1 to 65535) expected, not \"0\"\n" },
	{ "[imap]\nport = 65536\nenabled = maybe\n",
	    "/etc/t.conf:2: error: port: a number (1 to 65535) expected, not "
	    "\"65536\"\n/etc/t.conf:3: error: enabled: yes or no expected, not \"maybe\"\n" },
	{ "[imap]\nidle_timeout = 25h\n",
	    "/etc/t.conf:2: error: idle_timeout: a time such as 30s, 10m or 2h (1m to 24h) "
	    "expected, not \"25h\"\n" },
	{ "[imap]\nport = 5\nport = 6\n",
	    "/etc/t.conf:3: warning: port is set again (first on line 2); this one counts\n" },
	{ "[IMAP]\nport = 5\n[imap]\nport = 6\n",
	    "/etc/t.conf:4: warning: imap.port is set under two names (also on line 2); "
	    "Tabella's own counts\n" },
	{ "[DBMAIL]\npid_directory = /run\n",
	    "/etc/t.conf:2: warning: DBMail's key pid_directory has no effect: there are no "
	    "pid files: the service manager knows\n" },
	{ "[IMAP]\nPID_directory = /run\n",
	    "/etc/t.conf:2: warning: DBMail's key PID_directory has no effect: there are no "
	    "pid files: the service manager knows\n" },
	{ "[IMAP]\ndburi = x\n",
	    "/etc/t.conf:2: warning: dburi has no effect here: it counts in [DBMAIL]\n" },
	{ "[DBMAIL]\ndbrui = x\n",
	    "/etc/t.conf:2: error: there is no option dbrui in [DBMAIL]; did you mean "
	    "dburi?\n" },
	{ "[imap]\nport\n",
	    "/etc/t.conf:2: error: [section], key = value, or # comment expected\n" },
	{ "[imap\nport = 5\n",
	    "/etc/t.conf:1: error: ']' expected at the end of the section's name\n" },
	{ "hostname = a # b\n",
	    "/etc/t.conf:1: warning: the value goes on to the end of the line; a comment has a "
	    "line of its own\n" },
	{ "[imap]\n\nport = 25\n", "/etc/t.conf:3: error: port 25 is SMTP's\n" },
	{ "# nothing\n", "" },
};

static void explains_every_mistake_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(complaints); i++) {
		struct conf *conf = load(complaints[i].text);
		struct buf out = BUF_INIT(10000);

		conf_print_diags(conf, CONF_WARNING, &out);
		if (!str_equal(buf_str(&out), str_from(complaints[i].want)))
			fail_msg("case %zu: %.*s", i, STR_ARG(buf_str(&out)));
		buf_release(&out);
		conf_free(&conf);
	}
}

static void keeps_the_default_where_a_value_is_refused(void **state)
{
	struct conf *conf = load("[imap]\nport = many\nkey = k\n");

	(void)state;
	assert_true(conf_has_errors(conf));
	assert_int_equal(imap_of(conf)->port, 143);
	assert_string_equal(imap_of(conf)->key.p, "/etc/k");
	conf_free(&conf);
}

static void asks_for_what_is_required(void **state)
{
	static const struct conf_option options[] = {
		{ "name", CONF_STRING, CONF_FIELD(struct mail_conf, hostname),
		    .required = true },
	};
	static const struct conf_table table = CONF_TABLE(struct mail_conf, options);
	static const struct conf_table *const one[] = { &table };
	struct conf *conf;

	(void)state;
	assert_int_equal(conf_load_text(one, 1, "t", STR(""), &conf), ERR_SYNTAX);
	assert_true(str_equal(conf_diag(conf, 0)->text, STR("name must be set")));
	conf_free(&conf);
	assert_int_equal(conf_load_text(one, 1, "t", STR("name=x"), &conf), OK);
	conf_free(&conf);
}

static void shows_what_it_reads_and_hides_secrets(void **state)
{
	struct conf *conf =
	    load("hostname = \" a b\"\n[db]\npassword = hunter2\n"
		 "url = mysql://u:hunter2@h/d\n[imap]\nport = 143\nidle_timeout=5m\n");
	struct conf *again;
	struct buf out = BUF_INIT(10000), twice = BUF_INIT(10000);

	(void)state;
	conf_print(conf, true, &out);
	assert_true(str_equal(buf_str(&out),
	    STR("# /etc/t.conf, line 1\nhostname = \" a b\"\n"
		"\n[db]\n# /etc/t.conf, line 4\nurl = mysql://u:***@h/d\n"
		"# /etc/t.conf, line 3\npassword = ***\n"
		"\n[imap]\n# /etc/t.conf, line 7\nidle_timeout = 5m\n")));
	buf_clear(&out);
	conf_print(conf, false, &out);
	assert_true(str_find(buf_str(&out), STR("hunter2")) == out.n);
	assert_true(str_find(buf_str(&out), STR("message_max = 50M\n")) < out.n);
	/* it reads its own output as the same */
	assert_int_equal(
	    conf_load_text(tables, COUNT(tables), "/etc/t.conf", buf_str(&out), &again), OK);
	assert_true(str_equal(mail_of(again)->hostname, STR(" a b")));
	assert_int_equal(imap_of(again)->idle_timeout_ms, 300000);
	buf_release(&out);
	buf_release(&twice);
	conf_free(&again);
	conf_free(&conf);
}

static void lists_what_needs_a_restart(void **state)
{
	struct conf *before = load("[imap]\nport = 143\nidle_timeout = 5m\n");
	struct conf *after =
	    load("[imap]\nport = 144\nidle_timeout = 6m\nlisten = 127.0.0.1\n");
	struct buf out = BUF_INIT(1000);

	(void)state;
	conf_print_restart(before, after, &out);
	assert_true(str_equal(buf_str(&out), STR("imap.port\n")));
	buf_release(&out);
	conf_free(&before);
	conf_free(&after);
}

static void keeps_what_was_started_with(void **state)
{
	struct conf *started = load("[imap]\nport = 143\nidle_timeout = 5m\nkey = /k\n");
	struct conf *conf = load("hostname = b\n[imap]\nport = 144\nidle_timeout = 6m\n");
	struct buf out = BUF_INIT(10000);

	(void)state;
	conf_keep_started(conf, started);
	conf_free(&started); /* held by the other */
	assert_int_equal(imap_of(conf)->port, 143);
	assert_int_equal(imap_of(conf)->idle_timeout_ms, 360000);
	assert_true(str_equal(imap_of(conf)->key, STR("/k")));
	assert_true(str_equal(mail_of(conf)->hostname, STR("b")));
	conf_print(conf, true, &out);
	assert_true(str_find(buf_str(&out), STR("idle_timeout = 6m\n")) < out.n);
	assert_true(str_find(buf_str(&out), STR("key = /k\n")) < out.n);
	assert_true(str_find(buf_str(&out), STR("port = 144")) == out.n);
	buf_release(&out);
	conf_free(&conf);
}

static void writes_the_manual_from_the_tables(void **state)
{
	struct buf out = BUF_INIT(10000);

	(void)state;
	conf_print_manual(tables, COUNT(tables), &out);
	assert_true(str_starts(buf_str(&out),
	    STR("### hostname\n\na text; takes effect on reload\n\nOur name.\n\n## [db]\n\n")));
	assert_true(
	    str_find(buf_str(&out),
		STR("### imap.idle_timeout\n\na time such as 30s, 10m or 2h (1m to 24h); "
		    "default `30m`; takes effect on reload\n\nHow long.\n\n"
		    "In dbmail.conf: `IMAP.idle_timeout:m`\n\n")) < out.n);
	buf_release(&out);
}

static void reads_a_file_and_lets_settings_win(void **state)
{
	static const char *const settings[] = { "imap.port=1143", "imap.key=rel" };
	char path[] = "/tmp/tabella-conf-XXXXXX";
	struct conf_source source = { .path = path, .setting = settings, .settings = 2 };
	struct conf *conf = NULL;
	int fd = mkstemp(path);
	struct err err;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(
	    file_write(path, STR("[imap]\nport = 143\nenabled = no\n"), 0600, &err), OK);
	assert_int_equal(conf_load(tables, COUNT(tables), &source, &conf, &err), OK);
	assert_int_equal(conf_diag_count(conf), 0);
	assert_int_equal(imap_of(conf)->port, 1143);
	assert_false(imap_of(conf)->enabled);
	assert_string_equal(imap_of(conf)->key.p, "rel");
	conf_free(&conf);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(conf_load(tables, COUNT(tables), &source, &conf, &err), ERR_NOTFOUND);
	assert_null(conf);
}

static void bounds_what_it_reads(void **state)
{
	struct buf text = BUF_INIT(1 << 20);
	struct conf *conf;

	(void)state;
	for (int i = 0; i < 10001; i++)
		BUF_ADD(&text, "imap.port=1\n");
	assert_int_equal(
	    conf_load_text(tables, COUNT(tables), "t", buf_str(&text), &conf), ERR_SYNTAX);
	/* "set again" a few hundred times, then one line that there is more */
	assert_int_equal(conf_diag_count(conf), 201);
	assert_true(str_equal(
	    conf_diag(conf, 200)->text, STR("there are more mistakes, which are not listed")));
	conf_free(&conf);
	buf_release(&text);
}

static void counts_its_users(void **state)
{
	struct conf *conf = load("");
	struct conf *second = conf_hold(conf);

	(void)state;
	conf_free(&conf);
	assert_int_equal(imap_of(second)->port, 143);
	conf_free(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_fields_with_defaults_and_settings),
		cmocka_unit_test(takes_full_names_before_any_section_and_in_its_own),
		cmocka_unit_test(reads_the_keys_of_dbmail),
		cmocka_unit_test(lets_the_services_own_key_win_in_any_order),
		cmocka_unit_test(explains_every_mistake_with_its_line),
		cmocka_unit_test(keeps_the_default_where_a_value_is_refused),
		cmocka_unit_test(asks_for_what_is_required),
		cmocka_unit_test(shows_what_it_reads_and_hides_secrets),
		cmocka_unit_test(lists_what_needs_a_restart),
		cmocka_unit_test(keeps_what_was_started_with),
		cmocka_unit_test(writes_the_manual_from_the_tables),
		cmocka_unit_test(reads_a_file_and_lets_settings_win),
		cmocka_unit_test(bounds_what_it_reads),
		cmocka_unit_test(counts_its_users),
	};

	return cmocka_run_group_tests_name("base/conf", tests, NULL, NULL);
}
