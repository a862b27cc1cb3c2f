/*
 * mime/address.h - lists of addresses (RFC 5322 section 3.4 and 4.4, RFC 6532), read as mail in the wild needs it.
 */
#pragma once

#include "base/base.h"

struct arena;
struct buf;

/*
 * One address, or a mark of a group: its beginning has the name in `mailbox` and no `host`, its end has neither.
 * p == NULL is IMAP's NIL. An address whose mailbox or host is missing has the empty text there.
 */
struct mime_address {
	struct str
	    name; /* the display name, else the last comment; encoded words are not decoded */
	struct str adl;	    /* source route: "@a,@b" */
	struct str mailbox; /* local part without quotes and comments */
	struct str host;    /* domain, or a domain literal in its brackets */
	struct mime_address *next;
};

struct mime_address_list {
	struct mime_address *first;
	struct mime_address **tail; /* for the parser; NULL in an empty list */
	size_t count;
};

/*
 * Appends what a raw value holds to `list`, which begins as { 0 }: several fields of one name make one list (RFC 5322
 * section 4.5.3). At most `max` members altogether. What is in `list` borrows from `value` or lives in `arena`.
 */
void mime_addresses(
    struct str value, size_t max, struct arena *arena, struct mime_address_list *list);

bool mime_address_is_mark(const struct mime_address *address);

/* The first address that is no mark. False if there is none. */
bool mime_address_first(
    struct str value, struct arena *arena, struct mime_address *address_out);

/* "name <mailbox@host>, ..." for reading and searching: not quoted, marks as "name:" and ";". */
void mime_addresses_write(const struct mime_address_list *list, struct buf *out);
