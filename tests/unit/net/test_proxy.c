#include "tests/cm.h"

#include "net/proxy.h"

#include "base/str.h"

#include <string.h>

#define SIG "\r\n\r\n\0\r\nQUIT\n"
#define LOOPBACK6 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define V4 "\xc0\0\2\1\xc6\x33\x64\2\x12\x34\0\x8f" /* 192.0.2.1:4660 to 198.51.100.2:143 */

static const struct {
	const char *what;
	struct str in;
	enum errc want;
	enum proxy_client client;
	const char *source, *destination; /* PROXY_INET */
	uint16_t source_port, destination_port;
	size_t rest; /* bytes of `in` that are not the header's */
} cases[] = {
	/* proxy-protocol.txt 2.1: the examples */
	{ "TCP4", STR_INIT("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), OK,
	    PROXY_INET, "255.255.255.255", "255.255.255.255", 65535, 65535, 0 },
	{ "TCP6",
	    STR_INIT("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	    OK, PROXY_INET, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535, 65535, 0 },
	{ "UNKNOWN", STR_INIT("PROXY UNKNOWN\r\n"), OK, PROXY_UNKNOWN, NULL, NULL, 0, 0, 0 },
	/* 107 bytes: the longest that there can be */
	{ "UNKNOWN, longest",
	    STR_INIT("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	    OK, PROXY_UNKNOWN, NULL, NULL, 0, 0, 0 },
	{ "one byte over",
	    STR_INIT("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 655355\r\n"),
	    ERR_LIMIT, PROXY_LOCAL, NULL, NULL, 0, 0, 0 },
	{ "what follows", STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 1 0\r\n\r\na NOOP\r\n"), OK,
	    PROXY_INET, "192.0.2.1", "192.0.2.2", 1, 0, 10 },
	{ "family", STR_INIT("PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n"), ERR_SYNTAX, PROXY_LOCAL,
	    NULL, NULL, 0, 0, 0 },
	{ "mixed", STR_INIT("PROXY TCP4 192.0.2.1 ::1 1 2\r\n"), ERR_SYNTAX, PROXY_LOCAL, NULL,
	    NULL, 0, 0, 0 },
	{ "UDP4", STR_INIT("PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n"), ERR_SYNTAX, PROXY_LOCAL,
	    NULL, NULL, 0, 0, 0 },
	{ "two spaces", STR_INIT("PROXY TCP4 192.0.2.1  192.0.2.2 1 2\r\n"), ERR_SYNTAX,
	    PROXY_LOCAL, NULL, NULL, 0, 0, 0 },
	{ "a word more", STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n"), ERR_SYNTAX,
	    PROXY_LOCAL, NULL, NULL, 0, 0, 0 },
	{ "a word less", STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"), ERR_SYNTAX,
	    PROXY_LOCAL, NULL, NULL, 0, 0, 0 },
	{ "port 65536", STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n"), ERR_SYNTAX,
	    PROXY_LOCAL, NULL, NULL, 0, 0, 0 },
	{ "heading zero of a port", STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n"),
	    ERR_SYNTAX, PROXY_LOCAL, NULL, NULL, 0, 0, 0 },
	{ "heading zero of an address", STR_INIT("PROXY TCP4 192.0.02.1 192.0.2.2 1 2\r\n"),
	    ERR_SYNTAX, PROXY_LOCAL, NULL, NULL, 0, 0, 0 },
	{ "NUL", STR_INIT("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n"), ERR_SYNTAX, PROXY_LOCAL,
	    NULL, NULL, 0, 0, 0 },
	{ "a name", STR_INIT("PROXY TCP4 localhost 192.0.2.2 1 2\r\n"), ERR_SYNTAX, PROXY_LOCAL,
	    NULL, NULL, 0, 0, 0 },
	{ "nothing in it", STR_INIT("PROXY \r\n"), ERR_SYNTAX, PROXY_LOCAL, NULL, NULL, 0, 0,
	    0 },
	{ "LF alone", STR_INIT("PROXY UNKNOWN\n"), ERR_MORE, PROXY_LOCAL, NULL, NULL, 0, 0, 0 },
	{ "none", STR_INIT("a NOOP\r\n"), ERR_SYNTAX, PROXY_LOCAL, NULL, NULL, 0, 0, 0 },
	{ "lower case", STR_INIT("proxy UNKNOWN\r\n"), ERR_SYNTAX, PROXY_LOCAL, NULL, NULL, 0,
	    0, 0 },
	{ "empty", STR_INIT(""), ERR_MORE, PROXY_LOCAL, NULL, NULL, 0, 0, 0 },

	{ "v2 LOCAL", STR_INIT(SIG "\x20\0\0\0a"), OK, PROXY_LOCAL, NULL, NULL, 0, 0, 1 },
	{ "v2 LOCAL with what is to be ignored", STR_INIT(SIG "\x20\xff\0\3xyza"), OK,
	    PROXY_LOCAL, NULL, NULL, 0, 0, 1 },
	{ "v2 UNSPEC", STR_INIT(SIG "\x21\0\0\0"), OK, PROXY_UNKNOWN, NULL, NULL, 0, 0, 0 },
	{ "v2 IPv4", STR_INIT(SIG "\x21\x11\0\x0c" V4 "\x16\3\1"), OK, PROXY_INET, "192.0.2.1",
	    "198.51.100.2", 4660, 143, 3 },
	{ "v2 IPv6", STR_INIT(SIG "\x21\x21\0\x24" LOOPBACK6 LOOPBACK6 "\0\1\0\2"), OK,
	    PROXY_INET, "::1", "::1", 1, 2, 0 },
	{ "v2 cut addresses", STR_INIT(SIG "\x21\x11\0\x0b" V4), ERR_SYNTAX, PROXY_LOCAL, NULL,
	    NULL, 0, 0, 0 },
	{ "v2 datagrams", STR_INIT(SIG "\x21\x12\0\x0c" V4), ERR_SYNTAX, PROXY_LOCAL, NULL,
	    NULL, 0, 0, 0 },
	{ "v2 family 4", STR_INIT(SIG "\x21\x41\0\x0c" V4), ERR_SYNTAX, PROXY_LOCAL, NULL, NULL,
	    0, 0, 0 },
	{ "v2 command 2", STR_INIT(SIG "\x22\x11\0\x0c" V4), ERR_SYNTAX, PROXY_LOCAL, NULL,
	    NULL, 0, 0, 0 },
	{ "version 1 in binary", STR_INIT(SIG "\x11\x11\0\x0c" V4), ERR_SYNTAX, PROXY_LOCAL,
	    NULL, NULL, 0, 0, 0 },
	{ "v2 extensions", STR_INIT(SIG "\x21\x11\0\x16" V4 "\x04\0\0\x30\0\4abcd"), OK,
	    PROXY_INET, "192.0.2.1", "198.51.100.2", 4660, 143, 0 },
	{ "v2 cut extension", STR_INIT(SIG "\x21\x11\0\x16" V4 "\x04\0\0\x30\0\5abcd"),
	    ERR_SYNTAX, PROXY_LOCAL, NULL, NULL, 0, 0, 0 },
	{ "v2 two bytes too many", STR_INIT(SIG "\x21\x11\0\x0e" V4 "\x04\0"), ERR_SYNTAX,
	    PROXY_LOCAL, NULL, NULL, 0, 0, 0 },
	{ "v2 4,096 bytes", STR_INIT(SIG "\x20\0\x0f\xf0"), ERR_MORE, PROXY_LOCAL, NULL, NULL,
	    0, 0, 0 },
	{ "v2 4,097 bytes", STR_INIT(SIG "\x20\0\x0f\xf1"), ERR_LIMIT, PROXY_LOCAL, NULL, NULL,
	    0, 0, 0 },
	/* made by another implementation of CRC32c, one that gives e3069283 for "123456789" */
	{ "v2 checksum", STR_INIT(SIG "\x21\x11\0\x13" V4 "\3\0\4\xaa\x56\xea\x32"), OK,
	    PROXY_INET, "192.0.2.1", "198.51.100.2", 4660, 143, 0 },
	{ "v2 wrong checksum", STR_INIT(SIG "\x21\x11\0\x13" V4 "\3\0\4\0\1\2\3"), ERR_SYNTAX,
	    PROXY_LOCAL, NULL, NULL, 0, 0, 0 },
	{ "v2 short checksum", STR_INIT(SIG "\x21\x11\0\x12" V4 "\3\0\3\0\1\2"), ERR_SYNTAX,
	    PROXY_LOCAL, NULL, NULL, 0, 0, 0 },
};

static void look_at_addresses(size_t i, const struct proxy_header *header)
{
	char text[ADDRESS_TEXT_MAX];

	if (header->client != PROXY_INET)
		return;
	assert_string_equal(address_text(&header->source, text).p, cases[i].source);
	assert_string_equal(address_text(&header->destination, text).p, cases[i].destination);
	assert_int_equal(address_port(&header->source), cases[i].source_port);
	assert_int_equal(address_port(&header->destination), cases[i].destination_port);
}

static void parses_both_versions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct proxy_header header = { .client = PROXY_LOCAL };
		enum errc got = proxy_parse(cases[i].in, &header, NULL);

		if (got != cases[i].want || header.client != cases[i].client)
			fail_msg("%s: got %d, client %d", cases[i].what, (int)got,
			    (int)header.client);
		if (got != OK)
			continue;
		assert_int_equal(cases[i].in.n - header.size, cases[i].rest);
		look_at_addresses(i, &header);
	}
}

/* Whatever is well is ERR_MORE at each byte before its end; whatever is not never becomes well. */
static void takes_them_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t n = 0; n <= cases[i].in.n; n++) {
			struct proxy_header header;
			enum errc got = proxy_parse(str_first(cases[i].in, n), &header, NULL);
			enum errc want = cases[i].want;

			if (want == OK && n < cases[i].in.n - cases[i].rest)
				want = ERR_MORE;
			if (got != want && !(want != OK && got == ERR_MORE))
				fail_msg("%s: %zu bytes: got %d", cases[i].what, n, (int)got);
		}
	}
}

