/*
 * main/site.h - one site opened: its configuration, database and store, as the server and the command line use them.
 */
#pragma once

#include "base/conf.h"
#include "base/log.h"
#include "db/pool.h"
#include "main/database.h"
#include "main/helper.h"
#include "main/settings.h"
#include "store/store.h"

/* What a site is made of, as the administrator says it. */
struct site_named {
	const char *conf_path;
	struct str database; /* in place of db.url; empty: none */
	bool errors_only;    /* nobody is told of warnings */
};

struct site {
	struct conf *conf;		 /* owned; as the program was started, to its end */
	const struct settings *settings; /* of conf */
	struct arena *arena;
	bool patient;	       /* set before site_open: a statement may take hours */
	const char *conf_path; /* absolute */
	const char *setting;   /* "db.url=...", which wins over the file; NULL: none */
	struct log_sink sink;
	struct log log;
	struct db_pool *pool;
	struct store *store;
	struct files files;    /* what is opened again on reload */
	struct helper *helper; /* opens them when we cannot; NULL: we can */
	struct database database;
};

enum site_use {
	SITE_SERVE,  /* the server: many readers, caches */
	SITE_TOOL,   /* a command that may write */
	SITE_READ,   /* a command that only reads */
	SITE_CREATE, /* make the database if it is not there */
};

/*
 * Reads the configuration and sets up the log; opens nothing yet. Complaints go to `complaints` (may be NULL).
 */
NODISCARD enum errc site_load(
    const struct site_named *named, struct site *site, struct buf *complaints, struct err *err);

/* Opens `files`, by the helper if there is one. */
NODISCARD enum errc site_reopen(const struct site *site, enum files_what what,
    const struct files_taker *taker, struct err *err);

/* Sets `database`, and opens nothing but the file of its password. site_open does it too, if it was not done. */
NODISCARD enum errc site_find_database(struct site *site, struct err *err);

/* Opens the database and the store of a loaded site. The text of an error says what to do. */
NODISCARD enum errc site_open(struct site *site, enum site_use use, struct err *err);

/* Closes what is open; a site that was only loaded too. */
void site_close(struct site *site);
