/*
 * db/fault.h - a driver around a driver that fails on demand, for tests.
 *
 * A test runs an operation with a failure at call 1, 2, 3, ... until no call is left to fail, and looks after each
 * run whether what must hold holds:
 *
 *	fault_wrap(&settings, &plan);
 *	...db_open...
 *	for (int n = 1;; n++) {
 *		fault_arm(&plan, n);
 *		rc = operation(pool);
 *		fired = fault_disarm(&plan);
 *		...invariants...
 *		if (!fired)
 *			break;
 *	}
 */
#pragma once

#include "db/pool.h"

/* Which calls count; a mask. */
enum fault_call {
	FAULT_CONNECT = 1 << 0,
	FAULT_LEASE = 1 << 1,
	FAULT_PREPARE = 1 << 2, /* once a statement and connection */
	FAULT_STEP = 1 << 3,
	FAULT_BEGIN = 1 << 4, /* transactions, snapshots */
	FAULT_SAVEPOINT = 1 << 5,
	FAULT_COMMIT = 1 << 6,
	FAULT_ANY = (1 << 7) - 1
};

enum fault_kind {
	/* the call has no effect and returns `code`; the transaction stays open */
	FAULT_FAILS,
	/* the same, and the engine rolls the transaction back (disk full, deadlock) */
	FAULT_UNDOES,
	/* the connection is lost before the call has an effect: ERR_CLOSED from here on */
	FAULT_DROPS,
	/* the call has its effect, then the connection is lost: ERR_CLOSED, for a commit ERR_UNCERTAIN */
	FAULT_DROPS_AFTER,
	/* commit: has no effect, and the connection is lost: ERR_UNCERTAIN, as after one that has */
	FAULT_LOSES,
	/* commit: has no effect now, but may be found after a crash unless a later commit succeeds: ERR_UNAVAIL */
	FAULT_DOUBTS,
	/* the call takes `delay_ms` longer and works */
	FAULT_DELAYS
};

struct fault_plan {
	unsigned calls;
	enum fault_kind kind;
	enum errc code; /* of FAULT_FAILS and FAULT_UNDOES */
	int delay_ms;
	int again; /* after a failure: each n-th call from there fails too; 0: once only */
	/* Run transactions on leased connections, as engines with many writers do. Read by fault_wrap's driver. */
	bool many_writers;
	_Atomic int64_t left; /* calls until the failure; 0: not armed */
	_Atomic bool fired;
};

/* Makes the pools opened with `settings` fail as `plan` says; it is borrowed and outlives them. */
void fault_wrap(struct db_settings *settings, struct fault_plan *plan);

/* The n-th counted call from now, from 1. */
void fault_arm(struct fault_plan *plan, int n);

/* From here on all works. True if the failure took place since fault_arm. */
bool fault_disarm(struct fault_plan *plan);