static void takes_a_unix_client(void **state)
{
	char in[16 + 216 + 1];
	struct proxy_header header;

	(void)state;
	memcpy(in, SIG "\x21\x31\0\xd8", 16);
	memset(in + 16, '/', sizeof(in) - 16);
	assert_int_equal(
	    proxy_parse((struct str){ in, sizeof(in) - 2 }, &header, NULL), ERR_MORE);
	assert_int_equal(proxy_parse((struct str){ in, sizeof(in) }, &header, NULL), OK);
	assert_int_equal(header.client, PROXY_UNIX);
	assert_int_equal(header.size, 16 + 216);
}

/* The extension about TLS: client, verify, then pieces of its own. */
static void says_whether_the_client_has_tls(void **state)
{
	static const struct {
		struct str in;
		enum errc want;
		bool tls;
		const char *version;
	} tls[] = {
		{ STR_INIT(SIG "\x21\x11\0\x0c" V4), OK, false, "" },
		{ STR_INIT(SIG "\x21\x11\0\x14" V4 "\x20\0\5\1\0\0\0\0"), OK, true, "" },
		{ STR_INIT(SIG "\x21\x11\0\x14" V4 "\x20\0\5\6\0\0\0\0"), OK, false, "" },
		{ STR_INIT(SIG "\x21\x11\0\x1e" V4 "\x20\0\x0f\1\0\0\0\0\x21\0\7TLSv1.3"), OK,
		    true, "TLSv1.3" },
		/* nothing that could forge a word of the log */
		{ STR_INIT(SIG "\x21\x11\0\x1e" V4 "\x20\0\x0f\1\0\0\0\0\x21\0\7TLS v\n3"), OK,
		    true, "" },
		{ STR_INIT(SIG "\x21\x11\0\x13" V4 "\x20\0\4\1\0\0\0"), ERR_SYNTAX, false, "" },
		{ STR_INIT(SIG "\x21\x11\0\x17" V4 "\x20\0\x08\1\0\0\0\0\x21\0\1"), ERR_SYNTAX,
		    false, "" },
		/* LOCAL has none, whatever it says */
		{ STR_INIT(SIG "\x20\x11\0\x14" V4 "\x20\0\5\1\0\0\0\0"), OK, false, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(tls); i++) {
		struct proxy_header header = { .size = 0 };
		enum errc got = proxy_parse(tls[i].in, &header, NULL);

		if (got != tls[i].want || header.tls != tls[i].tls ||
		    strcmp(header.tls_version, tls[i].version) != 0)
			fail_msg(
			    "case %zu: %d %d %s", i, (int)got, header.tls, header.tls_version);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_both_versions),
		cmocka_unit_test(takes_them_byte_by_byte),
		cmocka_unit_test(takes_a_unix_client),
		cmocka_unit_test(says_whether_the_client_has_tls),
	};

	return cmocka_run_group_tests_name("net/proxy", tests, NULL, NULL);
}
