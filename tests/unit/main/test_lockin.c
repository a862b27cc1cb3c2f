/*
 * From inside: processes that have locked themselves in try what an intruder would, and do what the server does.
 *
 * Each case is a child of its own. Root runs these tests as gladly as anybody: what is refused is refused to root, too.
 */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "base/thread.h"
#include "main/lockin.h"
#include "net/spool.h"

#include <sqlite3.h>

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PR_GET_MDWE
#define PR_GET_MDWE 66
#endif

enum { REFUSED = 0, DONE = 100, SKIPPED = 101, NOT_LOCKED = 102 };

/* Folders: ours is granted, the other is not. Sockets were made before. */
struct world {
	char ours[64], other[64], ours_file[80], other_file[80], library[80];
	int tcp, bound, unix_socket;
	int port, other_port; /* somebody listens at both */
	bool connects;	      /* to `port` */
};

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

/* A port of loopback where somebody listens until this program ends. */
static int listen_somewhere(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	return ntohs(at.sin_port);
}

static int set_up(void **state)
{
	static struct world w;
	struct sockaddr_in any = { .sin_family = AF_INET };

	(void)snprintf(w.ours, sizeof(w.ours), "/tmp/tabella-test-XXXXXX");
	(void)snprintf(w.other, sizeof(w.other), "/tmp/tabella-test-XXXXXX");
	assert_non_null(mkdtemp(w.ours));
	assert_non_null(mkdtemp(w.other));
	(void)snprintf(w.ours_file, sizeof(w.ours_file), "%s/file", w.ours);
	(void)snprintf(w.other_file, sizeof(w.other_file), "%s/file", w.other);
	write_file(w.ours_file, "ours");
	write_file(w.other_file, "other");
	w.tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	w.bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	w.unix_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(w.bound, (struct sockaddr *)&any, sizeof(any)), 0);
	w.port = listen_somewhere();
	w.other_port = listen_somewhere();
	*state = &w;
	return 0;
}

static int remove_all(const char *folder)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		(void)execl("/bin/rm", "rm", "-rf", folder, (char *)NULL);
		_exit(1);
	}
	(void)waitpid(child, &status, 0);
	return status;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	(void)close(w->tcp);
	(void)close(w->bound);
	(void)close(w->unix_socket);
	return remove_all(w->ours) | remove_all(w->other);
}

/* In the child. False: this kernel cannot, or it failed, which is told. */
static bool lock(const struct world *w, enum lockin_mode mode)
{
	struct lockin lockin = { .arena = arena_new("test") };
	struct lockin_report report;
	struct err err = { .code = OK };

	lockin_grant_system(&lockin);
	lockin_grant(&lockin, str_from(w->ours),
	    LOCKIN_READ | LOCKIN_WRITE | LOCKIN_MAKE | LOCKIN_REMOVE);
	if (w->connects)
		lockin_grant_connect(&lockin, w->port);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    lockin_apply(&lockin, mode, &report, &err) != OK) {
		(void)fprintf(stderr, "lock-in: %s\n", err.text);
		_exit(NOT_LOCKED);
	}
	arena_free(&lockin.arena);
	return mode != LOCKIN_ON || (report.landlock > 0 && report.seccomp);
}

/* -1 with errno, or not. */
static long go_read_shadow(const struct world *w)
{
	(void)w;
	return open("/etc/shadow", O_RDONLY | O_CLOEXEC);
}

static long go_read_passwd(const struct world *w)
{
	(void)w;
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static long go_write_etc(const struct world *w)
{
	(void)w;
	return open("/etc/tabella-was-here", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
}

static long go_write_hosts(const struct world *w)
{
	(void)w;
	return open("/etc/hosts", O_WRONLY | O_CLOEXEC);
}

static long go_write_library(const struct world *w)
{
	(void)w;
	return open("/usr/lib/tabella-was-here", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
}

static long go_read_other(const struct world *w)
{
	return open(w->other_file, O_RDONLY | O_CLOEXEC);
}

static long go_climb_out(const struct world *w)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/../%s/file", w->ours, strrchr(w->other, '/'));
	return open(path, O_RDONLY | O_CLOEXEC);
}

static long go_climb_through_proc(const struct world *w)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "/proc/self/root%s", w->other_file);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static long go_truncate_other(const struct world *w)
{
	return syscall(SYS_truncate, w->other_file, 0);
}

static long go_remove_other(const struct world *w)
{
	return unlink(w->other_file);
}

static long go_rename_out(const struct world *w)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/stolen", w->other);
	return rename(w->ours_file, path);
}

