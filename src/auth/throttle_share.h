/*
 * auth/throttle_share.h - inside src/auth: the nodes of a site tell each other which logins failed, about once a second.
 *
 * What a node saw is written with other work and read by the others while there are any; a server that starts reads what
 * was written lately. Nothing is written where one process has the database for itself (SQLite).
 */
#pragma once

#include "base/base.h"

struct log;
struct store;
struct throttle;
struct throttle_share;

/* *share_out is NULL where nothing is shared. The throttle gets the site's secret: it has not been used yet. */
NODISCARD enum errc throttle_share_new(struct store *store, struct throttle *throttle,
    const struct log *log, struct throttle_share **share_out, struct err *err);
/* No more is told or heard after this. */
void throttle_share_free(struct throttle_share **sharep);
