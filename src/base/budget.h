/*
 * base/budget.h - how much memory a connection, an account, the process may hold.
 *
 * Budgets form a chain: what is booked in one is booked in all around it. Sizes that a peer chooses are booked
 * before they reach an allocation, and can be refused; what is there already is charged, and then others are
 * refused. Any thread; a budget outlives those within it.
 */
#pragma once

#include "base/counter.h"

struct budget {
	struct budget *parent;	/* NULL: the outermost */
	uint64_t max;		/* bytes; 0: no limit of its own */
	_Atomic uint64_t used;	/* bytes */
	_Atomic uint64_t peak;	/* the highest that `used` was */
	struct counter refused; /* bookings, by this one */
};

void budget_init(struct budget *budget, struct budget *parent, uint64_t max);

/* All of `size`, in every budget of the chain, or nothing. */
NODISCARD bool budget_book(struct budget *budget, uint64_t size);

/* What cannot be refused any more: `used` may go over the maximum. */
void budget_charge(struct budget *budget, uint64_t size);

/* Gives back what was booked or charged. */
void budget_return(struct budget *budget, uint64_t size);

uint64_t budget_used(const struct budget *budget);

/* Is this one, or one around it, over its maximum? */
bool budget_is_over(const struct budget *budget);
