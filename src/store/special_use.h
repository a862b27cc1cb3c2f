/*
 * store/special_use.h - what a folder is for (RFC 6154): bits, and the words of the attributes. No database here.
 *
 * The words stand, with spaces between them, in mailbox_settings under "special_use". An empty value says that the
 * folder is for nothing special, whatever it is called.
 */
#pragma once

#include "base/base.h"

/* \All and \Flagged are of folders that show what is in others: there are none. */
enum special_use {
	USE_ARCHIVE = 1 << 0,
	USE_DRAFTS = 1 << 1,
	USE_JUNK = 1 << 2,
	USE_SENT = 1 << 3,
	USE_TRASH = 1 << 4,
};

#define SPECIAL_USE_COUNT 5

/* "\Archive" for bit 0 and so on; constant. */
struct str special_use_word(unsigned bit_number);

/* A bit by its word, in either case, with the backslash; 0: there is none. */
unsigned special_use_of_word(struct str word);

/* The words of a setting, with or without backslash; others are passed over. */
unsigned special_use_parse(struct str setting);

/* The setting of these bits; written into `text`. */
#define SPECIAL_USE_TEXT_MAX 64
struct str special_use_print(unsigned uses, char text[SPECIAL_USE_TEXT_MAX]);

/* What a folder of the first level is for by its name, where nothing is set: Archive, Drafts, Junk, Sent, Trash. */
unsigned special_use_of_name(struct str name);
