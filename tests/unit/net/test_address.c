#include "tests/cm.h"

#include "net/address.h"

#include "base/str.h"

#include <string.h>

static const struct {
	const char *in, *text;
	bool is_loopback;
	size_t key_size;
} cases[] = {
	{ "192.0.2.1", "192.0.2.1", false, 4 },
	{ "127.9.9.9", "127.9.9.9", true, 4 },
	{ "128.0.0.1", "128.0.0.1", false, 4 },
	{ "2001:DB8:0:0::1", "2001:db8::1", false, 8 },
	{ "::1", "::1", true, 8 },
	{ "::2", "::2", false, 8 },
	{ "::ffff:192.0.2.1", "192.0.2.1", false, 4 },
	{ "::ffff:127.0.0.1", "127.0.0.1", true, 4 },
};

static void reads_and_shows_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		union address address;
		socklen_t size;
		char text[ADDRESS_TEXT_MAX];

		assert_int_equal(address_parse(cases[i].in, 143, &address, &size), OK);
		assert_true(str_equal(address_text(&address, text), str_from(cases[i].text)));
		assert_int_equal(address_port(&address), 143);
		assert_int_equal(address_is_loopback(&address), cases[i].is_loopback);
		assert_int_equal(address_key(&address).n, cases[i].key_size);
	}
}

static void refuses_what_is_no_number(void **state)
{
	static const char *const bad[] = { "", "localhost", "1.2.3", "1.2.3.4.5", "::g" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		union address address;
		socklen_t size;

		assert_int_equal(address_parse(bad[i], 0, &address, &size), ERR_SYNTAX);
	}
}

/* Limits go by /64: a host of IPv6 has as many addresses as it likes. */
static void counts_ipv6_by_network(void **state)
{
	static const char *const in[] = { "2001:db8:0:1::1", "2001:db8:0:1:ffff::2",
		"2001:db8:0:2::1" };
	union address address[3];
	socklen_t size;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(address_parse(in[i], 0, &address[i], &size), OK);
	assert_true(str_equal(address_key(&address[0]), address_key(&address[1])));
	assert_false(str_equal(address_key(&address[0]), address_key(&address[2])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_shows_addresses),
		cmocka_unit_test(refuses_what_is_no_number),
		cmocka_unit_test(counts_ipv6_by_network),
	};

	return cmocka_run_group_tests_name("net/address", tests, NULL, NULL);
}
