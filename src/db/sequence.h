/*
 * db/sequence.h - the numbers that an engine gives by itself: read from one database, raised in another, so that none is
 * given twice.
 */
#pragma once

#include "db/pool.h"

struct db_sequence {
	const char *table;  /* as without a prefix of the administrator's */
	const char *column; /* which it is for */
	int64_t last;	    /* the largest number that was given; 0: none */
};

/* Sets `last` of each. On a connection of its own, as db_schema_read. */
NODISCARD enum errc db_sequences_read(const struct db_settings *settings,
    struct db_sequence *sequences, size_t count, struct err *err);

/* The next number of each will be larger than `last`; never lowers one. */
NODISCARD enum errc db_sequences_raise(const struct db_settings *settings,
    struct db_sequence *sequences, size_t count, struct err *err);
