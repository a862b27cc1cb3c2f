/*
 * main/landlock.c - Landlock by its system calls: headers of the C library lag behind the kernel, and older kernels
 * know fewer rights. Each right is handled only where the kernel has it.
 */
#include "main/lockin_int.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/landlock.h, with what came later than the header */
#define CREATE_RULESET_VERSION (1U << 0)
#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT 2

#define FS_EXECUTE (UINT64_C(1) << 0)
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_REG (UINT64_C(1) << 8)
#define FS_TRUNCATE (UINT64_C(1) << 14)

#define NET_BIND_TCP (UINT64_C(1) << 0)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)

#define SCOPE_ABSTRACT_UNIX_SOCKET (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

/* How many of the rights to files there are: bits from 0 on. */
static const int fs_rights[] = {
	13, /* 1: Linux 5.13 */
	14, /* 2: 5.19, rename and link between folders */
	15, /* 3: 6.2, truncate */
	15, /* 4: 6.7, TCP */
	16, /* 5: 6.10, ioctl on devices */
	16, /* 6: 6.12, signals and abstract unix sockets */
};

/* A kernel that knows a shorter one takes this if the rest is zero. */
struct ruleset {
	uint64_t fs, net, scoped;
};

/* The kernel's is packed; the padding behind it is not looked at. */
struct path_beneath {
	uint64_t access;
	int32_t parent_fd;
};

struct net_port {
	uint64_t access, port;
};

static struct ruleset handled(int version)
{
	int known = version < (int)COUNT(fs_rights) ? version : (int)COUNT(fs_rights);
	struct ruleset ruleset = { .fs = (UINT64_C(1) << fs_rights[known - 1]) - 1 };

	if (version >= 4)
		ruleset.net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (version >= 6)
		ruleset.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
	return ruleset;
}

/* Programs are never run, so FS_EXECUTE is in none: libraries are mapped, which asks for reading. */
static uint64_t rights_of(unsigned access, bool is_folder)
{
	uint64_t rights = 0;

	if (access & LOCKIN_READ)
		rights |= FS_READ_FILE | FS_READ_DIR;
	if (access & LOCKIN_WRITE)
		rights |= FS_WRITE_FILE | FS_TRUNCATE;
	if (access & LOCKIN_MAKE)
		rights |= FS_MAKE_REG;
	if (access & LOCKIN_REMOVE)
		rights |= FS_REMOVE_FILE;
	return is_folder ? rights : rights & (FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE);
}

static enum errc add_grant(int ruleset_fd, const struct ruleset *ruleset,
    const struct lockin_grant *grant, struct err *err)
{
	int fd = open(grant->path, O_PATH | O_CLOEXEC);
	struct path_beneath rule = { .parent_fd = fd };
	enum errc rc = OK;
	struct stat about;

	if (fd < 0)
		return OK;
	if (fstat(fd, &about) == 0)
		rule.access = rights_of(grant->access, S_ISDIR(about.st_mode)) & ruleset->fs;
	if (rule.access != 0 &&
	    syscall(SYS_landlock_add_rule, ruleset_fd, RULE_PATH_BENEATH, &rule, 0) != 0)
		rc = err_set(err, ERR_DENIED, "lock-in: Landlock refuses a rule for %s: %s",
		    grant->path, strerrordesc_np(errno));
	/* rules are tied to inodes, and those of /proc are made anew unless somebody has them open: it stays open */
	if (strncmp(grant->path, "/proc/", 6) != 0)
		(void)close(fd);
	return rc;
}

static enum errc add_ports(
    int ruleset_fd, const struct ruleset *ruleset, const struct lockin *lockin, struct err *err)
{
	if (ruleset->net == 0)
		return OK;
	for (size_t i = 0; i < lockin->ports; i++) {
		struct net_port rule = { .access = NET_CONNECT_TCP, .port = lockin->port[i] };

		if (syscall(SYS_landlock_add_rule, ruleset_fd, RULE_NET_PORT, &rule, 0) != 0)
			return err_set(err, ERR_DENIED,
			    "lock-in: Landlock refuses a rule for port %u: %s", lockin->port[i],
			    strerrordesc_np(errno));
	}
	return OK;
}

enum errc landlock_apply(const struct lockin *lockin, int *version_out, struct err *err)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	struct ruleset ruleset;
	enum errc rc = OK;
	int fd;

	*version_out = 0;
	if (version < 1)
		return OK;
	ruleset = handled((int)version);
	fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
	if (fd < 0)
		return err_set(err, ERR_DENIED, "lock-in: Landlock makes no rules: %s",
		    strerrordesc_np(errno));
	for (size_t i = 0; rc == OK && i < lockin->grants; i++)
		rc = add_grant(fd, &ruleset, &lockin->grant[i], err);
	if (rc == OK)
		rc = add_ports(fd, &ruleset, lockin, err);
	if (rc == OK && syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		rc = err_set(err, ERR_DENIED, "lock-in: Landlock: %s", strerrordesc_np(errno));
	(void)close(fd);
	if (rc == OK)
		*version_out = (int)version;
	return rc;
}
