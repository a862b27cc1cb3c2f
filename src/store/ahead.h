/*
 * store/ahead.h - the rows of the next messages, read together: where the database is a server each question costs a
 * round trip, whatever it asks for. object_get and content_open look there first. While the rows of some messages are
 * written the server looks for those of the following ones.
 */
#pragma once

#include "store/store.h"

#define AHEAD_MESSAGES 64
#define AHEAD_ROW_MAX 32768	 /* bytes; larger rows are read when their turn comes */
#define AHEAD_CONTENT_MAX 262144 /* the same for AHEAD_CONTENT */

struct ahead;

enum ahead_what {
	/* for object_get, whose answer then has these of the texts alone */
	AHEAD_ENVELOPE = 1,
	AHEAD_STRUCTURE = 2,
	AHEAD_OBJECT = 4, /* everything that object_get gives */
	/* for content_open */
	AHEAD_HEADER = 8,
	AHEAD_CONTENT = 16 /* the body, too */
};

/* Messages of one account, and what of them. */
struct ahead_want {
	int64_t owner, objects[AHEAD_MESSAGES];
	size_t count;  /* 1 or more */
	unsigned what; /* a mask; it may be 0 */
};

struct ahead *ahead_new(void);
/* Sets *aheadp to NULL; accepts a pointer to NULL. */
void ahead_free(struct ahead **aheadp);

/* Is this message among those that the last ahead_read read? */
bool ahead_covers(const struct ahead *ahead, int64_t object);

/*
 * Asks for the rows of `want` before whatever is asked next on this connection, in one round trip with it: an ahead_read of
 * the same follows. ahead_settle comes before it where something else begins a snapshot.
 */
NODISCARD enum errc ahead_ask(
    struct ahead *ahead, struct db *db, const struct ahead_want *want, struct err *err);

/*
 * Reads the rows of `want`, unless they are what an earlier call asked for, and asks for those of `following`
 * (count 0: none) without waiting. What was read before is forgotten. A row that is not there, too large, or made by an
 * older parser is no error: it is read alone later.
 */
NODISCARD enum errc ahead_read(struct ahead *ahead, struct db *db,
    const struct ahead_want *want, const struct ahead_want *following, struct err *err);

/*
 * Before the connection is given back: takes the answers that are under way. Where that fails the rows will be asked for
 * again. `ahead` may be NULL.
 */
void ahead_settle(struct ahead *ahead);
