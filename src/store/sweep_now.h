/*
 * store/sweep_now.h - the whole of housekeeping at once, for an administrator who does not want to wait for it.
 */
#pragma once

#include "store/store.h"

/* Rows that went, or pieces of work; see sweep.h. */
struct sweep_report {
	int64_t messages;  /* expunged mail over its time */
	int64_t keys;	   /* delivery keys over their time */
	int64_t mailboxes; /* pieces of mail of folders that are gone, and of old logs */
	int64_t accounts;  /* pieces of what accounts that are gone have left behind */
	int64_t blobs;	   /* shared parts that nobody uses, or pieces of large ones */
	int64_t logins;	   /* pieces of the journal of logins over its time */
};

/*
 * Goes on until there is nothing left to do. Beside running servers: each piece is a transaction that looks again at what it
 * relies on. *report_out counts what was done before an error, too.
 */
NODISCARD enum errc sweep_now(
    struct store *store, struct sweep_report *report_out, struct err *err);
