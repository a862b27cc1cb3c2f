/* What folders, rights and subscriptions are to the rest of the program, on a real database. */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/special_use.h"
#include "tests/contract/admin.h"

#include <limits.h>

static int open_admin(void **state)
{
	struct admin *admin = test_calloc(1, sizeof(*admin));

	admin_open(admin);
	*state = admin;
	return 0;
}

static int close_admin(void **state)
{
	admin_close(*state);
	test_free(*state);
	return 0;
}

static struct actor as(int64_t user)
{
	return (struct actor){ .user = user };
}

#define assert_list(admin, user, want)                                                         \
	assert_text(admin_list((admin), (user), false), (want), __LINE__)
#define assert_subscribed(admin, user, want)                                                   \
	assert_text(admin_list((admin), (user), true), (want), __LINE__)

static void assert_text(struct str got, const char *want, int line)
{
	if (!str_equal(got, str_from(want)))
		fail_msg("line %d: got '%.*s', want '%s'", line, STR_ARG(got), want);
}

static void make(struct admin *admin, int64_t user, struct str name)
{
	struct err err;
	int64_t id = 0;

	if (mailbox_create(admin->store, as(user), name, &id, &err) != OK)
		fail_msg("create %.*s: %s", STR_ARG(name), err.text);
	assert_true(id > 0);
}

static const struct db_sql STATE_UIDVALIDITY = { .name = "test.uidvalidity",
	.text = "SELECT uidvalidity FROM mail_mailboxes WHERE owner = ? AND mailbox = ?" };
static const struct db_sql GIVE_MAIL = { .name = "test.give_mail",
	.text = "UPDATE mail_mailboxes SET messages = 3, size = 300, unseen = 1 "
		"WHERE owner = ? AND mailbox = ?" };
static const struct db_sql BOOK_MAIL = { .name = "test.book_mail",
	.text = "UPDATE mail_accounts SET messages = messages + 3, bytes = bytes + 300 "
		"WHERE owner = ?" };
static const struct db_sql BYTES = { .name = "test.bytes",
	.text = "SELECT bytes FROM mail_accounts WHERE owner = ?" };
static const struct db_sql MESSAGES = { .name = "test.messages",
	.text = "SELECT messages FROM mail_accounts WHERE owner = ?" };
static const struct db_sql STATE_MESSAGES = { .name = "test.state_messages",
	.text = "SELECT messages FROM mail_mailboxes WHERE owner = ? AND mailbox = ?" };
static const struct db_sql DROP_D = { .name = "test.drop_d",
	.text = "DELETE FROM dbmail_mailboxes WHERE name = 'd'" };
static const struct db_sql MODSEQ = { .name = "test.modseq",
	.text = "SELECT modseq FROM mail_accounts WHERE owner = ?" };

static void give_mail(struct admin *admin, int64_t user, int64_t mailbox)
{
	admin_sql_ids(admin, &GIVE_MAIL, (const int64_t[]){ user, mailbox }, 2);
	admin_sql_ids(admin, &BOOK_MAIL, &user, 1);
}

static void a_new_account_has_an_inbox(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann"));
	struct mailbox inbox;

	assert_list(admin, ann, "INBOX");
	assert_int_equal(admin_find(admin, ann, STR("inBox"), &inbox), OK);
	assert_true(str_equal(inbox.name, STR("INBOX")));
	assert_int_equal(inbox.rights, RIGHT_ALL);
	assert_int_equal(inbox.owner, ann);
	assert_true(
	    admin_number(admin, &STATE_UIDVALIDITY, (const int64_t[]){ ann, inbox.id }, 2) > 0);
}

/* RFC 3501 6.3.3 */
static void create_makes_the_levels_above(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann")), id;

	make(admin, ann, STR("a/b/c"));
	assert_list(admin, ann, "INBOX a(+) a/b(+) a/b/c");
	/* the separator at the end says no more than that there will be folders below */
	make(admin, ann, STR("d/"));
	assert_list(admin, ann, "INBOX a(+) a/b(+) a/b/c d");
	assert_int_equal(
	    mailbox_create(admin->store, as(ann), STR("a/b"), &id, NULL), ERR_EXISTS);
	assert_int_equal(
	    mailbox_create(admin->store, as(ann), STR("Inbox"), &id, NULL), ERR_EXISTS);
	assert_int_equal(mailbox_create(admin->store, as(ann), STR("x\n"), &id, NULL), ERR_ARG);
	/* case counts */
	make(admin, ann, STR("A"));
	assert_list(admin, ann, "A INBOX a(+) a/b(+) a/b/c d");
}

