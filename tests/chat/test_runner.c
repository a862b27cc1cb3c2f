#include "tests/chat/chat.h"
#include "tests/cm.h"

#include "base/heap.h"
#include "base/str.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A protocol of lines for the runner's own test. */
struct world {
	struct chat *chat;
	struct session_ref first; /* of the first session */
	unsigned runs, sessions;
	struct session *first_session;
};

struct mini {
	struct session base;
	struct world *world;
	bool greeted, waits, wants_ticket;
	pthread_t waker;
	bool has_waker;
	struct session_ref ref;
};

static void *wake_later(void *arg)
{
	struct mini *mini = arg;

	usleep(1000);
	chat_wake(mini->world->chat, mini->ref, EVENT_DONE);
	return NULL;
}

static enum step start_wait(struct mini *mini)
{
	mini->waits = true;
	if (mini->has_waker)
		(void)pthread_join(mini->waker, NULL);
	mini->ref = mini->base.driver->ref(&mini->base);
	mini->has_waker = pthread_create(&mini->waker, NULL, wake_later, mini) == 0;
	return STEP_WAIT;
}

static void say(struct mini *mini, struct str text)
{
	buf_add_str(&mini->base.out, text);
	BUF_ADD(&mini->base.out, "\r\n");
}

static enum step command(struct mini *mini, struct str line)
{
	struct session *s = &mini->base;

	if (str_starts(line, STR("echo "))) {
		say(mini, str_from_at(line, 5));
	} else if (str_equal(line, STR("literal 3"))) {
		say(mini, STR("{3}\r\nxxx"));
	} else if (str_equal(line, STR("count"))) {
		say(mini, STR("1\r\n3\r\n2"));
	} else if (str_equal(line, STR("wait"))) {
		return start_wait(mini);
	} else if (str_equal(line, STR("timer"))) {
		session_timer(s, 1);
	} else if (str_equal(line, STR("ticket"))) {
		mini->wants_ticket = true;
		return STEP_TICKET;
	} else if (str_equal(line, STR("poke 0"))) {
		chat_wake(mini->world->chat, mini->world->first, EVENT_BUS);
	} else if (str_equal(line, STR("starttls"))) {
		say(mini, STR("go"));
		return STEP_TLS;
	} else if (str_equal(line, STR("secure"))) {
		say(mini, s->tls && s->driver->tls_name(s).n > 0 ? STR("yes") : STR("no"));
	}
	return STEP_INPUT;
}

static bool tell_event(struct mini *mini, enum session_event event, struct str text)
{
	bool came = session_take_event(&mini->base, event);

	if (came)
		say(mini, text);
	return came;
}

static enum step next_command(struct mini *mini, bool *got)
{
	struct str in = buf_str(&mini->base.in);
	struct str line = str_first(in, str_find(in, STR("\r\n")));
	enum step step = STEP_INPUT;

	*got = line.n < in.n;
	if (*got) {
		step = command(mini, line);
		buf_consume(&mini->base.in, line.n + 2);
	}
	return step;
}

static enum step mini_run(struct session *s)
{
	struct mini *mini = (struct mini *)s;
	bool got = true;

	if (!mini->greeted)
		buf_printf(&s->out, "* hi in %s from %.*s\r\n", s->tls ? "TLS" : "clear",
		    STR_ARG(s->peer.address));
	mini->greeted = true;
	if (mini->wants_ticket) {
		assert_true(s->has_ticket);
		mini->wants_ticket = false;
		say(mini, STR("with a ticket"));
	}
	if (mini->waits && !session_take_event(s, EVENT_DONE))
		return STEP_WAIT;
	if (mini->waits)
		say(mini, STR("waited"));
	mini->waits = false;
	(void)tell_event(mini, EVENT_TIMER, STR("timer"));
	(void)tell_event(mini, EVENT_BUS, STR("bus"));
	while (got) {
		enum step step = next_command(mini, &got);

		if (step != STEP_INPUT)
			return step;
	}
	if (tell_event(mini, EVENT_SHUTDOWN, STR("stop")))
		return STEP_CLOSE;
	(void)tell_event(mini, EVENT_EOF, STR("eof"));
	return STEP_INPUT;
}

static void mini_free(struct session *s)
{
	struct mini *mini = (struct mini *)s;

	if (mini->has_waker)
		(void)pthread_join(mini->waker, NULL);
	mini->world->sessions--;
	xfree(mini);
}

static const struct session_ops mini_ops = { .run = mini_run, .free = mini_free };

