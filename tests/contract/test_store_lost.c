/*
 * Commits whose answer is lost, with effect and without: every operation finds out which, or is the same when run again.
 */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "base/thread.h"
#include "store/account.h"
#include "store/acl.h"
#include "store/alias.h"
#include "store/auth_keys.h"
#include "store/journal.h"
#include "store/mailbox.h"
#include "tests/contract/store_world.h"

#include <stdatomic.h>
#include <unistd.h>

static const struct variant *variant;

static int set_up(void **state)
{
	static struct world w;

	world_init(&w, variant, 2);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	world_release(*state);
	return 0;
}

/* ---- operations; `n` makes names that no other call uses ---- */

static struct str name_of(struct world *w, const char *what, int n)
{
	return str_printf(w->arena, "%s %d", what, n);
}

static int64_t find(struct world *w, struct str name)
{
	struct mailbox mailbox = { .id = 0 };
	struct db *db;

	assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
	if (mailbox_find(db, world_actor(w, 0), name, w->arena, &mailbox, NULL) != OK)
		mailbox.id = 0;
	db_return(&db);
	return mailbox.id;
}

static void prepare_nothing(struct world *w, int n)
{
	(void)w;
	(void)n;
}

static enum errc deliver(struct world *w, int n)
{
	struct delivery d;

	return world_deliver(w, 0, world_message(w->arena, n, 3000), n, &d);
}

static enum errc append(struct world *w, int n)
{
	struct appended a;

	return world_append(w, 0, w->inboxes[0], world_message(w->arena, n, 3000),
	    (struct flag_list){ .system = FLAG_DELETED }, &a);
}

static void make_source(struct world *w, int n)
{
	int64_t mailbox = world_folder(w, 0, name_of(w, "Source", n).p);
	struct appended a;

	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    world_append(w, 0, mailbox, world_message(w->arena, 10 * n + i, 300),
			(struct flag_list){ .system = FLAG_DELETED }, &a),
		    OK);
}

static enum errc transfer(struct world *w, int n, bool move)
{
	static const uint32_t uids[] = { 1, 2, 3 };
	struct copied c = { .count = 0 };
	struct copy_order order = { .actor = world_actor(w, 0),
		.owner = w->accounts[0],
		.mailbox = find(w, name_of(w, "Source", n)),
		.to_owner = w->accounts[0],
		.to_mailbox = w->inboxes[0],
		.move = move,
		.uids = uids,
		.count = 3 };
	enum errc rc = store_copy(w->store, &order, w->arena, &c, NULL);

	assert_int_equal(c.count, rc == OK ? 3 : 0);
	return rc;
}

static enum errc copy(struct world *w, int n)
{
	return transfer(w, n, false);
}

static enum errc move(struct world *w, int n)
{
	return transfer(w, n, true);
}

static enum errc flag(struct world *w, int n)
{
	static const uint32_t uids[] = { 1, 2, 3 };
	const struct flag_change change = { FLAGS_ADD, { .system = FLAG_FLAGGED }, INT64_MAX };
	struct flag_result *r;
	size_t count = 0;
	enum errc rc = store_flags(w->store, world_actor(w, 0), w->accounts[0],
	    find(w, name_of(w, "Source", n)), uids, 3, &change, w->arena, &r, &count, NULL);

	assert_int_equal(count, 3);
	return rc;
}

static enum errc expunge_these(struct world *w, int n, const uint32_t *uids, size_t count)
{
	uint32_t *removed;
	size_t removed_count = 0;
	enum errc rc = store_expunge(w->store, world_actor(w, 0), w->accounts[0],
	    find(w, name_of(w, "Source", n)), uids, count, w->arena, &removed, &removed_count,
	    NULL);

	/* told of each once, whichever run removed it */
	assert_int_equal(removed_count, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(removed[i], i + 1);
	return rc;
}

static enum errc expunge(struct world *w, int n)
{
	return expunge_these(w, n, NULL, 0);
}

static enum errc expunge_uids(struct world *w, int n)
{
	static const uint32_t uids[] = { 1, 2, 3 };

	return expunge_these(w, n, uids, 3);
}

static enum errc create_folder(struct world *w, int n)
{
	int64_t id = 0;
	enum errc rc =
	    mailbox_create(w->store, world_actor(w, 0), name_of(w, "Made", n), &id, NULL);