static void names_are_one_in_form_c(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann")), id;
	struct mailbox mailbox;

	make(admin, ann, STR("e\xcc\x81t\xc3\xa9"));
	assert_int_equal(
	    mailbox_create(admin->store, as(ann), STR("\xc3\xa9te\xcc\x81"), &id, NULL),
	    ERR_EXISTS);
	assert_int_equal(admin_find(admin, ann, STR("\xc3\xa9t\xc3\xa9"), &mailbox), OK);
	assert_int_equal(admin_find(admin, ann, STR("ete"), &mailbox), ERR_NOTFOUND);
}

static void each_life_of_a_name_has_its_own_uidvalidity(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann")), before = 0;

	for (int i = 0; i < 3; i++) {
		struct mailbox mailbox;
		int64_t uidvalidity;

		make(admin, ann, STR("a"));
		assert_int_equal(admin_find(admin, ann, STR("a"), &mailbox), OK);
		uidvalidity = admin_number(
		    admin, &STATE_UIDVALIDITY, (const int64_t[]){ ann, mailbox.id }, 2);
		assert_true(uidvalidity > before);
		before = uidvalidity;
		assert_int_equal(mailbox_delete(admin->store, as(ann), STR("a"), NULL), OK);
	}
}

/* RFC 3501 6.3.4 */
static void delete_takes_the_mail_out_of_the_account(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann"));
	struct mailbox mailbox;

	make(admin, ann, STR("a"));
	assert_int_equal(admin_find(admin, ann, STR("a"), &mailbox), OK);
	give_mail(admin, ann, mailbox.id);
	assert_int_equal(mailbox_delete(admin->store, as(ann), STR("a"), NULL), OK);
	assert_list(admin, ann, "INBOX");
	assert_int_equal(admin_number(admin, &BYTES, &ann, 1), 0);
	assert_int_equal(admin_number(admin, &MESSAGES, &ann, 1), 0);
	/* what is swept later must not be booked out again */
	assert_int_equal(
	    admin_number(admin, &STATE_MESSAGES, (const int64_t[]){ ann, mailbox.id }, 2), 0);
	assert_int_equal(mailbox_delete(admin->store, as(ann), STR("a"), NULL), ERR_NOTFOUND);
	assert_int_equal(mailbox_delete(admin->store, as(ann), STR("inbox"), NULL), ERR_DENIED);
}

static void delete_of_a_parent_leaves_a_name_that_cannot_be_selected(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann"));
	struct mailbox before, after;

	make(admin, ann, STR("a/b"));
	assert_int_equal(mailbox_subscribe(admin->store, as(ann), STR("a"), true, NULL), OK);
	assert_int_equal(admin_find(admin, ann, STR("a"), &before), OK);
	give_mail(admin, ann, before.id);
	assert_int_equal(mailbox_delete(admin->store, as(ann), STR("a"), NULL), OK);
	assert_list(admin, ann, "INBOX a(+-*) a/b");
	assert_int_equal(admin_find(admin, ann, STR("a"), &after), OK);
	assert_int_not_equal(before.id, after.id);
	assert_int_equal(admin_number(admin, &BYTES, &ann, 1), 0);
	/* "It is an error to attempt to delete a name that has inferior names and \Noselect" */
	assert_int_equal(mailbox_delete(admin->store, as(ann), STR("a"), NULL), ERR_STATE);
	make(admin, ann, STR("a"));
	assert_list(admin, ann, "INBOX a(+*) a/b");
	assert_int_equal(mailbox_delete(admin->store, as(ann), STR("a/b"), NULL), OK);
	assert_int_equal(mailbox_delete(admin->store, as(ann), STR("a"), NULL), OK);
	assert_list(admin, ann, "INBOX");
}

