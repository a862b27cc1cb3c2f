#include "tests/cm.h"

#include "auth/limits.h"
#include "auth/throttle.h"
#include "base/str.h"

#define MAX_MS 30000

static const struct throttle_key ann_here = { STR_INIT("ann"), STR_INIT("c0000207") };
static const struct throttle_key ann_there = { STR_INIT("ann"), STR_INIT("c6336401") };
static const struct throttle_key bob_here = { STR_INIT("bob"), STR_INIT("c0000207") };
static const struct throttle_key ann_trusted = { STR_INIT("ann"), STR_INIT("") };

/* How long an attempt waits from `now_ms`; -1: it is refused. */
static int64_t wait_of(
    struct throttle *throttle, const struct throttle_key *key, int64_t now_ms)
{
	int64_t at_ms = -1;

	if (throttle_admit(throttle, key, now_ms, MAX_MS, &at_ms) != OK)
		return -1;
	return at_ms - now_ms;
}

static void fail_at(struct throttle *throttle, const struct throttle_key *key, int64_t now_ms)
{
	throttle_fail(throttle, key, STR_EMPTY, now_ms, MAX_MS);
}

static void fails(
    struct throttle *throttle, const struct throttle_key *key, int times, int64_t now_ms)
{
	for (int i = 0; i < times; i++)
		fail_at(throttle, key, now_ms);
}

static void the_first_failures_cost_nothing(void **state)
{
	struct throttle *throttle = throttle_new(1024);

	(void)state;
	assert_int_equal(wait_of(throttle, &ann_here, 1000), 0);
	fails(throttle, &ann_here, THROTTLE_FREE_PAIR - 1, 1000);
	assert_int_equal(wait_of(throttle, &ann_here, 1000), 0);
	fail_at(throttle, &ann_here, 1000);
	assert_int_equal(wait_of(throttle, &ann_here, 1000), THROTTLE_FIRST_MS);
	/* the case of the name does not matter */
	assert_true(
	    wait_of(throttle, &(struct throttle_key){ STR_INIT("ANN"), STR_INIT("c0000207") },
		1000) > 0);
	throttle_free(&throttle);
}

static void each_failure_doubles_the_delay_up_to_the_limit(void **state)
{
	struct throttle *throttle = throttle_new(1024);
	int64_t now_ms = 1000, want_ms = THROTTLE_FIRST_MS;

	(void)state;
	fails(throttle, &ann_here, THROTTLE_FREE_PAIR, now_ms);
	for (int i = 0; i < 40; i++) {
		int64_t wait_ms = wait_of(throttle, &ann_here, now_ms);

		assert_int_equal(wait_ms, want_ms);
		now_ms += wait_ms;
		fail_at(throttle, &ann_here, now_ms);
		want_ms = 2 * want_ms < MAX_MS ? 2 * want_ms : MAX_MS;
		/* the address has more to answer for than one account alone would */
		if (i + 1 + THROTTLE_FREE_PAIR >= THROTTLE_FREE_ADDRESS)
			break;
	}
	throttle_free(&throttle);
}

static void attempts_at_once_stand_in_a_row(void **state)
{
	struct throttle *throttle = throttle_new(1024);
	int64_t last_ms = 0;
	int let_in = 0;

	(void)state;
	fails(throttle, &ann_here, THROTTLE_FREE_PAIR + 3, 1000); /* 4 s each */
	for (int i = 0; i < 100; i++) {
		int64_t wait_ms = wait_of(throttle, &ann_here, 1000);

		if (wait_ms < 0)
			continue;
		assert_true(wait_ms >= last_ms + (let_in > 0 ? 4000 : 0));
		assert_true(wait_ms <= MAX_MS);
		last_ms = wait_ms;
		let_in++;
	}
	assert_int_equal(let_in, 7); /* at 4, 8 ... 28 s */
	throttle_free(&throttle);
}

static void nobody_is_locked_out_from_elsewhere(void **state)
{
	struct throttle *throttle = throttle_new(1024);

	(void)state;
	fails(throttle, &ann_here, 100000, 1000);
	/* ann's own machine: a moment at most, and as many at once as she likes */
	for (int i = 0; i < 50; i++)
		assert_int_equal(wait_of(throttle, &ann_there, 1000), THROTTLE_ACCOUNT_MAX_MS);
	assert_true(wait_of(throttle, &ann_here, 1000) >= MAX_MS);
	assert_int_equal(wait_of(throttle, &ann_here, 1000), -1);
	throttle_free(&throttle);
}

