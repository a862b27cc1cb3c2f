#include "tests/cm.h"

#include "base/buf.h"
#include "base/str.h"
#include "mime/casemap.h"

static const struct {
	const char *in, *want;
} cases[] = {
	{ "", "" },
	{ "abcXYZ019_[]", "ABCXYZ019_[]" },
	/* decomposed: e with its accent as one character and as two */
	{ "\xc3\xa9", "E\xcc\x81" },
	{ "e\xcc\x81", "E\xcc\x81" },
	{ "\xc3\x89", "E\xcc\x81" },
	/* compatibility: a ligature, a full width letter, an ideographic space */
	{ "\xef\xac\x81", "fi" },
	{ "\xef\xbd\x81", "A" },
	{ "\xe3\x80\x80", " " },
	/* both forms of sigma */
	{ "\xcf\x83", "\xce\xa3" },
	{ "\xcf\x82", "\xce\xa3" },
	{ "\xd0\xb6", "\xd0\x96" },
	{ "\xe6\x97\xa5", "\xe6\x97\xa5" },
	/* Hangul comes apart */
	{ "\xea\xb0\x80", "\xe1\x84\x80\xe1\x85\xa1" },
	{ "a\xff"
	  "b",
	    "A\xff"
	    "B" },
};

static void maps_as_rfc_5051_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = BUF_INIT(1000);

		casemap_add(&out, str_from(cases[i].in));
		if (!str_equal(buf_str(&out), str_from(cases[i].want)))
			fail_msg("case %zu: %.*s", i, STR_ARG(buf_str(&out)));
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(maps_as_rfc_5051_says) };

	return cmocka_run_group_tests_name("mime/casemap", tests, NULL, NULL);
}