/* RFC 3501 6.3.5: "foo" to "zap" renames "foo/bar" to "zap/bar", and makes what is missing above */
static void rename_moves_everything_below(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann"));
	struct mailbox before, after;

	make(admin, ann, STR("foo/bar/baz"));
	make(admin, ann, STR("foo bar"));
	make(admin, ann, STR("foo0"));
	assert_int_equal(admin_find(admin, ann, STR("foo/bar"), &before), OK);
	assert_int_equal(
	    mailbox_rename(admin->store, as(ann), STR("foo"), STR("x/zap"), NULL), OK);
	assert_list(admin, ann, "INBOX foo bar foo0 x(+) x/zap(+) x/zap/bar(+) x/zap/bar/baz");
	assert_int_equal(admin_find(admin, ann, STR("x/zap/bar"), &after), OK);
	assert_int_equal(before.id, after.id);
}

static void rename_refuses_what_it_cannot_do(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann"));
	static const struct {
		struct str from, to;
		enum errc want;
	} cases[] = {
		{ STR_INIT("a"), STR_INIT("c"), ERR_EXISTS },
		{ STR_INIT("a"), STR_INIT("a"), ERR_EXISTS },
		{ STR_INIT("a"), STR_INIT("INBOX"), ERR_EXISTS },
		{ STR_INIT("a"), STR_INIT("a/x"), ERR_ARG },
		{ STR_INIT("a"), STR_INIT("x//y"), ERR_ARG },
		{ STR_INIT("none"), STR_INIT("x"), ERR_NOTFOUND },
		{ STR_INIT("a"), STR_INIT("#Public/x"), ERR_UNSUPPORTED },
		/* only c/b is there, and the folder below a would take its name */
		{ STR_INIT("a"), STR_INIT("d"), ERR_EXISTS },
	};

	make(admin, ann, STR("a/b"));
	make(admin, ann, STR("c"));
	make(admin, ann, STR("d/b"));
	admin_sql(admin, &DROP_D);
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum errc rc =
		    mailbox_rename(admin->store, as(ann), cases[i].from, cases[i].to, NULL);

		if (rc != cases[i].want)
			fail_msg("case %zu: %s", i, errc_name(rc));
	}
	assert_list(admin, ann, "INBOX a(+) a/b c d(+-0) d/b");
}

static void rename_of_inbox_moves_its_mail_alone(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann"));
	struct mailbox before, moved, inbox;

	make(admin, ann, STR("INBOX/below"));
	assert_int_equal(
	    mailbox_subscribe(admin->store, as(ann), STR("INBOX"), true, NULL), OK);
	assert_int_equal(admin_find(admin, ann, STR("INBOX"), &before), OK);
	give_mail(admin, ann, before.id);
	assert_int_equal(
	    mailbox_rename(admin->store, as(ann), STR("inbox"), STR("old/mail"), NULL), OK);
	assert_list(admin, ann, "INBOX(+*) INBOX/below old(+) old/mail");
	assert_int_equal(admin_find(admin, ann, STR("old/mail"), &moved), OK);
	assert_int_equal(admin_find(admin, ann, STR("INBOX"), &inbox), OK);
	assert_int_equal(moved.id, before.id);
	assert_int_not_equal(inbox.id, before.id);
	assert_int_equal(admin_number(admin, &BYTES, &ann, 1), 300);
	assert_int_equal(
	    admin_number(admin, &STATE_MESSAGES, (const int64_t[]){ ann, inbox.id }, 2), 0);
	/* and below itself */
	assert_int_equal(
	    mailbox_rename(admin->store, as(ann), STR("inbox"), STR("INBOX/2"), NULL), OK);
	assert_list(admin, ann, "INBOX(+*) INBOX/2 INBOX/below old(+) old/mail");
}

static const struct db_sql ACL = { .name = "test.acl",
	.text = "INSERT INTO dbmail_acl (user_id, mailbox_id, lookup_flag, read_flag, "
		"create_flag) VALUES (?, ?, ?, ?, ?)" };
static const struct db_sql ACL_CLEAR = { .name = "test.acl_clear",
	.text = "DELETE FROM dbmail_acl" };

static void grant(
    struct admin *admin, int64_t user, int64_t mailbox, bool lookup, bool read, bool create)
{
	admin_sql_ids(admin, &ACL, (const int64_t[]){ user, mailbox, lookup, read, create }, 5);
}

