/*
 * db/upgrade.h - the schema of a database as an administrator changes it: looked at, rehearsed, undone, confirmed.
 *
 * A step of the schema can be undone until it is confirmed. Steps of a database that was just made are confirmed by
 * that. All functions open a connection of their own and close it; errors of opening are db_open's.
 */
#pragma once

#include "db/pool.h"

struct db_schema {
	int version; /* of the database; 0: it is empty */
	int program; /* that this program knows */
	int oldest;  /* programs that know a schema from here on can use the database */
	int confirmed; /* undoing leads back to this one; equal to `version`: there is nothing to undo */
	/* Oldest programs that can go on when the missing steps are made: more than `version`: running servers cannot. */
	int oldest_then;
	char copy_source[256]; /* a copy into this database that is not finished; empty: none */
};

NODISCARD enum errc db_schema_read(
    const struct db_settings *settings, struct db_schema *schema_out, struct err *err);

enum db_rehearsed {
	DB_REHEARSED_NOTHING, /* no step is missing, or the database is empty */
	DB_REHEARSED_HERE,    /* in a transaction that was undone */
	DB_REHEARSED_COPY,    /* on a copy of the structure */
	DB_REHEARSED_NOT, /* the engine commits each step, and no copy could be made: the text says why */
};

struct db_rehearsal {
	enum db_rehearsed how;
	int from, to;
	bool and_back; /* the way back was tried too, and leads to the same structure */
	struct err why_not;
};

/*
 * Makes the missing steps, looks at the result, goes back, and leaves the database as it was. Writers wait meanwhile.
 * An error is that of the step that would fail.
 */
NODISCARD enum errc db_rehearse(
    const struct db_settings *settings, struct db_rehearsal *rehearsal_out, struct err *err);

/*
 * Undoes the steps that are not confirmed, newest first; each is whole. ERR_STATE: nothing to undo, or a later schema
 * holds what the older one cannot; the text says what.
 */
NODISCARD enum errc db_undo(
    const struct db_settings *settings, int *from_out, int *to_out, struct err *err);

/* There is no way back from here. ERR_STATE: steps are missing. */
NODISCARD enum errc db_confirm(
    const struct db_settings *settings, int *version_out, struct err *err);
