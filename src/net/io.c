#include "net/io.h"

#include "net/deflate.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of what a peer still sends to a connection that we close, more than this is not waited for. */
#define DRAIN_MAX ((size_t)(1024 * 1024))

static enum io_result failed(struct io *io, unsigned wait)
{
	if (errno != EAGAIN && errno != EINTR)
		return IO_FAILED;
	io->wait = wait;
	return IO_WAIT;
}

/* Of a peer that sends packed nothing so many pieces are taken at once. */
#define EMPTY_PIECES_MAX 16

static enum io_result read_plain(
    struct io *io, char *p, size_t room, size_t *got_out, bool *more_out)
{
	ssize_t n;

	if (io->ssl) {
		enum io_result result = tls_read(io->ssl, p, room, got_out, &io->wait);

		*more_out = result == IO_OK && (*got_out == room || tls_has_pending(io->ssl));
		return result;
	}
	n = recv(io->fd, p, room, 0);
	*got_out = n > 0 ? (size_t)n : 0;
	*more_out = *got_out == room;
	if (n > 0)
		return IO_OK;
	return n == 0 ? IO_EOF : failed(io, EPOLLIN);
}

static enum io_result read_packed(
    struct io *io, char *p, size_t room, size_t *got_out, bool *more_out)
{
	enum io_result result = IO_OK;

	for (int i = 0; i < EMPTY_PIECES_MAX; i++) {
		char piece[DEFLATE_GIVE_MAX];
		size_t n = 0;
		bool more;

		result = deflate_read(io->deflate, p, room, got_out);
		if (result != IO_WAIT)
			break;
		result = read_plain(io, piece, sizeof(piece), &n, &more);
		if (result != IO_OK)
			break;
		deflate_give(io->deflate, (struct str){ piece, n });
	}
	*more_out = result == IO_OK &&
	    (*got_out == 0 || deflate_has_pending(io->deflate) ||
		(io->ssl && tls_has_pending(io->ssl)));
	return result;
}

enum io_result io_read(struct io *io, char *p, size_t room, size_t *got_out, bool *more_out)
{
	return io->deflate ? read_packed(io, p, room, got_out, more_out)
			   : read_plain(io, p, room, got_out, more_out);
}

static enum io_result write_plain(struct io *io, struct str bytes, size_t *wrote_out)
{
	ssize_t n;

	if (io->ssl)
		return tls_write(io->ssl, bytes, wrote_out, &io->wait);
	n = send(io->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
	*wrote_out = n > 0 ? (size_t)n : 0;
	return n > 0 ? IO_OK : failed(io, EPOLLOUT);
}

/* Bytes count as written when all that was made of them is. */
static enum io_result write_packed(struct io *io, struct str bytes, size_t *wrote_out)
{
	*wrote_out = 0;
	if (io->packed_of == 0)
		io->packed_of = deflate_pack(io->deflate, bytes);
	while (deflate_packed(io->deflate).n > 0) {
		size_t n = 0;
		enum io_result result = write_plain(io, deflate_packed(io->deflate), &n);

		if (result != IO_OK)
			return result;
		deflate_sent(io->deflate, n);
	}
	*wrote_out = io->packed_of;
	io->packed_of = 0;
	return IO_OK;
}

enum io_result io_write(struct io *io, struct str bytes, size_t *wrote_out)
{
	return io->deflate ? write_packed(io, bytes, wrote_out)
			   : write_plain(io, bytes, wrote_out);
}

void io_start_deflate(struct io *io, struct str already)
{
	io->deflate = deflate_new(already);
}

size_t io_rest(struct io *io)
{
	if (!io->deflate)
		return 0;
	deflate_rest(io->deflate);
	return deflate_memory(io->deflate);
}

enum errc io_start_tls(struct io *io, struct tls_server *server)
{
	io->ssl = tls_new(server, io->fd);
	return io->ssl ? OK : ERR_STATE;
}

/*
 * A close while input is unread sends a reset, which can overtake our last words. So: say that we are through,
 * and take what comes until the peer is through as well.
 */
enum io_result io_finish(struct io *io, bool wait, size_t *drained)
{
	char scratch[4096];
	ssize_t n;

	if (io->ssl && *drained == 0)
		tls_goodbye(io->ssl);
	if (wait)
		(void)shutdown(io->fd, SHUT_WR);
	for (;;) {
		n = recv(io->fd, scratch, sizeof(scratch), MSG_DONTWAIT);
		if (n <= 0)
			break;
		if (*drained == 0)
			(void)shutdown(io->fd, SHUT_WR);
		*drained += (size_t)n;
		if (*drained > DRAIN_MAX)
			return IO_OK;
	}
	if (n < 0 && errno == EAGAIN && (wait || *drained > 0)) {
		io->wait = EPOLLIN;
		return IO_WAIT;
	}
	return IO_OK;
}

/* Of TCP the queue holds what is not acknowledged, of a unix socket what the peer itself has not read. */
bool io_peer_took_all(const struct io *io)
{
	socklen_t size = sizeof(int);
	int error = 0, queued = 0;

	return getsockopt(io->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0 &&
	    ioctl(io->fd, SIOCOUTQ, &queued) == 0 && queued == 0;
}

void io_close(struct io *io)
{
	deflate_free(&io->deflate);
	if (io->ssl)
		tls_free(&io->ssl);
	if (io->fd >= 0)
		(void)close(io->fd);
	io->fd = -1;
}
