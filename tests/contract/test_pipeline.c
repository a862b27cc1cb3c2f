/*
 * One message, several recipients: what is stored, and what each is told.
 */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "deliver/pipeline.h"
#include "store/content.h"
#include "store/index.h"
#include "tests/contract/admin.h"

#include <time.h>

static const struct str message =
    STR_INIT("From: a@b.example\r\nSubject: s\r\nMessage-ID: <1@b.example>\r\n\r\nbody\r\n");

static void route_to(struct admin *a, const char *address, struct plan *plan)
{
	const struct route_settings settings = { .delimiter = '+' };
	struct err err = { .code = OK };
	struct db *db = NULL;
	enum errc rc = db_lease(a->pool, 1000, &db, &err);

	*plan = (struct plan){ .recipient = str_from(address) };
	if (rc == OK)
		rc = route_resolve(db,
		    &(struct route_request){ &settings, plan->recipient, NULL }, a->arena,
		    &plan->route, &err);
	db_return(&db);
	if (rc != OK)
		fail_msg("%s: %s", address, err.text);
}

static enum errc run(
    struct admin *a, const struct outbound *outbound, struct plan *plans, size_t count)
{
	struct deliver_env env = {
		.store = a->store, .outbound = outbound, .hostname = STR_INIT("mx.example")
	};
	struct envelope envelope = {
		.sender = STR_INIT("a@b.example"),
		.protocol = STR_INIT("LMTP"),
		.helo = STR_INIT("client.example"),
		.peer = STR_INIT("[192.0.2.1]"),
		.id = STR_INIT("qid0"),
	};
	struct pipeline *pipeline = NULL;
	struct err err = { .code = OK };
	int64_t session = delivery_session_begin(a->store);
	enum errc rc;

	if (pipeline_new(&env, &envelope, (struct plans){ plans, count }, message, &pipeline,
		&err) != OK)
		fail_msg("pipeline_new: %s", err.text);
	rc = pipeline_run(pipeline, session, 1, &err);
	/* as LMTP has it where a full mailbox is to be tried again */
	for (size_t i = 0; i < count; i++)
		plans[i].comes_again = plans[i].rc == ERR_QUOTA;
	pipeline_answers_read(pipeline);
	pipeline_free(&pipeline);
	delivery_session_end(a->store, session);
	return rc;
}

/* How many messages the account's INBOX has, and the bytes of the last one. */
static uint32_t inbox(struct admin *a, int64_t owner, struct str *last_out)
{
	struct mailbox box;
	struct index_version *v = NULL;
	struct content *content = NULL;
	struct db *db = NULL;
	uint32_t count;

	assert_int_equal(admin_find(a, owner, STR("INBOX"), &box), OK);
	assert_int_equal(db_lease(a->pool, 1000, &db, NULL), OK);
	assert_int_equal(index_newest(a->store, db, owner, box.id, &v, NULL), OK);
	count = index_count(v);
	*last_out = STR_EMPTY;
	if (count > 0) {
		struct str view;

		assert_int_equal(
		    content_open(db, NULL, owner, index_at(v, count)->object, &content, NULL),
		    OK);
		assert_int_equal(content_view(content, db, 65536, &view, NULL), OK);
		*last_out = str_dup(a->arena, view);
		content_close(&content);
	}
	index_release(&v);
	db_return(&db);
	return count;
}

static void gives_an_account_one_copy_with_its_trace_in_front(void **state)
{
	struct admin a;
	struct plan plans[3];
	struct str bytes, want;
	int64_t ann, bob;

	(void)state;
	admin_open(&a);
	ann = admin_user(&a, STR("ann@example.org"));
	bob = admin_user(&a, STR("bob@example.org"));
	assert_int_equal(alias_add(a.store, STR("other@example.org"),
			     str_printf(a.arena, "%lld", (long long)ann), 0, NULL),
	    OK);
	route_to(&a, "ann@example.org", &plans[0]);
	route_to(&a, "bob@example.org", &plans[1]);
	route_to(&a, "other@example.org", &plans[2]);
	assert_int_equal(run(&a, &outbound_none, plans, 3), OK);
	for (size_t i = 0; i < COUNT(plans); i++)
		assert_int_equal(plans[i].rc, OK);
	assert_int_equal(inbox(&a, ann, &bytes), 1);
	/* RFC 5321 4.4: Return-Path first, then what was received, untouched */
	want = STR("Return-Path: <a@b.example>\r\nDelivered-To: ann@example.org\r\n"
		   "Received: from client.example ([192.0.2.1])\r\n\tby mx.example with LMTP "
		   "id qid0\r\n"
		   "\tfor <ann@example.org>; ");
	assert_true(str_starts(bytes, want));
	assert_true(str_ends_nocase(bytes, message));
	assert_int_equal(inbox(&a, bob, &bytes), 1);
	admin_close(&a);
}

