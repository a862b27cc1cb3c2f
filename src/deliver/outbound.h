/*
 * deliver/outbound.h - how mail leaves the house, as the delivery pipeline sees it: main hands in what there is.
 */
#pragma once

#include "db/db.h"
#include "deliver/route.h"

struct outbound {
	/* May this target be taken, before anything is stored? OK, or why not: ERR_UNAVAIL is 4xx, ERR_DENIED 5xx. */
	enum errc (*accept)(void *arg, const struct route_target *target, struct err *err);
	/* Writes the queue's rows for the target inside the delivery's transaction. */
	enum errc (*enqueue)(void *arg, struct db *db, const struct route_target *target,
	    struct str sender, struct str message, struct err *err);
	void *arg;
};

/* The outbound of a server without a queue: every target outside is refused for now. */
extern const struct outbound outbound_none;
