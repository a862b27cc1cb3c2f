#include "db/reach.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/str.h"

#include <stdio.h>

/* How long nobody tries: random between half of it and all, and twice as long after each failure. */
#define FIRST_WAIT_MS 200
#define LONGEST_WAIT_MS 3000
/* Where connections come and go at the limit it would be said with each. */
#define FULL_TOLD_EVERY_MS 60000

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
	if (!reach->lost && !reach->full)
		rc = OK;
	else if (!reach->trying && clock_mono_ms() >= reach->next_at_ms)
		reach->trying = true;
	else if (reach->lost)
		rc = err_set(err, ERR_UNAVAIL, "the database is away: %s", reach->why);
	else
		rc = err_set(err, ERR_LIMIT, "%s", reach->why);
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

static void note_failure(struct reach *reach, int64_t now_ms, const struct err *err)
{
	(void)snprintf(reach->why, sizeof(reach->why), "%s", err->text);
	reach->failed++;
	reach->failures++;
	reach->next_at_ms = now_ms + wait_ms(reach->failures);
}

static void tell_failed(struct reach *reach, const struct err *err)
{
	int64_t now_ms = clock_mono_ms();
	bool is_new = !reach->lost;

	if (is_new) {
		reach->lost = true;
		reach->failures = 0;
		reach->full = false;
		reach->lost_at_ms = now_ms;
	}
	note_failure(reach, now_ms, err);
	if (is_new && reach->log)
		log_error(reach->log, "database-lost", F_STR("reason", str_from(reach->why)));
}

/* The server answers. */
static void tell_there(struct reach *reach)
{
	if (reach->lost && reach->log)
		log_info(reach->log, "database-back",
		    F_INT("ms", clock_mono_ms() - reach->lost_at_ms),
		    F_INT("attempts", reach->failures));
	if (reach->lost)
		reach->failures = 0;
	reach->lost = false;
}

static void tell_full(struct reach *reach, const struct err *err)
{
	int64_t now_ms = clock_mono_ms();

	tell_there(reach);
	if (!reach->full)
		reach->failures = 0;
	reach->full = true;
	note_failure(reach, now_ms, err);
	if (reach->full_told_at_ms > 0 && now_ms - reach->full_told_at_ms < FULL_TOLD_EVERY_MS)
		return;
	reach->full_told_at_ms = now_ms;
	if (reach->log)
		log_warn(reach->log, "database-full", F_STR("reason", str_from(reach->why)));
}

static void tell_opened(struct reach *reach)
{
	tell_there(reach);
	reach->full = false;
	reach->opened++;
}

void reach_tell(struct reach *reach, enum errc rc, const struct err *err)
{
	pthread_mutex_lock(&reach->lock);
	reach->trying = false;
	if (rc == OK)
		tell_opened(reach);
	else if (rc == ERR_LIMIT)
		tell_full(reach, err);
	else
		tell_failed(reach, err);
	pthread_mutex_unlock(&reach->lock);
}

struct reach_state reach_state(struct reach *reach)
{
	struct reach_state state;

	pthread_mutex_lock(&reach->lock);
	state = (struct reach_state){ reach->lost, reach->full, reach->opened, reach->failed };
	pthread_mutex_unlock(&reach->lock);
	return state;
}