static void other_peoples_folders_are_seen_by_right(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("Ann"));
	int64_t bob = admin_user(admin, STR("bob"));
	struct mailbox mailbox;

	make(admin, ann, STR("team/plans"));
	assert_int_equal(admin_find(admin, ann, STR("team/plans"), &mailbox), OK);
	assert_list(admin, bob, "INBOX");
	assert_int_equal(
	    admin_find(admin, bob, STR("#Users/Ann/team/plans"), &mailbox), ERR_NOTFOUND);

	grant(admin, bob, mailbox.id, true, false, false);
	assert_list(admin, bob,
	    "INBOX #Users(+-0) #Users/Ann(+-0) #Users/Ann/team(+-0) #Users/Ann/team/plans");
	assert_int_equal(admin_find(admin, bob, STR("#users/ann/team/plans"), &mailbox), OK);
	assert_true(str_equal(mailbox.name, STR("#Users/Ann/team/plans")));
	assert_int_equal(mailbox.rights, RIGHT_LOOKUP);

	/* RFC 4314 section 3: what anyone may is added */
	grant(admin, ACCOUNT_ID_ANYONE, mailbox.id, false, true, false);
	assert_int_equal(admin_find(admin, bob, STR("#Users/Ann/team/plans"), &mailbox), OK);
	assert_int_equal(mailbox.rights, RIGHT_LOOKUP | RIGHT_READ);
	assert_list(admin, bob,
	    "INBOX #Users(+-0) #Users/Ann(+-0) #Users/Ann/team(+-0) #Users/Ann/team/plans");

	/* without the lookup right it is not there */
	admin_sql(admin, &ACL_CLEAR);
	grant(admin, bob, mailbox.id, false, true, false);
	assert_list(admin, bob, "INBOX");
	assert_int_equal(
	    mailbox_delete(admin->store, as(bob), STR("#Users/Ann/team/plans"), NULL),
	    ERR_NOTFOUND);
	/* one's own under the name that others use */
	assert_int_equal(admin_find(admin, ann, STR("#Users/ann/team/plans"), &mailbox), OK);
	assert_true(str_equal(mailbox.name, STR("team/plans")));
}

static void making_folders_elsewhere_takes_the_right_on_the_parent(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann"));
	int64_t bob = admin_user(admin, STR("bob"));
	struct mailbox mailbox;
	int64_t id;

	make(admin, ann, STR("team"));
	assert_int_equal(
	    mailbox_create(admin->store, as(bob), STR("#Users/ann/x"), &id, NULL), ERR_DENIED);
	assert_int_equal(
	    mailbox_create(admin->store, as(bob), STR("#Public/x"), &id, NULL), ERR_DENIED);
	assert_int_equal(mailbox_create(admin->store, as(bob), STR("#Users/none/x"), &id, NULL),
	    ERR_NOTFOUND);
	assert_int_equal(admin_find(admin, ann, STR("team"), &mailbox), OK);
	grant(admin, bob, mailbox.id, true, true, false);
	assert_int_equal(
	    mailbox_create(admin->store, as(bob), STR("#Users/ann/team/x"), &id, NULL),
	    ERR_DENIED);
	admin_sql(admin, &ACL_CLEAR);
	grant(admin, bob, mailbox.id, true, true, true);
	make(admin, bob, STR("#Users/ann/team/x"));
	assert_int_equal(admin_find(admin, bob, STR("#Users/ann/team/x"), &mailbox), OK);
	assert_int_equal(mailbox.owner, ann);
	assert_int_equal(mailbox.rights, RIGHT_ALL);
	assert_list(admin, ann, "INBOX team(+) team/x");
}

static void public_folders_are_made_by_the_administrator(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann"));
	struct mailbox mailbox;
	int64_t id;

	assert_int_equal(
	    mailbox_create(admin->store, ACTOR_ADMIN, STR("#Public/news"), &id, NULL), OK);
	assert_list(admin, ann, "INBOX");
	grant(admin, ACCOUNT_ID_ANYONE, id, true, true, true);
	assert_list(admin, ann, "INBOX #Public(+-0) #Public/news");
	make(admin, ann, STR("#Public/news/local"));
	assert_int_equal(admin_find(admin, ann, STR("#public/news/local"), &mailbox), OK);
	assert_int_equal(mailbox.owner, ACCOUNT_ID_PUBLIC);
	assert_int_equal(mailbox.rights, RIGHT_ALL);
}

