/*
 * net/activity.h - what every connection is doing, for those who ask: `tabella sessions`.
 *
 * Each connection has a struct activity of its own and shows it under its slot's number. It changes it, and others copy
 * it, under that slot's lock, and it takes it away before its memory goes: nobody ever follows a pointer to a
 * connection. A lock is held for a few copies of short texts.
 */
#pragma once

#include "net/session.h"

struct activities;
struct arena;

struct activity {
	struct session_ref ref;
	uint64_t sid;
	const char *service; /* constant, as the state and the verb */
	const char *state;   /* NULL: the service has none */
	struct str verb;     /* n = 0: it waits for its peer */
	struct str peer, user, tls, mailbox;
	int64_t opened_s;	      /* unix */
	int64_t verb_ms;	      /* monotonic: since when the verb runs */
	uint64_t bytes_in, bytes_out; /* as of its last pause */
	uint64_t memory;	      /* bytes that it holds beside its own structures */
};

struct activities *activities_new(uint32_t slots);
void activities_free(struct activities **activitiesp);

/* From whom runs the slot. `activity` stays its own; its texts are on the heap (activities_set_text). */
void activities_show(struct activities *activities, struct activity *activity);
/* Hides it and frees its texts. */
void activities_hide(struct activities *activities, struct activity *activity);

/* Around every change of what is shown. */
void activities_lock(struct activities *activities, struct session_ref ref);
void activities_unlock(struct activities *activities, struct session_ref ref);
/* A change of one of its texts, copied. Locks by itself. */
void activities_set_text(struct activities *activities, struct activity *activity,
    struct str *field, struct str text);

/*
 * The first one that is shown in slot *slot or behind it, with its texts in the arena; *slot is then the one behind.
 * False: there is none. Any thread.
 */
bool activities_next(struct activities *activities, uint32_t *slot, struct arena *arena,
    struct activity *activity_out);