	assert_int_equal(id, find(w, name_of(w, "Made", n)));
	return rc;
}

static enum errc delete_folder(struct world *w, int n)
{
	return mailbox_delete(w->store, world_actor(w, 0), name_of(w, "Source", n), NULL);
}

static void make_tree(struct world *w, int n)
{
	(void)world_folder(w, 0, name_of(w, "Tree", n).p);
	(void)world_folder(w, 0, str_printf(w->arena, "Tree %d/below", n).p);
}

static enum errc delete_parent(struct world *w, int n)
{
	return mailbox_delete(w->store, world_actor(w, 0), name_of(w, "Tree", n), NULL);
}

static enum errc rename_folder(struct world *w, int n)
{
	enum errc rc = mailbox_rename(w->store, world_actor(w, 0), name_of(w, "Source", n),
	    name_of(w, "Renamed", n), NULL);

	assert_int_not_equal(find(w, name_of(w, "Renamed", n)), 0);
	assert_int_equal(find(w, name_of(w, "Source", n)), 0);
	return rc;
}

static enum errc rename_inbox(struct world *w, int n)
{
	return mailbox_rename(
	    w->store, world_actor(w, 1), STR("INBOX"), name_of(w, "Old inbox", n), NULL);
}

static enum errc subscribe(struct world *w, int n)
{
	return mailbox_subscribe(
	    w->store, world_actor(w, 0), name_of(w, "Source", n), true, NULL);
}

static void make_subscribed(struct world *w, int n)
{
	make_source(w, n);
	assert_int_equal(subscribe(w, n), OK);
}

static enum errc unsubscribe(struct world *w, int n)
{
	return mailbox_subscribe(
	    w->store, world_actor(w, 0), name_of(w, "Source", n), false, NULL);
}

static enum errc give_rights(struct world *w, int n)
{
	const struct acl_change change = {
		.name = STR("user1"), .operation = ACL_ADD, .rights = RIGHT_LOOKUP | RIGHT_READ
	};

	return acl_change(w->store, world_actor(w, 0), name_of(w, "Source", n), &change, NULL);
}

static enum errc create_account(struct world *w, int n)
{
	struct str alias = str_printf(w->arena, "new%d@example.org", n);
	struct account_new new = { .name = str_printf(w->arena, "new%d", n),
		.encryption = STR("md5"),
		.aliases = &alias,
		.alias_count = 1 };
	int64_t id = 0;
	enum errc rc = account_create(w->store, &new, &id, NULL);

	assert_true(rc != OK || id > w->accounts[1]);
	return rc;
}

static int64_t account_id(struct world *w, int n)
{
	struct account account = { .id = 0 };
	struct db *db;

	assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
	assert_int_equal(
	    account_by_name(db, str_printf(w->arena, "new%d", n), w->arena, &account, NULL),
	    OK);
	db_return(&db);
	return account.id;
}

static void make_account(struct world *w, int n)
{
	assert_int_equal(create_account(w, n), OK);
}

static enum errc rename_account(struct world *w, int n)
{
	struct account_change change = { .set_name = true,
		.name = str_printf(w->arena, "renamed%d", n) };

	return account_change(w->store, account_id(w, n), &change, NULL);
}

static enum errc delete_account(struct world *w, int n)
{
	return account_delete(w->store, account_id(w, n), NULL);
}

static struct str address_of(struct world *w, int n)
{
	return str_printf(w->arena, "alias%d@example.org", n);
}

static enum errc add_alias(struct world *w, int n)
{
	return alias_add(w->store, address_of(w, n), STR("out@example.net"), 0, NULL);
}

static void make_alias(struct world *w, int n)
{
	assert_int_equal(add_alias(w, n), OK);
}

static enum errc remove_alias(struct world *w, int n)
{
	return alias_remove(w->store, address_of(w, n), STR("out@example.net"), NULL);
}

static struct str domain_of(struct world *w, int n)
{
	return str_printf(w->arena, "d%d.example.org", n);
}

static enum errc add_domain(struct world *w, int n)
{
	struct domain domain = { .name = domain_of(w, n), .active = true };

	return domain_add(w->store, &domain, NULL);
}

static void make_domain(struct world *w, int n)
{
	assert_int_equal(add_domain(w, n), OK);
}

static enum errc close_domain(struct world *w, int n)
{
	return domain_set_active(w->store, domain_of(w, n), false, NULL);
}

static enum errc remove_domain(struct world *w, int n)
{
	return domain_remove(w->store, domain_of(w, n), NULL);
}

static enum errc make_secret(struct world *w, int n)
{
	uint8_t secret[SITE_SECRET_SIZE], again[SITE_SECRET_SIZE];
	enum errc rc =
	    site_secret(w->store, str_printf(w->arena, "secret %d", n), secret, NULL);

