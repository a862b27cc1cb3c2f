/*
 * imap/cmd_idle.c - IDLE (RFC 2177): news as they come, until DONE.
 *
 * The bus is watched before the mailbox is read, so that no change falls between.
 */
#include "base/clock.h"
#include "imap/imap_int.h"
#include "imap/reply.h"
#include "imap/view.h"

/* News that could not be read are asked for again so soon, and twice as late each time. */
#define RETRY_FIRST_MS 500
#define RETRY_LAST_MS 8000

struct idle_work {
	int64_t began_ms, keepalive_ms; /* monotonic */
	int64_t retry_ms, pause_ms;	/* 0: everything could be read */
};

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

/* Nobody wakes us for news that we were woken for. */
static void read_again(struct imap_session *s, struct idle_work *work)
{
	s->bus = true;
	work->pause_ms = work->pause_ms == 0 ? RETRY_FIRST_MS : 2 * work->pause_ms;
	if (work->pause_ms > RETRY_LAST_MS)
		work->pause_ms = RETRY_LAST_MS;
	work->retry_ms = clock_mono_ms() + work->pause_ms;
}

/* RUN_DONE: everything is told that could be read. */
static enum imap_run tell_news(struct imap_session *s, struct idle_work *work)
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
	if (rc == ERR_NOTFOUND || rc == ERR_STATE)
		return imap_bye_amid(s, NULL, "the selected mailbox is gone");
	work->retry_ms = 0;
	if (rc == OK)
		work->pause_ms = 0;
	else
		read_again(s, work);
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
	if (at > work->keepalive_ms)
		at = work->keepalive_ms;
	if (work->retry_ms != 0 && at > work->retry_ms)
		at = work->retry_ms;
	session_timer(&s->base, at);
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
	run = tell_news(s, work);
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
		return imap_bye(s, "UNAVAILABLE", "server is stopping");
	if (clock_mono_ms() - work->began_ms >= s->env->conf->idle_timeout_ms)
		return imap_bye(s, NULL, "autologout: idle for too long");
	look_at_the_clock(s, work);
	return RUN_IDLE;
}
