/*
 * main/control_request.h - what may be asked on the control socket: a line of a word and of name=value pairs.
 *
 *	sessions user=ann%40example.org
 *
 * Blanks part them; in a value the bytes up to 0x20, "%" and those from 0x7f on are written %XX. The answer is one
 * line of JSON, {"error":"..."} if nothing came of it.
 */
#pragma once

#include "base/base.h"

struct arena;

#define CONTROL_LINE_MAX ((size_t)4096)

enum control_verb { CONTROL_STATUS, CONTROL_SESSIONS, CONTROL_DISCONNECT, CONTROL_LIMITS };

/* p == NULL: not given. */
struct control_request {
	enum control_verb verb;
	struct str user, address, sid;
};

/* `line` without its line end; values in the arena. ERR_SYNTAX; ERR_UNSUPPORTED: no such verb or name. */
NODISCARD enum errc control_request_parse(
    struct str line, struct arena *arena, struct control_request *request_out, struct err *err);

/* The line for a request, in the arena; without a line end. */
struct str control_request_write(struct arena *arena, const struct control_request *request);
