#include "net/ticket.h"

#include "base/heap.h"

#include <assert.h>
#include <pthread.h>

struct tickets {
	unsigned count;
	void (*granted)(void *arg, struct session_ref ref);
	void *arg;
	pthread_mutex_t lock; /* all below, and the claims that are not CLAIM_NONE */
	unsigned held;
	unsigned waiting;
	struct claim *first, *last; /* who waits */
	unsigned held_by[TICKETS_SERVICES_MAX];
	unsigned waiting_by[TICKETS_SERVICES_MAX];
	uint64_t accounts[]; /* of the held ones, as many as `held` */
};

struct tickets *tickets_new(
    unsigned count, void (*granted)(void *arg, struct session_ref ref), void *arg)
{
	struct tickets *tickets;

	assert(count > 0);
	tickets = xcalloc(1, sizeof(*tickets) + count * sizeof(tickets->accounts[0]));
	tickets->count = count;
	tickets->granted = granted;
	tickets->arg = arg;
	(void)pthread_mutex_init(&tickets->lock, NULL);
	return tickets;
}

void tickets_free(struct tickets **ticketsp)
{
	if (!*ticketsp)
		return;
	(void)pthread_mutex_destroy(&(*ticketsp)->lock);
	xfree(*ticketsp);
	*ticketsp = NULL;
}

static unsigned account_holds(const struct tickets *tickets, uint64_t account)
{
	unsigned holds = 0;

	for (unsigned i = 0; account != 0 && i < tickets->held; i++)
		holds += tickets->accounts[i] == account;
	return holds;
}

/* Does a claim of another service wait? */
static bool others_wait(const struct tickets *tickets, unsigned service)
{
	return tickets->waiting > tickets->waiting_by[service];
}

/* Has it one by the rule for accounts? */
static bool account_allows(const struct tickets *tickets, const struct claim *claim)
{
	return claim->account == 0 ||
	    account_holds(tickets, claim->account) < TICKETS_PER_ACCOUNT;
}

/* May its service have one more, others being there too? */
static bool service_allows(const struct tickets *tickets, const struct claim *claim)
{
	unsigned half = tickets->count > 1 ? tickets->count / 2 : 1;

	return tickets->held_by[claim->service] < half || !others_wait(tickets, claim->service);
}

static void give(struct tickets *tickets, struct claim *claim)
{
	claim->held_account = claim->account;
	tickets->accounts[tickets->held++] = claim->held_account;
	tickets->held_by[claim->service]++;
	claim->state = CLAIM_HELD;
}

static void enqueue(struct tickets *tickets, struct claim *claim)
{
	claim->state = CLAIM_WAITS;
	claim->next = NULL;
	claim->previous = tickets->last;
	if (tickets->last)
		tickets->last->next = claim;
	else
		tickets->first = claim;
	tickets->last = claim;
	tickets->waiting++;
	tickets->waiting_by[claim->service]++;
}

static void dequeue(struct tickets *tickets, struct claim *claim)
{
	if (claim->previous)
		claim->previous->next = claim->next;
	else
		tickets->first = claim->next;
	if (claim->next)
		claim->next->previous = claim->previous;
	else
		tickets->last = claim->previous;
	tickets->waiting--;
	tickets->waiting_by[claim->service]--;
}

static void take_back(struct tickets *tickets, const struct claim *claim)
{
	unsigned i = 0;

	while (i < tickets->held && tickets->accounts[i] != claim->held_account)
		i++;
	assert(i < tickets->held);
	tickets->accounts[i] = tickets->accounts[--tickets->held];
	tickets->held_by[claim->service]--;
}

/*
 * The first that may have one. Services over their half are passed over, but when all who wait are such, the
 * first that its account allows gets it: a ticket never lies idle for the rule between services.
 */
static struct claim *next_claim(const struct tickets *tickets)
{
	struct claim *second_best = NULL;

	for (struct claim *claim = tickets->first; claim; claim = claim->next) {
		if (!account_allows(tickets, claim))
			continue;
		if (service_allows(tickets, claim))
			return claim;
		if (!second_best)
			second_best = claim;
	}
	return second_best;
}

bool tickets_take(struct tickets *tickets, struct claim *claim)
{
	bool taken;

	assert(claim->state == CLAIM_NONE && claim->service < TICKETS_SERVICES_MAX);
	(void)pthread_mutex_lock(&tickets->lock);
	/* if one is free, those who wait have all that their accounts allow: nobody is overtaken */
	taken = tickets->held < tickets->count && account_allows(tickets, claim);
	if (taken)
		give(tickets, claim);
	else
		enqueue(tickets, claim);
	(void)pthread_mutex_unlock(&tickets->lock);
	return taken;
}

bool tickets_has(struct tickets *tickets, const struct claim *claim)
{
	bool has;

	(void)pthread_mutex_lock(&tickets->lock);
	has = claim->state == CLAIM_HELD;
	(void)pthread_mutex_unlock(&tickets->lock);
	return has;
}

/* Under the lock. */
static void leave(struct tickets *tickets, struct claim *claim)
{
	if (claim->state == CLAIM_WAITS)
		dequeue(tickets, claim);
	else if (claim->state == CLAIM_HELD)
		take_back(tickets, claim);
	claim->state = CLAIM_NONE;
}

void tickets_return(struct tickets *tickets, struct claim *claim)
{
	struct claim *next = NULL;
	struct session_ref ref = { .slot = 0 };

	(void)pthread_mutex_lock(&tickets->lock);
	leave(tickets, claim);
	if (tickets->waiting > 0 && tickets->held < tickets->count)
		next = next_claim(tickets);
	if (next) {
		dequeue(tickets, next);
		give(tickets, next);
		ref = next->ref;
	}
	(void)pthread_mutex_unlock(&tickets->lock);
	if (next)
		tickets->granted(tickets->arg, ref);
}

unsigned tickets_waiting(struct tickets *tickets)
{
	unsigned waiting;

	(void)pthread_mutex_lock(&tickets->lock);
	waiting = tickets->waiting;
	(void)pthread_mutex_unlock(&tickets->lock);
	return waiting;
}
