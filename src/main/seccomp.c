/*
 * main/seccomp.c - the system calls that the server's threads make under the C library, OpenSSL and SQLite.
 *
 * What is not in the lists fails with ENOSYS, as on a kernel that does not have it: libraries are made for that, and a
 * C library newer than these lists goes on with an older call. What only an intruder would do fails with EPERM.
 * Neither ends the process: a refused call is as harmless as a dead process, and mail goes on. The kernel's log has
 * them.
 */
#include "main/lockin_int.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

static const char *const allowed[] = {
	/* memory */
	"brk", "madvise", "mmap", "mprotect", "mremap", "munmap",
	/* files; which ones is Landlock's */
	"access", "close", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fadvise64",
	"fallocate", "fchmod", "fcntl", "fdatasync", "flock", "fstat", "fstatfs", "fsync",
	"ftruncate", "getcwd", "getdents64", "lseek", "lstat", "mkdir", "mkdirat", "newfstatat",
	"open", "openat", "pread64", "preadv", "pwrite64", "pwritev", "read", "readlink",
	"readlinkat", "readv", "rename", "renameat", "renameat2", "rmdir", "stat", "statx",
	"umask", "unlink", "unlinkat", "write", "writev",
	/* connections, which are accepted; whether they are made, the grants say */
	"accept", "accept4", "getpeername", "getsockname", "getsockopt", "recvfrom", "recvmmsg",
	"recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown", "epoll_create1",
	"epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2", "poll", "ppoll", "select",
	"pselect6",
	/* threads and time */
	"clock_getres", "clock_gettime", "clock_nanosleep", "exit", "exit_group", "futex",
	"getcpu", "gettimeofday", "membarrier", "nanosleep", "restart_syscall", "rseq",
	"sched_getaffinity", "sched_yield", "set_robust_list", "time", "wait4", "waitid",
	/* signals */
	"rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend",
	"rt_sigtimedwait", "sigaltstack",
	/* what a process may know of itself */
	"getegid", "geteuid", "getgid", "getpid", "getppid", "getrandom", "getresgid",
	"getresuid", "getrlimit", "getrusage", "gettid", "getuid", "sysinfo", "times", "uname",
	NULL
};

/* With EPERM, which says more than ENOSYS; not the whole of what is refused. */
static const char *const forbidden[] = { "bind", "bpf", "chmod", "chown", "connect", "execve",
	"execveat", "fork", "io_uring_setup", "kill", "keyctl", "listen", "mount",
	"open_by_handle_at", "perf_event_open", "pidfd_getfd", "pidfd_open", "process_vm_readv",
	"process_vm_writev", "ptrace", "setns", "setuid", "socket", "socketpair", "symlink",
	"symlinkat", "tkill", "unshare", "userfaultfd", "vfork", NULL };

/* Threads of our own: neither a process nor a namespace. */
#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define NAMESPACE_FLAGS                                                                        \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |         \
	    CLONE_NEWPID | CLONE_NEWNET)

/* 0 or the first negative errno. */
static int add(scmp_filter_ctx filter, uint32_t action, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);

	/* a name of another architecture, or newer than the library */
	if (number == __NR_SCMP_ERROR)
		return 0;
	return seccomp_rule_add(filter, action, number, 0);
}

static int add_all(scmp_filter_ctx filter, uint32_t action, const char *const *names)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && names[i]; i++)
		rc = add(filter, action, names[i]);
	return rc;
}

static bool is_extra(const char *name)
{
	for (size_t i = 0; lockin_extra.call[i]; i++)
		if (strcmp(lockin_extra.call[i], name) == 0)
			return true;
	return false;
}

static bool is_connecting(const char *name)
{
	return strcmp(name, "socket") == 0 || strcmp(name, "connect") == 0;
}

static int add_forbidden(scmp_filter_ctx filter, bool connects)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && forbidden[i]; i++)
		if (!is_extra(forbidden[i]) && !(connects && is_connecting(forbidden[i])))
			rc = add(filter, SCMP_ACT_ERRNO(EPERM), forbidden[i]);
	return rc;
}

