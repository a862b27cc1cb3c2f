/*
 * base/conf_names.h - names that were mistyped, and names that DBMail knows. Used by conf*.c only.
 */
#pragma once

#include "base/base.h"

/* The best guess so far at what `wanted` was meant to be. */
struct conf_guess {
	struct str wanted, best;
	size_t distance;
};

/* No guess yet; a name more than a third of its letters away is none. */
struct conf_guess conf_guess_of(struct str wanted);
void conf_guess_try(struct conf_guess *guess, struct str name);

/* Is that a section of dbmail.conf, spelt as there? */
bool conf_dbmail_has_section(struct str section);

/* Why a key of dbmail.conf has no meaning here; NULL if DBMail has no such key in that section either. */
const char *conf_dbmail_why_not(struct str section, struct str key);

/* Offers DBMail's keys of that section, and its sections, to a guess. */
void conf_dbmail_guess_key(struct conf_guess *guess, struct str section);
void conf_dbmail_guess_section(struct conf_guess *guess);
