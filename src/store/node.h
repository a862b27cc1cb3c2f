/*
 * store/node.h - inside src/store: the number under which this process makes ids, and who else lives.
 *
 * On SQLite a locked file says that the holder of a number lives. On a server the row of mail_nodes does, as a lease by the
 * database's clock that a thread of ours renews; whoever could not renew it in time writes nothing until it can again, under
 * another number if its own was taken. Every life of a number has an incarnation: what a dead one left behind is known by it.
 */
#pragma once

#include "store/store_int.h"

#include <stdatomic.h>

#define NODE_NUMBERS 1024
#define NODES_LISTED_MAX 64 /* other servers that are looked at */

/* One life; kept until the store is closed, since others may be reading it. */
struct node {
	struct node *before; /* an earlier life of this process */
	int number;
	int64_t incarnation;
	int lock_fd;		   /* -1: it has a lease */
	_Atomic int64_t last_tick; /* (ms since 2020) << 12 | counter: of the newest id */
	int64_t clock_ms; /* of a lease: what makes the monotonic clock the database's */
	_Atomic int64_t ids_below_ms;	/* ids have earlier times, in unix ms */
	_Atomic int64_t write_until_ms; /* monotonic: transactions may begin */
};

/* Incarnations of the servers that live; all but ours. */
struct node_others {
	int64_t incarnation[NODES_LISTED_MAX];
	size_t count;
};

struct nodes;

struct nodes *nodes_new(struct store *store);
/* Ends the thread and gives the number back. */
void nodes_free(struct nodes **nodesp);

/* Takes a number at once; without this the first write does. ERR_LIMIT: none is free. */
NODISCARD enum errc nodes_register(struct nodes *nodes, struct err *err);

/*
 * Before a transaction that makes ids: takes a number if there is none yet. ERR_UNAVAIL: the lease is over, the database
 * did not answer for too long.
 */
NODISCARD enum errc node_ready(struct store *store, struct err *err);

/* The newest life; there must be one. */
struct node *node_now(const struct store *store);

/* Was it a life of this process? */
bool node_is_own(const struct store *store, int64_t incarnation);

/* Has the process that wrote under this incarnation ended? 0, which says that its session has, is dead. */
NODISCARD enum errc node_is_dead(
    struct store *store, struct db *db, int64_t incarnation, bool *dead_out, struct err *err);

/* Is this the one that sweeps: of the living servers the one with the lowest number? */
bool node_sweeps(struct store *store);

void node_others(struct store *store, struct node_others *others_out);

/* Do leases say who lives? If not, a locked file does. */
bool node_is_leased(const struct store *store);

/* node_lock.c: numbers by locked files. */
NODISCARD enum errc node_lock_lowest(
    const struct store *store, struct node *node, struct err *err);
/* Like node_is_dead, for the holder of a number. */
enum errc node_lock_is_free(const struct store *store, int number, bool *free_out);
/* One process in this folder holds it, to its end. */
bool node_lock_sweeping(const struct store *store, int *fd);

/* node_lease.c: numbers by leases. All are whole transactions. */
#define NODE_LEASE_MS 12000
struct lease_list {
	struct node_others others;
	bool is_lowest;
};
/* `node` is filled. */
NODISCARD enum errc node_lease_take(struct store *store, struct node *node, struct err *err);
/* ERR_NOTFOUND: another has the number. `list_out` is who lives. */
NODISCARD enum errc node_lease_renew(
    struct store *store, struct node *node, struct lease_list *list_out, struct err *err);
/* Best effort. */
void node_lease_end(struct store *store, struct node *node);
/* Inside a transaction or on a leased connection. */
NODISCARD enum errc node_lease_is_over(
    struct store *store, struct db *db, int64_t incarnation, bool *over_out, struct err *err);

/* node_sql.c */
extern const struct db_sql sql_node_lock_update, sql_node_lock_insert, sql_object_newest;
extern const struct db_sql sql_node_clock, sql_node_find, sql_node_list, sql_node_take,
    sql_node_insert, sql_node_renew, sql_node_end;
