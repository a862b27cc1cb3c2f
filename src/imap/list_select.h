/*
 * imap/list_select.h - which names of a tree LIST tells of (RFC 5258 section 3), and what of them. Pure.
 */
#pragma once

#include "base/base.h"

struct mailbox;

/* Selection options, a bit each. */
enum list_selection {
	LIST_SUBSCRIBED = 1 << 0,
	LIST_REMOTE = 1 << 1, /* chooses more, not less, and nothing here is remote */
	LIST_RECURSIVEMATCH = 1 << 2,
	LIST_SPECIAL_USE = 1 << 3,
};
/* Those that choose by themselves. */
#define LIST_SELECT_BASE (unsigned)(LIST_SUBSCRIBED | LIST_SPECIAL_USE)

/* Return options, a bit each. */
enum list_return {
	LIST_RETURN_SUBSCRIBED = 1 << 0,
	LIST_RETURN_CHILDREN = 1 << 1,
	LIST_RETURN_SPECIAL_USE = 1 << 2,
	LIST_RETURN_STATUS = 1 << 3,
};

struct list_options {
	bool extended; /* options, or several patterns, were given */
	unsigned select, returns;
	unsigned status; /* enum status_item, of RETURN (STATUS (...)) */
};

/* Of one name. `matches` and `level` are the caller's: the name fits one of the patterns; one that ends in '%'. */
struct list_mark {
	bool matches, level;
	bool selected;	/* by the selection options */
	bool told;	/* the name gets a LIST response */
	bool childinfo; /* a name below it is selected, and RECURSIVEMATCH asks for that */
	/* while the tree is walked */
	bool below, hidden; /* one below is selected; and does not match */
	size_t up;	    /* its parent, or SIZE_MAX */
};

/* Not so: a name that only a subscription knows, or that only has others below it. */
bool list_exists(const struct mailbox *mailbox);

/*
 * Fills in the marks of `count` names, which are in the order of the tree: what is below a name follows it, and every
 * name's parents are there.
 *
 * With RECURSIVEMATCH a name that is not selected is told too if one below it is selected and does not match, and thus
 * is not told itself (RFC 5258 3.5). A name that only has others below it is told as a level of the hierarchy: for a '%'
 * at a pattern's end (RFC 9051 6.3.9).
 */
void list_select(const struct mailbox *list, size_t count, const struct list_options *options,
    struct list_mark *marks);
