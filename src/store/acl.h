/*
 * store/acl.h - who has which rights on a folder: the rows of dbmail_acl, and the owner, who has no row.
 */
#pragma once

#include "store/mailbox.h"

struct acl_entry {
	struct str name; /* a login, or "anyone" */
	unsigned rights; /* enum right */
};

/* Entries of one folder at the most; RFC 4314 names no number. */
#define STORE_ACL_ENTRIES_MAX 10000

/* The owner first, if he is a person. Not asked: whether the actor may know. Arrays live in the arena. */
NODISCARD enum errc acl_list(struct db *db, const struct mailbox *mailbox, struct arena *arena,
    struct acl_entry **list_out, size_t *count_out, struct err *err);

enum acl_operation { ACL_SET, ACL_ADD, ACL_REMOVE };

struct acl_change {
	struct str name; /* a login in any case, or "anyone" */
	enum acl_operation operation;
	unsigned rights;
};

/*
 * Changes what `change->name` may do with the folder that the actor sees as `mailbox`; who has no right left has no row.
 * ERR_NOTFOUND: no such folder for the actor; ERR_DENIED: no right to administer it; ERR_ARG: no such login, or the
 * owner's, whose rights are his; ERR_LIMIT.
 */
NODISCARD enum errc acl_change(struct store *store, struct actor actor, struct str mailbox,
    const struct acl_change *change, struct err *err);
