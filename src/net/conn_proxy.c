/*
 * net/conn_proxy.c - the beginning of a connection from a trusted proxy: its header, and who the client is then.
 *
 * The header is peeked at, and taken off the socket as far as it goes: what follows may be a TLS handshake.
 */
#include "net/conn_int.h"
#include "net/proxy.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

static enum turn no_header(struct conn *conn, const struct err *err)
{
	log_warn(&conn->log, "proxy-failed", F_ERR(err));
	return conn_end(conn, "proxy");
}

/* Takes `n` bytes off the socket that were peeked at. */
static bool take(struct conn *conn, size_t n)
{
	char scratch[PROXY_SIZE_MAX];

	while (n > 0) {
		ssize_t got = recv(conn->io.fd, scratch, n, 0);

		if (got <= 0)
			return false;
		n -= (size_t)got;
	}
	return true;
}

/* ERR_MORE: nothing is there now; ERR_CLOSED. */
static enum errc peek(struct conn *conn, size_t *got_out)
{
	struct buf *head = &conn->proxy;
	size_t room = PROXY_SIZE_MAX - head->n;
	ssize_t got = recv(conn->io.fd, buf_reserve(head, room), room, MSG_PEEK);

	if (got > 0) {
		*got_out = (size_t)got;
		return OK;
	}
	return got < 0 && (errno == EAGAIN || errno == EINTR) ? ERR_MORE : ERR_CLOSED;
}

/* One look at the socket. OK: *header_out is whole, and off the socket. */
static enum errc read_header(
    struct conn *conn, struct proxy_header *header_out, struct err *err)
{
	struct buf *head = &conn->proxy;
	size_t before = head->n, got = 0;
	enum errc rc = peek(conn, &got);

	if (rc != OK)
		return rc;
	buf_grown(head, got);
	rc = proxy_parse(buf_str(head), header_out, err);
	if (rc != OK && rc != ERR_MORE)
		return rc;
	if (!take(conn, rc == OK ? header_out->size - before : got))
		return ERR_CLOSED;
	return rc;
}

/*
 * What the client may do depends on where it is: it is as local as the proxy only if the proxy says so, and nobody
 * knows where one is whose address is not said.
 */
static struct str take_client(struct conn *conn, const struct proxy_header *header)
{
	struct session_peer *peer = &conn->peer;

	if (header->client == PROXY_UNKNOWN)
		peer->is_loopback = peer->is_unix = false;
	if (header->client != PROXY_INET)
		return STR_EMPTY;
	peer->address = address_text(&header->source, conn->address);
	peer->local_address = address_text(&header->destination, conn->local_address);
	peer->port = address_port(&header->source);
	peer->local_port = address_port(&header->destination);
	peer->is_loopback = peer->is_loopback && address_is_loopback(&header->source);
	peer->is_unix = false;
	return peer->is_loopback ? STR_EMPTY : address_key(&header->source);
}

/* Counted as if the client had come by itself. */
static enum turn count_client(struct conn *conn, struct str key)
{
	struct reactor *reactor = conn->reactor;

	if (key.n == 0)
		return TURN_AGAIN;
	if (tally_add(reactor->by_address, key, atomic_load(&reactor->per_address_max)) != OK) {
		listener_refuse(conn->listener, conn->io.fd, conn->peer.address, "address");
		return conn_end(conn, "address");
	}
	conn->key_size = key.n;
	memcpy(conn->key, key.p, key.n);
	return TURN_AGAIN;
}

enum turn conn_advance_proxy(struct conn *conn)
{
	struct proxy_header header;
	struct err err = { .code = OK };
	struct str key;
	enum errc rc;

	if (conn->phase_end_ms == 0)
		conn->phase_end_ms =
		    clock_mono_ms() + conn->reactor->options.handshake_timeout_ms;
	rc = conn->readable ? read_header(conn, &header, &err) : ERR_MORE;
	conn->readable = false;
	if (rc == ERR_MORE) {
		conn->wait = EPOLLIN;
		return TURN_PARK;
	}
	if (rc == ERR_CLOSED)
		return conn_end(conn, "closed");
	if (rc != OK)
		return no_header(conn, &err);
	buf_release(&conn->proxy);
	key = take_client(conn, &header);
	conn_name(conn);
	conn_show_peer(conn);
	conn->proxied_tls = header.tls;
	if (header.tls)
		(void)snprintf(conn->tls_text, sizeof(conn->tls_text), "%s%sproxy",
		    header.tls_version, header.tls_version[0] ? " " : "");
	conn->phase_end_ms = 0;
	conn->readable = true;
	conn->phase = conn->listener->options.tls_implicit ? PHASE_HANDSHAKE : PHASE_OPEN;
	return count_client(conn, key);
}
