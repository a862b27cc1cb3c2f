/*
 * store/sweep_now.c - the pieces of housekeeping, each until it has nothing to do.
 */
#include "store/sweep_now.h"

#include "store/journal.h"
#include "store/sweep.h"

#include <string.h>

typedef enum errc piece(struct store *store, int64_t *did_out, struct err *err);
typedef enum errc walk(
    struct store *store, struct sweep_cursor *cursor, int64_t *did_out, struct err *err);

static enum errc repeat(struct store *store, piece *once, int64_t *total_out, struct err *err)
{
	int64_t did = 1;
	enum errc rc = OK;

	while (rc == OK && did > 0) {
		rc = once(store, &did, err);
		if (rc == OK)
			*total_out += did;
	}
	return rc;
}

/* Rounds through a table, until one found nothing. */
static enum errc go_round(struct store *store, walk *step, int64_t *total_out, struct err *err)
{
	static const struct sweep_cursor start = { .owner = 0 };
	struct sweep_cursor cursor = start;
	int64_t did_in_round = 0, did;
	enum errc rc;

	for (;;) {
		rc = step(store, &cursor, &did, err);
		if (rc != OK)
			return rc;
		*total_out += did;
		did_in_round += did;
		if (memcmp(&cursor, &start, sizeof(cursor)) != 0)
			continue;
		if (did_in_round == 0)
			return OK;
		did_in_round = 0;
	}
}

static enum errc undo_unfinished(struct store *store, int64_t *did_out, struct err *err)
{
	return journal_sweep(store, true, did_out, err);
}

enum errc sweep_now(struct store *store, struct sweep_report *report_out, struct err *err)
{
	int64_t undone = 0;
	enum errc rc = repeat(store, undo_unfinished, &undone, err);

	*report_out = (struct sweep_report){ .messages = 0 };
	/* what is gone becomes removed mail, that leaves objects, and those leave blobs */
	if (rc == OK)
		rc = go_round(store, sweep_mailboxes, &report_out->mailboxes, err);
	if (rc == OK)
		rc = repeat(store, sweep_removed, &report_out->messages, err);
	if (rc == OK)
		rc = go_round(store, sweep_accounts, &report_out->accounts, err);
	if (rc == OK)
		rc = go_round(store, sweep_blobs, &report_out->blobs, err);
	if (rc == OK)
		rc = repeat(store, sweep_keys, &report_out->keys, err);
	if (rc == OK)
		rc = repeat(store, sweep_authlog, &report_out->logins, err);
	return rc;
}
