/*
 * main/database.h - how a site names its database: db.url, or DBMail's separate keys, and a password that stands in a
 * file of its own.
 */
#pragma once

#include "base/secret.h"
#include "db/db.h"

struct arena;
struct settings;

struct database {
	enum db_engine engine;
	struct secret url; /* whole, with the password */
	char *file;	   /* SQLite's, in the arena; NULL for other engines */
};

/*
 * What can be said without opening anything. ERR_ARG: none is named; ERR_SYNTAX, ERR_LIMIT, ERR_UNSUPPORTED: it is named
 * badly. No error's text holds a password. *option_out is the option at fault.
 */
NODISCARD enum errc database_check(
    const struct settings *settings, const char **option_out, struct err *err);

/* The same, and the password is read from its file. The caller releases what is found. */
NODISCARD enum errc database_find(const struct settings *settings, struct arena *arena,
    struct database *database_out, struct err *err);

/* Wipes the url. */
void database_release(struct database *database);

/* db.connections, or what is sensible for the engine. */
int database_connections(const struct settings *settings, enum db_engine engine);
