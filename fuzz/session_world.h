/*
 * fuzz/session_world.h - what the targets of whole sessions share: services on a store of their own, and what a session
 * said, taken piece by piece.
 */
#pragma once

#include "tests/chat/chat_int.h"
#include "tests/chat/world.h"

/* Runs on one store: what they do to it stays bounded. */
#define RUNS_PER_STORE 200

struct session_world {
	struct world world;
	struct chat chat;
	unsigned runs; /* on this store; 0: there is none */
};

/* Makes a store if there is none, with ann (password secret) and bob. Whatever fails traps. */
void session_world_begin(struct session_world *sw);

/* Ends the sessions; after the last run of a store that as well. */
void session_world_end(struct session_world *sw);

/* Closes the store, whenever it is. */
void session_world_close(struct session_world *sw);

/* A session of a service, that has greeted: `slot` below CHAT_SESSIONS_MAX. */
struct peer *session_world_open(struct session_world *sw, size_t slot, const char *service);

/* "user u1 secret" as a dialogue's line has it. */
void session_world_do(struct session_world *sw, struct str word, struct str rest);

/* Gives the bytes to the session, all at once or one at a time, and lets it run until it wants more. */
void session_feed(struct peer *peer, struct str bytes, bool singly);

/* The next line that the session said, without CRLF; it is taken. False: none is there. Half a line traps. */
bool session_line(struct peer *peer, struct arena *arena, struct str *line_out);

/* So many bytes; traps if they are not there. */
void session_skip(struct peer *peer, uint64_t n);

/* Traps. */
void session_expect(bool holds);
