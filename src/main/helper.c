#include "main/helper.h"

#include "base/arena.h"
#include "base/heap.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct helper {
	int fd;
	pid_t pid;
};

/* The answer to a request, which is one byte: any number with descriptors, then one without. */
struct message {
	int32_t code; /* enum errc: of the last one */
	uint32_t count;
	char path[2][FILES_PATH_MAX]; /* the last one: path[0] is the text of the error */
};

union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(2 * sizeof(int))];
};

static const char *const calls[] = { "brk", "close", "exit", "exit_group", "fcntl", "fstat",
	"futex", "getdents64", "getrandom", "lseek", "lstat", "madvise", "mmap", "mprotect",
	"mremap", "munmap", "newfstatat", "open", "openat", "access", "faccessat", "faccessat2",
	"fstatfs", "read", "recvfrom", "rt_sigprocmask", "rt_sigreturn", "sendmsg", "stat",
	"write", NULL };

static bool send_message(int fd, const struct message *message, const int *fds)
{
	struct iovec bytes = { (void *)(uintptr_t)message, sizeof(*message) };
	union control control = { .room = { 0 } };
	struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1 };

	if (fds != NULL && message->count > 0) {
		struct cmsghdr *part;
		size_t size = message->count * sizeof(int);

		header.msg_control = control.room;
		header.msg_controllen = CMSG_SPACE(size);
		part = CMSG_FIRSTHDR(&header);
		part->cmsg_level = SOL_SOCKET;
		part->cmsg_type = SCM_RIGHTS;
		part->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(part), fds, size);
	}
	return sendmsg(fd, &header, MSG_NOSIGNAL) == (ssize_t)sizeof(*message);
}

/* In the helper. */
static enum errc pass_on(void *arg, const struct opened *opened, struct err *err)
{
	struct message message = { .code = OK, .count = (uint32_t)opened->count };

	memcpy(message.path, opened->path, sizeof(message.path));
	return send_message(*(const int *)arg, &message, opened->fd)
	    ? OK
	    : err_set(err, ERR_CLOSED, "helper: the server is gone");
}

static void answer_requests(int fd, const struct files *files)
{
	const struct files_taker taker = { pass_on, &fd };
	unsigned char what;

	while (recv(fd, &what, 1, 0) == 1) {
		struct message end = { .code = ERR_ARG };
		struct err err = { .code = OK, .text = "" };

		if (what <= FILES_LOG)
			end.code =
			    (int32_t)files_open(files, (enum files_what)what, &taker, &err);
		(void)snprintf(end.path[0], sizeof(end.path[0]), "%s", err.text);
		if (!send_message(fd, &end, NULL))
			return;
	}
}

/* Of root's powers it keeps the one over files, whoever owns them. */
static bool keep_file_rights(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { .effective = 0 } };

	data[0].effective = 1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH;
	data[0].permitted = data[0].effective;
	return syscall(SYS_capset, &header, data) == 0 &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static bool lock_in(const struct files *files, enum lockin_mode sandbox)
{
	struct lockin lockin = { .arena = arena_new("helper"), .call = calls };
	struct lockin_report report;
	enum errc rc;

	files_grant(files, &lockin);
	rc = lockin_apply(&lockin, sandbox, &report, NULL);
	arena_free(&lockin.arena);
	return rc == OK;
}

static _Noreturn void live(int fd, const struct files *files, enum lockin_mode sandbox)
{
	int status = 1;

	(void)prctl(PR_SET_NAME, "helper");
	/* nothing of the server's but standard error and the socket, which becomes 3 */
	if (dup3(fd, 3, 0) == 3 || fd == 3) {
		(void)syscall(SYS_close_range, 4, ~0U, 0);
		if (keep_file_rights() && lock_in(files, sandbox)) {
			answer_requests(3, files);
			status = 0;
		}
	}
	_exit(status);
}

enum errc helper_start(const struct files *files, enum lockin_mode sandbox,
    struct helper **helper_out, struct err *err)
{
	struct helper *helper;
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return err_set(err, ERR_UNAVAIL, "helper: %s", strerrordesc_np(errno));
	pid = fork();
	if (pid == 0)
		live(pair[1], files, sandbox);
	(void)close(pair[1]);
	if (pid < 0) {
		(void)close(pair[0]);
		return err_set(err, ERR_UNAVAIL, "helper: %s", strerrordesc_np(errno));
	}
	helper = xcalloc(1, sizeof(*helper));
	helper->fd = pair[0];
	helper->pid = pid;
	*helper_out = helper;
	return OK;
}

static enum errc receive(
    struct helper *helper, struct message *message, int fds[2], struct err *err)
{
	struct iovec bytes = { message, sizeof(*message) };
	union control control = { .room = { 0 } };
	struct msghdr header = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room) };
	struct cmsghdr *part;
	size_t have = 0;

	if (recvmsg(helper->fd, &header, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(*message))
		return err_set(err, ERR_CLOSED, "the helper that opens files is gone; restart");
	part = CMSG_FIRSTHDR(&header);
	if (part && part->cmsg_type == SCM_RIGHTS) {
		have = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(part), have * sizeof(int));
	}
	if (have == message->count && (header.msg_flags & MSG_CTRUNC) == 0)
		return OK;
	for (size_t i = 0; i < have; i++)
		(void)close(fds[i]);
	return err_set(err, ERR_UNAVAIL, "helper: descriptors are lost");
}

static enum errc take_one(const struct message *message, const int fds[2],
    const struct files_taker *taker, struct err *err)
{
	struct opened opened = { .count = message->count, .fd = { fds[0], fds[1] } };
	enum errc rc;

	memcpy(opened.path, message->path, sizeof(opened.path));
	rc = taker->take(taker->arg, &opened, err);
	for (size_t i = 0; i < opened.count; i++)
		(void)close(opened.fd[i]);
	return rc;
}

enum errc helper_open(struct helper *helper, enum files_what what,
    const struct files_taker *taker, struct err *err)
{
	const unsigned char request = (unsigned char)what;
	enum errc rc = OK, taken = OK;
	struct message message;
	int fds[2] = { -1, -1 };

	if (send(helper->fd, &request, 1, MSG_NOSIGNAL) != 1)
		return err_set(err, ERR_CLOSED, "the helper that opens files is gone; restart");
	/* to the end, also when what came was refused: the next request has its own answers */
	while ((rc = receive(helper, &message, fds, err)) == OK && message.count > 0) {
		enum errc one = take_one(&message, fds, taker, taken == OK ? err : NULL);

		if (taken == OK)
			taken = one;
	}
	if (rc != OK || taken != OK)
		return rc != OK ? rc : taken;
	return message.code == OK
	    ? OK
	    : err_set(err, (enum errc)message.code, "%.*s", FILES_PATH_MAX, message.path[0]);
}

void helper_stop(struct helper **helperp)
{
	int status;

	if (!*helperp)
		return;
	(void)close((*helperp)->fd);
	(void)waitpid((*helperp)->pid, &status, 0);
	xfree(*helperp);
	*helperp = NULL;
}