/* Mail to ann@example.org stays here and leaves the house too. */
static void keep_and_forward(struct admin *a, int64_t ann)
{
	struct str id = str_printf(a->arena, "%lld", (long long)ann);

	assert_int_equal(alias_add(a->store, STR("ann@example.org"), id, 0, NULL), OK);
	assert_int_equal(
	    alias_add(a->store, STR("ann@example.org"), STR("far@else.example"), 0, NULL), OK);
}

static enum errc accept_all(void *arg, const struct route_target *target, struct err *err)
{
	(void)arg;
	(void)target;
	(void)err;
	return OK;
}

static enum errc count_or_fail(void *arg, struct db *db, const struct route_target *target,
    struct str sender, struct str bytes, struct err *err)
{
	int *left = arg;

	(void)db;
	assert_int_equal(target->kind, ROUTE_REMOTE);
	assert_true(str_equal(sender, STR("a@b.example")));
	assert_true(str_equal(bytes, message));
	if (*left == 0)
		return err_set(err, ERR_QUOTA, "queue is full");
	(*left)--;
	return OK;
}

static void stores_nothing_for_whom_the_outside_is_closed(void **state)
{
	struct admin a;
	struct plan plans[2];
	struct str bytes;
	int64_t ann, bob;

	(void)state;
	admin_open(&a);
	ann = admin_user(&a, STR("ann@example.org"));
	bob = admin_user(&a, STR("bob@example.org"));
	keep_and_forward(&a, ann);
	route_to(&a, "ann@example.org", &plans[0]);
	route_to(&a, "bob@example.org", &plans[1]);
	assert_int_equal(plans[0].route.outside, 1);
	assert_int_equal(run(&a, &outbound_none, plans, 2), OK);
	assert_int_equal(plans[0].rc, ERR_UNAVAIL);
	assert_int_equal(plans[1].rc, OK);
	assert_int_equal(inbox(&a, ann, &bytes), 0);
	assert_int_equal(inbox(&a, bob, &bytes), 1);
	admin_close(&a);
}

static void commits_the_queue_with_the_mail_or_neither(void **state)
{
	struct admin a;
	struct plan plan;
	struct str bytes;
	int left = 1;
	const struct outbound outbound = { accept_all, count_or_fail, &left };
	int64_t ann;

	(void)state;
	admin_open(&a);
	ann = admin_user(&a, STR("ann@example.org"));
	keep_and_forward(&a, ann);
	route_to(&a, "ann@example.org", &plan);
	assert_int_equal(run(&a, &outbound, &plan, 1), OK);
	assert_int_equal(plan.rc, OK);
	assert_int_equal(left, 0);
	assert_int_equal(inbox(&a, ann, &bytes), 1);
	route_to(&a, "ann@example.org", &plan);
	assert_int_equal(run(&a, &outbound, &plan, 1), ERR_QUOTA);
	assert_int_equal(inbox(&a, ann, &bytes), 1);
	admin_close(&a);
}

/* More accounts than one transaction holds. */
static void delivers_to_more_recipients_than_a_transaction_takes(void **state)
{
	enum { RECIPIENTS = STORE_RECIPIENTS_MAX + 3 };
	struct plan plans[RECIPIENTS];
	int64_t ids[RECIPIENTS];
	struct admin a;
	struct str bytes;

	(void)state;
	admin_open(&a);
	for (int i = 0; i < RECIPIENTS; i++) {
		struct str name = str_printf(a.arena, "user%d@example.org", i);

		ids[i] = admin_user(&a, name);
		route_to(&a, str_cstr(a.arena, name), &plans[i]);
	}
	assert_int_equal(run(&a, &outbound_none, plans, RECIPIENTS), OK);
	for (int i = 0; i < RECIPIENTS; i++) {
		assert_int_equal(plans[i].rc, OK);
		assert_int_equal(inbox(&a, ids[i], &bytes), 1);
	}
	admin_close(&a);
}

static void set_quota(struct admin *a, int64_t account, int64_t bytes)
{
	const struct account_change change = { .set_quota = true, .quota_bytes = bytes };

	assert_int_equal(account_change(a->store, account, &change, NULL), OK);
}

/* group@ is ann and bob, who has no room. */
static void make_group(struct admin *a, int64_t ids[2])
{
	ids[0] = admin_user(a, STR("ann@example.org"));
	ids[1] = admin_user(a, STR("bob@example.org"));
	for (int i = 0; i < 2; i++)
		assert_int_equal(alias_add(a->store, STR("group@example.org"),
				     str_printf(a->arena, "%lld", (long long)ids[i]), 0, NULL),
		    OK);
	set_quota(a, ids[1], 1);
}

