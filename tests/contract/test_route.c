/*
 * Whom mail reaches: the order of DBMail's address resolution, on a real database.
 */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "deliver/route.h"
#include "tests/contract/admin.h"

static const struct route_settings plain = { .delimiter = '+' };

static enum errc resolve(struct admin *a, const struct route_settings *settings,
    const char *address, struct route *route_out)
{
	struct db *db = NULL;
	struct err err = { .code = OK };
	enum errc rc = db_lease(a->pool, 1000, &db, &err);

	*route_out = (struct route){ .count = 0 };
	if (rc == OK)
		rc = route_resolve(db,
		    &(struct route_request){ settings, str_from(address), NULL }, a->arena,
		    route_out, &err);
	db_return(&db);
	return rc;
}

/* "id/folder" of each local target, "<address>" of each other, in order, as one text. */
static struct str seen(struct admin *a, const char *address)
{
	struct route route;
	struct str text = STR_EMPTY;
	enum errc rc = resolve(a, &plain, address, &route);

	if (rc != OK)
		return str_from(errc_name(rc));
	for (size_t i = 0; i < route.count; i++) {
		const struct route_target *t = &route.targets[i];

		if (t->kind == ROUTE_LOCAL)
			text = str_printf(a->arena, "%.*s%s%.*s/%.*s", STR_ARG(text),
			    i > 0 ? " " : "", STR_ARG(t->account), STR_ARG(t->mailbox));
		else
			text = str_printf(a->arena, "%.*s%s<%.*s>", STR_ARG(text),
			    i > 0 ? " " : "", STR_ARG(t->address));
	}
	return text;
}

static void expect(struct admin *a, const char *address, const char *want)
{
	struct str got = seen(a, address);

	if (!str_equal(got, str_from(want)))
		fail_msg("%s: %.*s instead of %s", address, STR_ARG(got), want);
}

static void add(struct admin *a, const char *address, const char *target)
{
	struct err err = { .code = OK };

	if (alias_add(a->store, str_from(address), str_from(target), 0, &err) != OK)
		fail_msg("alias %s: %s", address, err.text);
}

static void add_id(struct admin *a, const char *address, int64_t id)
{
	add(a, address, str_cstr(a->arena, str_printf(a->arena, "%lld", (long long)id)));
}

/* What alias_add refuses and people type all the same. */
static const struct db_sql sql_self = { "test.self",
	"INSERT INTO dbmail_aliases (alias, deliver_to) VALUES ('ann@example.org', "
	"'ann@example.org')",
	NULL, NULL, NULL };
static const struct db_sql sql_gone = { "test.gone",
	"INSERT INTO dbmail_aliases (alias, deliver_to) VALUES ('gone@example.org', '999')",
	NULL, NULL, NULL };

static void finds_the_first_that_fits_and_no_other(void **state)
{
	struct admin a;
	int64_t ann, bob;

	(void)state;
	admin_open(&a);
	ann = admin_user(&a, STR("ann"));
	bob = admin_user(&a, STR("bob@example.org"));
	add_id(&a, "ann@example.org", ann);
	add_id(&a, "ann+urgent@example.org", bob);
	add_id(&a, "@example.net", bob);
	add_id(&a, "@.example.com", ann);
	add_id(&a, "sales@", ann);
	expect(&a, "ann@example.org", "ann/INBOX");
	expect(&a, "ANN@Example.ORG", "ann/INBOX");
	/* the whole address before the one without its detail */
	expect(&a, "ann+urgent@example.org", "bob@example.org/INBOX");
	expect(&a, "ann+other@example.org", "ann/INBOX");
	/* a login that is an address, and with a detail */
	expect(&a, "bob@example.org", "bob@example.org/INBOX");
	expect(&a, "bob+x@example.org", "bob@example.org/INBOX");
	/* catch-alls: of the domain, of those below one, of the local part */
	expect(&a, "whoever@example.net", "bob@example.org/INBOX");
	expect(&a, "whoever@a.example.com", "ann/INBOX");
	expect(&a, "whoever@example.com", "ERR_NOTFOUND");
	expect(&a, "sales@elsewhere.example", "ann/INBOX");
	expect(&a, "nobody@example.org", "ERR_NOTFOUND");
	expect(&a, "ann", "ann/INBOX");
	expect(&a, "4", "ERR_NOTFOUND");
	admin_close(&a);
}

static void follows_aliases_to_all_their_targets_once(void **state)
{
	struct admin a;
	int64_t ann, bob;

	(void)state;
	admin_open(&a);
	ann = admin_user(&a, STR("ann"));
	bob = admin_user(&a, STR("bob"));
	add_id(&a, "ann@example.org", ann);
	add_id(&a, "team@example.org", ann);
	add_id(&a, "team@example.org", bob);
	add(&a, "all@example.org", "team@example.org");
	add(&a, "all@example.org", "ann@example.org");
	add(&a, "out@example.org", "far@elsewhere.example");
	add(&a, "out@example.org", "|/usr/bin/handle it");
	admin_sql(&a, &sql_gone);
	add(&a, "dead@example.org", "nobody@example.org");
	expect(&a, "team@example.org", "ann/INBOX bob/INBOX");
	expect(&a, "all@example.org", "ann/INBOX bob/INBOX");
	expect(&a, "out@example.org", "<far@elsewhere.example> <|/usr/bin/handle it>");
	expect(&a, "gone@example.org", "ERR_NOTFOUND");
	expect(&a, "dead@example.org", "ERR_NOTFOUND");
	admin_close(&a);
}