static struct session *mini_open(void *arg, const char *service, const struct session *base)
{
	struct world *world = arg;
	struct mini *mini;

	if (!str_equal(str_from(service), STR("selftest")))
		return NULL;
	mini = xcalloc(1, sizeof(*mini));
	mini->base = *base;
	mini->base.ops = &mini_ops;
	mini->world = world;
	if (world->sessions++ == 0) {
		world->first_session = &mini->base;
		world->first = base->driver->ref(&mini->base);
	}
	return &mini->base;
}

static enum errc mini_begin(void *arg, struct chat *chat, struct err *err)
{
	struct world *world = arg;

	(void)err;
	*world = (struct world){ .chat = chat, .runs = world->runs + 1 };
	return OK;
}

static enum errc mini_directive(void *arg, struct str word, struct str rest, struct err *err)
{
	struct world *world = arg;

	(void)err;
	if (!str_equal(word, STR("say")))
		return ERR_UNSUPPORTED;
	buf_printf(&world->first_session->out, "said %.*s\r\n", STR_ARG(rest));
	chat_wake(world->chat, world->first, EVENT_DONE);
	return OK;
}

static struct world world;
static const struct chat_host host = {
	.arg = &world,
	.begin = mini_begin,
	.open = mini_open,
	.directive = mini_directive,
};

static void holds_a_dialogue_in_each_way(void **state)
{
	struct buf report = BUF_INIT(65536);
	unsigned files = 0, failed;

	(void)state;
	failed = chat_run_folder(&host, CHAT_FOLDER, &report, &files);
	if (failed > 0)
		fail_msg("%.*s", STR_ARG(buf_str(&report)));
	assert_int_equal(files, 1);
	assert_int_equal(world.runs, 5);
	assert_int_equal(world.sessions, 0);
	buf_release(&report);
}

static const struct {
	const char *script, *report;
} wrong[] = {
	{ "S: * bye\n", ":1: (whole, seed 0) wanted \"* bye\", got \"* hi in clear" },
	{ "# x\n\nS: …\nC: echo a\nS: b\n", ":5: (whole, seed 0) wanted \"b\", got \"a" },
	{ "S: …\nC: echo a\n", ":0: (whole, seed 0) session 1 also said \"a" },
	{ "S: …\n@event shutdown\nS: stop\nS: x\n", "wanted \"x\", got \"\" and the end" },
	{ "S: …\n@event shutdown\nS: stop\nC: x\n",
	    ":4: (whole, seed 0) the session has ended" },
	{ "S: …\n@closed\n", "has not ended" },
	{ "S: …\n@event timer\n", "has set no timer" },
	{ "@what\n", "@what is unknown" },
	{ "@session 17\n", "@session 1 to 16" },
	{ "@service none\nS: x\n", "no service \"none\"" },
	{ "X: y\n", "line 1: neither" },
	{ "C> \\q\n", "line 1: bad escape" },
	{ "S: {a\n", "'{' without '}'" },
	{ "S: {(}\n", "pattern: " },
	{ "S: …\nC: {$never}\n", "{$never} was never set" },
	{ "S: …\nC: count\nS* 1\nS* 2\nS* 4\n", "\"3\" is none of these" },
	{ "S: …\nC: literal 3\nS: {3}\nS> xyx\n", "wanted \"xyx\", got \"xxx" },
};

static void says_where_a_dialogue_fails(void **state)
{
	char folder[] = "/tmp/tabella-chat-XXXXXX", inner[64], path[128];

	(void)state;
	assert_non_null(mkdtemp(folder));
	/* the folder's name is that of the service */
	(void)snprintf(inner, sizeof(inner), "%s/selftest", folder);
	assert_int_equal(mkdir(inner, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/wrong.chat", inner);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct buf report = BUF_INIT(4096);
		FILE *file = fopen(path, "we");

		assert_non_null(file);
		(void)fputs(wrong[i].script, file);
		(void)fclose(file);
		assert_false(chat_run(&host, path, CHAT_WHOLE, 0, &report));
		buf_add_char(&report, 0);
		if (!strstr(report.p, wrong[i].report))
			fail_msg("case %zu: %s", i, report.p);
		buf_release(&report);
	}
	(void)unlink(path);
	(void)rmdir(inner);
	(void)rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_a_dialogue_in_each_way),
		cmocka_unit_test(says_where_a_dialogue_fails),
	};

	return cmocka_run_group_tests_name("chat/runner", tests, NULL, NULL);
}
