#include "deliver/pipeline.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/civil.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/str.h"
#include "deliver/metrics.h"
#include "store/mailbox.h"

#include <string.h>

/* A Received, Delivered-To and Return-Path together: addresses and names are bounded by the protocol. */
#define TRACE_MAX ((size_t)16384)

struct plan_key {
	uint8_t bytes[32];
};

/* A recipient's share in the deliveries: which plan asked for it. */
struct pipeline {
	const struct deliver_env *env;
	const struct envelope *envelope;
	struct plan *plans;
	size_t count;
	struct str bytes;
	struct prepared *message;
	struct arena *arena;
	struct plan_key *keys;	     /* of each plan */
	struct delivery *deliveries; /* each account and folder once */
	size_t delivery_count;
	int64_t session, serial, now;
	size_t stage; /* the next one to run */
};

/* DESIGN: return path, recipient as given and every byte received. */
static void make_key(const struct pipeline *p, struct str recipient, struct plan_key *key_out)
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_add(&hash, p->envelope->sender);
	sha256_add(&hash, STR("\0"));
	sha256_add(&hash, recipient);
	sha256_add(&hash, STR("\0"));
	sha256_add(&hash, (struct str){ (const char *)prepared_hash(p->message), 32 });
	sha256_finish(&hash, key_out->bytes);
	sha256_release(&hash);
}

enum errc pipeline_new(const struct deliver_env *env, const struct envelope *envelope,
    struct plans plans, struct str bytes, struct pipeline **pipeline_out, struct err *err)
{
	struct prepared *message;
	struct arena *arena;
	struct pipeline *pipeline;
	enum errc rc = prepare_message(env->store, bytes, &message, err);

	if (rc != OK)
		return rc;
	arena = arena_new("delivery");
	pipeline = ARENA_NEW(arena, struct pipeline, 1);
	*pipeline = (struct pipeline){
		.env = env,
		.envelope = envelope,
		.plans = plans.plan,
		.count = plans.count,
		.bytes = bytes,
		.message = message,
		.arena = arena,
		.now = clock_unix_s(),
	};
	pipeline->keys = ARENA_NEW(arena, struct plan_key, plans.count);
	for (size_t i = 0; i < plans.count; i++)
		make_key(pipeline, plans.plan[i].recipient, &pipeline->keys[i]);
	*pipeline_out = pipeline;
	return OK;
}

void pipeline_free(struct pipeline **pipelinep)
{
	struct arena *arena;

	if (!*pipelinep)
		return;
	arena = (*pipelinep)->arena;
	prepared_free(&(*pipelinep)->message);
	arena_free(&arena);
	*pipelinep = NULL;
}

/* RFC 5321 4.4: Return-Path at final delivery, then one Received; Delivered-To says to whom, for loops and people. */
static struct str trace_headers(const struct pipeline *p, struct str recipient)
{
	const struct envelope *e = p->envelope;
	struct civil now = civil_from_unix(p->now, 0);
	struct buf out = BUF_INIT(TRACE_MAX);
	struct str trace;

	buf_printf(&out, "Return-Path: <%.*s>\r\n", STR_ARG(e->sender));
	buf_printf(&out, "Delivered-To: %.*s\r\n", STR_ARG(recipient));
	if (e->protocol.n > 0) {
		buf_printf(&out, "Received: from %.*s", STR_ARG(e->helo));
		if (e->peer.n > 0)
			buf_printf(&out, " (%.*s)", STR_ARG(e->peer));
		buf_printf(&out, "\r\n\tby %.*s with %.*s id %.*s\r\n\tfor <%.*s>; ",
		    STR_ARG(p->env->hostname), STR_ARG(e->protocol), STR_ARG(e->id),
		    STR_ARG(recipient));
		civil_add_rfc5322(&out, &now);
		BUF_ADD(&out, "\r\n");
	}
	trace = str_dup(p->arena, buf_str(&out));
	buf_release(&out);
	return trace;
}

static struct delivery *find_delivery(
    const struct pipeline *p, const struct route_target *target)
{
	for (size_t i = 0; i < p->delivery_count; i++)
		if (p->deliveries[i].owner == target->owner &&
		    str_equal(p->deliveries[i].mailbox, target->mailbox))
			return &p->deliveries[i];
	return NULL;
}

/* May everything outside the house be taken? Asked before anything is stored for the recipient. */
static enum errc check_outside(const struct pipeline *p, struct plan *plan)
{
	const struct outbound *outbound = p->env->outbound;

