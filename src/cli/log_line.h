/*
 * cli/log_line.h - reading the log that base/log.h writes, as text or as JSON.
 */
#pragma once

#include "base/base.h"

struct arena;

#define LOG_FIELDS_READ 48

struct log_line_field {
	struct str name,
	    value; /* value as it was before the line was written, but for \xNN and the mark of a cut */
};

struct log_line {
	struct str time, level, service, event;
	struct log_line_field field[LOG_FIELDS_READ];
	size_t count;
};

/*
 * One line without its end. Texts are views of it or in the arena. ERR_SYNTAX: it is no line of ours, as other programs
 * and crashes leave between them.
 */
NODISCARD enum errc log_line_parse(
    struct str line, struct arena *arena, struct log_line *line_out, struct err *err);

/* p == NULL: there is no such field. */
struct str log_line_field(const struct log_line *line, const char *name);
