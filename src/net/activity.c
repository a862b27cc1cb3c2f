#include "net/activity.h"

#include "base/arena.h"
#include "base/heap.h"
#include "base/str.h"

#include <pthread.h>
#include <string.h>

/* Slots share locks; two connections meet at one seldom and briefly. */
#define LOCKS 64

struct activities {
	uint32_t slots;
	pthread_mutex_t lock
	    [LOCKS]; /* of the slots whose number has this rest: `shown` and what it points to */
	struct activity *shown[];
};

struct activities *activities_new(uint32_t slots)
{
	struct activities *activities =
	    xcalloc(1, sizeof(*activities) + slots * sizeof(struct activity *));

	activities->slots = slots;
	for (size_t i = 0; i < LOCKS; i++)
		(void)pthread_mutex_init(&activities->lock[i], NULL);
	return activities;
}

void activities_free(struct activities **activitiesp)
{
	if (!*activitiesp)
		return;
	for (size_t i = 0; i < LOCKS; i++)
		(void)pthread_mutex_destroy(&(*activitiesp)->lock[i]);
	xfree(*activitiesp);
	*activitiesp = NULL;
}

void activities_lock(struct activities *activities, struct session_ref ref)
{
	(void)pthread_mutex_lock(&activities->lock[ref.slot % LOCKS]);
}

void activities_unlock(struct activities *activities, struct session_ref ref)
{
	(void)pthread_mutex_unlock(&activities->lock[ref.slot % LOCKS]);
}

void activities_show(struct activities *activities, struct activity *activity)
{
	activities_lock(activities, activity->ref);
	activities->shown[activity->ref.slot] = activity;
	activities_unlock(activities, activity->ref);
}

static void free_text(struct str *text)
{
	xfree((char *)(uintptr_t)text->p);
	*text = STR_EMPTY;
}

void activities_hide(struct activities *activities, struct activity *activity)
{
	activities_lock(activities, activity->ref);
	activities->shown[activity->ref.slot] = NULL;
	activities_unlock(activities, activity->ref);
	/* nobody else can see it any more */
	free_text(&activity->peer);
	free_text(&activity->user);
	free_text(&activity->tls);
	free_text(&activity->mailbox);
}

void activities_set_text(struct activities *activities, struct activity *activity,
    struct str *field, struct str text)
{
	char *copy = text.n > 0 ? memcpy(xmalloc(text.n), text.p, text.n) : NULL;
	struct str old = *field;

	activities_lock(activities, activity->ref);
	*field = (struct str){ copy, text.n };
	activities_unlock(activities, activity->ref);
	free_text(&old);
}

bool activities_next(struct activities *activities, uint32_t *slot, struct arena *arena,
    struct activity *activity_out)
{
	bool found = false;

	while (!found && *slot < activities->slots) {
		struct session_ref ref = { .slot = (*slot)++ };
		const struct activity *shown;

		activities_lock(activities, ref);
		shown = activities->shown[ref.slot];
		found = shown != NULL;
		if (found) {
			*activity_out = *shown;
			activity_out->peer = str_dup(arena, shown->peer);
			activity_out->user = str_dup(arena, shown->user);
			activity_out->tls = str_dup(arena, shown->tls);
			activity_out->mailbox = str_dup(arena, shown->mailbox);
		}
		activities_unlock(activities, ref);
	}
	return found;
}
