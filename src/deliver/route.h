/*
 * deliver/route.h - the one address resolver: what becomes of mail to an address. Used at RCPT, by deliver and by
 * `tabella route`, which prints every step.
 *
 * First hit wins, as DBMail resolves (names without regard to case): alias equal to the address; alias after removing
 * "+detail"; login equal to the address; login after removing "+detail"; catch-all of the domain ("@a.b.c", then "@.b.c",
 * "@.c"); catch-all of the local part ("user@").
 */
#pragma once

#include "store/store.h"

enum route_kind {
	ROUTE_LOCAL,  /* a folder of an account here */
	ROUTE_REMOTE, /* an address elsewhere */
	ROUTE_PIPE,   /* "|command" or "!command" */
};

struct route_target {
	enum route_kind kind;
	int64_t owner;	    /* local */
	struct str account; /* local: its login name */
	struct str mailbox; /* local: stored name of the folder */
	bool create;	    /* the folder is not there and is to be made */
	struct str
	    address; /* remote: the address; pipe: the command with its first character */
	int64_t quota_bytes, used_bytes;
};

struct route {
	struct route_target *targets; /* in the arena; no account twice with the same folder */
	size_t count;
	size_t outside; /* of them not local */
};

struct route_settings {
	char delimiter; /* '+'; 0: no subaddresses */
	bool
	    create_folder; /* user+folder may name a folder that is not there: it is made at delivery */
	struct str default_domain; /* for "postmaster" and other bare names; empty: none */
};

/* Told each step as one line of text; for people. */
struct route_explain {
	void (*step)(void *arg, struct str text);
	void *arg;
};

struct route_request {
	const struct route_settings *settings;
	struct str address; /* as in RCPT TO, without brackets; the route points into it */
	const struct route_explain *explain; /* NULL: nobody is told */
};

/*
 * Resolve an address. One leased connection, read only.
 *
 * OK            at least one target
 * ERR_NOTFOUND  nobody has this address (5.1.1)
 * ERR_DENIED    it is somebody's, but switched off: account or domain not active (5.2.1)
 * ERR_LIMIT     aliases in a circle, deeper than 20, or more than 1,000 targets (5.4.6)
 * others        could not look: temporary
 */
NODISCARD enum errc route_resolve(struct db *db, const struct route_request *request,
    struct arena *arena, struct route *route_out, struct err *err);
