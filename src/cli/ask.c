#include "cli/ask.h"

#include "base/str.h"
#include "cli/command.h"
#include "cli/json_read.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_WAIT_S 5
#define READ_SIZE ((size_t)65536)

static enum errc connect_to(struct str path, int wait_s, int *fd_out, struct err *err)
{
	struct timeval wait = { .tv_sec = wait_s };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (path.n == 0 || path.n >= sizeof(address.sun_path))
		return err_set(
		    err, ERR_NOTFOUND, "\"%.*s\" is no path of a socket", STR_ARG(path));
	memcpy(address.sun_path, path.p, path.n);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, ERR_UNAVAIL, "%s", strerrordesc_np(errno));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
		*fd_out = fd;
		return OK;
	}
	(void)close(fd);
	if (errno == EACCES || errno == EPERM)
		return err_set(err, ERR_DENIED, "%.*s is not for this user", STR_ARG(path));
	return err_set(err, ERR_NOTFOUND, "no server runs at %.*s", STR_ARG(path));
}

static enum errc send_all(int fd, struct str line, struct err *err)
{
	while (line.n > 0) {
		ssize_t sent = send(fd, line.p, line.n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return err_set(err, ERR_UNAVAIL, "the server takes no request");
		line = str_from_at(line, (size_t)sent);
	}
	return OK;
}

static enum errc read_all(int fd, struct buf *answer, struct err *err)
{
	for (;;) {
		char *p = buf_reserve(answer, READ_SIZE);
		ssize_t got;

		if (!p)
			return err_set(err, ERR_LIMIT, "the server answers without end");
		got = read(fd, p, READ_SIZE);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(err, ERR_UNAVAIL, "the server did not answer in time");
		if (got == 0)
			return OK;
		buf_grown(answer, (size_t)got);
	}
}

/* {"error":"..."} */
static enum errc look_for_error(const struct buf *answer, struct arena *arena, struct err *err)
{
	struct cursor c = cursor_of(buf_str(answer));
	struct json_flat flat;
	struct str why;

	if (json_read_flat(&c, arena, &flat, NULL) != OK)
		return OK;
	why = json_flat_text(&flat, "error");
	return why.p ? err_set(err, ERR_UNSUPPORTED, "the server says: %.*s", STR_ARG(why))
		     : OK;
}

enum errc cli_exchange(
    struct str path, int wait_s, struct str request, struct buf *answer, struct err *err)
{
	int fd;
	enum errc rc = connect_to(path, wait_s, &fd, err);

	if (rc != OK)
		return rc;
	rc = send_all(fd, request, err);
	if (rc == OK)
		rc = read_all(fd, answer, err);
	(void)close(fd);
	return rc;
}

enum errc cli_ask(struct str path, const struct control_request *request, struct arena *arena,
    struct buf *answer, struct err *err)
{
	struct str line = control_request_write(arena, request);
	enum errc rc;

	if (path.n == 0)
		return err_set(
		    err, ERR_NOTFOUND, "there is no control socket (option control)");
	rc = cli_exchange(
	    path, ANSWER_WAIT_S, str_printf(arena, "%.*s\n", STR_ARG(line)), answer, err);
	if (rc == OK && (answer->n == 0 || answer->p[answer->n - 1] != '\n'))
		rc = err_set(err, ERR_CORRUPT, "the server's answer is cut off");
	return rc == OK ? look_for_error(answer, arena, err) : rc;
}

int cli_ask_server(
    const struct cli *cli, const struct control_request *request, struct buf *answer)
{
	struct err err = { .code = OK };
	struct site site;
	int status = cli_load(cli, &site);
	enum errc rc;

	if (status == EX_OK) {
		rc = cli_ask(site.settings->control, request, cli->arena, answer, &err);
		if (rc != OK)
			status = cli_fail(cli, rc, &err);
	}
	site_close(&site);
	return status;
}