	assert_int_equal(
	    site_secret(w->store, str_printf(w->arena, "secret %d", n), again, NULL), OK);
	assert_memory_equal(secret, again, sizeof(secret));
	return rc;
}

/* ---- what they change ---- */

#define COUNTED(sql)                                                                           \
	{                                                                                      \
		.name = "test.count", .text = (sql)                                            \
	}

static const struct db_sql entries = COUNTED("SELECT count(*) FROM mail_entries"),
			   flagged = COUNTED(
			       "SELECT count(*) FROM mail_entries WHERE (flags & 4) <> 0"),
			   folders = COUNTED("SELECT count(*) FROM dbmail_mailboxes"),
			   closed = COUNTED("SELECT count(*) FROM dbmail_mailboxes WHERE"
					    " no_select <> 0"),
			   renamed = COUNTED("SELECT count(*) FROM dbmail_mailboxes WHERE"
					     " name LIKE 'Renamed%'"),
			   subscribed = COUNTED("SELECT count(*) FROM dbmail_subscription"),
			   rights = COUNTED("SELECT count(*) FROM dbmail_acl"),
			   accounts = COUNTED("SELECT count(*) FROM dbmail_users"),
			   renamed_accounts = COUNTED("SELECT count(*) FROM dbmail_users WHERE"
						      " userid LIKE 'renamed%'"),
			   aliases = COUNTED("SELECT count(*) FROM dbmail_aliases"),
			   domains = COUNTED("SELECT count(*) FROM domains"),
			   open_domains = COUNTED("SELECT count(*) FROM domains WHERE"
						  " active <> 0"),
			   secrets = COUNTED("SELECT count(*) FROM site_secrets"),
			   journal = COUNTED("SELECT count(*) FROM mail_journal");

struct operation {
	const char *name;
	void (*prepare)(struct world *w, int n);
	enum errc (*run)(struct world *w, int n);
	const struct db_sql *count;
	int changes;
	bool looks; /* it is not run again: what was lost is told as lost */
};

static const struct operation operations[] = {
	{ "deliver", prepare_nothing, deliver, &entries, 1, true },
	{ "append", prepare_nothing, append, &entries, 1, true },
	{ "copy", make_source, copy, &entries, 3, true },
	{ "move", make_source, move, &entries, 0, true },
	{ "store", make_source, flag, &flagged, 3, false },
	{ "expunge", make_source, expunge, &entries, -3, false },
	{ "uid expunge", make_source, expunge_uids, &entries, -3, false },
	{ "create", prepare_nothing, create_folder, &folders, 1, false },
	{ "delete", make_source, delete_folder, &folders, -1, false },
	{ "delete a parent", make_tree, delete_parent, &closed, 1, false },
	{ "rename", make_source, rename_folder, &renamed, 1, false },
	{ "rename INBOX", prepare_nothing, rename_inbox, &folders, 1, false },
	{ "subscribe", make_source, subscribe, &subscribed, 1, false },
	{ "unsubscribe", make_subscribed, unsubscribe, &subscribed, -1, false },
	{ "setacl", make_source, give_rights, &rights, 1, false },
	{ "new account", prepare_nothing, create_account, &accounts, 1, false },
	{ "rename account", make_account, rename_account, &renamed_accounts, 1, false },
	{ "delete account", make_account, delete_account, &accounts, -1, false },
	{ "new alias", prepare_nothing, add_alias, &aliases, 1, false },
	{ "remove alias", make_alias, remove_alias, &aliases, -1, false },
	{ "new domain", prepare_nothing, add_domain, &domains, 1, false },
	{ "close domain", make_domain, close_domain, &open_domains, -1, false },
	{ "remove domain", make_domain, remove_domain, &domains, -1, false },
	{ "secret", prepare_nothing, make_secret, &secrets, 1, false },
};

/* The first commit is lost; then, if there was one, the second too: that of the look, or of the second run. */
static void lose(struct world *w, const struct operation *op, enum fault_kind kind, int n)
{
	int64_t before;
	enum errc rc;
	bool is_lost;

	op->prepare(w, n);
	before = world_number(w, op->count);
	w->plan.kind = kind;
	w->plan.calls = FAULT_COMMIT;
	fault_arm(&w->plan, 1);
	rc = op->run(w, n);
	if (!fault_disarm(&w->plan))
		fail_msg("%s: no commit", op->name);
	is_lost = op->looks && kind == FAULT_LOSES;
	if (rc != (is_lost ? ERR_UNAVAIL : OK))
		fail_msg("%s: %s", op->name, errc_name(rc));
	if (world_number(w, op->count) != before + (is_lost ? 0 : op->changes))
		fail_msg("%s: not what was said", op->name);
	if (is_lost)
		assert_int_equal(op->run(w, n), OK);
	if (world_number(w, op->count) != before + op->changes)
		fail_msg("%s: not once", op->name);
	world_check(w);
}

static void knows_what_became_of_lost_commits(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(operations); i++) {
		lose(w, &operations[i], FAULT_DROPS_AFTER, 2 * (int)i);
		lose(w, &operations[i], FAULT_LOSES, 2 * (int)i + 1);
	}
}