/* DBMail: permission 1 leaves l and r to everybody, the owner too */
static void a_read_only_folder_can_only_be_read(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann"));
	static const struct db_sql read_only = { .name = "test.read_only",
		.text = "UPDATE dbmail_mailboxes SET permission = 1 WHERE name = 'a'" };
	struct mailbox mailbox;

	make(admin, ann, STR("a"));
	admin_sql(admin, &read_only);
	assert_int_equal(admin_find(admin, ann, STR("a"), &mailbox), OK);
	assert_true(mailbox.read_only);
	assert_int_equal(mailbox.rights, RIGHT_LOOKUP | RIGHT_READ);
	assert_int_equal(mailbox_delete(admin->store, as(ann), STR("a"), NULL), ERR_DENIED);
	assert_int_equal(mailbox_delete(admin->store,
			     (struct actor){ .user = ann, .is_admin = true }, STR("a"), NULL),
	    OK);
}

static void rows_made_by_hand_are_folders_at_once(void **state)
{
	struct admin *admin = *state;
	static const struct db_sql user = { .name = "test.user",
		.text = "INSERT INTO dbmail_users (user_idnr, userid) VALUES (70, 'hand')" };
	/* the seed's form: every value a quoted string */
	static const struct db_sql folder = { .name = "test.folder",
		.text =
		    "INSERT INTO dbmail_mailboxes (owner_idnr, name, seen_flag, "
		    "answered_flag, deleted_flag, flagged_flag, recent_flag, draft_flag, "
		    "no_inferiors, no_select, permission, seq) VALUES ('70', 'x/y', '0', '0', "
		    "'0', '0', '0', '0', '0', '0', '2', '0')" };
	static const struct db_sql lower = { .name = "test.lower",
		.text =
		    "INSERT INTO dbmail_mailboxes (owner_idnr, name) VALUES (70, 'Inbox')" };
	static const struct db_sql bad = { .name = "test.bad",
		.text = "INSERT INTO dbmail_mailboxes (owner_idnr, name) "
			"VALUES (70, CAST(x'61ff' AS TEXT)), (70, 'a' || char(10))",
		/* its text is UTF-8, always */
		.pgsql = "INSERT INTO dbmail_mailboxes (owner_idnr, name) "
			 "VALUES (70, 'b' || chr(1)), (70, 'a' || chr(10))",
		.mariadb = "INSERT INTO dbmail_mailboxes (owner_idnr, name) "
			   "VALUES (70, 'b' || char(1)), (70, 'a' || char(10))" };
	struct mailbox mailbox;
	int64_t inbox, again;

	admin_sql(admin, &user);
	assert_list(admin, 70, "INBOX(0)");
	assert_int_equal(admin_find(admin, 70, STR("INBOX"), &mailbox), ERR_NOTFOUND);
	admin_sql(admin, &folder);
	assert_list(admin, 70, "INBOX(0) x(+-0) x/y");
	assert_int_equal(admin_find(admin, 70, STR("x/y"), &mailbox), OK);
	admin_sql(admin, &lower);
	assert_list(admin, 70, "INBOX x(+-0) x/y");
	assert_int_equal(admin_find(admin, 70, STR("inbox"), &mailbox), OK);
	assert_true(str_equal(mailbox.name, STR("INBOX")));
	assert_int_equal(mailbox_inbox(admin->store, 70, &inbox, NULL), OK);
	assert_int_equal(inbox, mailbox.id);
	assert_int_equal(mailbox_inbox(admin->store, 70, &again, NULL), OK);
	assert_int_equal(inbox, again);
	/* what no protocol can say is not shown */
	admin_sql(admin, &bad);
	assert_list(admin, 70, "INBOX x(+-0) x/y");
}

