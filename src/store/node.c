/*
 * store/node.c - the number under which a process makes ids. A locked file says that its holder lives; the row says
 * which incarnation that is.
 */
#include "base/buf.h"
#include "base/random.h"
#include "store/mail_sql.h"
#include "store/store_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define NODE_NUMBERS 1024
#define PATH_ROOM 4096

static enum errc open_lock_file(
    const struct store *store, int number, int *fd_out, struct err *err)
{
	char path[PATH_ROOM];
	int n = snprintf(path, sizeof(path), "%s/node-%d.lock", store->lock_directory, number);

	if (n < 0 || n >= (int)sizeof(path))
		return err_set(err, ERR_ARG, "lock directory: path too long");
	*fd_out = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*fd_out < 0)
		return err_set(err, ERR_UNAVAIL, "%s: %s", path, strerror(errno));
	return OK;
}

/* ERR_EXISTS: another process holds it. */
static enum errc lock_number(
    const struct store *store, int number, int *fd_out, struct err *err)
{
	enum errc rc = open_lock_file(store, number, fd_out, err);

	if (rc != OK)
		return rc;
	if (flock(*fd_out, LOCK_EX | LOCK_NB) == 0)
		return OK;
	rc = errno == EWOULDBLOCK ? ERR_EXISTS : ERR_UNAVAIL;
	(void)err_set(err, rc, "node-%d.lock: %s", number, strerror(errno));
	(void)close(*fd_out);
	*fd_out = -1;
	return rc;
}

static enum errc lock_lowest(struct store *store, struct err *err)
{
	for (int number = 0; number < NODE_NUMBERS; number++) {
		enum errc rc = lock_number(store, number, &store->node.lock_fd, err);

		if (rc == OK)
			store->node.number = number;
		if (rc != ERR_EXISTS)
			return rc;
	}
	return err_set(
	    err, ERR_LIMIT, "all %d node numbers are taken by living processes", NODE_NUMBERS);
}

static enum errc write_row(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct store *store = arg;
	const struct node *node = &store->node;
	int64_t changes = 0, newest = 0;
	enum errc rc = rows_run(db, &sql_node_update,
	    INTS(node->incarnation, clock_unix_s(), node->number), &changes, err);

	(void)arena;
	if (rc == OK && changes == 0)
		rc = rows_run(db, &sql_node_insert,
		    INTS(node->number, node->incarnation, clock_unix_s()), NULL, err);
	if (rc == OK)
		rc =
		    rows_one(db, &sql_object_newest, (struct ints){ NULL, 0 }, &newest, 1, err);
	if (rc != OK)
		return rc;
	/* a clock that was set back must not make an id twice */
	atomic_store(&store->last_tick, ((newest >> 22) << 12) | 0xfff);
	return OK;
}

enum errc node_register(struct store *store, struct err *err)
{
	enum errc rc = lock_lowest(store, err);

	if (rc != OK)
		return rc;
	store->node.incarnation = (int64_t)(random_u64() >> 1) | 1;
	rc = db_transact(store->settings.pool, store_deadline(store), write_row, store, err);
	if (rc != OK)
		node_release(&store->node);
	return rc;
}

void node_release(struct node *node)
{
	if (node->lock_fd >= 0)
		(void)close(node->lock_fd);
	node->lock_fd = -1;
}

enum errc node_is_dead(
    struct store *store, struct db *db, int64_t incarnation, bool *dead_out, struct err *err)
{
	int64_t number = 0;
	int fd = -1;
	enum errc rc = rows_one(db, &sql_node_find, INTS(incarnation), &number, 1, err);

	if (rc == ERR_END || (rc == OK && (number < 0 || number >= NODE_NUMBERS))) {
		*dead_out = true;
		return OK;
	}
	if (rc != OK)
		return rc;
	rc = lock_number(store, (int)number, &fd, NULL);
	if (fd >= 0)
		(void)close(fd);
	/* a lock file that cannot be opened proves nothing: the writer counts as alive */
	*dead_out = rc == OK;
	return OK;
}
