/*
 * main/control.h - what the running server says of itself to `tabella status`: one JSON object of numbers, then it
 * closes. A unix socket that only the server's user (and root) can open.
 */
#pragma once

#include "net/session.h"

struct reactor;
struct site;

struct control_env {
	const struct site *site;
	struct reactor *reactor;
	int64_t started_unix_s;
};

/* For struct service: `arg` is a const struct control_env *. */
struct session *control_open(void *arg, const struct session *base);
