#include "main/lockin.h"

#include "base/arena.h"
#include "base/openssl.h"
#include "base/str.h"
#include "main/lockin_int.h"

#include <assert.h>
#include <dirent.h>
#include <limits.h>
#include <link.h>
#include <openssl/crypto.h>
#include <stdlib.h>

void lockin_grant(struct lockin *lockin, struct str path, unsigned access)
{
	const char *copy = str_cstr(lockin->arena, path);

	assert(lockin->grants < LOCKIN_GRANTS_MAX);
	if (copy && path.n > 0)
		lockin->grant[lockin->grants++] =
		    (struct lockin_grant){ .path = copy, .access = access };
}

static void grant_folder_of(struct lockin *lockin, struct str file, unsigned access)
{
	size_t slash = str_rfind_char(file, '/');

	if (slash == file.n)
		lockin_grant(lockin, STR("."), access);
	else
		lockin_grant(lockin, str_first(file, slash == 0 ? 1 : slash), access);
}

void lockin_grant_around(struct lockin *lockin, struct str file, unsigned access)
{
	char target[PATH_MAX];
	const char *path = str_cstr(lockin->arena, file);

	if (!path || file.n == 0)
		return;
	grant_folder_of(lockin, file, access);
	if (realpath(path, target) && !str_equal(str_from(target), file))
		grant_folder_of(lockin, str_from(target), access);
}

void lockin_grant_connect(struct lockin *lockin, int port)
{
	lockin->connects = true;
	if (port <= 0 || port > UINT16_MAX)
		return;
	assert(lockin->ports < LOCKIN_PORTS_MAX);
	lockin->port[lockin->ports++] = (uint16_t)port;
}

/* The folder that a library of this process lies in: its modules and its debug information are there, too. */
static int grant_library(struct dl_phdr_info *library, size_t size, void *arg)
{
	struct lockin *lockin = arg;
	struct str file = str_from(library->dlpi_name);
	struct str folder = str_first(file, str_rfind_char(file, '/'));

	(void)size;
	if (file.n == 0 || file.p[0] != '/' || folder.n == 0)
		return 0;
	for (size_t i = 0; i < lockin->grants; i++)
		if (str_equal(str_from(lockin->grant[i].path), folder))
			return 0;
	if (lockin->grants < LOCKIN_LIBRARIES_MAX)
		lockin_grant(lockin, folder, LOCKIN_READ);
	return 0;
}

void lockin_grant_system(struct lockin *lockin)
{
	static const char *const paths[] = {
		/* converters of character sets, modules of OpenSSL, translations of error texts */
		"/usr/lib",
		"/usr/lib64",
		"/usr/local/lib",
		"/usr/share/locale",
		"/usr/share/zoneinfo",
		"/etc/ld.so.cache",
		"/etc/localtime",
		"/etc/hosts",
		"/etc/resolv.conf",
		"/etc/nsswitch.conf",
		"/etc/host.conf",
		"/etc/gai.conf",
		"/etc/services",
		"/dev/null",
		"/dev/urandom",
		"/sys/devices/system/cpu",
		"/proc/sys/vm/overcommit_memory",
		"/proc/meminfo",
		"/proc/stat",
		"/proc/self",
	};
	const char *openssl = OPENSSL_info(OPENSSL_INFO_CONFIG_DIR);

	for (size_t i = 0; i < COUNT(paths); i++)
		lockin_grant(lockin, str_from(paths[i]), LOCKIN_READ);
	for (size_t i = 0; lockin_extra.read[i]; i++)
		lockin_grant(lockin, str_from(lockin_extra.read[i]), LOCKIN_READ);
	if (openssl)
		lockin_grant(
		    lockin, str_printf(lockin->arena, "%s/openssl.cnf", openssl), LOCKIN_READ);
	(void)dl_iterate_phdr(grant_library, lockin);
}

static int count_threads(void)
{
	DIR *folder = opendir("/proc/self/task");
	int count = 0;

	while (folder && readdir(folder))
		count++;
	if (folder)
		(void)closedir(folder);
	return count - 2; /* "." and ".." */
}

enum errc lockin_apply(const struct lockin *lockin, enum lockin_mode mode,
    struct lockin_report *report_out, struct err *err)
{
	enum errc rc = OK;

	*report_out = (struct lockin_report){ .landlock = 0 };
	if (mode == LOCKIN_OFF)
		return OK;
	if (count_threads() > 1 + lockin_extra.threads)
		return err_set(err, ERR_STATE, "lock-in: there are threads already");
	/* first: the filter of system calls knows nothing of Landlock's own */
	if (mode == LOCKIN_ON)
		rc = landlock_apply(lockin, &report_out->landlock, err);
	return rc == OK ? seccomp_apply(lockin, mode, &report_out->seccomp, err) : rc;
}
