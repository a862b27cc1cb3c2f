/*
 * net/io.h - a nonblocking socket, in clear or under TLS, compressed on top of that or not.
 */
#pragma once

#include "net/tls.h"

struct deflate;

struct io {
	int fd;
	struct ssl_st *ssl;	 /* NULL: in clear */
	struct deflate *deflate; /* NULL: not compressed */
	size_t packed_of;	 /* so much of what io_write was given is packed and not sent */
	unsigned wait;		 /* after IO_WAIT: EPOLLIN or EPOLLOUT */
};

/*
 * *more_out: there may be more that nothing will announce, so read again before waiting. What is compressed may give IO_OK
 * and not a byte.
 */
enum io_result io_read(struct io *io, char *p, size_t room, size_t *got_out, bool *more_out);
/* After IO_WAIT it is to be called with the same bytes again, or more behind them. */
enum io_result io_write(struct io *io, struct str bytes, size_t *wrote_out);

/* ERR_STATE when no certificate is loaded. */
NODISCARD enum errc io_start_tls(struct io *io, struct tls_server *server);

/* From here on both directions are compressed. `already`: what has come behind the command that asked for it. */
void io_start_deflate(struct io *io, struct str already);

/* A pause: memory is given back. Returns how much is still held for compression. */
size_t io_rest(struct io *io);

/* close_notify under TLS, then a close that loses nothing of what was sent; with `wait` not before the peer closes too.
 * IO_WAIT: call it again when the peer has sent or closed; IO_OK: io_close may be called. */
enum io_result io_finish(struct io *io, bool wait, size_t *drained);

/*
 * Of a connection that ended orderly: has the peer's system taken all that was sent? Together with an orderly end this says
 * that the peer has read it, since a system that closes with bytes unread sends a reset.
 */
bool io_peer_took_all(const struct io *io);

void io_close(struct io *io);