	for (size_t i = 0; i < plan->route.count; i++) {
		const struct route_target *target = &plan->route.targets[i];
		enum errc rc = OK;

		if (target->kind != ROUTE_LOCAL)
			rc = outbound->accept(outbound->arg, target, &plan->err);
		if (rc != OK)
			return rc;
	}
	return OK;
}

/* A subaddress may have named a new folder. That it is there already is as good; that it cannot be made means INBOX, where
 * the store puts what has no folder. */
static enum errc make_folder(
    const struct pipeline *p, const struct route_target *target, struct err *err)
{
	struct actor owner = { .user = target->owner };
	int64_t id;
	enum errc rc = OK;

	if (target->create)
		rc = mailbox_create(p->env->store, owner, target->mailbox, &id, err);
	return errc_is_temporary(rc) ? rc : OK;
}

/* Turns plans into deliveries: an account that several recipients reach gets the message once. */
static enum errc stage_keep(struct pipeline *p, struct err *err)
{
	size_t room = 0;

	(void)err;
	for (size_t i = 0; i < p->count; i++)
		room += p->plans[i].route.count;
	p->deliveries = ARENA_NEW(p->arena, struct delivery, room);
	for (size_t i = 0; i < p->count; i++) {
		struct plan *plan = &p->plans[i];

		plan->rc = check_outside(p, plan);
		for (size_t j = 0; plan->rc == OK && j < plan->route.count; j++) {
			const struct route_target *target = &plan->route.targets[j];
			struct delivery *d;

			if (target->kind != ROUTE_LOCAL || find_delivery(p, target))
				continue;
			plan->rc = make_folder(p, target, &plan->err);
			if (plan->rc != OK)
				break;
			d = &p->deliveries[p->delivery_count++];
			d->owner = target->owner;
			d->mailbox = target->mailbox;
			d->flags = plan->flags;
			d->trace = trace_headers(p, plan->recipient);
			d->rc = ERR_UNAVAIL;
			memcpy(d->key, p->keys[i].bytes, sizeof(d->key));
		}
	}
	return OK;
}

/* Queue rows of every accepted plan, in the transaction of the first batch. */
static enum errc enqueue_outside(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct pipeline *p = arg;
	const struct outbound *outbound = p->env->outbound;

	(void)arena;
	for (size_t i = 0; i < p->count; i++) {
		const struct plan *plan = &p->plans[i];

		for (size_t j = 0; plan->rc == OK && j < plan->route.count; j++) {
			const struct route_target *target = &plan->route.targets[j];
			enum errc rc = OK;

			if (target->kind != ROUTE_LOCAL)
				rc = outbound->enqueue(outbound->arg, db, target,
				    p->envelope->sender, p->bytes, err);
			if (rc != OK)
				return rc;
		}
	}
	return OK;
}

static int by_owner(const void *a, const void *b)
{
	const struct delivery *x = a, *y = b;

	return (x->owner > y->owner) - (x->owner < y->owner);
}

static bool anything_outside(const struct pipeline *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->plans[i].rc == OK && p->plans[i].route.outside > 0)
			return true;
	return false;
}

/* A recipient's result is its worst target's: our own trouble before a refusal, so that nothing bounces for it. */
static void settle(const struct pipeline *p, struct plan *plan)
{
	bool first = true;

	for (size_t j = 0; plan->rc == OK && j < plan->route.count; j++) {
		const struct route_target *target = &plan->route.targets[j];
		const struct delivery *d =
		    target->kind == ROUTE_LOCAL ? find_delivery(p, target) : NULL;

		if (!d)
			continue;
		if (d->rc != OK) {
			plan->rc = d->rc;
			plan->err = d->err;
		} else if (first) {
			plan->uid = d->uid;
			plan->repeated = d->repeated;
			first = false;
		}
	}
}

/* A line for each account that has it. */
static void log_stored(const struct pipeline *p, const struct plan *plan)
{
	for (size_t j = 0; j < plan->route.count; j++) {
		const struct route_target *target = &plan->route.targets[j];
		const struct delivery *d =
		    target->kind == ROUTE_LOCAL ? find_delivery(p, target) : NULL;

		if (d)
			log_info(p->envelope->log, "deliver", F_STR("qid", p->envelope->id),
			    F_STR("msgid", prepared_message_id(p->message)),
			    F_STR("from", p->envelope->sender), F_STR("rcpt", plan->recipient),
			    F_UINT("size", p->bytes.n), F_STR("user", target->account),
			    F_STR("mbox", d->mailbox), F_UINT("uid", d->uid),
			    F_INT("object", d->object),
			    F_WORD("status", d->repeated ? "repeated" : "stored"));
	}
}

