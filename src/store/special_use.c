#include "store/special_use.h"

#include "base/str.h"

#include <string.h>

static const struct str words[] = {
	STR_INIT("\\Archive"),
	STR_INIT("\\Drafts"),
	STR_INIT("\\Junk"),
	STR_INIT("\\Sent"),
	STR_INIT("\\Trash"),
};
_Static_assert(COUNT(words) == SPECIAL_USE_COUNT, "a word a bit");

struct str special_use_word(unsigned bit_number)
{
	return words[bit_number];
}

unsigned special_use_of_word(struct str word)
{
	for (unsigned i = 0; i < COUNT(words); i++)
		if (str_equal_nocase(word, words[i]))
			return 1U << i;
	return 0;
}

/* Typed by hand, the backslash may be missing. */
static unsigned of_typed(struct str word)
{
	for (unsigned i = 0; i < COUNT(words); i++)
		if (str_equal_nocase(word, words[i]) ||
		    str_equal_nocase(word, str_from_at(words[i], 1)))
			return 1U << i;
	return 0;
}

unsigned special_use_parse(struct str setting)
{
	struct str rest = setting, word;
	unsigned uses = 0;

	while (str_split(&rest, ' ', &word))
		uses |= of_typed(word);
	return uses;
}

struct str special_use_print(unsigned uses, char text[SPECIAL_USE_TEXT_MAX])
{
	size_t n = 0;

	for (unsigned i = 0; i < COUNT(words); i++) {
		if ((uses >> i & 1) == 0)
			continue;
		if (n > 0)
			text[n++] = ' ';
		memcpy(text + n, words[i].p, words[i].n);
		n += words[i].n;
	}
	return (struct str){ text, n };
}

unsigned special_use_of_name(struct str name)
{
	for (unsigned i = 0; i < COUNT(words); i++)
		if (str_equal(name, str_from_at(words[i], 1)))
			return 1U << i;
	return 0;
}
