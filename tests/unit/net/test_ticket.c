#include "tests/cm.h"

#include "net/ticket.h"

/* Who was told, in order. */
struct told {
	size_t count;
	uint32_t slot[32];
};

static void granted(void *arg, struct session_ref ref)
{
	struct told *told = arg;

	told->slot[told->count++] = ref.slot;
}

static struct claim claim_of(uint32_t slot, uint64_t account, unsigned service)
{
	return (struct claim){ .ref = { slot, 1 }, .account = account, .service = service };
}

static void gives_first_come_first_served(void **state)
{
	struct told told = { 0 };
	struct tickets *tickets = tickets_new(2, granted, &told);
	struct claim claim[5];

	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		claim[i] = claim_of(i, 0, 0);
		assert_int_equal(tickets_take(tickets, &claim[i]), i < 2);
	}
	assert_int_equal(tickets_waiting(tickets), 3);
	tickets_return(tickets, &claim[1]);
	assert_true(tickets_has(tickets, &claim[2]));
	assert_false(tickets_has(tickets, &claim[3]));
	tickets_return(tickets, &claim[3]); /* left while waiting */
	tickets_return(tickets, &claim[0]);
	assert_true(tickets_has(tickets, &claim[4]));
	assert_int_equal(told.count, 2);
	assert_int_equal(told.slot[0], 2);
	assert_int_equal(told.slot[1], 4);
	tickets_return(tickets, &claim[3]); /* nothing to give back */
	tickets_return(tickets, &claim[2]);
	tickets_return(tickets, &claim[4]);
	assert_true(tickets_take(tickets, &claim[0]));
	tickets_return(tickets, &claim[0]);
	tickets_free(&tickets);
}

/* A session takes a ticket as a stranger, logs in, and gives it back as somebody. */
static void takes_a_ticket_back_from_whom_it_was_given_to(void **state)
{
	struct told told = { 0 };
	struct tickets *tickets = tickets_new(2, granted, &told);
	struct claim a = claim_of(1, 0, 0), b = claim_of(2, 0, 0);

	(void)state;
	for (int round = 0; round < 3; round++) {
		a.account = b.account = 0;
		assert_true(tickets_take(tickets, &a));
		assert_true(tickets_take(tickets, &b));
		a.account = 55;
		b.account = 66;
		tickets_return(tickets, &a);
		tickets_return(tickets, &b);
	}
	tickets_free(&tickets);
}

static void gives_an_account_two_at_the_most(void **state)
{
	struct told told = { 0 };
	struct tickets *tickets = tickets_new(8, granted, &told);
	struct claim claim[4], other = claim_of(9, 77, 0);

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		claim[i] = claim_of(i, 55, 0);
		assert_int_equal(tickets_take(tickets, &claim[i]), i < TICKETS_PER_ACCOUNT);
	}
	assert_true(tickets_take(tickets, &other)); /* overtakes nobody: six are free */
	tickets_return(tickets, &other);
	assert_int_equal(told.count, 0);
	tickets_return(tickets, &claim[0]);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.slot[0], 2);
	for (uint32_t i = 1; i < 4; i++)
		tickets_return(tickets, &claim[i]);
	tickets_free(&tickets);
}

static void gives_a_service_half_while_another_waits(void **state)
{
	struct told told = { 0 };
	struct tickets *tickets = tickets_new(4, granted, &told);
	struct claim greedy[6], other[2];

	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		greedy[i] = claim_of(i, 0, 0);
		assert_int_equal(tickets_take(tickets, &greedy[i]), i < 4);
	}
	for (uint32_t i = 0; i < 2; i++) {
		other[i] = claim_of(10 + i, 0, 1);
		assert_false(tickets_take(tickets, &other[i]));
	}
	/* the greedy service waits longer but holds more than half */
	tickets_return(tickets, &greedy[0]);
	tickets_return(tickets, &greedy[1]);
	assert_int_equal(told.count, 2);
	assert_int_equal(told.slot[0], 10);
	assert_int_equal(told.slot[1], 11);
	/* nobody else waits now: the greedy one may have all again */
	tickets_return(tickets, &other[0]);
	tickets_return(tickets, &other[1]);
	assert_int_equal(told.count, 4);
	assert_int_equal(told.slot[2], 4);
	for (uint32_t i = 2; i < 6; i++)
		tickets_return(tickets, &greedy[i]);
	tickets_free(&tickets);
}

/* Rules never leave a ticket idle while a claim waits that its account allows. */
/* NOLINTNEXTLINE(readability-function-size): each assert counts as a branch */
static void leaves_no_ticket_idle(void **state)
{
	for (unsigned count = 1; count <= 5; count++) {
		struct told told = { 0 };
		struct tickets *tickets = tickets_new(count, granted, &told);
		struct claim claim[12];
		unsigned held = 0;

		for (uint32_t i = 0; i < 12; i++) {
			claim[i] = claim_of(i, 0, i % 3);
			held += tickets_take(tickets, &claim[i]);
		}
		assert_int_equal(held, count);
		for (unsigned i = 0; i < 12; i++) {
			assert_true(tickets_waiting(tickets) == 12 - count - told.count);
			for (uint32_t j = 0; j < 12; j++) {
				if (claim[j].state == CLAIM_HELD) {
					tickets_return(tickets, &claim[j]);
					break;
				}
			}
		}
		assert_int_equal(told.count, 12 - count);
		tickets_free(&tickets);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_first_come_first_served),
		cmocka_unit_test(takes_a_ticket_back_from_whom_it_was_given_to),
		cmocka_unit_test(gives_an_account_two_at_the_most),
		cmocka_unit_test(gives_a_service_half_while_another_waits),
		cmocka_unit_test(leaves_no_ticket_idle),
	};

	return cmocka_run_group_tests_name("net/ticket", tests, NULL, NULL);
}
