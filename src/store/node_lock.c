/* store/node_lock.c - files that stay locked as long as their process lives. */
#include "store/node.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define PATH_ROOM 4096

static enum errc open_lock_file(
    const struct store *store, const char *name, int *fd_out, struct err *err)
{
	char path[PATH_ROOM];
	int n = snprintf(path, sizeof(path), "%s/%s", store->lock_directory, name);

	if (n < 0 || n >= (int)sizeof(path))
		return err_set(err, ERR_ARG, "lock directory: path too long");
	*fd_out = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*fd_out < 0)
		return err_set(err, ERR_UNAVAIL, "%s: %s", path, strerror(errno));
	return OK;
}

/* ERR_EXISTS: another process holds it. */
static enum errc lock_file(
    const struct store *store, const char *name, int *fd_out, struct err *err)
{
	enum errc rc = open_lock_file(store, name, fd_out, err);

	if (rc != OK)
		return rc;
	if (flock(*fd_out, LOCK_EX | LOCK_NB) == 0)
		return OK;
	rc = errno == EWOULDBLOCK ? ERR_EXISTS : ERR_UNAVAIL;
	(void)err_set(err, rc, "%s: %s", name, strerror(errno));
	(void)close(*fd_out);
	*fd_out = -1;
	return rc;
}

static enum errc lock_number(
    const struct store *store, int number, int *fd_out, struct err *err)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "node-%d.lock", number);
	return lock_file(store, name, fd_out, err);
}

enum errc node_lock_lowest(const struct store *store, struct node *node, struct err *err)
{
	for (int number = 0; number < NODE_NUMBERS; number++) {
		enum errc rc = lock_number(store, number, &node->lock_fd, err);

		if (rc == OK)
			node->number = number;
		if (rc != ERR_EXISTS)
			return rc;
	}
	return err_set(
	    err, ERR_LIMIT, "all %d node numbers are taken by living processes", NODE_NUMBERS);
}

enum errc node_lock_is_free(const struct store *store, int number, bool *free_out)
{
	int fd = -1;
	enum errc rc = lock_number(store, number, &fd, NULL);

	if (fd >= 0)
		(void)close(fd);
	/* a lock file that cannot be opened proves nothing: the writer counts as alive */
	*free_out = rc == OK;
	return OK;
}

bool node_lock_sweeping(const struct store *store, int *fd)
{
	return *fd >= 0 || lock_file(store, "sweep.lock", fd, NULL) == OK;
}
