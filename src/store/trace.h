/*
 * store/trace.h - where a message is, for people who look for it (`tabella trace`): by its object or its Message-ID,
 * whoever's it is.
 */
#pragma once

#include "store/store.h"

struct trace_object {
	int64_t object, owner;
	int64_t made_s;	    /* unix */
	int64_t size;	    /* bytes */
	struct str msgid;   /* n = 0: none */
	struct str subject; /* in the form in which texts are compared; n = 0: none */
	struct str user;    /* n = 0: the account is gone */
};

/* A folder that has it, or had. */
struct trace_place {
	int64_t owner, mailbox;
	struct str user, folder; /* n = 0: gone, or not made yet */
	uint32_t uid;
	uint64_t flags;
	int64_t internal_date, save_date;
	int64_t removed; /* unix: expunged then, and kept for a while; 0: it is there */
};

/* Messages looked through are those that came after `since_unix_s`: there is no index for this. */
struct trace_search {
	struct str msgid; /* without brackets */
	int64_t since_unix_s;
};

#define TRACE_OBJECTS_MAX 1000

/* The newest first; TRACE_OBJECTS_MAX at the most. ERR_END is none. */
NODISCARD enum errc trace_find(struct db *db, const struct trace_search *search,
    struct arena *arena, int64_t **objects_out, size_t *count_out, struct err *err);

/* ERR_NOTFOUND: it was never there, or is swept. */
NODISCARD enum errc trace_object(struct db *db, int64_t object, struct arena *arena,
    struct trace_object *object_out, struct err *err);

/* Told each place, those where it is before those where it was. */
NODISCARD enum errc trace_places(struct db *db, int64_t object,
    void (*told)(void *arg, const struct trace_place *place), void *arg, struct err *err);
