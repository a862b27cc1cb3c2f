#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "imap/utf7.h"

/* Both directions give the other one. */
static const struct {
	struct str sent, utf8;
} pairs[] = {
	{ STR_INIT(""), STR_INIT("") },
	{ STR_INIT("INBOX"), STR_INIT("INBOX") },
	{ STR_INIT("a&-b"), STR_INIT("a&b") },
	{ STR_INIT("&-"), STR_INIT("&") },
	{ STR_INIT("&-&-"), STR_INIT("&&") },
	{ STR_INIT("&-Ok-"), STR_INIT("&Ok-") },
	{ STR_INIT("Entw&APw-rfe"), STR_INIT("Entw\xc3\xbcrfe") },
	{ STR_INIT("&AOk-&-"), STR_INIT("\xc3\xa9&") },
	/* RFC 3501 5.1.3 */
	{ STR_INIT("~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
	    STR_INIT(
		"~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e") },
	/* outside of the BMP */
	{ STR_INIT("&2D3cqQ-"), STR_INIT("\xf0\x9f\x92\xa9") },
	{ STR_INIT("x&2D3cqdg93Kk-y"), STR_INIT("x\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9y") },
	{ STR_INIT("&AAk-"), STR_INIT("\t") },
	{ STR_INIT("&AH8-"), STR_INIT("\x7f") },
};

static void converts_in_both_directions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct arena *arena = arena_new("test");
		struct buf sent = BUF_INIT(1000);
		struct str utf8 = STR_EMPTY;

		if (utf7_decode(pairs[i].sent, arena, &utf8, NULL) != OK ||
		    !str_equal(utf8, pairs[i].utf8))
			fail_msg("pair %zu: decoded '%.*s'", i, STR_ARG(utf8));
		utf7_encode(&sent, pairs[i].utf8);
		if (!str_equal(buf_str(&sent), pairs[i].sent))
			fail_msg("pair %zu: encoded '%.*s'", i, STR_ARG(buf_str(&sent)));
		buf_release(&sent);
		arena_free(&arena);
	}
}

static const struct str refused[] = {
	STR_INIT("&"),
	STR_INIT("&Jjo"),
	STR_INIT("&Jjo!"),		/* RFC 3501 5.1.3: not permitted */
	STR_INIT("&U,BTFw-&ZeVnLIqe-"), /* RFC 3501 5.1.3: superfluous shift */
	STR_INIT("&AGE-"),		/* "a" needs no base 64 */
	STR_INIT("&ACY-"),		/* neither does "&" */
	STR_INIT("&AAA-"),		/* NUL */
	STR_INIT("&Jjp-"),		/* a bit is left over */
	STR_INIT("&JjoA-"),		/* a sextet is left over */
	STR_INIT("&J-"),
	STR_INIT("&2D0-"), /* half a pair */
	STR_INIT("&3Kk-"),
	STR_INIT("&2D0A6Q-"),
	STR_INIT("&U/BTFw-"), /* '/' is ',' here */
	STR_INIT("a\0b"),
	STR_INIT("\xc3"),
	STR_INIT("\xff"),
	STR_INIT("\xed\xa0\x80"),
};

static void refuses_every_other_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct arena *arena = arena_new("test");
		struct str utf8 = STR_EMPTY;

		if (utf7_decode(refused[i], arena, &utf8, NULL) != ERR_SYNTAX)
			fail_msg("case %zu", i);
		arena_free(&arena);
	}
}

static void takes_utf8_as_it_is(void **state)
{
	struct arena *arena = arena_new("test");
	struct str utf8;

	(void)state;
	assert_int_equal(utf7_decode(STR("Entw\xc3\xbcrfe"), arena, &utf8, NULL), OK);
	assert_true(str_equal(utf8, STR("Entw\xc3\xbcrfe")));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(converts_in_both_directions),
		cmocka_unit_test(refuses_every_other_form),
		cmocka_unit_test(takes_utf8_as_it_is),
	};

	return cmocka_run_group_tests_name("imap/utf7", tests, NULL, NULL);
}