static void log_plan(const struct pipeline *p, const struct plan *plan)
{
	if (plan->rc == OK)
		log_stored(p, plan);
	else
		log_warn(p->envelope->log, "deliver-failed", F_STR("qid", p->envelope->id),
		    F_STR("msgid", prepared_message_id(p->message)),
		    F_STR("from", p->envelope->sender), F_STR("rcpt", plan->recipient),
		    F_UINT("size", p->bytes.n), F_WORD("status", errc_name(plan->rc)),
		    F_CSTR("reason", plan->err.text));
}

static enum errc commit_batch(
    struct pipeline *p, size_t from, size_t count, bool with_outside, struct err *err)
{
	struct delivery_batch batch = {
		.message = p->message,
		.deliveries = p->deliveries + from,
		.count = count,
		.internal_date = p->now,
		.session = p->session,
		.serial = p->serial,
		.also = with_outside ? enqueue_outside : NULL,
		.also_arg = p,
	};

	return store_deliver(p->env->store, &batch, err);
}

/* As many as a transaction takes, but all folders of an account: they share their key. */
static size_t batch_from(const struct pipeline *p, size_t from)
{
	size_t left = p->delivery_count - from, count = STORE_RECIPIENTS_MAX;
	const struct delivery *d = p->deliveries + from;

	if (left <= count)
		return left;
	while (count > 0 && d[count - 1].owner == d[count].owner)
		count--;
	return count > 0 ? count : STORE_RECIPIENTS_MAX;
}

/* Accounts in ascending order over all transactions. */
static enum errc stage_commit(struct pipeline *p, struct err *err)
{
	bool outside = anything_outside(p);

	qsort(p->deliveries, p->delivery_count, sizeof(*p->deliveries), by_owner);
	for (size_t from = 0, count; from < p->delivery_count || outside; from += count) {
		struct err why = { .code = OK };
		enum errc rc;

		count = batch_from(p, from);
		rc = commit_batch(p, from, count, outside, &why);
		for (size_t i = 0; rc != OK && i < count; i++) {
			p->deliveries[from + i].rc = rc;
			p->deliveries[from + i].err = why;
		}
		if (rc != OK && outside)
			return err_set(err, rc, "%s", why.text);
		outside = false;
	}
	for (size_t i = 0; i < p->count; i++) {
		settle(p, &p->plans[i]);
		log_plan(p, &p->plans[i]);
		deliver_metrics_count(p->env->metrics, &p->plans[i], p->bytes.n);
	}
	return OK;
}

/* In this order; a stage that waits for somebody returns ERR_MORE and is run again. */
static enum errc (*const stages[])(struct pipeline *p, struct err *err) = {
	stage_keep,
	stage_commit,
};

enum errc pipeline_run(struct pipeline *p, int64_t session, int64_t serial, struct err *err)
{
	p->session = session;
	p->serial = serial;
	while (p->stage < COUNT(stages)) {
		enum errc rc = stages[p->stage](p, err);

		if (rc != OK)
			return rc;
		p->stage++;
	}
	/* what waits for the peer to read its answers needs no message */
	prepared_free(&p->message);
	return OK;
}

/* Who is refused because of one account gets the same message again: those who have it must not have it twice. */
static void mark_stored(const struct pipeline *p, size_t plan)
{
	const struct route *route = &p->plans[plan].route;
	const uint8_t *key = p->keys[plan].bytes;

	for (size_t j = 0; j < route->count; j++) {
		struct delivery *d = route->targets[j].kind == ROUTE_LOCAL
		    ? find_delivery(p, &route->targets[j])
		    : NULL;

		if (!d || d->rc != OK)
			continue;
		if (memcmp(d->key, key, sizeof(d->key)) == 0)
			d->comes_again = true;
		else /* another recipient brought it there */
			delivery_comes_again(
			    p->env->store, p->session, p->serial, d->owner, key);
	}
}

void pipeline_answers_read(struct pipeline *p)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->plans[i].comes_again)
			mark_stored(p, i);
	}
	delivery_answers_read(
	    p->env->store, p->session, p->deliveries, p->delivery_count, p->serial);
}
