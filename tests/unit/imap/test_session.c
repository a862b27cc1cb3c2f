/*
 * What a session does with its driver and its clock; what it says is in tests/chat/imap. There is no store.
 */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "imap/imap_int.h"
#include "imap/limits.h"

#include <string.h>
#include <time.h>

static int64_t timer_at;

static void timer(struct session *s, int64_t at_ms)
{
	(void)s;
	timer_at = at_ms;
}

static struct session_ref ref(struct session *s)
{
	(void)s;
	return (struct session_ref){ 1, 1 };
}

static const struct session_driver driver = { .timer = timer, .ref = ref };

static struct imap_conf conf;
static const struct imap_env env = { .conf = &conf,
	.login = { .mechanisms = SASL_PASSWORD_SET },
	.hostname = STR_INIT("host") };

static struct imap_session *open_session(void)
{
	struct session base = { .driver = &driver };
	struct session *s;

	timer_at = 0;
	conf = (struct imap_conf){ .idle_timeout_ms = 1000000, .idle_keepalive_ms = 60000 };
	buf_init(&base.in, SESSION_IN_MAX);
	buf_init(&base.out, SESSION_OUT_MAX);
	s = imap_open((void *)(uintptr_t)&env, &base);
	assert_int_equal(s->ops->run(s), STEP_INPUT);
	buf_clear(&s->out);
	return (struct imap_session *)s;
}

static void close_session(struct imap_session *s)
{
	struct buf in = s->base.in, out = s->base.out;

	s->base.ops->free(&s->base);
	buf_release(&in);
	buf_release(&out);
}

/* A step that took too long on a busy machine goes on. */
static enum step say(struct imap_session *s, struct str text)
{
	enum step step;

	buf_clear(&s->base.out);
	buf_add_str(&s->base.in, text);
	do
		step = s->base.ops->run(&s->base);
	while (step == STEP_MORE);
	return step;
}

static bool said(const struct imap_session *s, struct str text)
{
	struct str out = buf_str(&s->base.out);

	return str_find(out, text) < out.n;
}

static void greets_once(void **state)
{
	struct session base = { .driver = &driver };
	struct session *s;

	(void)state;
	buf_init(&base.in, SESSION_IN_MAX);
	buf_init(&base.out, SESSION_OUT_MAX);
	s = imap_open((void *)(uintptr_t)&env, &base);
	assert_int_equal(s->out.n, 0);
	assert_int_equal(s->ops->run(s), STEP_INPUT);
	assert_true(str_starts(buf_str(&s->out), STR("* OK [CAPABILITY IMAP4rev1 ")));
	buf_clear(&s->out);
	assert_int_equal(s->ops->run(s), STEP_INPUT);
	assert_int_equal(s->out.n, 0);
	close_session((struct imap_session *)s);
}

/* So many bytes in short lines; the last one has no end. */
static enum step say_bytes(struct imap_session *s, size_t n)
{
	struct buf text = BUF_INIT(100000);
	enum step step;

	while (n > 8) {
		BUF_ADD(&text, "a NOOP\r\n");
		n -= 8;
	}
	for (; n > 0; n--)
		buf_add_char(&text, 'x');
	step = say(s, buf_str(&text));
	buf_release(&text);
	return step;
}

static void limits_what_a_stranger_sends(void **state)
{
	(void)state;
	for (size_t n = IMAP_STRANGER_SESSION_MAX - 1; n <= IMAP_STRANGER_SESSION_MAX + 1;
	     n++) {
		struct imap_session *s = open_session();
		enum step step = say_bytes(s, n);
		bool more = n > IMAP_STRANGER_SESSION_MAX;

		assert_int_equal(step, more ? STEP_CLOSE : STEP_INPUT);
		assert_int_equal(said(s, STR("* BYE ")), more);
		close_session(s);
	}
}

static void limits_the_line_of_a_stranger(void **state)
{
	(void)state;
	for (size_t n = IMAP_STRANGER_LINE_MAX - 1; n <= IMAP_STRANGER_LINE_MAX + 1; n++) {
		struct imap_session *s = open_session();
		char line[IMAP_STRANGER_LINE_MAX + 1];

		memset(line, 'x', n);
		memcpy(line, "a LOGIN ", 8);
		memcpy(line + n - 2, "\r\n", 2);
		assert_int_equal(say(s, (struct str){ line, n }), STEP_INPUT);
		assert_true(said(s, STR("a BAD ")));
		assert_int_equal(said(s, STR("too long")), n > IMAP_STRANGER_LINE_MAX);
		close_session(s);
	}
}

