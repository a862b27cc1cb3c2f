/*
 * cli/owner.c - a command that root runs beside a server of another user must leave no file of root's behind: the
 * write-ahead log would be one that the server cannot open.
 */
#include "base/str.h"
#include "cli/command.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSWD_ROOM ((size_t)16384)

static enum errc become(uid_t uid, gid_t gid, struct err *err)
{
	if (setgroups(1, &gid) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		return err_set(err, ERR_DENIED, "cannot become user %u: %s", (unsigned)uid,
		    strerrordesc_np(errno));
	return OK;
}

enum errc cli_become_owner(const char *path, struct err *err)
{
	struct arena *arena = arena_new("owner");
	struct stat about;
	enum errc rc = OK;
	int found;

	if (geteuid() == 0) {
		found = stat(path, &about);
		if (found != 0)
			found = stat(dirname(str_cstr(arena, str_from(path))), &about);
		if (found == 0 && about.st_uid != 0)
			rc = become(about.st_uid, about.st_gid, err);
	}
	arena_free(&arena);
	return rc;
}

enum errc cli_become_user(const char *user, struct err *err)
{
	struct arena *arena = arena_new("owner");
	char *room = arena_alloc(arena, PASSWD_ROOM);
	struct passwd entry, *found = NULL;
	uint64_t uid;
	enum errc rc;

	if (str_to_u64(str_from(user), UINT32_MAX - 1, &uid) == OK)
		(void)getpwuid_r((uid_t)uid, &entry, room, PASSWD_ROOM, &found);
	else
		(void)getpwnam_r(user, &entry, room, PASSWD_ROOM, &found);
	if (found)
		rc = become(found->pw_uid, found->pw_gid, err);
	else
		rc = err_set(err, ERR_NOTFOUND, "there is no user \"%s\" here", user);
	arena_free(&arena);
	return rc;
}
