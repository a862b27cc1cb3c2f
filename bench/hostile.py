"""Crowds of hostile peers, and what somebody beside them waits: the times of a bystander's NOOP, and the server's memory.

Each crowd has a server of its own, whose highest memory is shown. The bystander is a process of its own; crowd, bystander
and server share the machine's cores, so the waits hold what the crowd itself takes of them.
"""

import contextlib
import multiprocessing
import os
import pathlib
import random
import re
import resource
import socket
import ssl
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from servers import HOST, KINDS, PASSWORD, ROOT  # noqa: E402

sys.path.insert(0, str(ROOT / "tests/integration"))

import wire  # noqa: E402

SECONDS = 5
CROWD = 10000
OPTIONS = {
    "net.connections_max": "30000",
    "net.per_user_max": "20000",
    "imap.login_timeout": "10m",
    "log.level": "warn",
}
WAIT_MAX_MS, MEMORY_MAX_MB = 50, 256
MB = 1 << 20
VICTIM, BYSTANDER, OWNER = "user0", "user1", "user2"


# The bystander


def stand_by(port, begin, enough, answer):
    """Says NOOP two hundred times a second and sends how long each took, in seconds."""
    peer = wire.Imap(port)
    peer.login(BYSTANDER, PASSWORD)
    peer.select()
    begin.wait()
    waits = []
    while not enough.is_set():
        start = time.monotonic()
        peer.noop()
        waits.append(time.monotonic() - start)
        time.sleep(0.005)
    answer.send(waits)
    peer.close()


class Bystander:
    """waits: what it measured between measure() and the end of the with block."""

    def __init__(self, server):
        context = multiprocessing.get_context("fork")
        self.begin, self.enough = context.Event(), context.Event()
        self.mine, theirs = context.Pipe()
        self.process = context.Process(
            target=stand_by, args=(server.port("imap"), self.begin, self.enough, theirs), daemon=True
        )
        self.process.start()
        self.waits = []

    def measure(self):
        self.begin.set()

    def stop(self):
        self.begin.set()
        self.enough.set()
        if not self.mine.poll(60):
            self.process.kill()
            raise RuntimeError("the bystander waits for ever")
        self.waits = sorted(self.mine.recv())
        self.process.join(10)

    def quantile_ms(self, part):
        return self.waits[min(int(len(self.waits) * part), len(self.waits) - 1)] * 1000


# Crowds: each is a generator that prepares, yields once, and then does its worst for some seconds


def connect(port, count, stack):
    peers = []
    for _ in range(count):
        sock = socket.create_connection((HOST, port), 20)
        stack.callback(sock.close)
        sock.setblocking(False)
        peers.append(sock)
    return peers


def send_some(sock, data):
    with contextlib.suppress(OSError):
        return sock.send(data)
    return 0


def until(seconds):
    """Numbers while there is time."""
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        yield number
        number += 1


def nobody(server, stack):
    yield
    time.sleep(SECONDS)


