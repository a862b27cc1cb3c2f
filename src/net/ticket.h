/*
 * net/ticket.h - who may use the database now: as many tickets as there are connections to it.
 *
 * First come, first served, except that an account holds two at the most, and a service no more than half (of
 * two or more) while another service waits. Who finds a free ticket takes it at once and pays for one
 * uncontended lock; who does not is told by `granted`.
 */
#pragma once

#include "net/session.h"

struct tickets;

#define TICKETS_SERVICES_MAX 32 /* different services */
#define TICKETS_PER_ACCOUNT 2

enum claim_state { CLAIM_NONE, CLAIM_WAITS, CLAIM_HELD };

/* Embedded in who asks; touched under the tickets' lock while it is not CLAIM_NONE. */
struct claim {
	struct session_ref ref;
	uint64_t account; /* 0: of no account, no limit */
	uint64_t
	    held_account; /* as it was when the ticket was given: a login in between changes the other */
	unsigned service; /* below TICKETS_SERVICES_MAX */
	enum claim_state state;
	struct claim *next, *previous;
};

/* `granted` is called without a lock, on the thread that gave a ticket back. */
struct tickets *tickets_new(
    unsigned count, void (*granted)(void *arg, struct session_ref ref), void *arg);
void tickets_free(struct tickets **ticketsp);

/* True: the claim holds a ticket now. False: it waits, and granted(claim->ref) will come. */
bool tickets_take(struct tickets *tickets, struct claim *claim);

/* Whether a ticket that was waited for is there. */
bool tickets_has(struct tickets *tickets, const struct claim *claim);

/* Gives back a ticket, or leaves the queue; nothing to do for CLAIM_NONE. */
void tickets_return(struct tickets *tickets, struct claim *claim);

/* How many claims wait now. */
unsigned tickets_waiting(struct tickets *tickets);
