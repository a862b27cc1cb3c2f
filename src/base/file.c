#include "base/file.h"

#include "base/buf.h"
#include "base/random.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP ((size_t)16384)

static enum errc failed(const char *what, const char *path, struct err *err)
{
	int saved = errno;
	enum errc code = saved == ENOENT			  ? ERR_NOTFOUND
	    : saved == EACCES || saved == EPERM || saved == EROFS ? ERR_DENIED
								  : ERR_UNAVAIL;

	return err_set(err, code, "%s %s: %s", what, path, strerror(saved));
}

static ssize_t read_some(int fd, char *to, size_t n)
{
	ssize_t got;

	do
		got = read(fd, to, n);
	while (got < 0 && errno == EINTR);
	return got;
}

/* All of a regular file at once, so that secrets in it are not left behind where the buffer grew. */
static size_t first_step(int fd, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_size <= 0 || (uint64_t)st.st_size > max)
		return READ_STEP;
	return (size_t)st.st_size + 1;
}

enum errc file_read_fd(int fd, const char *path, size_t max, struct buf *out, struct err *err)
{
	size_t left = max, step = first_step(fd, max);

	for (;;) {
		char probe, *to = &probe;
		size_t n = step < left ? step : left;
		ssize_t got;

		if (n > 0)
			to = buf_reserve(out, n);
		if (!to)
			return err_set(err, ERR_LIMIT, "read %s: no room", path);
		got = read_some(fd, to, n > 0 ? n : 1);
		if (got < 0)
			return failed("read", path, err);
		if (got == 0)
			return OK;
		if (n == 0)
			return err_set(err, ERR_LIMIT, "%s has more than %zu bytes", path, max);
		buf_grown(out, (size_t)got);
		left -= (size_t)got;
		step = out->room > out->n ? out->room - out->n : READ_STEP;
	}
}

enum errc file_read(const char *path, size_t max, struct buf *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	enum errc rc;

	if (fd < 0)
		return failed("open", path, err);
	rc = file_read_fd(fd, path, max, out, err);
	(void)close(fd);
	return rc;
}

static bool write_all(int fd, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t done = write(fd, bytes.p, bytes.n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes = str_from_at(bytes, (size_t)done);
	}
	return true;
}

/* The new name is durable when the folder is. */
static bool sync_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd;
	bool ok;

	(void)snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
	    slash ? path : ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = fsync(fd) == 0;
	(void)close(fd);
	return ok;
}

enum errc file_write(const char *path, struct str bytes, mode_t mode, struct err *err)
{
	char temporary[PATH_MAX], suffix[9] = "";
	enum errc rc = OK;
	int fd, n;

	random_text(suffix, sizeof(suffix) - 1);
	n = snprintf(temporary, sizeof(temporary), "%s.%s", path, suffix);
	if (n < 0 || (size_t)n >= sizeof(temporary))
		return err_set(err, ERR_LIMIT, "write: path is too long");
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed("create", temporary, err);
	if (!write_all(fd, bytes) || fchmod(fd, mode) < 0 || fsync(fd) < 0)
		rc = failed("write", temporary, err);
	(void)close(fd);
	if (rc == OK && rename(temporary, path) < 0)
		rc = failed("rename to", path, err);
	if (rc != OK)
		(void)unlink(temporary);
	else if (!sync_folder(path))
		rc = failed("sync the folder of", path, err);
	return rc;
}