static long go_link_in(const struct world *w)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/stolen", w->ours);
	return link(w->other_file, path);
}

static long go_symlink(const struct world *w)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/link", w->ours);
	return symlink("/etc/shadow", path);
}

static long go_make_folder(const struct world *w)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/folder", w->ours);
	return mkdir(path, 0700);
}

static long go_make_fifo(const struct world *w)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/fifo", w->ours);
	return mkfifo(path, 0700);
}

static long go_chmod(const struct world *w)
{
	return chmod(w->other_file, 04755);
}

static long go_exec(const struct world *w)
{
	char *const arguments[] = { (char[]){ "true" }, NULL };

	(void)w;
	return execve("/bin/true", arguments, arguments + 1);
}

static long go_exec_memory(const struct world *w)
{
	char *const arguments[] = { (char[]){ "x" }, NULL };
	long fd = syscall(SYS_memfd_create, "x", 0);

	(void)w;
	return fd < 0 ? fd : syscall(SYS_execveat, fd, "", arguments, arguments + 1, 0x1000);
}

static long go_fork(const struct world *w)
{
	(void)w;
	return syscall(SYS_fork);
}

static long go_new_namespace(const struct world *w)
{
	(void)w;
	return unshare(CLONE_NEWUSER);
}

static long go_trace_parent(const struct world *w)
{
	(void)w;
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static long go_read_parent(const struct world *w)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)(uintptr_t)w, 1 };

	return process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}

static long go_read_parents_memory(const struct world *w)
{
	char path[64];

	(void)w;
	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)getppid());
	return open(path, O_RDONLY | O_CLOEXEC);
}

static long go_kill_parent(const struct world *w)
{
	(void)w;
	return kill(getppid(), SIGKILL);
}

static long go_socket_inet(const struct world *w)
{
	(void)w;
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long go_socket_udp(const struct world *w)
{
	(void)w;
	return socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static long go_socket_unix(const struct world *w)
{
	(void)w;
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long go_socket_netlink(const struct world *w)
{
	(void)w;
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
}

static long go_socketpair(const struct world *w)
{
	int pair[2];

	(void)w;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

static long go_connect(const struct world *w)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(25) };

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(w->tcp, (struct sockaddr *)&to, sizeof(to));
}

static long go_connect_unix(const struct world *w)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX,
		.sun_path = "/run/dbus/system_bus_socket" };

	return connect(w->unix_socket, (struct sockaddr *)&to, sizeof(to));
}

static long go_bind(const struct world *w)
{
	struct sockaddr_in any = { .sin_family = AF_INET };

	return bind(w->tcp, (struct sockaddr *)&any, sizeof(any));
}

static long go_listen(const struct world *w)
{
	return listen(w->bound, 1);
}

static long go_mount(const struct world *w)
{
	return mount("none", w->ours, "tmpfs", 0, NULL);
}

static long go_setuid(const struct world *w)
{
	(void)w;
	return syscall(SYS_setuid, 1);
}

static long go_raise_limit(const struct world *w)
{
	struct rlimit limit = { 100, 100 };

	(void)w;
	return syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, NULL);
}

static long go_bpf(const struct world *w)
{
	(void)w;
	return syscall(SYS_bpf, 0, NULL, 0);
}

static long go_io_uring(const struct world *w)
{
	char room[256] = { 0 };

	(void)w;
	return syscall(SYS_io_uring_setup, 1, room);
}

static long go_perf(const struct world *w)
{
	(void)w;
	return syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0);
}

static long go_userfaultfd(const struct world *w)
{
	(void)w;
	return syscall(SYS_userfaultfd, 0);
}

static long go_undo_filter(const struct world *w)
{
	(void)w;
	return syscall(SYS_seccomp, 0, 0, NULL);
}

/* A kernel before 6.3 cannot forbid these two. */
static bool forbids_new_code(void)
{
	return prctl(PR_GET_MDWE, 0, 0, 0, 0) >= 0;
}

