#include "tests/cm.h"

#include "base/str.h"
#include "store/special_use.h"

static const struct {
	struct str setting;
	unsigned want;
	struct str printed;
} settings[] = {
	{ STR_INIT(""), 0, STR_INIT("") },
	{ STR_INIT("\\Sent"), USE_SENT, STR_INIT("\\Sent") },
	{ STR_INIT("\\trash \\JUNK"), USE_TRASH | USE_JUNK, STR_INIT("\\Junk \\Trash") },
	{ STR_INIT("Drafts"), USE_DRAFTS, STR_INIT("\\Drafts") },
	{ STR_INIT("  \\Archive  \\Archive "), USE_ARCHIVE, STR_INIT("\\Archive") },
	{ STR_INIT("\\All \\Fnord"), 0, STR_INIT("") },
	{ STR_INIT("\\Archive \\Drafts \\Junk \\Sent \\Trash"), (1 << SPECIAL_USE_COUNT) - 1,
	    STR_INIT("\\Archive \\Drafts \\Junk \\Sent \\Trash") },
};

static void reads_and_writes_settings(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(settings); i++) {
		char text[SPECIAL_USE_TEXT_MAX];
		unsigned got = special_use_parse(settings[i].setting);

		if (got != settings[i].want ||
		    !str_equal(special_use_print(got, text), settings[i].printed))
			fail_msg("case %zu: %u", i, got);
	}
}

/* RFC 6154 section 6: use-attr; in CREATE the backslash is there. */
static void knows_the_attributes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SPECIAL_USE_COUNT; i++)
		assert_int_equal(special_use_of_word(special_use_word(i)), 1 << i);
	assert_int_equal(special_use_of_word(STR("\\sEnt")), USE_SENT);
	assert_int_equal(special_use_of_word(STR("Sent")), 0);
	assert_int_equal(special_use_of_word(STR("\\Flagged")), 0);
	assert_int_equal(special_use_of_word(STR("\\All")), 0);
}

static void names_of_the_first_level_speak(void **state)
{
	(void)state;
	assert_int_equal(special_use_of_name(STR("Sent")), USE_SENT);
	assert_int_equal(special_use_of_name(STR("Archive")), USE_ARCHIVE);
	assert_int_equal(special_use_of_name(STR("sent")), 0);
	assert_int_equal(special_use_of_name(STR("Sent/2026")), 0);
	assert_int_equal(special_use_of_name(STR("INBOX/Sent")), 0);
	assert_int_equal(special_use_of_name(STR("INBOX")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes_settings),
		cmocka_unit_test(knows_the_attributes),
		cmocka_unit_test(names_of_the_first_level_speak),
	};

	return cmocka_run_group_tests_name("store/special_use", tests, NULL, NULL);
}
