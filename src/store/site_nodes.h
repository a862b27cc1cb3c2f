/*
 * store/site_nodes.h - which processes are at work in a database, as somebody sees it who is none of them.
 */
#pragma once

#include "db/db.h"

struct site_node {
	int number;
	int64_t incarnation;
	bool alive;
	bool serves;	 /* a server and no command; true where it is not known */
	int64_t renewed; /* unix seconds: when it took or renewed its number */
	int64_t started; /* unix seconds; 0: not known */
	int64_t
	    expires_ms; /* of its lease, from now; 0: it has none, a locked file says that it lives */
	struct str host, program; /* empty: not known */
	int64_t pid, schema;	  /* 0: not known */
};

struct site_nodes {
	struct site_node *item; /* in the arena, by number */
	size_t count, alive;
};

/*
 * `schema` is the database's (db_schema_read). `lock_folder` is where nodes of an SQLite file keep their locked files;
 * elsewhere it is not looked at.
 */
NODISCARD enum errc site_nodes_read(struct db *db, int schema, const char *lock_folder,
    struct arena *arena, struct site_nodes *nodes_out, struct err *err);

/* The same, on a connection of its own: `settings` names the database. */
struct db_settings;
NODISCARD enum errc site_nodes_look(const struct db_settings *settings, int schema,
    struct arena *arena, struct site_nodes *nodes_out, struct err *err);

/* "node 3 on mail2, pid 712": the first that lives. In the arena. */
struct str site_node_text(struct arena *arena, const struct site_nodes *nodes);

/* The folder of the file that an SQLite url names; NULL for servers. In the arena. */
const char *site_lock_folder(struct arena *arena, struct str url);