static long go_writable_code(const struct world *w)
{
	void *p = mmap(
	    NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)w;
	return p == MAP_FAILED ? -1 : 0;
}

static long go_written_code(const struct world *w)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)w;
	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static const struct attempt {
	const char *name;
	long (*go)(const struct world *w);
	bool (*applies)(void);
} attempts[] = {
	{ "read /etc/shadow", go_read_shadow, NULL },
	{ "read /etc/passwd", go_read_passwd, NULL },
	{ "make a file in /etc", go_write_etc, NULL },
	{ "write to a file that may be read", go_write_hosts, NULL },
	{ "make a file among the libraries", go_write_library, NULL },
	{ "read a file beside", go_read_other, NULL },
	{ "read a file by ..", go_climb_out, NULL },
	{ "read a file by /proc/self/root", go_climb_through_proc, NULL },
	{ "truncate a file beside", go_truncate_other, NULL },
	{ "remove a file beside", go_remove_other, NULL },
	{ "move a file out", go_rename_out, NULL },
	{ "link a file in", go_link_in, NULL },
	{ "make a symbolic link", go_symlink, NULL },
	{ "make a folder", go_make_folder, NULL },
	{ "make a fifo", go_make_fifo, NULL },
	{ "chmod", go_chmod, NULL },
	{ "run a program", go_exec, NULL },
	{ "run a program from memory", go_exec_memory, NULL },
	{ "fork", go_fork, NULL },
	{ "make a namespace", go_new_namespace, NULL },
	{ "trace another process", go_trace_parent, NULL },
	{ "read another process", go_read_parent, NULL },
	{ "read another process by /proc", go_read_parents_memory, NULL },
	{ "kill another process", go_kill_parent, NULL },
	{ "make a TCP socket", go_socket_inet, NULL },
	{ "make a UDP socket", go_socket_udp, NULL },
	{ "make a unix socket", go_socket_unix, NULL },
	{ "make a netlink socket", go_socket_netlink, NULL },
	{ "make a pair of sockets", go_socketpair, NULL },
	{ "connect an older socket", go_connect, NULL },
	{ "connect an older unix socket", go_connect_unix, NULL },
	{ "bind an older socket", go_bind, NULL },
	{ "listen at an older socket", go_listen, NULL },
	{ "mount", go_mount, NULL },
	{ "become another user", go_setuid, NULL },
	{ "set a limit", go_raise_limit, NULL },
	{ "bpf", go_bpf, NULL },
	{ "io_uring", go_io_uring, NULL },
	{ "perf", go_perf, NULL },
	{ "userfaultfd", go_userfaultfd, NULL },
	{ "change the filter", go_undo_filter, NULL },
	{ "map code that can be written", go_writable_code, forbids_new_code },
	{ "make code of what was written", go_written_code, forbids_new_code },
};

