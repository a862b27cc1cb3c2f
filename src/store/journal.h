/*
 * store/journal.h - inside src/store: big COPYs and MOVEs, which are done by many transactions and undone if they do not end
 * well.
 */
#pragma once

#include "base/base.h"

struct db;
struct journal;
struct store;

/* Entries [uid_first, uid_last] of a mailbox that belong to an unfinished command. */
struct journal_row {
	int64_t owner, id, node, mailbox, uid_first, uid_last;
	int64_t from_owner, from_mailbox; /* where a MOVE took them from; 0: they were copied */
};

struct journal *journal_new(void);
void journal_free(struct journal **journalp);

/* While a command lives, housekeeping leaves this process's rows alone. */
void journal_begin(struct store *store);
void journal_end(struct store *store);

/* Inside a transaction of the command: these entries are not final. */
NODISCARD enum errc journal_write(
    struct db *db, const struct journal_row *row, struct err *err);

/* The rows go, the entries stay: the command is done. */
NODISCARD enum errc journal_finish(
    struct store *store, const struct journal_row *rows, size_t count, struct err *err);

/* Takes the entries of rows that are still there out again, or back to where they were, and the rows. */
NODISCARD enum errc journal_undo(
    struct store *store, const struct journal_row *rows, size_t count, struct err *err);

/*
 * A small piece of work: undoes what failed undoing of ours left, and with `others` what dead processes did. `did_out`: rows;
 * 0 when there is nothing.
 */
NODISCARD enum errc journal_sweep(
    struct store *store, bool others, int64_t *did_out, struct err *err);