static void wait_ms(long ms)
{
	const struct timespec time = { 0, ms * 1000000 };

	(void)nanosleep(&time, NULL);
}

/* RFC 3501 5.4 */
static void logs_out_who_is_silent(void **state)
{
	struct imap_session *s = open_session();

	(void)state;
	assert_int_equal(timer_at, 0);
	imap_session_enter(s, IMAP_KNOWN);
	assert_int_equal(say(s, STR("a NOOP\r\n")), STEP_INPUT);
	assert_true(timer_at > clock_mono_ms());
	s->base.events |= EVENT_TIMER;
	assert_int_equal(say(s, STR_EMPTY), STEP_INPUT);
	assert_int_equal(s->base.out.n, 0);
	conf.idle_timeout_ms = 1;
	wait_ms(3);
	s->base.events |= EVENT_TIMER;
	assert_int_equal(say(s, STR_EMPTY), STEP_CLOSE);
	assert_true(said(s, STR("* BYE ")));
	close_session(s);
}

static void tells_an_idle_client_that_it_lives(void **state)
{
	struct imap_session *s = open_session();

	(void)state;
	imap_session_enter(s, IMAP_KNOWN);
	conf.idle_keepalive_ms = 1;
	assert_int_equal(say(s, STR("a IDLE\r\n")), STEP_IDLE);
	wait_ms(3);
	s->base.events |= EVENT_TIMER;
	assert_int_equal(say(s, STR_EMPTY), STEP_IDLE);
	assert_true(said(s, STR("* OK ")));
	conf.idle_timeout_ms = 1;
	s->base.events |= EVENT_TIMER;
	assert_int_equal(say(s, STR_EMPTY), STEP_CLOSE);
	assert_true(said(s, STR("* BYE ")));
	close_session(s);
}

static void asks_for_a_ticket_before_the_database(void **state)
{
	struct imap_session *s = open_session();

	(void)state;
	imap_session_enter(s, IMAP_KNOWN);
	assert_int_equal(say(s, STR("a SELECT INBOX\r\n")), STEP_TICKET);
	assert_int_equal(s->base.out.n, 0);
	close_session(s);
}

static void ends_with_its_input(void **state)
{
	struct imap_session *s = open_session();

	(void)state;
	s->base.events |= EVENT_EOF;
	assert_int_equal(say(s, STR("a NOOP\r\nb NO")), STEP_CLOSE);
	assert_true(said(s, STR("a OK ")));
	close_session(s);
}

static void stops_between_commands(void **state)
{
	struct imap_session *s = open_session();

	(void)state;
	s->base.events |= EVENT_SHUTDOWN;
	assert_int_equal(say(s, STR("a NOOP\r\nb NO")), STEP_CLOSE);
	assert_true(said(s, STR("a OK ")));
	assert_true(said(s, STR("* BYE [UNAVAILABLE] ")));
	close_session(s);
}

/* Half a command is none, wherever it stands still: in a line, a literal or a SASL exchange. */
static void stops_without_waiting_for_the_rest_of_a_command(void **state)
{
	static const struct str halves[] = { STR_INIT("a LOGIN {3}\r\nx"), STR_INIT("a LO"),
		STR_INIT("a AUTHENTICATE PLAIN\r\n") };

	(void)state;
	for (size_t i = 0; i < COUNT(halves); i++) {
		struct imap_session *s = open_session();

		(void)say(s, halves[i]);
		s->base.events |= EVENT_SHUTDOWN;
		assert_int_equal(say(s, STR_EMPTY), STEP_CLOSE);
		assert_true(said(s, STR("* BYE [UNAVAILABLE] ")));
		close_session(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(greets_once),
		cmocka_unit_test(limits_what_a_stranger_sends),
		cmocka_unit_test(limits_the_line_of_a_stranger),
		cmocka_unit_test(logs_out_who_is_silent),
		cmocka_unit_test(tells_an_idle_client_that_it_lives),
		cmocka_unit_test(asks_for_a_ticket_before_the_database),
		cmocka_unit_test(ends_with_its_input),
		cmocka_unit_test(stops_between_commands),
		cmocka_unit_test(stops_without_waiting_for_the_rest_of_a_command),
	};

	return cmocka_run_group_tests_name("imap/session", tests, NULL, NULL);
}