/* The child's status: how it ended. */
static int in_a_child(const struct world *w, enum lockin_mode mode,
    int (*run)(const struct world *, const void *), const void *arg)
{
	int status = 0;
	pid_t child;

	(void)fflush(NULL);
	child = fork();
	if (child == 0)
		_exit(lock(w, mode) ? run(w, arg) : SKIPPED);
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static int try(const struct world *w, const void *arg)
{
	const struct attempt *attempt = arg;

	if (attempt->applies && !attempt->applies())
		return REFUSED;
	errno = 0;
	if (attempt->go(w) >= 0)
		return DONE;
	/* what is refused says so; another failure would prove nothing */
	return errno == EACCES || errno == EPERM || errno == ENOSYS || errno == EXDEV ? REFUSED
										      : errno;
}

static void refuses_what_an_intruder_would_do(void **state)
{
	size_t refused = 0;

	for (size_t i = 0; i < COUNT(attempts); i++) {
		int status = in_a_child(*state, LOCKIN_ON, try, &attempts[i]);

		if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
			skip();
		if (!WIFEXITED(status) || WEXITSTATUS(status) != REFUSED)
			fail_msg("%s: status %#x", attempts[i].name, (unsigned)status);
		refused++;
	}
	assert_int_equal(refused, COUNT(attempts));
}

/* The same attempts without the lock, so that a refusal is the lock's. Not those that would hurt the test. */
static void the_attempts_succeed_without_it(void **state)
{
	static const struct attempt free_ones[] = {
		{ "read /etc/passwd", go_read_passwd, NULL },
		{ "read a file beside", go_read_other, NULL },
		{ "read a file by ..", go_climb_out, NULL },
		{ "read a file by /proc/self/root", go_climb_through_proc, NULL },
		{ "chmod", go_chmod, NULL },
		{ "make a folder", go_make_folder, NULL },
		{ "make a fifo", go_make_fifo, NULL },
		{ "make a symbolic link", go_symlink, NULL },
		{ "make a TCP socket", go_socket_inet, NULL },
		{ "make a unix socket", go_socket_unix, NULL },
		{ "make a netlink socket", go_socket_netlink, NULL },
		{ "make a pair of sockets", go_socketpair, NULL },
		{ "bind an older socket", go_bind, NULL },
		{ "listen at an older socket", go_listen, NULL },
		{ "map code that can be written", go_writable_code, NULL },
		{ "make code of what was written", go_written_code, NULL },
	};

	for (size_t i = 0; i < COUNT(free_ones); i++) {
		int status = in_a_child(*state, LOCKIN_OFF, try, &free_ones[i]);

		if (!WIFEXITED(status) || WEXITSTATUS(status) != DONE)
			fail_msg("%s: status %#x", free_ones[i].name, (unsigned)status);
	}
}

/* What follows is what the server does. 0, or the number of the line that failed. */
#define MUST(what)                                                                             \
	do {                                                                                   \
		if (!(what)) {                                                                 \
			(void)fprintf(stderr, "failed: %s (%s)\n", #what, strerror(errno));    \
			return 1;                                                              \
		}                                                                              \
	} while (0)

static int use_database(const struct world *w, const void *arg)
{
	static const char sql[] =
	    "pragma journal_mode = wal; create table t(a); insert into t values "
	    "(randomblob(9));"
	    "pragma wal_checkpoint(truncate); vacuum; pragma journal_mode = delete;"
	    "insert into t values (2); drop table t;";
	char path[100];
	sqlite3 *db = NULL;

	(void)arg;
	(void)snprintf(path, sizeof(path), "%s/test.db", w->ours);
	MUST(sqlite3_open(path, &db) == SQLITE_OK);
	MUST(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
	MUST(sqlite3_close(db) == SQLITE_OK);
	MUST(unlink(path) == 0);
	return 0;
}

/* Converters are loaded when a character set is first seen. */
static int use_charsets(const struct world *w, const void *arg)
{
	static const char *const names[] = { "ISO-2022-KR", "EUC-TW", "IBM1047", "BIG5-HKSCS",
		"KOI8-T" };

	(void)w;
	(void)arg;
	for (size_t i = 0; i < COUNT(names); i++) {
		iconv_t converter = iconv_open("UTF-8", names[i]);

		MUST(converter != (iconv_t)-1); // NOLINT: that is how iconv says it
		(void)iconv_close(converter);
	}
	return 0;
}

static int use_log_and_spool(const struct world *w, const void *arg)
{
	struct log_sink sink = LOG_SINK_STDERR;
	struct spool *spool = spool_new(w->ours, 16, 1000);
	char path[100], turned[100];
	struct err err;

	(void)arg;
	(void)snprintf(path, sizeof(path), "%s/log", w->ours);
	(void)snprintf(turned, sizeof(turned), "%s/log.1", w->ours);
	sink.fd = dup(2);
	MUST(log_sink_to_file(&sink, path, &err) == OK);
	MUST(rename(path, turned) == 0);
	MUST(log_sink_to_file(&sink, path, &err) == OK);
	MUST(access(path, F_OK) == 0);
	MUST(spool_add(spool, STR("more than sixteen bytes, so a file"), &err) == OK);
	spool_free(&spool);
	return 0;
}

static void *answer(void *arg)
{
	char *name = arg;

	(void)pthread_getname_np(pthread_self(), name, 16);
	return NULL;
}

static int use_threads(const struct world *w, const void *arg)
{
	char name[16] = "";
	pthread_t thread;
	struct err err;

	(void)w;
	(void)arg;
	MUST(thread_start("named", THREAD_STACK_SIZE, answer, name, &thread, &err) == OK);
	thread_join(thread);
	MUST(strcmp(name, "named") == 0);
	return 0;
}

static int use_system(const struct world *w, const void *arg)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	char byte;
	int fd;

	(void)arg;
	MUST(epoll >= 0);
	MUST(getentropy(&byte, 1) == 0);
	MUST((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0 && close(fd) == 0);
	MUST((fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) >= 0 && close(fd) == 0);
	MUST((fd = open(w->ours_file, O_RDWR | O_CLOEXEC)) >= 0 && read(fd, &byte, 1) == 1);
	MUST(sysconf(_SC_NPROCESSORS_ONLN) > 0);
	(void)close(fd);
	(void)close(epoll);
	return 0;
}

static void lets_the_server_do_its_work(void **state)
{
	static int (*const uses[])(const struct world *, const void *) = { use_database,
		use_charsets, use_log_and_spool, use_threads, use_system };

	for (size_t i = 0; i < COUNT(uses); i++) {
		int status = in_a_child(*state, LOCKIN_ON, uses[i], NULL);

		if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
			skip();
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail_msg("use %zu: status %#x", i, (unsigned)status);
	}
}

static int connect_to(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return fd < 0 ? fd : connect(fd, (struct sockaddr *)&to, sizeof(to));
}

/* What a node with a database server does. `arg`: TCP is held, too. */
static int use_a_server(const struct world *w, const void *arg)
{
	MUST(go_socket_udp(w) >= 0 && go_socket_unix(w) >= 0 && connect_to(w->port) == 0);
	MUST(go_socket_netlink(w) < 0 && go_socketpair(w) < 0 && go_bind(w) < 0 &&
	    go_listen(w) < 0);
	MUST(!arg || (connect_to(w->other_port) < 0 && errno == EACCES));
	return 0;
}

static void lets_it_connect_to_the_database_and_nowhere_else(void **state)
{
	struct world w = *(const struct world *)*state;
	/* Landlock knows TCP from Linux 6.7 on: version 4 */
	bool holds_tcp = syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 4;
	int status;

	w.connects = true;
	status = in_a_child(&w, LOCKIN_ON, use_a_server, holds_tcp ? &w : NULL);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int call_abort(const struct world *w, const void *arg)
{
	(void)w;
	(void)arg;
	(void)signal(SIGABRT, SIG_DFL); // NOLINT: the sanitizers' handler is no part of this
	abort();
}

/* A failed assertion must end it, in a way that a supervisor sees. */
static void can_still_abort(void **state)
{
	int status = in_a_child(*state, LOCKIN_ON, call_abort, NULL);

	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static int use_the_world(const struct world *w, const void *arg)
{
	(void)arg;
	MUST(go_read_passwd(w) >= 0);
	MUST(go_read_other(w) >= 0);
	MUST(go_socket_inet(w) >= 0);
	return 0;
}

static void refuses_nothing_when_it_only_logs(void **state)
{
	int status = in_a_child(*state, LOCKIN_LOG, use_the_world, NULL);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void *sleep_long(void *arg)
{
	(void)arg;
	(void)pause();
	return NULL;
}

static int lock_too_late(const struct world *w, const void *arg)
{
	struct lockin lockin = { .arena = arena_new("test") };
	struct lockin_report report;
	pthread_t thread;
	struct err err;

	(void)w;
	(void)arg;
	for (int i = 0; i < 3; i++)
		MUST(thread_start("late", THREAD_STACK_SIZE, sleep_long, NULL, &thread, &err) ==
		    OK);
	MUST(lockin_apply(&lockin, LOCKIN_ON, &report, &err) == ERR_STATE);
	return 0;
}

static void leaves_no_thread_outside(void **state)
{
	int status = in_a_child(*state, LOCKIN_OFF, lock_too_late, NULL);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_an_intruder_would_do),
		cmocka_unit_test(the_attempts_succeed_without_it),
		cmocka_unit_test(lets_the_server_do_its_work),
		cmocka_unit_test(lets_it_connect_to_the_database_and_nowhere_else),
		cmocka_unit_test(can_still_abort),
		cmocka_unit_test(refuses_nothing_when_it_only_logs),
		cmocka_unit_test(leaves_no_thread_outside),
	};

	return cmocka_run_group_tests_name("main/lockin", tests, set_up, tear_down);
}
