/*
 * store/bus.h - who is told when a mailbox changes. Watchers are session names, so that a dead one costs nothing.
 */
#pragma once

#include "db/change.h"
#include "store/store.h"

/* How the bus wakes a watcher; given by main, which knows the reactor. `watcher` is what bus_watch got. */
struct bus_waker {
	void (*wake)(void *arg, uint64_t watcher);
	void *arg;
};

void bus_set_waker(struct store *store, struct bus_waker waker);

/* Wake `watcher` for each change of this mailbox (0: of anything in the account). Watch before reading the
 * modseq, or a change in between is missed. The same pair may be watched once per watcher. */
void bus_watch(struct store *store, uint64_t watcher, int64_t owner, int64_t mailbox);
void bus_unwatch(struct store *store, uint64_t watcher, int64_t owner, int64_t mailbox);
