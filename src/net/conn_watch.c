/*
 * net/conn_watch.c - what a connection shows of itself (net/activity.h), and what is counted of its service
 * (net/service_metrics.h). By the worker that runs it.
 */
#include "net/conn_int.h"

#include "base/clock.h"
#include "base/str.h"

static const struct service *service_of(const struct conn *conn)
{
	return conn->listener->options.service;
}

static void set_text(struct conn *conn, struct str *field, struct str text)
{
	activities_set_text(conn->reactor->activities, &conn->activity, field, text);
}

void conn_show_peer(struct conn *conn)
{
	set_text(conn, &conn->activity.peer, str_from(conn->peer_text));
}

void conn_show(struct conn *conn)
{
	struct activity *activity = &conn->activity;

	*activity = (struct activity){
		.ref = conn->ref,
		.sid = conn->id,
		.service = service_of(conn)->name,
		.opened_s = clock_unix_s(),
	};
	conn_show_peer(conn);
	activities_show(conn->reactor->activities, activity);
	metric_add(service_of(conn)->metrics, SERVICE_CONNECTIONS, 0, 0, 1);
}

void conn_hide(struct conn *conn)
{
	activities_hide(conn->reactor->activities, &conn->activity);
	metric_sub(service_of(conn)->metrics, SERVICE_CONNECTIONS, 0, 0, 1);
}

void conn_show_user(struct conn *conn)
{
	set_text(conn, &conn->activity.user, (struct str){ conn->user, conn->user_size });
	if (conn->activity.tls.n == 0)
		set_text(conn, &conn->activity.tls, str_from(conn->tls_text));
}

void conn_show_use(struct conn *conn)
{
	const struct session *s = conn->session;
	struct metrics *metrics = service_of(conn)->metrics;

	if (!s)
		return;
	metric_add(metrics, SERVICE_BYTES_IN, 0, 0, s->bytes_in - conn->counted_in);
	metric_add(metrics, SERVICE_BYTES_OUT, 0, 0, s->bytes_out - conn->counted_out);
	conn->counted_in = s->bytes_in;
	conn->counted_out = s->bytes_out;
	activities_lock(conn->reactor->activities, conn->ref);
	conn->activity.bytes_in = s->bytes_in;
	conn->activity.bytes_out = s->bytes_out;
	conn->activity.memory = conn->charged + conn->booked + conn->kept;
	activities_unlock(conn->reactor->activities, conn->ref);
}

static struct conn *conn_of(const struct session *s)
{
	return s->driver_data;
}

static void show_verb(struct conn *conn, struct str verb, int64_t since_ms)
{
	activities_lock(conn->reactor->activities, conn->ref);
	conn->activity.verb = verb;
	conn->activity.verb_ms = since_ms;
	activities_unlock(conn->reactor->activities, conn->ref);
}

static void on_begins(struct session *s, size_t verb)
{
	struct conn *conn = conn_of(s);
	const struct session_verbs *verbs = &service_of(conn)->verbs;

	conn->verb = verb;
	conn->verb_us = clock_mono_us();
	if (verb < verbs->count)
		show_verb(conn, verbs->word(verb), conn->verb_us / 1000);
}

static void on_did(struct session *s, size_t verb, enum session_result result, int64_t since_us)
{
	const struct service *service = service_of(conn_of(s));
	int64_t took_us = clock_mono_us() - since_us;

	metric_add(service->metrics, SERVICE_COMMANDS, verb, result, 1);
	if (verb != service->verbs.untimed)
		metric_observe(service->metrics, SERVICE_COMMAND_TIME, verb, 0,
		    took_us > 0 ? (uint64_t)took_us : 0);
}

static void on_ended(struct session *s, enum session_result result)
{
	struct conn *conn = conn_of(s);

	on_did(s, conn->verb, result, conn->verb_us);
	show_verb(conn, STR_EMPTY, 0);
}

static void on_is_in(struct session *s, const char *state, struct str mailbox)
{
	struct conn *conn = conn_of(s);

	if (!str_equal(conn->activity.mailbox, mailbox))
		set_text(conn, &conn->activity.mailbox, mailbox);
	activities_lock(conn->reactor->activities, conn->ref);
	conn->activity.state = state;
	activities_unlock(conn->reactor->activities, conn->ref);
}

static void on_tried_login(struct session *s, const char *mechanism, enum session_result result)
{
	metric_add(service_of(conn_of(s))->metrics, SERVICE_LOGINS,
	    service_mechanism(mechanism), result, 1);
}

const struct session_watch conn_watch = {
	.begins = on_begins,
	.ended = on_ended,
	.did = on_did,
	.is_in = on_is_in,
	.tried_login = on_tried_login,
};
