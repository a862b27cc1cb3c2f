/*
 * A service of one-line commands that shows each kind of step, and a client that talks to it.
 *
 *	echo TEXT	TEXT
 *	more N		N blocks of 64 KB, one a step
 *	ticket		"held", during STEP_TICKET
 *	wait		STEP_WAIT; another thread wakes it: "done"
 *	timer MS	"timer" after MS
 *	idle		STEP_IDLE; "bus" at EVENT_BUS
 *	login USER	"ok" or "limit"
 *	book N		session_book: "ok" or "limit"
 *	starttls	"go", STEP_TLS
 *	tls?		the TLS version, or "none"
 *	binding N	the channel binding of enum tls_binding N in hex, or "none"
 *	hold MS		the worker sleeps (a slow command), then "held on"
 *	peer		"ADDRESS:PORT LOCAL:PORT local|far tls|clear"
 *	where		"local" or "far"
 *	begin N		session_begins
 *	end N		session_ended with enum session_result N
 *	in NAME		session_is_in "inside" NAME
 *	quit		"bye", STEP_CLOSE
 *
 * The end of input gives "eof" and closes; a stop gives "stop" and closes.
 */
#pragma once

#include "net/reactor.h"
#include "net/session.h"

#include <stdatomic.h>

struct toy {
	struct reactor *reactor;
	struct service service;
	struct listener_options listen;
	struct reactor_options options;
	uint16_t port;
	atomic_uint opened, freed, runs, inside, overlaps, with_ticket, most_with_ticket;
	_Atomic uint64_t
	    last_ref; /* of the session that said idle or wait: slot | generation << 32 */
};

/* Fill toy->options and toy->listen as the test wants (zeroed: defaults, loopback), then start. */
void toy_start(struct toy *toy);
void toy_stop(struct toy *toy, int64_t grace_ms);

struct session_ref toy_last_ref(struct toy *toy);

/* A blocking client; the test fails when it cannot be had or waits over 20 s. */
int client_open(uint16_t port);
int client_open_at(const char *address, uint16_t port);
void client_say(int fd, const char *text);
void client_expect(int fd, const char *text);
void client_expect_end(int fd); /* EOF or reset */
