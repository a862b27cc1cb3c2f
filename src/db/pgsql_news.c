/*
 * db/pgsql_news.c - what processes on one database tell each other, by LISTEN and NOTIFY.
 *
 * The server drops a notification that equals another of the same transaction, which loses nothing, and none
 * otherwise while we are connected.
 */
#include "base/heap.h"
#include "base/str.h"
#include "db/pgsql_int.h"

#include <poll.h>

enum errc pgsql_listen(struct db_conn *base, struct err *err)
{
	struct pgsql_conn *conn = pgsql_conn_of(base);
	struct db_stmt *stmt;
	enum errc rc;

	if (!conn->driver->target.prepares)
		return err_set(err, ERR_UNSUPPORTED, "no news come through a pooler");
	rc = pgsql_fixed(conn, PGSQL_LISTEN, &stmt, err);
	if (rc == OK)
		rc = pgsql_step(stmt, err);
	return rc == ERR_END ? OK : rc;
}

/* All in one go: each is a transaction of its own only if it is far too much for one. */
enum errc pgsql_tell(struct db_conn *base, int64_t self, const struct change *changes,
    size_t count, struct err *err)
{
	struct pgsql_conn *conn = pgsql_conn_of(base);
	struct buf payload = BUF_INIT(2 * PGSQL_PAYLOAD_MAX);
	enum errc rc = OK;

	while (count > 0 && rc == OK) {
		struct db_stmt *stmt;
		size_t told;

		buf_clear(&payload);
		told = pgsql_payload_add(&payload, self, changes, count);
		rc = pgsql_fixed(conn, PGSQL_TELL, &stmt, err);
		if (rc == OK)
			rc = pgsql_bind_str(stmt, 1, buf_str(&payload), err);
		if (rc == OK)
			rc = pgsql_step(stmt, err);
		changes += told;
		count -= told;
	}
	buf_release(&payload);
	return rc;
}

/* What we cannot read came from another version: anything may have changed. */
static void hear_one(
    const PGnotify *notify, int64_t self, const struct db_ear *ear, struct change *changes)
{
	static const struct change all = { .kind = CHANGE_ALL };
	int64_t teller;
	size_t count;

	if (pgsql_payload_parse(str_from(notify->extra), &teller, changes, &count) != OK)
		ear->heard(ear->arg, &all, 1);
	else if (teller != self && count > 0)
		ear->heard(ear->arg, changes, count);
}

static bool hear_all(struct pgsql_conn *conn, int64_t self, const struct db_ear *ear)
{
	struct change *changes = NULL;
	PGnotify *notify;
	bool heard = false;

	while ((notify = PQnotifies(conn->handle)) != NULL) {
		if (!changes)
			changes = xcalloc(PGSQL_CHANGES_MAX, sizeof(*changes));
		hear_one(notify, self, ear, changes);
		heard = true;
		PQfreemem(notify);
	}
	xfree(changes);
	return heard;
}

enum errc pgsql_hear(struct db_conn *base, int64_t self, const struct db_ear *ear,
    int timeout_ms, struct err *err)
{
	struct pgsql_conn *conn = pgsql_conn_of(base);
	enum errc rc = pgsql_settle(conn, err);

	/* some may have come with the answer to what we told */
	if (rc != OK || hear_all(conn, self, ear))
		return rc;
	if (pgsql_poll(conn, POLLIN, ear->wake_fd, timeout_ms) == 0)
		return OK;
	rc = pgsql_take_here(conn, err);
	if (rc == OK)
		(void)hear_all(conn, self, ear);
	return rc;
}
