/*
 * db/news.h - inside src/db: what this process commits is told to others, and theirs to the pool's listener, where the engine
 * carries news. A thread with a connection of its own; a process that does not listen tells at its end.
 */
#pragma once

#include "db/db_int.h"

struct news;

/* *news_out is NULL where the engine carries no news. Starts the thread if the pool listens. */
NODISCARD enum errc news_new(struct db_pool *pool, struct news **news_out, struct err *err);

/* Tells what is left, once, and ends the thread. */
void news_free(struct news **newsp);

/* Committed here. Any thread; quick. */
void news_add(struct news *news, const struct change *changes, size_t count);

/* A connection is open on which others are heard. */
bool news_is_open(const struct news *news);
