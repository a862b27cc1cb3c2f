/*
 * store/verify.h - every invariant of the store, checked from the rows. Changes nothing.
 */
#pragma once

#include "store/store.h"

struct verify_report {
	uint64_t accounts, mailboxes, entries, objects, blobs;
	uint64_t problems;
};

/* `problem` is called with one line of text for each finding. Reads in small snapshots; safe beside a running server. */
NODISCARD enum errc store_verify(struct store *store,
    void (*problem)(void *arg, struct str text), void *arg, struct verify_report *report_out,
    struct err *err);
