#include "net/spool.h"

#include "base/heap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Memory that a cleared spool keeps for the next message. */
#define KEPT_MAX ((size_t)65536)
#define FIRST_ROOM ((size_t)8192)

struct spool {
	const char *directory;
	size_t memory_max;
	uint64_t max;
	/* all of it; once there is a file, what is not yet written to it */
	char *memory;
	size_t used, room;
	int fd; /* -1: memory only */
	uint64_t in_file;
	void *map;
	size_t map_size;
};

struct spool *spool_new(const char *directory, size_t memory_max, uint64_t max)
{
	struct spool *spool = xcalloc(1, sizeof(*spool));

	spool->directory = directory;
	spool->memory_max = memory_max > 0 ? memory_max : 1;
	spool->max = max;
	spool->fd = -1;
	return spool;
}

static void unmap(struct spool *spool)
{
	if (spool->map)
		(void)munmap(spool->map, spool->map_size);
	spool->map = NULL;
}

void spool_clear(struct spool *spool)
{
	unmap(spool);
	if (spool->fd >= 0)
		(void)close(spool->fd);
	spool->fd = -1;
	spool->in_file = 0;
	spool->used = 0;
	if (spool->room > KEPT_MAX) {
		xfree(spool->memory);
		spool->memory = NULL;
		spool->room = 0;
	}
}

void spool_free(struct spool **spoolp)
{
	if (!*spoolp)
		return;
	spool_clear(*spoolp);
	xfree((*spoolp)->memory);
	xfree(*spoolp);
	*spoolp = NULL;
}

uint64_t spool_size(const struct spool *spool)
{
	return spool->in_file + spool->used;
}

/* Not every file system can make a file without a name (overlayfs of old, NFS). */
static int open_unlinked(const char *directory)
{
	char path[4096];
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	if (snprintf(path, sizeof(path), "%s/spool-XXXXXX", directory) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

static enum errc write_file(struct spool *spool, const char *p, size_t n, struct err *err)
{
	while (n > 0) {
		ssize_t wrote = pwrite(spool->fd, p, n, (off_t)spool->in_file);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return err_set(err, ERR_UNAVAIL, "spool in %s: write: %s",
			    spool->directory, wrote < 0 ? strerror(errno) : "nothing written");
		p += wrote;
		n -= (size_t)wrote;
		spool->in_file += (uint64_t)wrote;
	}
	return OK;
}

/* What memory holds goes to the file. */
static enum errc flush(struct spool *spool, struct err *err)
{
	uint64_t before = spool->in_file;
	enum errc rc;

	if (spool->fd < 0) {
		spool->fd = open_unlinked(spool->directory);
		if (spool->fd < 0)
			return err_set(err, ERR_UNAVAIL, "spool in %s: %s", spool->directory,
			    strerror(errno));
	}
	rc = write_file(spool, spool->memory, spool->used, err);
	if (rc != OK) { /* memory still holds all of it */
		spool->in_file = before;
		return rc;
	}
	spool->used = 0;
	return OK;
}

/* used + n is at most memory_max. */
static void add_memory(struct spool *spool, struct str bytes)
{
	size_t room = spool->room > 0 ? spool->room : FIRST_ROOM;

	while (room < spool->used + bytes.n)
		room *= 2;
	if (room > spool->memory_max)
		room = spool->memory_max;
	if (room > spool->room) {
		spool->memory = xrealloc(spool->memory, room);
		spool->room = room;
	}
	memcpy(spool->memory + spool->used, bytes.p, bytes.n);
	spool->used += bytes.n;
}

enum errc spool_add(struct spool *spool, struct str bytes, struct err *err)
{
	uint64_t size = spool_size(spool);
	enum errc rc;

	if (bytes.n == 0)
		return OK;
	if (size > spool->max || bytes.n > spool->max - size)
		return err_set(err, ERR_LIMIT, "spool: more than %llu bytes",
		    (unsigned long long)spool->max);
	unmap(spool);
	if (bytes.n <= spool->memory_max - spool->used) {
		add_memory(spool, bytes);
		return OK;
	}
	rc = flush(spool, err);
	if (rc != OK)
		return rc;
	if (bytes.n < spool->memory_max) {
		add_memory(spool, bytes);
		return OK;
	}
	size = spool->in_file;
	rc = write_file(spool, bytes.p, bytes.n, err);
	if (rc != OK)
		spool->in_file = size; /* nothing of it counts */
	return rc;
}

enum errc spool_view(struct spool *spool, struct str *bytes_out, struct err *err)
{
	enum errc rc;

	if (spool->fd < 0) {
		*bytes_out = (struct str){ spool->memory, spool->used };
		return OK;
	}
	if (!spool->map) {
		void *map;

		rc = flush(spool, err);
		if (rc != OK)
			return rc;
		map = mmap(NULL, (size_t)spool->in_file, PROT_READ, MAP_PRIVATE, spool->fd, 0);
		if (map == MAP_FAILED)
			return err_set(err, ERR_UNAVAIL, "spool in %s: map: %s",
			    spool->directory, strerror(errno));
		spool->map = map;
		spool->map_size = (size_t)spool->in_file;
	}
	*bytes_out = (struct str){ spool->map, spool->map_size };
	return OK;
}
