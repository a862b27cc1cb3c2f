/*
 * store/site_nodes.c - the rows of mail_nodes, and whether those behind them live.
 */
#include "store/site_nodes.h"

#include "base/arena.h"
#include "base/str.h"
#include "db/pool.h"
#include "db/url.h"
#include "store/site_status_sql.h"
#include "store/store_int.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define NODES_MAX 1024
#define WAIT_MS 10000
#define LEASES_FROM 5 /* the schema in which rows have leases */

/* Whoever lives holds his file locked. */
static bool is_locked(struct arena *arena, const char *folder, int number)
{
	const char *path =
	    str_cstr(arena, str_printf(arena, "%s/node-%d.lock", folder, number));
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;

	if (fd >= 0)
		(void)close(fd);
	return locked;
}

static void take_row(struct db_q *q, struct arena *arena, int schema, struct site_node *node)
{
	*node = (struct site_node){ .number = (int)db_i64(q, 0),
		.incarnation = db_i64(q, 1),
		.renewed = db_i64(q, 2),
		.serves = true };
	if (schema < LEASES_FROM)
		return;
	node->expires_ms = db_i64(q, 3) > 0 ? db_i64(q, 4) : 0;
	node->alive = node->expires_ms > 0;
	node->serves = db_i64(q, 5) != 0;
	node->started = db_i64(q, 6);
	node->host = str_dup(arena, db_str(q, 7));
	node->pid = db_i64(q, 8);
	node->program = str_dup(arena, db_str(q, 9));
	node->schema = db_i64(q, 10);
}

enum errc site_nodes_read(struct db *db, int schema, const char *lock_folder,
    struct arena *arena, struct site_nodes *nodes_out, struct err *err)
{
	struct site_nodes nodes = { .item = ARENA_NEW(arena, struct site_node, NODES_MAX) };
	struct db_q *q = NULL;
	enum errc rc =
	    db_query(db, schema < LEASES_FROM ? &sql_site_nodes_old : &sql_site_nodes, &q, err);

	while (rc == OK && nodes.count < NODES_MAX && (rc = db_step(q, err)) == OK)
		take_row(q, arena, schema, &nodes.item[nodes.count++]);
	db_done(&q);
	for (size_t i = 0; i < nodes.count; i++) {
		struct site_node *node = &nodes.item[i];

		if (lock_folder && is_locked(arena, lock_folder, node->number))
			node->alive = true;
		nodes.alive += node->alive;
	}
	*nodes_out = nodes;
	return rows_end(rc);
}

enum errc site_nodes_look(const struct db_settings *settings, int schema, struct arena *arena,
    struct site_nodes *nodes_out, struct err *err)
{
	struct db_settings own = *settings;
	struct db_pool *pool = NULL;
	struct db *db = NULL;
	enum errc rc = OK;

	*nodes_out = (struct site_nodes){ .count = 0 };
	if (schema == 0)
		return OK;
	own.any_schema = own.read_only = true;
	own.create = false;
	rc = db_open(&own, &pool, err);
	if (rc == OK)
		rc = db_lease(pool, WAIT_MS, &db, err);
	if (rc == OK)
		rc = site_nodes_read(
		    db, schema, site_lock_folder(arena, settings->url), arena, nodes_out, err);
	db_return(&db);
	db_close(&pool);
	return rc;
}

struct str site_node_text(struct arena *arena, const struct site_nodes *nodes)
{
	for (size_t i = 0; i < nodes->count; i++) {
		const struct site_node *node = &nodes->item[i];

		if (!node->alive)
			continue;
		if (node->host.n == 0)
			return str_printf(arena, "node %d", node->number);
		return str_printf(arena, "node %d on %.*s, pid %lld", node->number,
		    STR_ARG(node->host), (long long)node->pid);
	}
	return STR_EMPTY;
}

const char *site_lock_folder(struct arena *arena, struct str url)
{
	enum db_engine engine;
	size_t slash;

	if (db_url_engine(url, &engine))
		return NULL;
	if (str_starts_nocase(url, STR("sqlite:")))
		url = str_from_at(url, str_starts_nocase(url, STR("sqlite://")) ? 9 : 7);
	slash = str_rfind_char(url, '/');
	if (slash == url.n)
		return ".";
	return str_cstr(arena, slash == 0 ? STR("/") : str_first(url, slash));
}
