#include "base/conf_int.h"

#include "base/conf_names.h"
#include "base/cursor.h"
#include "base/str.h"

#include <stdio.h>

/* The section of options that have no dot in their name. */
#define GLOBAL STR("tabella")

/* [DBMAIL]'s keys count for every service that lacks them. */
#define GENERAL STR("DBMAIL")

struct str conf_section_of(const struct conf_option *option)
{
	struct str name = str_from(option->name);
	size_t dot = str_find_char(name, '.');

	return str_first(name, dot < name.n ? dot : 0);
}

struct str conf_key_of(const struct conf_option *option)
{
	struct str name = str_from(option->name);
	size_t dot = str_find_char(name, '.');

	return str_from_at(name, dot < name.n ? dot + 1 : 0);
}

static struct str without_global(struct str section)
{
	return str_equal_nocase(section, GLOBAL) ? STR_EMPTY : section;
}

static bool is_own_section(const struct conf *conf, struct str section)
{
	section = without_global(section);
	if (section.n == 0)
		return true;
	for (size_t i = 0; i < conf->slots; i++)
		if (str_equal_nocase(section, conf_section_of(conf->slot[i].option)))
			return true;
	return false;
}

bool conf_know_section(
    struct conf *conf, struct str section, const struct conf_text *from, unsigned line)
{
	struct conf_guess guess = conf_guess_of(section);

	if (conf_dbmail_has_section(section) || is_own_section(conf, section))
		return true;
	for (size_t i = 0; i < conf->slots; i++)
		conf_guess_try(&guess, conf_section_of(conf->slot[i].option));
	conf_dbmail_guess_section(&guess);
	if (guess.best.n > 0)
		conf_add_diag(conf, CONF_ERROR, from, line,
		    "there is no section [%.*s]; did you mean [%.*s]?", STR_ARG(section),
		    STR_ARG(guess.best));
	else
		conf_add_diag(conf, CONF_ERROR, from, line,
		    "there is no section [%.*s]; its keys are not looked at", STR_ARG(section));
	return false;
}

static void set(struct conf *conf, struct conf_slot *slot, const struct conf_entry *entry,
    enum conf_rank rank)
{
	const struct conf_entry *old = &slot->entry;
	bool same_text = slot->rank != CONF_RANK_NONE && old->from == entry->from;

	if (rank == slot->rank && same_text && str_equal_nocase(old->key, entry->key) &&
	    str_equal_nocase(old->section, entry->section))
		conf_add_diag(conf, CONF_WARNING, entry->from, entry->line,
		    "%.*s is set again (first on line %u); this one counts",
		    STR_ARG(entry->key), old->line);
	else if (same_text && rank + slot->rank == CONF_RANK_OWN + CONF_RANK_DBMAIL)
		conf_add_diag(conf, CONF_WARNING, entry->from, entry->line,
		    "%s is set under two names (also on line %u); Tabella's own counts",
		    slot->option->name, old->line);
	if (rank < slot->rank)
		return;
	slot->entry = *entry;
	slot->rank = rank;
}

static struct conf_slot *find_slot(const struct conf *conf, struct str section, struct str key)
{
	for (size_t i = 0; i < conf->slots; i++) {
		const struct conf_option *option = conf->slot[i].option;
		struct str name = str_from(option->name);

		if (section.n > 0 ? str_equal_nocase(section, conf_section_of(option)) &&
			    str_equal_nocase(key, conf_key_of(option))
				  : str_equal_nocase(key, name))
			return &conf->slot[i];
	}
	return NULL;
}

/*
 * Does one of an option's DBMail names, "IMAP.idle_timeout:m", mean this entry? The unit that it gives to a bare
 * number goes to *unit_out.
 */