/* Nothing can be found out: the answer is temporary, and what is there after all counts as a repeat. */
static void stores_once_what_it_could_not_look_for(void **state)
{
	struct world *w = *state;
	struct str bytes = world_message(w->arena, 1, 3000);
	struct delivery d;

	store_close(&w->store);
	w->store_settings.write_deadline_ms = 300;
	assert_int_equal(store_open(&w->store_settings, &w->store, NULL), OK);
	w->session = delivery_session_begin(w->store);
	/* it has a number from here on */
	assert_int_equal(world_deliver(w, 1, bytes, 2, &d), OK);
	w->plan.kind = FAULT_DROPS_AFTER;
	w->plan.calls = FAULT_COMMIT;
	w->plan.again = 1;
	fault_arm(&w->plan, 1);
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), ERR_UNAVAIL);
	assert_true(fault_disarm(&w->plan));
	assert_int_equal(world_number(w, &entries), 2);
	/* the same session repeats it */
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	assert_true(d.repeated);
	assert_int_equal(world_number(w, &entries), 2);
}

/* The row of a big COPY whose entries are the three that `copy` has made. */
static enum errc journal_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	(void)arena;
	return journal_write(db, arg, err);
}

static struct journal_row begin_big_copy(struct world *w, int n)
{
	struct index_version *v;
	struct journal_row row = {
		.owner = w->accounts[0], .id = n, .node = 1, .mailbox = w->inboxes[0]
	};

	make_source(w, n);
	assert_int_equal(copy(w, n), OK);
	v = world_index(w, 0, w->inboxes[0]);
	row.uid_first = index_at(v, index_count(v) - 2)->uid;
	row.uid_last = index_at(v, index_count(v))->uid;
	index_release(&v);
	assert_int_equal(
	    db_transact(w->pool, deadline_in_ms(5000), journal_body, &row, NULL), OK);
	return row;
}

static void ends_a_big_copy_whose_commit_was_lost(void **state)
{
	struct world *w = *state;
	static const enum fault_kind kinds[] = { FAULT_DROPS_AFTER, FAULT_LOSES };

	w->plan.calls = FAULT_COMMIT;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct journal_row row = begin_big_copy(w, (int)i + 1);

		w->plan.kind = kinds[i];
		fault_arm(&w->plan, 1);
		assert_int_equal(journal_finish(w->store, &row, 1, NULL), OK);
		assert_true(fault_disarm(&w->plan));
		assert_int_equal(world_number(w, &journal), 0);
		assert_int_equal(world_number(w, &entries), 6 * ((int)i + 1));
	}
}

struct finishing {
	struct store *store;
	struct journal_row row;
	enum errc rc;
};

static void *finish(void *arg)
{
	struct finishing *f = arg;

	f->rc = journal_finish(f->store, &f->row, 1, NULL);
	return NULL;
}

/* A node that was away for so long that another took it for dead. */
static void is_told_that_another_node_undid_its_copy(void **state)
{
	struct world *w = *state;
	struct finishing f = { .store = w->store, .row = begin_big_copy(w, 1) };
	struct store_settings another = w->store_settings;
	struct db_settings plain = scratch_settings(&w->scratch);
	struct store *store;
	pthread_t thread;

	another.pool = scratch_open(&plain);
	assert_int_equal(store_open(&another, &store, NULL), OK);
	w->plan.kind = FAULT_LOSES;
	w->plan.calls = FAULT_COMMIT;
	w->plan.again = 1;
	fault_arm(&w->plan, 1);
	assert_int_equal(
	    thread_start("finish", THREAD_STACK_SIZE, finish, &f, &thread, NULL), OK);
	while (!atomic_load(&w->plan.fired))
		(void)usleep(1000);
	assert_int_equal(journal_undo(store, &f.row, 1, NULL), OK);
	(void)fault_disarm(&w->plan);
	thread_join(thread);
	assert_int_equal(f.rc, ERR_UNAVAIL);
	assert_int_equal(world_number(w, &entries), 3);
	store_close(&store);
	db_close(&another.pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    knows_what_became_of_lost_commits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    stores_once_what_it_could_not_look_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    ends_a_big_copy_whose_commit_was_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    is_told_that_another_node_undid_its_copy, set_up, tear_down),
	};

	return scratch_run(tests, &variant);
}
