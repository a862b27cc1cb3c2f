#include "lmtp/lmtp_int.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "db/pool.h"
#include "smtp/command.h"
#include "smtp/reply.h"
#include "store/store.h"

#include <string.h>

/* Milliseconds that a worker waits for a connection that its ticket promised it. */
#define LEASE_WAIT_MS 10000

/* Each attempt costs memory until the transaction ends, so their number is bounded as that of the taken ones is. */
static enum step refuse(struct lmtp_session *l, struct smtp_status status, const char *why)
{
	if (++l->refused > (size_t)l->env->conf->recipients_max) {
		smtp_reply(&l->s.out, (struct smtp_status){ 421, "4.7.0" },
		    "too many recipients that are not here");
		return STEP_CLOSE;
	}
	smtp_reply(&l->s.out, status, "%s", why);
	return STEP_MORE;
}

/* RCPT's answers differ from those to a message: who, not what, is wrong. */
static struct smtp_status status_of(enum errc rc)
{
	switch (rc) {
	case ERR_NOTFOUND:
		return (struct smtp_status){ 550, "5.1.1" };
	case ERR_DENIED:
		return (struct smtp_status){ 550, "5.2.1" };
	case ERR_LIMIT:
		return (struct smtp_status){ 550, "5.4.6" };
	default:
		return smtp_status_of(rc);
	}
}

static enum errc resolve(
    struct lmtp_session *l, struct str address, struct route *route_out, struct err *err)
{
	const struct deliver_env *env = l->env->deliver;
	struct db *db = NULL;
	enum errc rc = db_lease(store_pool(env->store), LEASE_WAIT_MS, &db, err);

	if (rc != OK)
		return rc;
	rc = route_resolve(db,
	    &(struct route_request){ .settings = &env->route, .address = address },
	    l->transaction, route_out, err);
	db_return(&db);
	return rc;
}

/* The MTA has sent its own copies elsewhere. With nobody here the address should not have come: that is for the queue. */
static void leave_forwards(struct route *route)
{
	size_t kept = 0;

	if (route->outside == route->count)
		return;
	for (size_t i = 0; i < route->count; i++)
		if (route->targets[i].kind != ROUTE_REMOTE)
			route->targets[kept++] = route->targets[i];
	route->outside -= route->count - kept;
	route->count = kept;
}

/* Can this recipient be served at all, before bytes are sent for it? */
static enum errc check_route(
    const struct lmtp_session *l, const struct route *route, struct err *err)
{
	const struct outbound *outbound = l->env->deliver->outbound;

	for (size_t i = 0; i < route->count; i++) {
		const struct route_target *target = &route->targets[i];
		enum errc rc = OK;

		if (target->kind != ROUTE_LOCAL)
			rc = outbound->accept(outbound->arg, target, err);
		else if (target->quota_bytes > 0 && target->used_bytes >= target->quota_bytes)
			rc = err_set(err, ERR_QUOTA, "mailbox is full");
		if (rc != OK)
			return rc;
	}
	return OK;
}

static void add_plan(struct lmtp_session *l, struct str recipient, struct route route)
{
	if (l->plan_count == l->plan_room) {
		size_t room = l->plan_room > 0 ? l->plan_room * 2 : 4;
		struct plan *more = ARENA_NEW(l->transaction, struct plan, room);

		if (l->plan_count > 0)
			memcpy(more, l->plans, l->plan_count * sizeof(*more));
		l->plans = more;
		l->plan_room = room;
	}
	l->plans[l->plan_count++] =
	    (struct plan){ .recipient = str_dup(l->transaction, recipient), .route = route };
}

enum step lmtp_cmd_rcpt(struct lmtp_session *l, struct str rest)
{
	struct smtp_path_command command;
	struct err err = { .code = OK };
	struct route route;
	struct str recipient, plain;
	enum errc rc;

	if (l->plan_count >= (size_t)l->env->conf->recipients_max)
		return refuse(l, (struct smtp_status){ 452, "4.5.3" },
		    "too many recipients, send the rest later");
	if (smtp_path_command(rest, STR("TO"), l->transaction, &command, &err) != OK)
		return refuse(l, (struct smtp_status){ 501, "5.1.3" }, err.text);
	if (command.parameter_count > 0)
		return refuse(l, (struct smtp_status){ 555, "5.5.4" }, "parameter not known");
	if (command.path.utf8 && !l->utf8)
		return refuse(
		    l, (struct smtp_status){ 553, "5.6.7" }, "such an address needs SMTPUTF8");
	recipient = str_dup(l->transaction, command.path.address);
	/* the route points into it, and lives as long as the transaction */
	plain = str_dup(l->transaction, smtp_path_plain(&command.path, l->transaction));
	rc = resolve(l, plain, &route, &err);
	if (errc_is_temporary(rc)) {
		log_error(l->s.log, "route-failed", F_STR("qid", l->envelope.id),
		    F_STR("rcpt", recipient), F_ERR(&err));
		(void)err_set(&err, rc, "%s", smtp_text_of(rc, &err));
	}
	if (rc == OK && l->env->conf->forwards == LMTP_FORWARDS_MTA)
		leave_forwards(&route);
	if (rc == OK)
		rc = check_route(l, &route, &err);
	if (rc != OK) {
		struct smtp_status status = status_of(rc);
		struct str why;

		if (rc == ERR_QUOTA && l->env->conf->over_quota == LMTP_OVER_QUOTA_SOFT)
			status = (struct smtp_status){ 452, "4.2.2" };
		log_info(l->s.log, "rcpt-refused", F_STR("qid", l->envelope.id),
		    F_STR("from", l->envelope.sender), F_STR("rcpt", recipient),
		    F_WORD("status", errc_name(rc)), F_CSTR("reason", err.text));
		why = str_printf(l->transaction, "<%.*s> %s", STR_ARG(recipient), err.text);
		return refuse(l, status, str_cstr(l->transaction, why));
	}
	add_plan(l, recipient, route);
	lmtp_enter(l, LMTP_RCPT);
	smtp_reply(&l->s.out, (struct smtp_status){ 250, "2.1.5" }, "<%.*s> taken",
	    STR_ARG(recipient));
	return STEP_MORE;
}
