#include "tests/cm.h"

#include "net/network.h"

static const struct {
	struct str entry, peer;
	bool want;
} cases[] = {
	{ STR_INIT("192.0.2.7"), STR_INIT("192.0.2.7"), true },
	{ STR_INIT("192.0.2.7"), STR_INIT("192.0.2.8"), false },
	{ STR_INIT("192.0.2.0/24"), STR_INIT("192.0.2.255"), true },
	{ STR_INIT("192.0.2.0/24"), STR_INIT("192.0.3.0"), false },
	{ STR_INIT("192.0.2.128/25"), STR_INIT("192.0.2.127"), false },
	{ STR_INIT("192.0.2.128/25"), STR_INIT("192.0.2.128"), true },
	{ STR_INIT("0.0.0.0/0"), STR_INIT("203.0.113.1"), true },
	{ STR_INIT("0.0.0.0/0"), STR_INIT("2001:db8::1"), false },
	{ STR_INIT("192.0.2.0/24"), STR_INIT("::ffff:192.0.2.9"), true },
	{ STR_INIT("2001:db8::/32"), STR_INIT("2001:db8:1::1"), true },
	{ STR_INIT("2001:db8::/33"), STR_INIT("2001:db8:8000::1"), false },
	{ STR_INIT("192.0.2.0/33"), STR_INIT("192.0.2.0"), false },
	{ STR_INIT("192.0.2.0/"), STR_INIT("192.0.2.0"), false },
	{ STR_INIT("nonsense"), STR_INIT("192.0.2.0"), false },
	{ STR_INIT("192.0.2.7"), STR_INIT(""), false },
};

static void knows_addresses_and_networks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (networks_have(&cases[i].entry, 1, cases[i].peer) != cases[i].want)
			fail_msg("case %zu", i);
	assert_false(networks_have(NULL, 0, STR("127.0.0.1")));
}

static void says_what_cannot_be_read(void **state)
{
	(void)state;
	assert_true(network_is_valid(STR("192.0.2.0/24")));
	assert_true(network_is_valid(STR("::1")));
	assert_true(network_is_valid(STR("0.0.0.0/32")));
	assert_false(network_is_valid(STR("0.0.0.0/33")));
	assert_true(network_is_valid(STR("::/128")));
	assert_false(network_is_valid(STR("::/129")));
	assert_false(network_is_valid(STR("localhost")));
	assert_false(network_is_valid(STR("127.0.0.1/")));
	assert_false(network_is_valid(STR("127.0.0.1\0")));
	assert_false(network_is_valid(STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_addresses_and_networks),
		cmocka_unit_test(says_what_cannot_be_read),
	};

	return cmocka_run_group_tests_name("net/network", tests, NULL, NULL);
}
