"""Hostile and broken input: bounded memory, a bystander who is served all the time, nothing stored by half."""

import contextlib
import os
import threading
import time

import pytest
import wire
from conftest import Host, start_ours, stop_and_look
from mails import mail, without_trace

pytestmark = pytest.mark.ours

# Under AddressSanitizer, whose shadow and quarantine count too.
MEMORY_MAX = 1000 * 1024 * 1024
# The longest that somebody else's bad message may keep a bystander waiting.
BYSTANDER_MAX = 2.0
# How long one such message may take to be delivered or to be shown, on a slow machine.
PATIENCE = 20.0


@pytest.fixture(scope="module")
def tough_host():
    """A server of its own: what is done to it here must not slow down others; its memory is looked at in the end."""
    server = start_ours()
    try:
        host = Host(server, True)
        yield host
        high = server.memory_high()
        assert high < MEMORY_MAX, f"{high >> 20} MB at the most"
        done = server.cli("verify", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        stop_and_look(server)
    finally:
        server.close()


class Bystander(threading.Thread):
    """Says NOOP ten times a second and keeps the longest wait."""

    def __init__(self, account):
        super().__init__(daemon=True)
        self.peer = account.imap("INBOX")
        self.enough = threading.Event()
        self.longest = 0.0
        self.failure = None

    def run(self):
        try:
            while not self.enough.wait(0.1):
                start = time.monotonic()
                self.peer.noop()
                self.longest = max(self.longest, time.monotonic() - start)
        except Exception as error:
            self.failure = error

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.enough.set()
        self.join(30)
        self.peer.close()
        if exception[0] is None:
            assert self.failure is None, self.failure
            assert self.longest < BYSTANDER_MAX, f"a bystander waited {self.longest:.1f} s"


@pytest.fixture
def bystander(tough_host):
    with Bystander(tough_host.account()) as thread:
        yield thread


# broken messages


def nested_multiparts(depth):
    lines = [b'Content-Type: multipart/mixed; boundary="b0"\r\n\r\n']
    lines += [b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (i, i + 1) for i in range(depth)]
    return b"".join(lines) + b"--b%d\r\n\r\nleaf\r\n" % depth


BROKEN = {
    "10000 multiparts in each other": lambda: nested_multiparts(10_000),
    "10000 messages in each other": lambda: b"Content-Type: message/rfc822\r\n\r\n" * 10_000 + b"\r\nleaf\r\n",
    "10000 multiparts with one boundary": lambda: b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n' * 10_000,
    "100000 headers": lambda: b"".join(b"X-%d: %d\r\n" % (i, i) for i in range(100_000)) + b"\r\nbody\r\n",
    "100000 headers of one name": lambda: b"To: a@b.test\r\n" * 100_000 + b"\r\nbody\r\n",
    "a header of 10 MB": lambda: b"Subject: " + b"x" * 10_000_000 + b"\r\n\r\nbody\r\n",
    "a header of 300000 lines": lambda: b"Subject: a\r\n" + b" folded\r\n" * 300_000 + b"\r\nbody\r\n",
    "100000 parts": lambda: b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 100_000 + b"--b--\r\n",
    "100000 addresses": lambda: b"To: " + b"a@b.test,\r\n " * 100_000 + b"c@d.test\r\n\r\nbody\r\n",
    "a comment 500000 deep": lambda: b"To: " + b"(" * 500_000 + b" a@b.test\r\n\r\nbody\r\n",
    "a group without an end": lambda: b"To: " + b"g:" * 300_000 + b" a@b.test\r\n\r\nbody\r\n",
    "quotes without an end": lambda: b'To: "' + b'\\"' * 500_000 + b"\r\n\r\nbody\r\n",
    "100000 encoded words": lambda: b"Subject: " + b"=?utf-8?q?=C3?= =?utf-8?b?qQ==?=\r\n " * 50_000 + b"\r\n\r\nbody\r\n",
    "100000 parameters": lambda: b"Content-Type: text/plain" + b"".join(b";\r\n p*%d*=%%41" % i for i in range(100_000)) + b"\r\n\r\nx\r\n",
    "a million references": lambda: b"References: " + b"<a@b>\r\n " * 500_000 + b"\r\n\r\nbody\r\n",
    "a boundary of 1 MB": lambda: b'Content-Type: multipart/mixed; boundary="' + b"b" * 1_000_000 + b'"\r\n\r\n--' + b"b" * 1_000_000 + b"\r\n\r\nx\r\n",
    "lines that are almost boundaries": lambda: b'Content-Type: multipart/mixed; boundary="' + b"-" * 60 + b'"\r\n\r\n' + b"-" * 5_000_000 + b"\r\n" + b"--\r\n" * 500_000,
    "NULs": lambda: b"Subject: a\0b\r\nFrom: \0\r\n\0: \0\r\n\r\n" + b"\0" * 100_000 + b"\r\n",
    "only colons": lambda: b":\r\n" * 300_000,
    "only spaces": lambda: b" \r\n" * 300_000,
    "only line ends": lambda: b"\r\n" * 1_000_000,
    "only line feeds": lambda: b"\n" * 1_000_000 + b"\r\n",
    "only carriage returns": lambda: b"\r" * 1_000_000 + b"\n",
    "every byte as a header": lambda: bytes(range(256)) * 4000 + b"\r\n",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_messages(tough_host, bystander, kind):
    """Taken, shown whole, and described somehow, in bounded time."""
    message = BROKEN[kind]()
    account = tough_host.account()
    start = time.monotonic()
    with tough_host.lmtp() as peer:
        peer.wire.socket.settimeout(PATIENCE)
        peer.deliver_all(account.address, message)
    delivered = time.monotonic() - start
    with account.imap("INBOX") as peer:
        peer.wire.socket.settimeout(PATIENCE)
        got = peer.ok("FETCH 1 (BODYSTRUCTURE ENVELOPE RFC822.SIZE BODY.PEEK[])").fetched()[1]
        without_trace(got["BODY[]"], message)
        assert len(got["ENVELOPE"]) == 10
        assert got["BODYSTRUCTURE"]
        peer.ok("FETCH 1 (BODY.PEEK[HEADER.FIELDS (TO SUBJECT X-7)] BODY.PEEK[1] BODY.PEEK[1.1.1.1] BODY.PEEK[1.MIME])")
        assert peer.ok('SEARCH OR SUBJECT "never there" TO "never there"').one("SEARCH") == []
        peer.cmd('SEARCH TEXT "never there"')
        peer.ok("COPY 1 INBOX")
    shown = time.monotonic() - start - delivered
    assert delivered < PATIENCE and shown < PATIENCE, f"delivered in {delivered:.1f} s, shown in {shown:.1f} s"


# commands


@pytest.mark.parametrize("size", [70_000, 1_000_000, 20_000_000])
def test_lines_that_are_too_long(tough_host, bystander, size):
    """RFC 2683 3.2.1.5: at least 8000 octets; more than the limit is BAD or the end."""
    account = tough_host.account()
    with account.imap() as peer, contextlib.suppress(wire.Closed):
        peer.send(b"x1 NOOP " + b"x" * size + b"\r\n")
        answer = peer.response()
        assert answer[0] in ("BYE", "BAD") or answer[2] == "BAD"


@pytest.mark.parametrize(
    "line",
    [
        b"x1 LOGIN {999999999}",
        b"x1 LOGIN {999999999+}",
        b"x1 LOGIN {18446744073709551617}",
        b"x1 LOGIN {-1}",
        b"x1 LOGIN {}",
        b"x1 LOGIN {5",
        b"x1 LOGIN {1e3}",
        b"x1 LOGIN \"a\nb\" c",
        b"x1 LOGIN \"a\0b\" c",
        b"x1 LOGIN \"a\xff\xfe\" c",
        b"x1 LOGIN \"a\\b\" c",
        b"x1 \0",
        b"\0\0\0\0",
        b"\xff\xff\xff\xff",
        b"x1 NOOP\rx2 NOOP",
        b"GET / HTTP/1.1\r\nHost: x",
        b"((((((((((((((((",
    ],
)
def test_garbage_before_login(tough_host, line):
    with wire.Imap(tough_host.port("imap")) as peer:
        peer.send(line + b"\r\n")
        raw = peer.raw_response()
        assert b"BAD" in raw or b"NO " in raw or b"BYE" in raw, raw


def test_nul_in_a_literal(tough_host):
    """RFC 3501 9: CHAR8 has no NUL; in an APPEND without literal8 it is refused or kept, never cut short."""
    account = tough_host.account()
    message = b"Subject: a\r\n\r\nx\0y\r\n"
    with account.imap() as peer:
        status = peer.cmd(["APPEND INBOX ", message]).status
        peer.select()
        if status == "OK":
            without_trace(peer.bodies()[0], message)
        else:
            assert peer.uids() == []
        assert peer.cmd(["CREATE ", b"a\0b"]).status in ("BAD", "NO")


def test_garbage_on_every_port(tough_host):
    noise = os.urandom(5000)
    for service in ("lmtp", "imap", "imaps"):
        for data in (noise, b"\0" * 5000, b"\r\n" * 200, b"\n" * 200, b"\x80" * 70_000):
            with wire.Wire.connect(tough_host.port(service)) as peer:
                with contextlib.suppress(wire.Closed, TimeoutError):
                    peer.send(data)
                    peer.socket.settimeout(0.2)
                    peer.fill()
    tough_host.account().imap("INBOX").logout()


@pytest.mark.parametrize("cut", [0, 1, 100, 40_000, 99_999])
def test_an_append_cut_in_the_middle(tough_host, cut):
    account = tough_host.account()
    peer = account.imap()
    peer.send(b"x1 APPEND INBOX {100000}\r\n")
    assert peer.response()[0] == "+"
    peer.send(b"x" * cut)
    peer.abort()
    peer = account.imap()
    peer.send(b"x1 APPEND INBOX {100000+}\r\n" + b"x" * cut)
    peer.close()
    time.sleep(0.1)
    assert account.bodies() == []


def test_an_append_without_its_last_line_end(tough_host):
    """The command is complete with the CRLF behind the literal, not before."""
    account = tough_host.account()
    peer = account.imap()
    peer.send(b"x1 APPEND INBOX {5+}\r\nhello")
    time.sleep(0.2)
    peer.close()
    time.sleep(0.2)
    assert account.bodies() == []


def test_a_peer_that_never_reads(tough_host, bystander):
    """Output waits for its reader, and no more is made meanwhile: memory stays bounded."""
    account = tough_host.account()
    with account.imap() as peer:
        for _ in range(4):
            peer.append("INBOX", mail(b"0123456789" * 500_000))
    before = tough_host.server.memory_high()
    peers = []
    for _ in range(8):
        peer = account.imap("INBOX")
        peer.send(b"".join(b"x%d FETCH 1:* BODY.PEEK[]\r\n" % i for i in range(50)))
        peers.append(peer)
    time.sleep(2)
    for peer in peers:
        peer.abort()
    assert tough_host.server.memory_high() - before < 200 << 20


def test_many_connections_that_say_nothing(tough_host, bystander):
    peers = []
    for _ in range(150):
        with contextlib.suppress(OSError):
            peers.append(wire.Wire.connect(tough_host.port("imap")))
    with tough_host.account().imap("INBOX") as peer:
        peer.noop()
    for peer in peers:
        peer.close()


def test_a_slow_sender_costs_nobody(tough_host, bystander):
    """A message that comes in drops while others are delivered."""
    account = tough_host.account()
    message = mail(b"drop\r\n" * 50)
    with tough_host.lmtp() as slow, tough_host.lmtp() as fast:
        slow.envelope([account.address])
        assert slow.cmd("DATA").code == 354
        for at in range(0, len(message), 20):
            slow.send(message[at : at + 20])
            if at % 100 == 0:
                fast.deliver_all(account.address, mail())
        slow.send(b".\r\n")
        assert slow.reply().code == 250


def test_deep_nesting_in_commands(tough_host):
    account = tough_host.account()
    with account.imap() as peer:
        peer.append("INBOX", mail())
        peer.select()
        for line in (
            "SEARCH " + "(" * 20_000 + "ALL" + ")" * 20_000,
            "SEARCH " + "NOT " * 10_000 + "ALL",
            "SEARCH " + "OR " * 10_000 + "ALL ALL",
            "FETCH 1 (" * 1000 + "FLAGS" + ")" * 1000,
            "FETCH 1 BODY[" + "1." * 20_000 + "1]",
            "FETCH 1 (" + "FLAGS " * 8_000 + "FLAGS)",
            "FETCH " + "1," * 25_000 + "1 FLAGS",
            "STORE 1 +FLAGS (" + " ".join(f"word{i}" for i in range(6000)) + ")",
            "FETCH 1 BODY[HEADER.FIELDS (" + " ".join(f"X-{i}" for i in range(6000)) + ")]",
        ):
            peer.noop()
            assert peer.cmd(line).status in ("OK", "NO", "BAD"), line[:40]
        assert peer.uids() == [1]


def test_thousands_of_folders(tough_host, bystander):
    account = tough_host.account()
    with account.imap() as peer:
        peer.send(b"".join(b"c%d CREATE f%d/g%d\r\n" % (i, i % 50, i) for i in range(500)))
        for i in range(500):
            assert peer.response()[:3] == ["tagged", f"c{i}", "OK"]
        assert len(peer.ok('LIST "" *').of("LIST")) == 551
        assert len(peer.ok('LIST "" %').of("LIST")) == 51
        name = "/".join(["deep"] * 200)
        assert peer.cmd(f"CREATE {name}").status in ("OK", "NO")
        assert peer.cmd(f"CREATE {'x' * 5000}").status in ("NO", "BAD")