def idle_strangers(server, stack):
    """Half in clear, half before their handshake; there when the measurement begins, and they stay."""
    connect(server.port("imap"), CROWD // 2, stack)
    connect(server.port("imaps"), CROWD // 2, stack)
    yield
    time.sleep(SECONDS)


def coming_strangers(server, stack):
    """They come while it is measured."""
    yield
    peers = []
    for _ in until(SECONDS):
        peers += connect(server.port("imap"), 100, stack)
        time.sleep(0.02)
        if len(peers) >= CROWD:
            break


def slow_senders(server, stack):
    """A byte now and then: commands, and ends of data that never come."""
    text = b"a1 NOOP\r\n" * 20
    peers = connect(server.port("imap"), 1000, stack)
    yield
    for number in until(SECONDS):
        for sock in peers[number % 10 :: 10]:
            send_some(sock, text[number // 10 % len(text) :][:1])
            with contextlib.suppress(OSError):
                sock.recv(4096)
        time.sleep(0.005)


def fill(server, name, messages, size):
    with wire.Imap(server.port("imap")) as peer:
        peer.login(name, PASSWORD)
        body = b"Subject: x\r\n\r\n" + os.urandom(size // 2).hex().encode() + b"\r\n"
        for _ in range(messages):
            peer.append("INBOX", body)


def never_read(server, stack):
    """A hundred sessions ask for 100 MB each, 10 GB together, and take nothing."""
    fill(server, VICTIM, 10, 10 * MB)
    peers = []
    for _ in range(100):
        peer = stack.enter_context(wire.Imap(server.port("imap")))
        peer.wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.login(VICTIM, PASSWORD)
        peer.select()
        peers.append(peer)
    yield
    for peer in peers:
        peer.send(b"x1 FETCH 1:* BODY.PEEK[]\r\nx2 FETCH 1:* (ENVELOPE BODYSTRUCTURE)\r\n")
    time.sleep(SECONDS)


def big_literals(server, stack):
    """4 GB announced again and again, before login and after it; and the first 64 KB of 50 MB that never end."""
    peers = []
    for number in range(200):
        peer = stack.enter_context(wire.Imap(server.port("imap")))
        if number % 2:
            peer.login(f"user{3 + number % 7}", PASSWORD)
        peers.append(peer)
    yield
    for number in until(SECONDS):
        peer = peers[number % len(peers)]
        with contextlib.suppress(wire.Closed, OSError):
            if number % 2:
                peer.send(b"x APPEND INBOX {4294967295}\r\n")
            else:
                peer.send(b"x LOGIN {4294967295}\r\n")
            peer.wire.fill()
            peer.wire.rest = b""
        if number % 200 == 1:
            more = stack.enter_context(wire.Imap(server.port("imap")))
            more.login("user9", PASSWORD)
            more.send(b"x APPEND INBOX {50000000+}\r\n" + b"x" * 65536)
        time.sleep(0.001)


def idlers(server, stack):
    """Ten thousand in IDLE on one mailbox, all told of each of the messages that arrive."""
    peers = []
    for _ in range(CROWD):
        peer = stack.enter_context(wire.Imap(server.port("imap")))
        peer.wire.socket.settimeout(120)
        peer.send(f"a LOGIN {VICTIM} {PASSWORD}\r\nb SELECT INBOX\r\nc IDLE\r\n".encode())
        peers.append(peer)
    for peer in peers:
        while peer.response()[0] != "+":
            pass
    yield
    with wire.Lmtp(server.port("lmtp")) as lmtp:
        for _ in until(SECONDS):
            lmtp.deliver_all(server.address(VICTIM), b"Subject: x\r\n\r\nx\r\n")
            time.sleep(1)


def garbage(server, stack):
    """By the megabyte, from who comes again when he is hung up on."""
    rng = random.Random(2)
    kinds = [rng.randbytes(65536), b"\0" * 65536, b"a " * 32768, b"\r\n" * 32768, b"a NOOP\r\n" * 8192]
    ports = [server.port(service) for service in ("imap", "imaps", "lmtp")]
    peers = {}
    yield
    for number in until(SECONDS):
        at = number % 30
        if at not in peers or not send_some(peers[at], kinds[number % len(kinds)]):
            if at in peers:
                peers.pop(at).close()
            peers[at] = connect(ports[number % 3], 1, stack)[0]
            send_some(peers[at], kinds[number % len(kinds)])
        with contextlib.suppress(OSError):
            peers[at].recv(65536)


def client_hello():
    """The first flight of a handshake."""
    context = ssl._create_unverified_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()


def left_handshakes(server, stack):
    """Begun, half of them with the whole first flight, and left."""
    hello = client_hello()
    port = server.port("imaps")
    yield
    for number in until(SECONDS):
        sock = socket.create_connection((HOST, port), 20)
        stack.callback(sock.close)
        send_some(sock, hello if number % 2 else hello[:50])
        time.sleep(0.002)


CROWDS = {
    "nobody": nobody,
    "10,000 before login": idle_strangers,
    "10,000 who come": coming_strangers,
    "1,000 slow senders": slow_senders,
    "10 GB asked for and not read": never_read,
    "literals of 4 GB": big_literals,
    "10,000 in IDLE on one mailbox": idlers,
    "garbage": garbage,
    "TLS handshakes left": left_handshakes,
}


def memory_high(server):
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024


def run_crowd(server, crowd):
    """(waits p50, p99, longest in ms, how many; highest memory in bytes)"""
    bystander = Bystander(server)
    try:
        with contextlib.ExitStack() as stack:
            course = crowd(server, stack)
            next(course)
            bystander.measure()
            for _ in course:
                pass
            bystander.stop()
            high = memory_high(server)
    finally:
        if bystander.process.is_alive():
            bystander.process.kill()
    found = [bystander.quantile_ms(part) for part in (0.5, 0.99, 1)]
    return found, len(bystander.waits), high


def table(results):
    lines = ["| beside | NOOP p50 | p99 | longest | NOOPs | memory |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for name, (found, count, high) in results.items():
        times = " | ".join(f"{value:.1f} ms" for value in found)
        lines.append(f"| {name} | {times} | {count} | {high / MB:.0f} MB |")
    lines.append(f"| at most | | {WAIT_MAX_MS} ms | | | {MEMORY_MAX_MB} MB |")
    return "\n".join(lines)


def hostile(bench, names=tuple(CROWDS)):
    """The table, a server for each crowd in `bench.scratch`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * CROWD)), hard))
    results = {}
    for name in names:
        server = KINDS["tabella"](pathlib.Path(bench.scratch) / "hostile", accounts=10).prepare()
        try:
            server.configure(OPTIONS).start()
            results[name] = run_crowd(server, CROWDS[name])
            server.stop()
        finally:
            server.kill9()
            bench.remove(server)
    return table(results)
