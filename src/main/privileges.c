#include "main/privileges.h"

#include "base/arena.h"
#include "base/str.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PASSWD_ROOM ((size_t)16384)

struct identity {
	uid_t uid;
	gid_t gid;
	char home[PATH_MAX];
};

static void take_entry(const struct passwd *entry, struct identity *identity_out)
{
	*identity_out = (struct identity){ .uid = entry->pw_uid, .gid = entry->pw_gid };
	(void)snprintf(identity_out->home, sizeof(identity_out->home), "%s", entry->pw_dir);
}

static enum errc find_user(struct str user, struct identity *identity_out, struct err *err)
{
	struct arena *arena = arena_new("user");
	const char *name = str_cstr(arena, user);
	char *room = arena_alloc(arena, PASSWD_ROOM);
	struct passwd entry, *found = NULL;
	uint64_t uid;

	if (str_to_u64(user, UINT32_MAX - 1, &uid) == OK)
		(void)getpwuid_r((uid_t)uid, &entry, room, PASSWD_ROOM, &found);
	else if (name)
		(void)getpwnam_r(name, &entry, room, PASSWD_ROOM, &found);
	if (found)
		take_entry(found, identity_out);
	arena_free(&arena);
	return found ? OK
		     : err_set(err, ERR_NOTFOUND, "there is no user \"%.*s\" on this machine",
			   STR_ARG(user));
}

/* With the one group and no other, for good. */
static enum errc become(const struct identity *who, struct err *err)
{
	if (setgroups(1, &who->gid) != 0 || setresgid(who->gid, who->gid, who->gid) != 0 ||
	    setresuid(who->uid, who->uid, who->uid) != 0)
		return err_set(err, ERR_DENIED, "cannot become user %u: %s", (unsigned)who->uid,
		    strerrordesc_np(errno));
	if (who->uid != 0 && setuid(0) == 0)
		return err_set(err, ERR_INTERNAL, "root could be gained back");
	/* libraries of databases look there for certificates and passwords; root's are closed to us */
	if (setenv("HOME", who->home, 1) != 0)
		return err_set(err, ERR_UNAVAIL, "HOME: %s", strerrordesc_np(errno));
	return OK;
}

enum errc privileges_become_user(const char *user, struct err *err)
{
	struct identity who;
	enum errc rc = OK;

	if (geteuid() != 0)
		return OK;
	rc = find_user(str_from(user), &who, err);
	return rc == OK ? become(&who, err) : rc;
}

enum errc privileges_become_owner(const char *path, struct err *err)
{
	struct arena *arena = arena_new("owner");
	char *folder = str_cstr(arena, str_from(path)); /* dirname writes into it */
	struct stat about;
	struct identity who = { .uid = 0 };
	enum errc rc = OK;

	if (geteuid() == 0 && (stat(path, &about) == 0 || stat(dirname(folder), &about) == 0) &&
	    about.st_uid != 0) {
		/* an owner may have no name, and then has no home */
		(void)find_user(
		    str_printf(arena, "%llu", (unsigned long long)about.st_uid), &who, NULL);
		who.uid = about.st_uid;
		who.gid = about.st_gid;
		rc = become(&who, err);
	}
	arena_free(&arena);
	return rc;
}

/* What is left without root: the right to low ports, of a service manager. Every port is bound by now. */
static enum errc forget_capabilities(struct err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[2] = { { .effective = 0 } };

	if (syscall(SYS_capset, &header, none) == 0)
		return OK;
	return err_set(
	    err, ERR_DENIED, "cannot give up capabilities: %s", strerrordesc_np(errno));
}

enum errc privileges_drop(struct str user, struct err *err)
{
	struct identity who;
	enum errc rc = OK;

	(void)umask(077);
	if (geteuid() == 0) {
		if (user.n == 0)
			return err_set(err, ERR_DENIED,
			    "started as root: set run_as to the user that the server is to "
			    "become");
		rc = find_user(user, &who, err);
		if (rc == OK && who.uid == 0)
			rc = err_set(err, ERR_DENIED,
			    "run_as: the server does not run as root; name another user");
		if (rc == OK)
			rc = become(&who, err);
	}
	if (rc == OK)
		rc = forget_capabilities(err);
	if (rc == OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		rc = err_set(err, ERR_DENIED, "no_new_privs: %s", strerrordesc_np(errno));
	return rc;
}

enum errc privileges_files_as(struct str user, struct err *err)
{
	struct identity who;
	enum errc rc;

	if (geteuid() != 0)
		return OK;
	rc = find_user(user, &who, err);
	if (rc != OK)
		return rc;
	(void)setfsgid(who.gid);
	(void)setfsuid(who.uid);
	/* the call itself does not say whether it worked; it gives what there was before */
	if (setfsuid((uid_t)-1) == (int)who.uid)
		return OK;
	privileges_files_own();
	return err_set(err, ERR_DENIED, "cannot make files of user %u", (unsigned)who.uid);
}

void privileges_files_own(void)
{
	(void)setfsuid(geteuid());
	(void)setfsgid(getegid());
}

void privileges_raise_descriptors(uint64_t wanted, uint64_t *have_out)
{
	struct rlimit limit;

	*have_out = 0;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	if (limit.rlim_cur < wanted) {
		rlim_t now = limit.rlim_cur;

		limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			limit.rlim_cur = now;
	}
	*have_out = limit.rlim_cur;
}
