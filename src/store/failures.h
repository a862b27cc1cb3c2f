/*
 * store/failures.h - logins that failed, as the nodes of a site tell each other: rows of login_failures.
 *
 * A node writes its own under its incarnation and a serial that rises; others read on from the last one that they know.
 */
#pragma once

#include "store/store.h"

#define LOGIN_FAILURES_MAX 100 /* of one writing */

/* What is counted, as hashes; 0: does not count. */
struct login_failure {
	int64_t pair, address, account;
	int64_t at;  /* unix seconds */
	bool passed; /* a right password: the counts of pair and account begin anew */
};

/* Are there several nodes, now or later? If not, nothing needs to be written. */
bool login_failures_are_shared(const struct store *store);

/* Writes them with other work, soon. No more than LOGIN_FAILURES_MAX. */
void login_failures_write(
    struct store *store, const struct login_failure *failures, size_t count);

/* How far the failures of others are known. */
struct login_failures_read;
struct login_failures_read *login_failures_read_new(void);
void login_failures_read_free(struct login_failures_read **readp);

/*
 * Hands over what other living nodes wrote since the last call; the first call hands over what everybody wrote in the last
 * `recent_s` seconds. No statement is run when there is nobody else.
 */
NODISCARD enum errc login_failures_read(struct store *store, struct login_failures_read *read,
    int64_t recent_s, void (*take)(void *arg, const struct login_failure *failure), void *arg,
    struct err *err);