/* RFC 3501 6.3.9: a subscription outlives its folder */
static void subscriptions_are_kept_by_name(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann"));
	int64_t bob = admin_user(admin, STR("bob"));
	struct mailbox mailbox;

	assert_int_equal(
	    mailbox_subscribe(admin->store, as(ann), STR("none"), true, NULL), ERR_NOTFOUND);
	assert_int_equal(
	    mailbox_subscribe(admin->store, as(ann), STR("none"), false, NULL), ERR_NOTFOUND);
	make(admin, ann, STR("a/b"));
	assert_int_equal(mailbox_subscribe(admin->store, as(ann), STR("a/b"), true, NULL), OK);
	assert_int_equal(mailbox_subscribe(admin->store, as(ann), STR("a/b"), true, NULL), OK);
	assert_int_equal(admin_find(admin, ann, STR("a/b"), &mailbox), OK);
	grant(admin, bob, mailbox.id, true, true, false);
	assert_int_equal(
	    mailbox_subscribe(admin->store, as(bob), STR("#Users/ann/a/b"), true, NULL), OK);
	assert_subscribed(admin, ann, "a/b(*)");
	assert_subscribed(admin, bob, "#Users/ann/a/b(*)");
	assert_int_equal(mailbox_delete(admin->store, as(ann), STR("a/b"), NULL), OK);
	assert_subscribed(admin, ann, "a/b(-*0)");
	assert_subscribed(admin, bob, "#Users/ann/a/b(-*0)");
	make(admin, ann, STR("a/b"));
	assert_subscribed(admin, ann, "a/b(*)");
	assert_int_equal(mailbox_subscribe(admin->store, as(ann), STR("a/b"), false, NULL), OK);
	assert_subscribed(admin, ann, "");
	assert_int_equal(mailbox_delete(admin->store, as(ann), STR("a/b"), NULL), OK);
	assert_subscribed(admin, ann, "");
	assert_int_equal(
	    mailbox_subscribe(admin->store, as(bob), STR("#Users/ann/a/b"), false, NULL), OK);
	assert_subscribed(admin, bob, "");
}

static void every_change_counts_the_account_up(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann"));
	int64_t before = admin_number(admin, &MODSEQ, &ann, 1), after;

	make(admin, ann, STR("a"));
	after = admin_number(admin, &MODSEQ, &ann, 1);
	assert_true(after > before);
	assert_int_equal(mailbox_rename(admin->store, as(ann), STR("a"), STR("b"), NULL), OK);
	before = after;
	after = admin_number(admin, &MODSEQ, &ann, 1);
	assert_true(after > before);
	assert_int_equal(
	    mailbox_delete(admin->store, as(ann), STR("none"), NULL), ERR_NOTFOUND);
	assert_int_equal(admin_number(admin, &MODSEQ, &ann, 1), after);
}

static const struct db_sql SET_USE = { .name = "test.set_use",
	.text =
	    "INSERT INTO mailbox_settings (mailbox_idnr, name, value) "
	    "SELECT mailbox_idnr, 'special_use', CASE WHEN name = 'Mine' THEN 'sent' ELSE '' "
	    "END FROM dbmail_mailboxes WHERE mailbox_idnr = ?" };
static const struct db_sql LET_READ = { .name = "test.let_read",
	.text = "INSERT INTO dbmail_acl (user_id, mailbox_id, lookup_flag, read_flag) "
		"VALUES (?, ?, 1, 1)" };
static const struct db_sql SETTINGS = { .name = "test.settings",
	.text = "SELECT count(*) FROM mailbox_settings" };

static unsigned use_of(struct admin *admin, int64_t user, struct str name)
{
	struct mailbox *list = NULL;
	unsigned uses = UINT_MAX;
	size_t count = 0;
	struct db *db = NULL;

	assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
	assert_int_equal(
	    mailbox_list(db, as(user), false, admin->arena, &list, &count, NULL), OK);
	db_return(&db);
	for (size_t i = 0; i < count; i++)
		if (str_equal(list[i].name, name))
			uses = list[i].special_use;
	return uses;
}

static int64_t id_of(struct admin *admin, int64_t user, struct str name)
{
	struct mailbox mailbox;

	assert_int_equal(admin_find(admin, user, name, &mailbox), OK);
	return mailbox.id;
}