/* One of a group has no room: the message comes again for all of them. */
static void gives_nobody_of_a_group_a_second_copy(void **state)
{
	struct admin a;
	struct plan plan;
	struct str bytes;
	int64_t ids[2];

	(void)state;
	admin_open(&a);
	make_group(&a, ids);
	for (int times = 0; times < 3; times++) {
		route_to(&a, "group@example.org", &plan);
		assert_int_equal(run(&a, &outbound_none, &plan, 1), OK);
		assert_int_equal(plan.rc, ERR_QUOTA);
		assert_int_equal(inbox(&a, ids[0], &bytes), 1);
	}
	set_quota(&a, ids[1], 0);
	/* the second time it is meant */
	for (uint32_t times = 1; times <= 2; times++) {
		route_to(&a, "group@example.org", &plan);
		assert_int_equal(run(&a, &outbound_none, &plan, 1), OK);
		assert_int_equal(plan.rc, OK);
		assert_int_equal(inbox(&a, ids[0], &bytes), times);
		assert_int_equal(inbox(&a, ids[1], &bytes), times);
	}
	admin_close(&a);
}

static const struct db_sql sql_lost_keys = { .name = "test.lost_keys",
	.text = "SELECT count(*) FROM delivery_keys WHERE node = 0" };

/* One of a group has no room, and another of it was written to by name too: he is no recipient of what comes again. */
static void gives_no_second_copy_to_who_was_also_named(void **state)
{
	struct admin a;
	struct plan plans[2];
	struct str bytes;
	int64_t ids[2];

	(void)state;
	admin_open(&a);
	make_group(&a, ids);
	route_to(&a, "ann@example.org", &plans[0]);
	route_to(&a, "group@example.org", &plans[1]);
	assert_int_equal(run(&a, &outbound_none, plans, 2), OK);
	assert_int_equal(plans[0].rc, OK);
	assert_int_equal(plans[1].rc, ERR_QUOTA);
	/* it is written a moment later */
	for (int i = 0; admin_number(&a, &sql_lost_keys, NULL, 0) == 0; i++) {
		assert_true(i < 1000);
		(void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	for (int times = 0; times < 3; times++) {
		route_to(&a, "group@example.org", &plans[1]);
		assert_int_equal(run(&a, &outbound_none, &plans[1], 1), OK);
		assert_int_equal(plans[1].rc, ERR_QUOTA);
		assert_int_equal(inbox(&a, ids[0], &bytes), 1);
	}
	set_quota(&a, ids[1], 0);
	for (uint32_t times = 1; times <= 2; times++) {
		route_to(&a, "group@example.org", &plans[1]);
		assert_int_equal(run(&a, &outbound_none, &plans[1], 1), OK);
		assert_int_equal(plans[1].rc, OK);
		assert_int_equal(inbox(&a, ids[0], &bytes), times);
		assert_int_equal(inbox(&a, ids[1], &bytes), times);
	}
	/* to him alone it was never refused */
	assert_int_equal(run(&a, &outbound_none, plans, 1), OK);
	assert_int_equal(inbox(&a, ids[0], &bytes), 3);
	admin_close(&a);
}

/* The last place of a transaction and the first of the next would be one account's. */
static void keeps_the_folders_of_an_account_in_one_transaction(void **state)
{
	enum { LAST = STORE_RECIPIENTS_MAX - 1 };
	struct plan plans[STORE_RECIPIENTS_MAX];
	struct admin a;
	struct str bytes;
	struct actor owner;
	int64_t id, folder;

	(void)state;
	admin_open(&a);
	for (int i = 0; i <= LAST; i++) {
		struct str name = str_printf(a.arena, "user%d@example.org", i);

		id = admin_user(&a, name);
		route_to(&a, str_cstr(a.arena, name), &plans[i]);
	}
	owner = (struct actor){ .user = id };
	assert_int_equal(mailbox_create(a.store, owner, STR("Other"), &folder, NULL), OK);
	/* this one reaches its INBOX and a folder */
	assert_int_equal(plans[LAST].route.count, 1);
	plans[LAST].route.targets = (struct route_target[]){ plans[LAST].route.targets[0],
		plans[LAST].route.targets[0] };
	plans[LAST].route.targets[1].mailbox = STR("Other");
	plans[LAST].route.count = 2;
	assert_int_equal(run(&a, &outbound_none, plans, COUNT(plans)), OK);
	for (int i = 0; i <= LAST; i++)
		assert_int_equal(plans[i].rc, OK);
	assert_int_equal(inbox(&a, id, &bytes), 1);
	admin_close(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_an_account_one_copy_with_its_trace_in_front),
		cmocka_unit_test(stores_nothing_for_whom_the_outside_is_closed),
		cmocka_unit_test(commits_the_queue_with_the_mail_or_neither),
		cmocka_unit_test(delivers_to_more_recipients_than_a_transaction_takes),
		cmocka_unit_test(gives_nobody_of_a_group_a_second_copy),
		cmocka_unit_test(gives_no_second_copy_to_who_was_also_named),
		cmocka_unit_test(keeps_the_folders_of_an_account_in_one_transaction),
	};

	return scratch_run(tests, NULL);
}
