/*
 * cli/trace_log.h - the log's lines about one message or one session.
 *
 * The log is read twice: first for the names of whatever belongs to what is looked for, then for the lines that carry
 * one of them. So it is files, or a copy of standard input.
 */
#pragma once

#include "base/base.h"

struct arena;
struct trace_log;

/* A message of a session (its transaction, and what was stored of it), or a whole session. */
struct trace_log *trace_log_new(struct str wanted);
void trace_log_free(struct trace_log **logp);

/* A file, and those that a rotation has left beside it (NAME.1, NAME-20261120), the oldest first. */
NODISCARD enum errc trace_log_add_file(
    struct trace_log *log, const char *path, struct err *err);

/* Standard input, to its end. */
NODISCARD enum errc trace_log_add_input(struct trace_log *log, struct err *err);

/* Looks for names in all that was added. */
NODISCARD enum errc trace_log_look(struct trace_log *log, struct err *err);

/* Told each line that belongs to it, in order. */
NODISCARD enum errc trace_log_tell(struct trace_log *log,
    void (*told)(void *arg, struct str line), void *arg, struct err *err);

/* What was looked for is in the log itself. */
bool trace_log_has_found(const struct trace_log *log);

/* Objects and Message-IDs that the log names, alive with it. */
const int64_t *trace_log_objects(const struct trace_log *log, size_t *count_out);

/* A rotated file that is compressed was passed over: its name; NULL: none. */
const char *trace_log_compressed(const struct trace_log *log);