static enum conf_rank match_alias(
    const struct conf_option *option, const struct conf_entry *entry, struct str *unit_out)
{
	struct str names = str_from(option->dbmail), name;
	enum conf_rank rank = CONF_RANK_NONE;

	while (str_split(&names, ' ', &name)) {
		size_t dot = str_find_char(name, '.'), colon = str_find_char(name, ':');
		struct str section = str_first(name, dot);
		struct str key = str_from_at(str_first(name, colon), dot + 1);
		bool general = str_equal(entry->section, GENERAL);
		enum conf_rank found = CONF_RANK_NONE;

		if (!str_equal_nocase(entry->key, key))
			continue;
		if (!general && str_equal(section, entry->section))
			found = CONF_RANK_DBMAIL;
		else if (general)
			found = CONF_RANK_DBMAIL_GENERAL;
		if (found > rank) {
			rank = found;
			*unit_out = str_from_at(name, colon + 1);
		}
	}
	return rank;
}

static bool is_bare_number(struct str value)
{
	struct cursor c = cursor_of(value);

	return cursor_take_while(&c, ascii_is_digit).n > 0 && cursor_at_end(&c);
}

/* Gives the entry to every option that has it among its DBMail names. */
static bool place_dbmail(struct conf *conf, const struct conf_entry *entry)
{
	bool placed = false;

	for (size_t i = 0; i < conf->slots; i++) {
		struct conf_entry mine = *entry;
		struct str unit = STR_EMPTY;
		enum conf_rank rank = match_alias(conf->slot[i].option, entry, &unit);

		if (rank == CONF_RANK_NONE)
			continue;
		if (is_bare_number(entry->value))
			mine.unit = unit;
		set(conf, &conf->slot[i], &mine, rank);
		placed = true;
	}
	return placed;
}

/* Is it a key that counts for all services at once, in [DBMAIL]? */
static bool is_general(const struct conf *conf, struct conf_entry entry)
{
	struct str unit;

	entry.section = GENERAL;
	for (size_t i = 0; i < conf->slots; i++)
		if (match_alias(conf->slot[i].option, &entry, &unit) != CONF_RANK_NONE)
			return true;
	return false;
}

static void complain_of_key(struct conf *conf, const struct conf_entry *entry, bool dbmail)
{
	struct str section = without_global(entry->section);
	struct conf_guess guess = conf_guess_of(entry->key);
	const struct conf_option *elsewhere = NULL;
	char in[80] = "";

	for (size_t i = 0; i < conf->slots; i++) {
		const struct conf_option *option = conf->slot[i].option;

		if (str_equal_nocase(section, conf_section_of(option)))
			conf_guess_try(&guess, conf_key_of(option));
		else if (str_equal_nocase(entry->key, conf_key_of(option)))
			elsewhere = option;
	}
	if (dbmail)
		conf_dbmail_guess_key(&guess, entry->section);
	if (section.n > 0)
		(void)snprintf(in, sizeof(in), " in [%.*s]", STR_ARG(section));
	if (guess.best.n > 0)
		conf_add_diag(conf, CONF_ERROR, entry->from, entry->line,
		    "there is no option %.*s%s; did you mean %.*s?", STR_ARG(entry->key), in,
		    STR_ARG(guess.best));
	else if (elsewhere)
		conf_add_diag(conf, CONF_ERROR, entry->from, entry->line,
		    "there is no option %.*s%s; did you mean %s?", STR_ARG(entry->key), in,
		    elsewhere->name);
	else
		conf_add_diag(conf, CONF_ERROR, entry->from, entry->line,
		    "there is no option %.*s%s", STR_ARG(entry->key), in);
}

void conf_place(struct conf *conf, const struct conf_entry *entry)
{
	bool dbmail = conf_dbmail_has_section(entry->section);
	const char *why_not = dbmail ? conf_dbmail_why_not(entry->section, entry->key) : NULL;
	struct conf_slot *slot;

	if (dbmail && place_dbmail(conf, entry))
		return;
	if (why_not && is_general(conf, *entry)) {
		conf_add_diag(conf, CONF_WARNING, entry->from, entry->line,
		    "%.*s has no effect here: it counts in [DBMAIL]", STR_ARG(entry->key));
		return;
	}
	if (why_not) {
		conf_add_diag(conf, CONF_WARNING, entry->from, entry->line,
		    "DBMail's key %.*s has no effect: %s", STR_ARG(entry->key), why_not);
		return;
	}
	slot = find_slot(conf, without_global(entry->section), entry->key);
	if (slot)
		set(conf, slot, entry, CONF_RANK_OWN);
	else
		complain_of_key(conf, entry, dbmail);
}