static void the_account_alone_waits_after_many_failures(void **state)
{
	struct throttle *throttle = throttle_new(1024);

	(void)state;
	fails(throttle, &ann_here, THROTTLE_FREE_ACCOUNT - 1, 1000);
	assert_int_equal(wait_of(throttle, &ann_there, 1000), 0);
	fail_at(throttle, &ann_here, 1000);
	assert_int_equal(wait_of(throttle, &ann_there, 1000), THROTTLE_FIRST_MS);
	throttle_free(&throttle);
}

static void an_address_that_tries_many_names_waits(void **state)
{
	struct throttle *throttle = throttle_new(1024);

	(void)state;
	for (int i = 0; i < THROTTLE_FREE_ADDRESS; i++) {
		char name[] = "user0";
		struct throttle_key key = { { name, 5 }, ann_here.address };

		name[4] = (char)('0' + i);
		assert_int_equal(wait_of(throttle, &bob_here, 1000), 0);
		fail_at(throttle, &key, 1000);
	}
	assert_int_equal(wait_of(throttle, &bob_here, 1000), THROTTLE_FIRST_MS);
	assert_int_equal(wait_of(throttle, &ann_there, 1000), 0);
	throttle_free(&throttle);
}

static void a_trusted_network_is_counted_by_account(void **state)
{
	struct throttle *throttle = throttle_new(1024);

	(void)state;
	fails(throttle, &ann_trusted, 1000, 1000);
	assert_int_equal(wait_of(throttle, &ann_trusted, 1000), THROTTLE_ACCOUNT_MAX_MS);
	assert_int_equal(
	    wait_of(throttle, &(struct throttle_key){ STR_INIT("bob"), { "", 0 } }, 1000), 0);
	throttle_free(&throttle);
}

static void a_right_password_clears_the_account(void **state)
{
	struct throttle *throttle = throttle_new(1024);

	(void)state;
	fails(throttle, &ann_here, THROTTLE_FREE_PAIR, 1000);
	throttle_pass(throttle, &ann_here);
	assert_int_equal(wait_of(throttle, &ann_here, 1000), 0);
	/* and not the address: who has one account of his own could try all others */
	fails(throttle, &ann_here, THROTTLE_FREE_ADDRESS - THROTTLE_FREE_PAIR, 1000);
	throttle_pass(throttle, &ann_here);
	assert_int_equal(wait_of(throttle, &bob_here, 1000), THROTTLE_FIRST_MS);
	throttle_free(&throttle);
}

static void an_old_password_again_and_again_is_no_attack(void **state)
{
	struct throttle *throttle = throttle_new(1024);

	(void)state;
	for (int i = 0; i < 1000; i++)
		throttle_fail(throttle, &ann_here, STR("old"), 1000, MAX_MS);
	assert_int_equal(wait_of(throttle, &bob_here, 1000), 0);
	assert_int_equal(wait_of(throttle, &ann_there, 1000), 0);
	assert_int_equal(wait_of(throttle, &ann_here, 1000), MAX_MS);
	/* another each time is one */
	for (int i = 0; i < THROTTLE_FREE_ADDRESS; i++)
		throttle_fail(
		    throttle, &ann_here, i % 2 == 0 ? STR("a") : STR("b"), 1000, MAX_MS);
	assert_true(wait_of(throttle, &bob_here, 1000) > 0);
	throttle_free(&throttle);
}

static void failures_are_forgotten(void **state)
{
	struct throttle *throttle = throttle_new(1024);

	(void)state;
	fails(throttle, &ann_here, 8, 1000);
	assert_true(wait_of(throttle, &ann_here, 1000 + THROTTLE_FORGET_MS - 1) >= 0);
	fails(throttle, &ann_here, 1, 1000);
	assert_int_equal(wait_of(throttle, &ann_here, 1000 + THROTTLE_FORGET_MS + 1), 0);
	fails(throttle, &ann_here, 1, 1000 + THROTTLE_FORGET_MS + 1);
	assert_int_equal(wait_of(throttle, &ann_here, 1000 + THROTTLE_FORGET_MS + 1), 0);
	throttle_free(&throttle);
}

