#include "main/files.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "main/lockin.h"
#include "net/tls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum errc failed(const char *what, const char *path, struct err *err)
{
	enum errc code = ERR_UNAVAIL;

	if (errno == ENOENT)
		code = ERR_NOTFOUND;
	else if (errno == EACCES || errno == EPERM)
		code = ERR_DENIED;
	return err_set(err, code, "%s %s: %s", what, path, strerrordesc_np(errno));
}

static enum errc open_one(
    const char *what, const char *path, int flags, struct opened *opened, struct err *err)
{
	int fd;

	if (strlen(path) >= FILES_PATH_MAX)
		return err_set(err, ERR_LIMIT, "%s %s: the path is too long", what, path);
	fd = open(path, flags | O_CLOEXEC | O_NOCTTY, LOG_FILE_MODE);
	if (fd < 0)
		return failed(what, path, err);
	(void)snprintf(opened->path[opened->count], FILES_PATH_MAX, "%s", path);
	opened->fd[opened->count++] = fd;
	return OK;
}

static enum errc hand_over(
    struct opened *opened, enum errc rc, const struct files_taker *taker, struct err *err)
{
	if (rc == OK)
		rc = taker->take(taker->arg, opened, err);
	for (size_t i = 0; i < opened->count; i++)
		(void)close(opened->fd[i]);
	return rc;
}

static enum errc open_single(const char *what, const char *path, int flags,
    const struct files_taker *taker, struct err *err)
{
	struct opened opened = { .count = 0 };
	enum errc rc;

	if (!path || !path[0])
		return OK;
	rc = open_one(what, path, flags, &opened, err);
	return hand_over(&opened, rc, taker, err);
}

static enum errc open_pair(
    const char *certificate, const char *key, const struct files_taker *taker, struct err *err)
{
	struct opened opened = { .count = 0 };
	enum errc rc = open_one("certificate", certificate, O_RDONLY, &opened, err);

	if (rc == OK)
		rc = open_one("private key", key, O_RDONLY, &opened, err);
	return hand_over(&opened, rc, taker, err);
}

/* "NAME.pem", "NAME.crt" or the folder NAME: the paths of its pair, or false. They are there, readable or not. */
static bool find_pair(struct arena *arena, const char *folder, struct str name,
    const char **certificate_out, const char **key_out)
{
	bool is_file = str_ends_nocase(name, STR(".pem")) || str_ends_nocase(name, STR(".crt"));

	if (name.n == 0 || name.p[0] == '.')
		return false;
	if (is_file) {
		*certificate_out = str_printf(arena, "%s/%.*s", folder, STR_ARG(name)).p;
		*key_out = str_printf(
		    arena, "%s/%.*s.key", folder, STR_ARG(str_first(name, name.n - 4)))
			       .p;
	} else {
		*certificate_out =
		    str_printf(arena, "%s/%.*s/fullchain.pem", folder, STR_ARG(name)).p;
		*key_out = str_printf(arena, "%s/%.*s/privkey.pem", folder, STR_ARG(name)).p;
	}
	return access(*certificate_out, F_OK) == 0 && access(*key_out, F_OK) == 0;
}

static int by_name(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* Sorted, so that the same one is first each time. */
static enum errc list(const char *folder, struct arena *arena, struct str **names_out,
    size_t *count_out, struct err *err)
{
	const size_t max =
	    (size_t)4 * TLS_CERTIFICATES_MAX; /* pairs, and what else lies there */
	struct str *names = ARENA_NEW(arena, struct str, max);
	DIR *stream = opendir(folder);
	struct dirent *entry;
	size_t count = 0;

	if (!stream)
		return failed("certificates", folder, err);
	while ((entry = readdir(stream)) && count < max)
		names[count++] = str_dup(arena, str_from(entry->d_name));
	(void)closedir(stream);
	if (count == max)
		return err_set(err, ERR_LIMIT, "certificates %s: over %zu files", folder, max);
	qsort(names, count, sizeof(*names), by_name);
	*names_out = names;
	*count_out = count;
	return OK;
}

static enum errc open_folder(
    const char *folder, const struct files_taker *taker, struct err *err)
{
	struct arena *arena = arena_new("certificates");
	const char *certificate, *key;
	struct str *names = NULL;
	size_t count = 0;
	enum errc rc = list(folder, arena, &names, &count, err);

	for (size_t i = 0; rc == OK && i < count; i++)
		if (find_pair(arena, folder, names[i], &certificate, &key))
			rc = open_pair(certificate, key, taker, err);
	arena_free(&arena);
	return rc;
}

enum errc files_open(const struct files *files, enum files_what what,
    const struct files_taker *taker, struct err *err)
{
	enum errc rc = OK;

	switch (what) {
	case FILES_CONFIGURATION:
		return open_single("read", files->configuration, O_RDONLY, taker, err);
	case FILES_LOG:
		return open_single(
		    "log file", files->log, O_WRONLY | O_APPEND | O_CREAT, taker, err);
	case FILES_CERTIFICATES:
		break;
	}
	if (files->certificate && files->certificate[0])
		rc = open_pair(files->certificate, files->key, taker, err);
	if (rc == OK && files->certificates && files->certificates[0])
		rc = open_folder(files->certificates, taker, err);
	return rc;
}

/* The folder too, since a rotation makes the file anew; but a terminal or a pipe is alone among others. */
static void grant_log(struct lockin *lockin, const char *path)
{
	struct stat about;

	if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
		lockin_grant(lockin, str_from(path), LOCKIN_WRITE);
	else
		lockin_grant_around(lockin, str_from(path), LOCKIN_WRITE | LOCKIN_MAKE);
}

/*
 * An ACME client's folder has a folder a name with links to another place, where there is a folder a name, too: the
 * place as a whole is granted, for names that come later.
 */
static void grant_folder(struct lockin *lockin, const char *folder)
{
	const char *certificate, *key;
	char target[PATH_MAX];
	struct str *names = NULL;
	size_t count = 0;

	lockin_grant(lockin, str_from(folder), LOCKIN_READ);
	if (list(folder, lockin->arena, &names, &count, NULL) != OK)
		return;
	for (size_t i = 0; i < count; i++) {
		struct str path;

		if (!find_pair(lockin->arena, folder, names[i], &certificate, &key) ||
		    !realpath(key, target) || str_starts(str_from(target), str_from(folder)))
			continue;
		path = str_first(str_from(target), str_rfind_char(str_from(target), '/'));
		lockin_grant(lockin, str_first(path, str_rfind_char(path, '/')), LOCKIN_READ);
		return; /* one place is enough: the client puts all of them there */
	}
}

void files_grant(const struct files *files, struct lockin *lockin)
{
	lockin_grant_around(lockin, str_from(files->configuration), LOCKIN_READ);
	lockin_grant_around(lockin, str_from(files->certificate), LOCKIN_READ);
	lockin_grant_around(lockin, str_from(files->key), LOCKIN_READ);
	if (files->certificates && files->certificates[0])
		grant_folder(lockin, files->certificates);
	if (files->log && files->log[0])
		grant_log(lockin, files->log);
}
