"""COMPRESS=DEFLATE (RFC 4978) with Python's zlib, in clear and over TLS."""

import contextlib
import random
import zlib

import pytest
import wire

TEXT = b"Subject: much of a muchness\r\n\r\n" + b"the same line again and again\r\n" * 20000


class Packed:
    """A socket whose bytes are raw DEFLATE; stands in for the socket of a wire.Wire."""

    def __init__(self, sock, step=None, flush=zlib.Z_SYNC_FLUSH):
        self.sock, self.step, self.flush = sock, step, flush
        self.packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.unpacker = zlib.decompressobj(-15)
        self.received = self.unpacked = 0

    def send_raw(self, data):
        for at in range(0, len(data), self.step or len(data) or 1):
            self.sock.sendall(data[at : at + (self.step or len(data))])

    def sendall(self, data):
        self.send_raw(self.packer.compress(data) + self.packer.flush(self.flush))

    def recv(self, size):
        while True:
            data = self.sock.recv(size)
            if not data:
                return data
            out = self.unpacker.decompress(data)
            self.received += len(data)
            self.unpacked += len(out)
            if out:
                return out

    def __getattr__(self, name):
        return getattr(self.sock, name)


@contextlib.contextmanager
def packed(account, tls=False, **more):
    with account.imap(tls=tls) as peer:
        assert "COMPRESS=DEFLATE" in peer.capabilities()
        peer.ok("COMPRESS DEFLATE")
        peer.wire.socket = Packed(peer.wire.socket, **more)
        yield peer


def test_offered_after_login_alone(host, account):
    with wire.Imap(host.port("imap")) as peer:
        assert "COMPRESS=DEFLATE" not in peer.capabilities()
        peer.bad("COMPRESS DEFLATE")
    with account.imap() as peer:
        assert "COMPRESS=DEFLATE" in peer.capabilities()
        peer.bad("COMPRESS LZW")
        peer.ok("NOOP")


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("step", [None, 1])
@pytest.mark.parametrize("flush", [zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_PARTIAL_FLUSH])
def test_a_session(account, tls, step, flush):
    with packed(account, tls, step=step, flush=flush) as peer:
        assert "COMPRESS=DEFLATE" not in peer.capabilities()
        peer.append("INBOX", TEXT)
        peer.select()
        body = peer.ok("FETCH 1 BODY.PEEK[]").fetched()[1]["BODY[]"]
        assert body == TEXT
        assert peer.wire.socket.received < peer.wire.socket.unpacked / 20
        for _ in range(30):
            peer.ok("NOOP")
        assert peer.no("COMPRESS DEFLATE").code == "COMPRESSIONACTIVE"
        # byte by byte it is understood, and answered, before the last byte of the flush is there
        with contextlib.suppress(wire.Closed):
            peer.logout()


@pytest.mark.parametrize("tls", [False, True])
def test_bytes_of_any_kind_both_ways(account, tls):
    maker = random.Random(4978)
    text = b"X: y\r\n\r\n" + bytes(maker.randrange(1, 256) for _ in range(300000))
    with packed(account, tls) as peer:
        for _ in range(3):
            peer.append("INBOX", text)
        peer.select()
        for number in range(1, 4):
            assert peer.ok(f"FETCH {number} BODY.PEEK[]").fetched()[number]["BODY[]"] == text


def test_idle_is_told_while_it_rests(account):
    """The connection parks and gives its memory back; what comes later refers to what came before."""
    with packed(account) as peer, account.imap() as other:
        peer.select()
        for number in range(1, 4):
            tag = peer.idle()
            other.append("INBOX", b"Subject: news\r\n\r\n")
            peer.wait_for(lambda response, number=number: response[:2] == [str(number), "EXISTS"])
            peer.idle_done(tag)
            peer.ok("NOOP")


def test_pipelined_commands(account):
    with packed(account) as peer:
        peer.wire.send(b"".join(b"p%d NOOP\r\n" % number for number in range(500)))
        for number in range(500):
            assert peer.wire.line().startswith(b"p%d OK" % number)


@pytest.mark.ours
def test_what_follows_the_command_at_once_is_packed_already(account):
    """RFC 4978 section 3: the client has to wait for the answer. Who packs at once is understood, who does not is not."""
    with account.imap() as peer:
        sock = Packed(peer.wire.socket)
        rest = sock.packer.compress(b"c2 NOOP\r\n") + sock.packer.flush(zlib.Z_SYNC_FLUSH)
        peer.wire.send(b"c1 COMPRESS DEFLATE\r\n" + rest)
        assert peer.wire.line().startswith(b"c1 OK")
        peer.wire.socket, peer.wire.rest = sock, sock.unpacker.decompress(peer.wire.rest)
        assert peer.wire.line().startswith(b"c2 OK")
    with account.imap() as peer:
        peer.wire.send(b"c1 COMPRESS DEFLATE\r\nc2 NOOP\r\n")
        assert peer.wire.ended()


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(
    "garbage", [b"a1 NOOP\r\n", b"\x07", b"\xff" * 100, zlib.compress(b"a1 NOOP\r\n"), b"\0\3\0\xfc\xfeabc"]
)
def test_garbage_ends_the_connection(account, tls, garbage):
    with packed(account, tls) as peer:
        peer.ok("NOOP")
        peer.wire.socket.send_raw(garbage)
        assert peer.wire.ended()
    with account.imap() as peer:
        peer.ok("NOOP")


def test_the_end_of_the_stream_is_the_end_of_input(account):
    with packed(account) as peer:
        sock = peer.wire.socket
        sock.send_raw(sock.packer.compress(b"e1 NOOP\r\n") + sock.packer.flush(zlib.Z_FINISH))
        assert peer.wire.line().startswith(b"e1 OK")
        assert peer.wire.ended()


@pytest.mark.ours
def test_a_bomb_is_a_line_that_is_too_long(account):
    """100 MB of one letter in 100 KB: it passes through the buffers of a connection, and no further."""
    with packed(account) as peer:
        sock = peer.wire.socket
        for _ in range(100):
            sock.sendall(b"x" * (1 << 20))
        sock.sendall(b"\r\n")
        assert b"BAD" in peer.wire.line()
        peer.ok("NOOP")


def test_nothing_and_nothing_again(account):
    """Empty blocks cost a server no more than reading them."""
    with packed(account) as peer, account.imap() as other:
        for _ in range(50):
            peer.wire.socket.send_raw(b"\0\0\0\xff\xff" * 20000)
            other.ok("NOOP")
        peer.ok("NOOP")