/* Two nodes with the same secret count as one. */
static void what_another_node_saw_counts(void **state)
{
	static const uint8_t secret[THROTTLE_SECRET_SIZE] = "the site's own";
	struct throttle *here = throttle_new(1024), *there = throttle_new(1024);
	struct throttle_news news[THROTTLE_NEWS_MAX];
	size_t count;

	(void)state;
	throttle_share_by(here, secret);
	throttle_share_by(there, secret);
	fails(there, &ann_here, 4, 1000);
	count = throttle_take_news(there, news, COUNT(news));
	assert_int_equal(count, 4);
	assert_int_equal(throttle_take_news(there, news + count, 1), 0);
	for (size_t i = 0; i < count; i++)
		throttle_hear(here, &news[i], 1000);
	assert_int_equal(wait_of(here, &ann_here, 1000), wait_of(there, &ann_here, 1000));
	assert_true(wait_of(here, &ann_here, 1000) > 0);
	/* what was heard is not told on */
	assert_int_equal(throttle_take_news(here, news, COUNT(news)), 0);
	throttle_pass(there, &ann_here);
	assert_int_equal(throttle_take_news(there, news, COUNT(news)), 1);
	assert_true(news[0].passed);
	throttle_hear(here, &news[0], 1000);
	/* it begins anew */
	fails(here, &ann_here, THROTTLE_FREE_PAIR - 1, 61000);
	assert_int_equal(wait_of(here, &ann_here, 61000), 0);
	/* a login without failures before it is nobody's news */
	throttle_pass(there, &bob_here);
	assert_int_equal(throttle_take_news(there, news, COUNT(news)), 0);
	throttle_free(&here);
	throttle_free(&there);
}

/* What one node does not tell in time is lost, and no memory is taken for it. */
static void news_are_bounded(void **state)
{
	static const uint8_t secret[THROTTLE_SECRET_SIZE] = "the site's own";
	struct throttle *throttle = throttle_new(1024);
	struct throttle_news news[THROTTLE_NEWS_MAX];

	(void)state;
	throttle_share_by(throttle, secret);
	fails(throttle, &ann_here, THROTTLE_NEWS_MAX + 1, 1000);
	assert_int_equal(throttle_take_news(throttle, news, COUNT(news)), THROTTLE_NEWS_MAX);
	throttle_free(&throttle);
}

/* A flood of names takes the places of those that failed least. */
static void a_flood_does_not_push_out_the_worst(void **state)
{
	struct throttle *throttle = throttle_new(64);

	(void)state;
	fails(throttle, &ann_here, 100, 1000);
	for (int i = 0; i < 100000; i++) {
		char text[2][16];
		struct throttle_key key;

		(void)snprintf(text[0], sizeof(text[0]), "n%d", i);
		(void)snprintf(text[1], sizeof(text[1]), "a%d", i);
		key = (struct throttle_key){ str_from(text[0]), str_from(text[1]) };
		fail_at(throttle, &key, 1001);
	}
	assert_int_equal(wait_of(throttle, &ann_here, 1001), MAX_MS - 1);
	throttle_free(&throttle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_failures_cost_nothing),
		cmocka_unit_test(each_failure_doubles_the_delay_up_to_the_limit),
		cmocka_unit_test(attempts_at_once_stand_in_a_row),
		cmocka_unit_test(nobody_is_locked_out_from_elsewhere),
		cmocka_unit_test(the_account_alone_waits_after_many_failures),
		cmocka_unit_test(an_address_that_tries_many_names_waits),
		cmocka_unit_test(a_trusted_network_is_counted_by_account),
		cmocka_unit_test(a_right_password_clears_the_account),
		cmocka_unit_test(an_old_password_again_and_again_is_no_attack),
		cmocka_unit_test(failures_are_forgotten),
		cmocka_unit_test(what_another_node_saw_counts),
		cmocka_unit_test(news_are_bounded),
		cmocka_unit_test(a_flood_does_not_push_out_the_worst),
	};

	return cmocka_run_group_tests_name("auth/throttle", tests, NULL, NULL);
}