/* A forward that keeps a copy: the address stands among its own targets. */
static void keeps_a_copy_for_the_account_of_the_same_name(void **state)
{
	struct admin a;

	(void)state;
	admin_open(&a);
	(void)admin_user(&a, STR("ann@example.org"));
	admin_sql(&a, &sql_self);
	add(&a, "ann@example.org", "ann@elsewhere.example");
	expect(&a, "ann@example.org", "ann@example.org/INBOX <ann@elsewhere.example>");
	admin_close(&a);
}

static void ends_where_aliases_lead_in_a_circle(void **state)
{
	struct admin a;
	int64_t ann;

	(void)state;
	admin_open(&a);
	ann = admin_user(&a, STR("ann"));
	add(&a, "a@example.org", "b@example.org");
	add(&a, "b@example.org", "a@example.org");
	expect(&a, "a@example.org", "ERR_LIMIT");
	/* with a way out of the circle the mail is not lost */
	add_id(&a, "b@example.org", ann);
	expect(&a, "a@example.org", "ann/INBOX");
	admin_close(&a);
}

static const struct db_sql sql_off = { "test.off",
	"UPDATE dbmail_users SET active = 0 WHERE userid = 'ann'", NULL, NULL, NULL };
static const struct db_sql sql_domain = { "test.domain",
	"INSERT INTO domains (name, active) VALUES ('example.net', 0)", NULL, NULL, NULL };

static void refuses_what_is_switched_off(void **state)
{
	struct admin a;
	int64_t ann, bob;

	(void)state;
	admin_open(&a);
	ann = admin_user(&a, STR("ann"));
	bob = admin_user(&a, STR("bob"));
	add_id(&a, "ann@example.org", ann);
	add_id(&a, "bob@example.net", bob);
	expect(&a, "bob@example.net", "bob/INBOX");
	admin_sql(&a, &sql_off);
	admin_sql(&a, &sql_domain);
	expect(&a, "ann@example.org", "ERR_DENIED");
	expect(&a, "bob@example.net", "ERR_DENIED");
	admin_close(&a);
}

static void puts_subaddresses_into_folders_that_are_there(void **state)
{
	const struct route_settings creating = { .delimiter = '+', .create_folder = true };
	const struct route_settings without = { .delimiter = '\0' };
	struct actor actor = { .user = 0 };
	struct route route;
	struct admin a;
	int64_t folder;

	(void)state;
	admin_open(&a);
	actor.user = admin_user(&a, STR("ann@example.org"));
	assert_int_equal(mailbox_create(a.store, actor, STR("lists/work"), &folder, NULL), OK);
	expect(&a, "ann+lists/work@example.org", "ann@example.org/lists/work");
	expect(&a, "ann+nothing@example.org", "ann@example.org/INBOX");
	expect(&a, "ann+#Users/bob@example.org", "ann@example.org/INBOX");
	expect(&a, "ann+a//b@example.org", "ann@example.org/INBOX");
	assert_int_equal(resolve(&a, &creating, "ann+new@example.org", &route), OK);
	assert_non_null(route.targets);
	if (!route.targets)
		return; /* for the analyser, which does not know that a failed assert ends the test */
	assert_true(str_equal(route.targets[0].mailbox, STR("new")));
	assert_int_equal(
	    resolve(&a, &without, "ann+lists/work@example.org", &route), ERR_NOTFOUND);
	admin_close(&a);
}

static void completes_bare_names_with_the_default_domain(void **state)
{
	const struct route_settings settings = { .delimiter = '+',
		.default_domain = STR_INIT("example.org") };
	struct route route;
	struct admin a;
	int64_t ann;

	(void)state;
	admin_open(&a);
	ann = admin_user(&a, STR("ann"));
	add_id(&a, "postmaster@example.org", ann);
	assert_int_equal(resolve(&a, &settings, "postmaster", &route), OK);
	assert_non_null(route.targets);
	if (!route.targets)
		return; /* for the analyser, which does not know that a failed assert ends the test */
	assert_int_equal(route.targets[0].owner, ann);
	assert_int_equal(resolve(&a, &settings, "Ann", &route), OK);
	assert_int_equal(resolve(&a, &settings, "nobody", &route), ERR_NOTFOUND);
	expect(&a, "postmaster", "ERR_NOTFOUND");
	admin_close(&a);
}

static void gives_mail_to_the_public_and_never_to_the_internal_accounts(void **state)
{
	struct admin a;

	(void)state;
	admin_open(&a);
	add_id(&a, "project@example.org", ACCOUNT_ID_PUBLIC);
	add_id(&a, "anyone@example.org", ACCOUNT_ID_ANYONE);
	add_id(&a, "internal@example.org", 1);
	expect(&a, "project@example.org", "__public__/INBOX");
	expect(&a, "anyone@example.org", "ERR_NOTFOUND");
	expect(&a, "internal@example.org", "ERR_NOTFOUND");
	expect(&a, "anyone", "ERR_NOTFOUND");
	admin_close(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_first_that_fits_and_no_other),
		cmocka_unit_test(follows_aliases_to_all_their_targets_once),
		cmocka_unit_test(keeps_a_copy_for_the_account_of_the_same_name),
		cmocka_unit_test(ends_where_aliases_lead_in_a_circle),
		cmocka_unit_test(refuses_what_is_switched_off),
		cmocka_unit_test(puts_subaddresses_into_folders_that_are_there),
		cmocka_unit_test(completes_bare_names_with_the_default_domain),
		cmocka_unit_test(gives_mail_to_the_public_and_never_to_the_internal_accounts),
	};

	return scratch_run(tests, NULL);
}
