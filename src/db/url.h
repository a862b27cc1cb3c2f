/*
 * db/url.h - the address of a database server, as one text (RFC 3986):
 *
 *	SCHEME://USER:PASSWORD@HOST[:PORT][,HOST[:PORT]...]/NAME[?OPTION=VALUE[&...]]
 *
 * SCHEME is mysql or mariadb, postgresql, postgres or pgsql. Every part may hold %XX. A host may be a name, an address,
 * [an IPv6 address], nothing (the engine's default) or, percent-encoded, a path (%2Frun%2Fmysqld%2Fmysqld.sock): a unix
 * socket. MariaDB's may also be said by the option socket=PATH. User and password may stand among the options (user=,
 * password=), as libzdb, and so dburi in a dbmail.conf, has them. libpq takes what db_url_print gives.
 *
 * SQLite's urls name a file and are none of these.
 */
#pragma once

#include "base/secret.h"
#include "db/db.h"
#include "db/limits.h"

struct buf;

struct db_url_host {
	struct str name; /* begins with '/': a unix socket; empty: the engine's default */
	int port;	 /* 0: the engine's default */
};

struct db_url_option {
	struct str name, value;
};

/* Texts live in the arena it was parsed with; the password is the url's own, see db_url_release. */
struct db_url {
	enum db_engine engine; /* DB_PGSQL or DB_MARIADB */
	struct str user;
	struct secret password; /* empty: none */
	struct db_url_host hosts[DB_URL_HOSTS_MAX];
	size_t host_count; /* 1 or more */
	struct str name;   /* of the database; may be empty */
	struct db_url_option options[DB_URL_OPTIONS_MAX];
	size_t option_count;
};

/* Does `text` begin with the scheme of a database server? (Whether it is a good url, db_url_parse knows.) */
bool db_url_engine(struct str text, enum db_engine *engine_out);

/*
 * Parse the whole of `text`. ERR_UNSUPPORTED another scheme; ERR_SYNTAX; ERR_LIMIT longer, or more hosts or options, than
 * limits.h allows. The error's text never holds a part of the url that might be the password.
 */
NODISCARD enum errc db_url_parse(
    struct str text, struct arena *arena, struct db_url *url_out, struct err *err);

/* ERR_ARG: no prefix of names of tables. pool.c */
NODISCARD enum errc db_check_prefix(struct str prefix, struct err *err);

/*
 * Does the engine that it names understand the whole of it, options and all? Nothing is opened. ERR_ARG, ERR_SYNTAX,
 * ERR_LIMIT, ERR_UNSUPPORTED (the program was built without it) as db_open would say it. driver.c
 */
NODISCARD enum errc db_check_url(struct str url, struct err *err);

/* Wipes the password. */
void db_url_release(struct db_url *url);

/* The value of an option, or NULL. */
const struct str *db_url_option(const struct db_url *url, const char *name);

/*
 * The url as a text that parses to the same. `out` then holds the password: its owner reserves DB_URL_TEXT_MAX first, so
 * that no copy stays behind, and wipes it.
 */
void db_url_print(const struct db_url *url, struct buf *out);

/* DBMail's separate keys; what is not there is empty. */
struct db_url_keys {
	struct str driver; /* mysql, postgresql, sqlite; case does not matter */
	struct str host;   /* a name, an address, or the path of a socket; several with ',' */
	struct str port;   /* digits; empty or 0: the engine's */
	struct str socket; /* path of a unix socket, in place of the host */
	struct str user, password;
	struct str name; /* of the database; SQLite: its file */
};

/*
 * One url of them, in `arena`; for SQLite "sqlite:" and the file. The text holds the password.
 * ERR_UNSUPPORTED no such driver; ERR_SYNTAX a port that is none, or no name.
 */
NODISCARD enum errc db_url_build(
    const struct db_url_keys *keys, struct arena *arena, struct str *text_out, struct err *err);

/*
 * The url as people may see it, in logs, errors and status: with *** for the password and for every option that sounds
 * like one. What is no url of a database server (a file) is shown as it is; one that does not parse, by its scheme alone.
 */
struct str db_url_shown(struct str text, struct arena *arena);
