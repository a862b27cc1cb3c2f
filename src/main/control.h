/*
 * main/control.h - the socket of the running server that the command line asks: numbers, sessions, limits, and the end of
 * sessions. One line is asked, one line of JSON is answered, and it closes (main/control_request.h). A unix socket that
 * only the server's user (and root) can open.
 */
#pragma once

#include "net/session.h"

struct auth;
struct reactor;
struct site;

struct control_env {
	const struct site *site;
	struct reactor *reactor;
	struct auth *auth;
	int64_t started_unix_s;
};

/* For struct service: `arg` is a const struct control_env *. */
struct session *control_open(void *arg, const struct session *base);