static int add_number(scmp_filter_ctx filter, const char *name, struct scmp_arg_cmp compare)
{
	if (is_extra(name))
		return 0;
	return seccomp_rule_add(
	    filter, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(name), 1, compare);
}

static struct scmp_arg_cmp is(unsigned argument, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ .arg = argument, .op = SCMP_CMP_EQ, .datum_a = value };
}

/* Calls of which some uses are ours. */
static int add_some_uses(scmp_filter_ctx filter)
{
	const struct {
		const char *name;
		struct scmp_arg_cmp when;
	} uses[] = {
		{ "clone",
		    { .op = SCMP_CMP_MASKED_EQ,
			.datum_a = THREAD_FLAGS | NAMESPACE_FLAGS,
			.datum_b = THREAD_FLAGS } },
		{ "prctl", is(0, PR_SET_NAME) },
		{ "prctl", is(0, PR_GET_NAME) },
		/* abort */
		{ "tgkill", is(0, (scmp_datum_t)getpid()) },
		/* asking for limits and setting none */
		{ "prlimit64", is(2, 0) },
		/* how much the peer has taken; is it a terminal */
		{ "ioctl", is(1, TIOCOUTQ) },
		{ "ioctl", is(1, FIONREAD) },
		{ "ioctl", is(1, FIONBIO) },
		{ "ioctl", is(1, TCGETS) },
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < COUNT(uses); i++)
		rc = add_number(filter, uses[i].name, uses[i].when);
	return rc;
}

/* To a database server, and to those who know its address. */
static int add_connecting(scmp_filter_ctx filter)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6 };
	int rc = add(filter, SCMP_ACT_ALLOW, "connect");

	for (size_t i = 0; rc == 0 && i < COUNT(families); i++)
		rc = add_number(filter, "socket", is(0, (scmp_datum_t)families[i]));
	return rc;
}

static int build(scmp_filter_ctx filter, const struct lockin *lockin, enum lockin_mode mode)
{
	const char *const *calls = lockin->call;
	int rc;

	/* the kernel's log gets what is refused; no mitigations that are for code which strangers bring */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	rc = add_all(filter, SCMP_ACT_ALLOW, calls ? calls : allowed);
	if (rc == 0)
		rc = add(filter, SCMP_ACT_ALLOW, "clone3"); /* by this filter */
	if (rc == 0)
		rc = add_all(filter, SCMP_ACT_ALLOW, lockin_extra.call);
	if (rc == 0 && !calls)
		rc = add_some_uses(filter);
	if (rc == 0 && lockin->connects)
		rc = add_connecting(filter);
	if (rc == 0 && mode == LOCKIN_ON)
		rc = add_forbidden(filter, lockin->connects);
	return rc == 0 ? seccomp_load(filter) : rc;
}

/*
 * clone3 hides its flags behind a pointer, so it must fail, and the C library takes clone. It tries for each thread:
 * a filter of its own, so that this is not in the kernel's log.
 */
static int hide_clone3(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int rc = filter ? add(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3") : -ENOMEM;

	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}

enum errc seccomp_apply(
    const struct lockin *lockin, enum lockin_mode mode, bool *is_on_out, struct err *err)
{
	uint32_t action = mode == LOCKIN_ON ? SCMP_ACT_ERRNO(ENOSYS) : SCMP_ACT_LOG;
	scmp_filter_ctx filter;
	int rc;

	*is_on_out = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
	if (!*is_on_out)
		return OK;
	/* memory that was written never becomes code; a kernel before 6.3 does not know it */
	if (mode == LOCKIN_ON)
		(void)prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0);
	filter = seccomp_init(action);
	if (!filter)
		return err_set(err, ERR_INTERNAL, "lock-in: no filter of system calls");
	rc = hide_clone3();
	if (rc == 0)
		rc = build(filter, lockin, mode);
	seccomp_release(filter);
	return rc == 0 ? OK
		       : err_set(err, ERR_DENIED, "lock-in: seccomp: %s", strerrordesc_np(-rc));
}
