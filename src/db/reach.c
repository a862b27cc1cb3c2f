#include "db/reach.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/str.h"

#include <stdio.h>

/* How long nobody tries: random between half of it and all, and twice as long after each failure. */
#define FIRST_WAIT_MS 200
#define LONGEST_WAIT_MS 3000

void reach_init(struct reach *reach, const struct log *log)
{
	*reach = (struct reach){ .log = log };
	(void)pthread_mutex_init(&reach->lock, NULL);
}

void reach_release(struct reach *reach)
{
	(void)pthread_mutex_destroy(&reach->lock);
}

enum errc reach_ask(struct reach *reach, struct err *err)
{
	enum errc rc = OK;

	pthread_mutex_lock(&reach->lock);
	if (reach->lost && (reach->trying || clock_mono_ms() < reach->next_at_ms))
		rc = err_set(err, ERR_UNAVAIL, "the database is away: %s", reach->why);
	else if (reach->lost)
		reach->trying = true;
	pthread_mutex_unlock(&reach->lock);
	return rc;
}

/* Random, so that the nodes of a site do not come back all at once. */
static int64_t wait_ms(int failures)
{
	int64_t longest = FIRST_WAIT_MS;

	for (int i = 1; i < failures && longest < LONGEST_WAIT_MS; i++)
		longest *= 2;
	if (longest > LONGEST_WAIT_MS)
		longest = LONGEST_WAIT_MS;
	return longest / 2 + (int64_t)random_below((uint64_t)longest / 2 + 1);
}

static void tell_failed(struct reach *reach, const struct err *err)
{
	int64_t now_ms = clock_mono_ms();

	reach->failed++;
	(void)snprintf(reach->why, sizeof(reach->why), "%s", err->text);
	if (!reach->lost) {
		reach->lost = true;
		reach->failures = 0;
		reach->lost_at_ms = now_ms;
		if (reach->log)
			log_error(
			    reach->log, "database-lost", F_STR("reason", str_from(reach->why)));
	}
	reach->failures++;
	reach->next_at_ms = now_ms + wait_ms(reach->failures);
}

static void tell_opened(struct reach *reach)
{
	reach->opened++;
	if (!reach->lost)
		return;
	reach->lost = false;
	if (reach->log)
		log_info(reach->log, "database-back",
		    F_INT("ms", clock_mono_ms() - reach->lost_at_ms),
		    F_INT("attempts", reach->failures));
}

void reach_tell(struct reach *reach, enum errc rc, const struct err *err)
{
	pthread_mutex_lock(&reach->lock);
	reach->trying = false;
	if (rc == OK)
		tell_opened(reach);
	else
		tell_failed(reach, err);
	pthread_mutex_unlock(&reach->lock);
}

struct reach_state reach_state(struct reach *reach)
{
	struct reach_state state;

	pthread_mutex_lock(&reach->lock);
	state = (struct reach_state){ reach->lost, reach->opened, reach->failed };
	pthread_mutex_unlock(&reach->lock);
	return state;
}
