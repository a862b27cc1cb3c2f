/*
 * net/slot.h - who may run a connection now: one atomic word for each.
 *
 * A word is PARKED or RUNNING, with pending bits. Whoever wants an owner to run sets a bit with slots_wake; if
 * that moved the word from PARKED to RUNNING, it is the caller's duty to run the owner or to queue it. Whoever
 * runs takes the bits, works, and parks; parking fails when bits came meanwhile. So an owner is run by one
 * thread at a time, and every wake is followed by a run that sees its bit.
 *
 * A session_ref holds the slot's generation, which is in the word: a stale one wakes nobody. Generation 0 is
 * never given out, so a zeroed ref is stale.
 */
#pragma once

#include "net/session.h"

/* Pending bits. The lowest are enum session_event and reach the session; these are for the driver. */
#define WAKE_EVENTS 0xffU
#define WAKE_INPUT 0x100U  /* epoll says: readable, or gone */
#define WAKE_OUTPUT 0x200U /* epoll says: writable, or gone */
#define WAKE_CLOCK 0x400U  /* the time set in net/timer.h has come */
#define WAKE_TICKET 0x800U /* a database ticket was given to it */
#define WAKE_CLOSE 0x1000U /* away with it */
#define WAKE_KICK                                                                              \
	0x2000U /* the same, by an administrator: with a word to the peer where one can be said */

struct slots;

/* `count` slots, all free; their memory stays until slots_free. */
struct slots *slots_new(uint32_t count);
void slots_free(struct slots **slotsp);
uint32_t slots_count(const struct slots *slots);

/* A slot for `owner`, RUNNING by the caller. ERR_LIMIT when all are in use. */
NODISCARD enum errc slots_take(struct slots *slots, void *owner, struct session_ref *ref_out);

/* By whom runs it: the slot is free, the ref names nobody any more. */
void slots_give(struct slots *slots, struct session_ref ref);

/* From any thread. True: it was parked and is RUNNING now, in the caller's hands. */
bool slots_wake(struct slots *slots, struct session_ref ref, unsigned bits);

/* As slots_wake for whatever is in slot number `slot` now; *ref_out names it when the result is true. */
bool slots_wake_any(
    struct slots *slots, uint32_t slot, unsigned bits, struct session_ref *ref_out);

/* For whom runs it only. */
void *slots_owner(const struct slots *slots, struct session_ref ref);
unsigned slots_pending(struct slots *slots, struct session_ref ref); /* takes the bits */
bool slots_park(
    struct slots *slots, struct session_ref ref); /* false: bits are pending, still RUNNING */
