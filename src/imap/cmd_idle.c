/*
 * imap/cmd_idle.c - IDLE (RFC 2177): news as they come, until DONE.
 *
 * The bus is watched before the mailbox is read, so that no change falls between.
 */
#include "base/clock.h"
#include "imap/imap_int.h"
#include "imap/reply.h"
#include "imap/view.h"

struct idle_work {
	int64_t began_ms, keepalive_ms; /* monotonic */
};

static enum imap_run bye(struct imap_session *s, const char *code, const char *text)
{
	imap_reply(s, REPLY_BYE, code, text);
	imap_session_enter(s, IMAP_ENDED);
	return RUN_CLOSE;
}

static void stop_watching(struct imap_session *s, void *work)
{
	(void)work;
	if (s->view != NULL)
		view_unwatch(s);
}

static void begin(struct imap_session *s)
{
	struct idle_work *work = ARENA_NEW(s->arena, struct idle_work, 1);

	work->began_ms = clock_mono_ms();
	work->keepalive_ms = work->began_ms + s->env->conf->idle_keepalive_ms;
	s->work = work;
	s->work_free = stop_watching;
	framer_next_plain(&s->framer);
	if (s->view != NULL)
		view_watch(s);
	s->bus = true;
	imap_continue(s, "idling");
}

/* RUN_DONE: everything is told. */
static enum imap_run tell_news(struct imap_session *s)
{
	struct err err = { .code = OK };
	enum errc rc;

	if (s->view == NULL || (!s->bus && !s->view->sync.active))
		return RUN_DONE;
	if (!s->view->sync.active) {
		if (!s->base.has_ticket)
			return RUN_TICKET;
		s->bus = false;
	}
	rc = view_sync(s, true, NULL, &err);
	if (rc == ERR_MORE)
		return RUN_MORE;
	if (rc == ERR_NOTFOUND || rc == ERR_CLOSED)
		return bye(s, NULL, "the selected mailbox is gone");
	/* could not be read: again with the next run, at the latest when the client is told that we live */
	if (rc != OK)
		s->bus = true;
	return RUN_DONE;
}

static enum imap_run end(struct imap_session *s, struct str line)
{
	bool done = str_equal_nocase(line, STR("DONE"));

	framer_next(&s->framer);
	if (done)
		return imap_finish(s, NULL, "no longer idle");
	imap_reply(s, REPLY_BAD, NULL, "DONE expected");
	return RUN_DONE;
}

static void look_at_the_clock(struct imap_session *s, struct idle_work *work)
{
	const struct imap_conf *conf = s->env->conf;
	int64_t now = clock_mono_ms();
	int64_t at = work->began_ms + conf->idle_timeout_ms;

	if (now >= work->keepalive_ms) {
		imap_reply(s, REPLY_UNTAGGED_OK, NULL, "still here");
		work->keepalive_ms = now + conf->idle_keepalive_ms;
	}
	session_timer(&s->base, at < work->keepalive_ms ? at : work->keepalive_ms);
	s->timer_ms = 0;
}

enum imap_run imap_run_idle(struct imap_session *s)
{
	struct idle_work *work;
	enum imap_run run;
	struct str line;
	enum errc rc;

	if (s->work == NULL)
		begin(s);
	work = s->work;
	run = tell_news(s);
	if (run != RUN_DONE)
		return run;
	rc = imap_take_line(s, &line);
	if (rc == OK)
		return end(s, line);
	if (rc != ERR_MORE) {
		imap_reply(s, REPLY_BAD, NULL, "DONE expected");
		return RUN_DONE;
	}
	if (s->stopping)
		return bye(s, "UNAVAILABLE", "server is stopping");
	if (clock_mono_ms() - work->began_ms >= s->env->conf->idle_timeout_ms)
		return bye(s, NULL, "autologout: idle for too long");
	look_at_the_clock(s, work);
	return RUN_IDLE;
}
