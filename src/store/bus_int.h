/*
 * store/bus_int.h - inside src/store: telling the watchers.
 */
#pragma once

#include "store/bus.h"

struct bus;

struct bus *bus_new(void);
void bus_free(struct bus **busp);

/* Looks at what is watched, where no news comes by itself. Called about once a second on the store's thread. */
void bus_look(struct store *store);

/* Wakes whoever watches what changed. On a database thread: quick. */
void bus_tell(struct bus *bus, const struct change *changes, size_t count);
