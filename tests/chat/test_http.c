/*
 * The dialogues of tests/chat/http, with a server of two pages.
 */
#include "tests/cm.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "http/http.h"
#include "tests/chat/chat.h"

#include <stdio.h>

static void write_hello(void *arg, struct buf *out)
{
	(void)arg;
	BUF_ADD(out, "hello\n");
}

/* More than a session may say at once. */
static void write_endless(void *arg, struct buf *out)
{
	(void)arg;
	for (size_t i = 0; i <= SESSION_OUT_MAX; i += 16)
		BUF_ADD(out, "0123456789abcdef");
}

struct http_world {
	struct log_sink sink;
	struct log log;
	struct http_conf conf;
	struct http_env env;
};

static enum errc begin(void *arg, struct chat *chat, struct err *err)
{
	static const struct str allowed[] = { STR_INIT("192.0.2.0/24") };
	struct http_world *world = arg;

	(void)chat;
	(void)err;
	*world = (struct http_world){ .sink = LOG_SINK_STDERR,
		.conf = { .allow = { allowed, 1 } },
		.env = { .page = { { STR("/hello"), "text/plain", write_hello, NULL, NULL },
			     { STR("/endless"), "text/plain", write_endless, NULL, NULL } },
		    .page_count = 2 } };
	world->env.conf = &world->conf;
	world->sink.level = LOG_LEVEL_ERROR;
	log_init(&world->log, &world->sink, "chat");
	return OK;
}

static struct session *open_session(void *arg, const char *service, const struct session *base)
{
	struct http_world *world = arg;
	struct session with_log = *base;

	(void)service;
	with_log.log = &world->log;
	return http_open(&world->env, &with_log);
}

static void holds_the_dialogues_of_http(void **state)
{
	struct http_world world;
	const struct chat_host host = { .arg = &world, .begin = begin, .open = open_session };
	struct buf report = BUF_INIT(100000);
	unsigned files = 0;
	unsigned failed = chat_run_folder(&host, CHAT_FOLDER, &report, &files);

	(void)state;
	if (report.n > 0)
		(void)fwrite(report.p, 1, report.n, stderr);
	buf_release(&report);
	assert_true(files > 0);
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_the_dialogues_of_http),
	};

	return cmocka_run_group_tests_name("chat/http", tests, NULL, NULL);
}