/* docs/imap.md: what is set, else what the name says, unless another folder is set to be that */
static void uses_are_set_or_told_by_the_name(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann")), bob = admin_user(admin, STR("bob"));
	int64_t id;

	make(admin, ann, STR("Sent"));
	make(admin, ann, STR("Junk"));
	make(admin, ann, STR("Mine"));
	assert_int_equal(use_of(admin, ann, STR("Sent")), USE_SENT);
	assert_int_equal(use_of(admin, ann, STR("Junk")), USE_JUNK);
	assert_int_equal(use_of(admin, ann, STR("Mine")), 0);
	admin_sql_ids(admin, &SET_USE, (const int64_t[]){ id_of(admin, ann, STR("Junk")) }, 1);
	assert_int_equal(use_of(admin, ann, STR("Junk")), 0);
	admin_sql_ids(admin, &SET_USE, (const int64_t[]){ id_of(admin, ann, STR("Mine")) }, 1);
	assert_int_equal(use_of(admin, ann, STR("Mine")), USE_SENT);
	assert_int_equal(use_of(admin, ann, STR("Sent")), 0);
	/* another's folder is nothing to me */
	id = id_of(admin, ann, STR("Sent"));
	admin_sql_ids(admin, &LET_READ, (const int64_t[]){ bob, id }, 2);
	assert_int_equal(use_of(admin, bob, STR("#Users/ann/Sent")), 0);
	assert_int_equal(mailbox_create_for(admin->store, as(bob), STR("#Users/ann/Sent/x"),
			     USE_SENT, &id, NULL),
	    ERR_DENIED);
	/* with the folder its setting goes */
	assert_int_equal(mailbox_delete(admin->store, as(ann), STR("Mine"), NULL), OK);
	assert_int_equal(use_of(admin, ann, STR("Sent")), USE_SENT);
	assert_int_equal(mailbox_create_for(admin->store, as(ann), STR("d"),
			     USE_DRAFTS | USE_TRASH, &id, NULL),
	    OK);
	assert_int_equal(use_of(admin, ann, STR("d")), USE_DRAFTS | USE_TRASH);
	assert_int_equal(admin_number(admin, &SETTINGS, NULL, 0), 2);
}

/* Own folders, and those of others by a right; not those that nobody showed us. */
static void states_of_all_folders_come_at_once(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann")), bob = admin_user(admin, STR("bob"));
	struct mailbox_states states;
	const struct mailbox_state *found;
	int64_t shown, hidden;
	struct db *db = NULL;

	make(admin, ann, STR("shown"));
	make(admin, ann, STR("hidden"));
	shown = id_of(admin, ann, STR("shown"));
	hidden = id_of(admin, ann, STR("hidden"));
	give_mail(admin, ann, shown);
	admin_sql_ids(admin, &LET_READ, (const int64_t[]){ bob, shown }, 2);
	assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
	assert_int_equal(mailbox_states(db, as(bob), admin->arena, &states, NULL), OK);
	db_return(&db);
	found = mailbox_states_find(&states, shown);
	assert_non_null(found);
	assert_int_equal(found->messages, 3);
	assert_int_equal(found->size, 300);
	assert_int_equal(found->unseen, 1);
	assert_true(found->uidvalidity > 0);
	assert_null(mailbox_states_find(&states, hidden));
	assert_non_null(mailbox_states_find(&states, id_of(admin, bob, STR("INBOX"))));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_admin, close_admin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_account_has_an_inbox),
		TEST(create_makes_the_levels_above),
		TEST(names_are_one_in_form_c),
		TEST(each_life_of_a_name_has_its_own_uidvalidity),
		TEST(delete_takes_the_mail_out_of_the_account),
		TEST(delete_of_a_parent_leaves_a_name_that_cannot_be_selected),
		TEST(rename_moves_everything_below),
		TEST(rename_refuses_what_it_cannot_do),
		TEST(rename_of_inbox_moves_its_mail_alone),
		TEST(other_peoples_folders_are_seen_by_right),
		TEST(making_folders_elsewhere_takes_the_right_on_the_parent),
		TEST(public_folders_are_made_by_the_administrator),
		TEST(a_read_only_folder_can_only_be_read),
		TEST(rows_made_by_hand_are_folders_at_once),
		TEST(subscriptions_are_kept_by_name),
		TEST(every_change_counts_the_account_up),
		TEST(uses_are_set_or_told_by_the_name),
		TEST(states_of_all_folders_come_at_once),
	};

	return scratch_run(tests, NULL);
}
