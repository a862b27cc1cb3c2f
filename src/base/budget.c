#include "base/budget.h"

#include <assert.h>

void budget_init(struct budget *budget, struct budget *parent, uint64_t max)
{
	*budget = (struct budget){ .parent = parent, .max = max };
}

static void note_peak(struct budget *budget, uint64_t used)
{
	uint64_t peak = atomic_load_explicit(&budget->peak, memory_order_relaxed);

	while (used > peak &&
	    !atomic_compare_exchange_weak_explicit(
		&budget->peak, &peak, used, memory_order_relaxed, memory_order_relaxed))
		continue;
}

static bool book_one(struct budget *budget, uint64_t size)
{
	uint64_t used = atomic_load_explicit(&budget->used, memory_order_relaxed);

	do {
		if (budget->max > 0 && (used > budget->max || size > budget->max - used)) {
			counter_add(&budget->refused, 1);
			return false;
		}
	} while (!atomic_compare_exchange_weak_explicit(
	    &budget->used, &used, used + size, memory_order_relaxed, memory_order_relaxed));
	note_peak(budget, used + size);
	return true;
}

static void return_up_to(struct budget *budget, const struct budget *end, uint64_t size)
{
	for (; budget != end; budget = budget->parent) {
		uint64_t was =
		    atomic_fetch_sub_explicit(&budget->used, size, memory_order_relaxed);

		assert(was >= size);
	}
}

bool budget_book(struct budget *budget, uint64_t size)
{
	for (struct budget *b = budget; b; b = b->parent) {
		if (!book_one(b, size)) {
			return_up_to(budget, b, size);
			return false;
		}
	}
	return true;
}

void budget_charge(struct budget *budget, uint64_t size)
{
	for (; budget; budget = budget->parent)
		note_peak(budget,
		    atomic_fetch_add_explicit(&budget->used, size, memory_order_relaxed) +
			size);
}

void budget_return(struct budget *budget, uint64_t size)
{
	return_up_to(budget, NULL, size);
}

uint64_t budget_used(const struct budget *budget)
{
	return atomic_load_explicit(&budget->used, memory_order_relaxed);
}

bool budget_is_over(const struct budget *budget)
{
	for (; budget; budget = budget->parent)
		if (budget->max > 0 && budget_used(budget) > budget->max)
			return true;
	return false;
}
