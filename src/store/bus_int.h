/*
 * store/bus_int.h - inside src/store: telling the watchers.
 */
#pragma once

#include "store/bus.h"

struct bus;

struct bus *bus_new(void);
void bus_free(struct bus **busp);

/* Wakes whoever watches what changed. On a database thread: quick. */
void bus_tell(struct bus *bus, const struct change *changes, size_t count);
