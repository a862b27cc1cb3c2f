"""A TCP proxy between Tabella and its database, which makes trouble at exactly the wanted moment.

It knows the frames of PostgreSQL's and MySQL's protocols as far as messages can be counted and COMMIT and its answer be
told from others:

    proxy = Proxy("postgresql", port).start()
    proxy.arm(Cut(step=7))            # the 7th message from now on, either way, is lost, and all connections with it
    ...
    proxy.disarm()                    # was it lost?
    proxy.cut(), proxy.hold(), proxy.refuse(), proxy.release()
"""

import contextlib
import dataclasses
import re
import selectors
import socket
import struct
import threading

from guard import HOST

REQUEST, ANSWER, EITHER = "request", "answer", "either"
BLOCK = 65536
LOOK_BYTES = 4096  # of a message that is looked at for a COMMIT

IS_COMMIT = re.compile(rb"(?:^|;)\s*COMMIT(?:\s+WORK)?\s*;?\s*\Z", re.I)


@dataclasses.dataclass
class Cut:
    """What is to be lost: the message that makes `step` of the wanted kind, or what follows `after_bytes` bytes.

    direction  request, answer, or either
    commit     count COMMIT's requests (or answers) only
    alone      cut the connection that the message was on, not all of them
    reset      as a machine that is gone would: what waits in its buffers is lost, too
    """

    step: int = 0
    direction: str = EITHER
    commit: bool = False
    after_bytes: int = 0
    alone: bool = False
    reset: bool = False


class Pgsql:
    """The frames of one connection of PostgreSQL's protocol, version 3."""

    def __init__(self):
        self.begun = False  # requests have a type byte only after the start-up message
        self.expect_byte = False  # the answer to SSLRequest has no frame
        self.commits = set()  # names of statements that are COMMIT
        self.portal = False

    def header(self, direction, data):
        """How many bytes the message at the beginning of `data` has; 0: not to be seen yet."""
        if direction == ANSWER and self.expect_byte:
            self.expect_byte = False
            return 1
        lead = 1 if direction == ANSWER or self.begun else 0
        if len(data) < lead + 4:
            return 0
        return lead + struct.unpack_from(">I", data, lead)[0]

    def is_commit(self, direction, data):
        """Is the message that begins so a COMMIT, or the answer to one? Called once for each message."""
        if direction == ANSWER:
            return data[:1] == b"C" and data[5:].startswith(b"COMMIT\0")
        if not self.begun:
            code = struct.unpack_from(">I", data, 4)[0] if len(data) >= 8 else 0
            self.expect_byte = code in (80877103, 80877104)  # SSLRequest, GSSENCRequest
            self.begun = not self.expect_byte
            return False
        kind, rest = data[:1], data[5:]
        if kind == b"Q":
            return bool(IS_COMMIT.search(rest.rstrip(b"\0")))
        if kind == b"P":
            name, _, text = rest.partition(b"\0")
            (self.commits.add if IS_COMMIT.search(text.partition(b"\0")[0]) else self.commits.discard)(name)
        elif kind == b"B":
            self.portal = rest.split(b"\0", 2)[1] in self.commits
        return kind == b"E" and self.portal


class Mysql:
    """The frames of one connection of MySQL's protocol."""

    def __init__(self):
        self.waiting = False  # COMMIT was sent: the next message is its answer

    def header(self, _direction, data):
        return 4 + int.from_bytes(data[:3], "little") if len(data) >= 4 else 0

    def is_commit(self, direction, data):
        if direction == ANSWER:
            was, self.waiting = self.waiting, False
            return was
        self.waiting = data[3:5] == b"\0\x03" and bool(IS_COMMIT.search(data[5:]))
        return self.waiting


FRAMES = {"postgresql": Pgsql, "mysql": Mysql}


class Stream:
    """One way of a connection."""

    def __init__(self, pair, direction, source, target):
        self.pair, self.direction, self.source, self.target = pair, direction, source, target
        self.rest = b""  # the beginning of a message whose length is not known, or that is to be looked at
        self.left = 0  # bytes of the message under way that are still to come

    def take(self, data):
        """What may go on; (bytes, whether the connection is to be cut behind them)."""
        passed, cut = self.take_messages(self.rest + data)
        room = self.pair.proxy.room(len(passed))
        return passed[:room], cut or room < len(passed)

    def take_messages(self, data):
        self.rest, passed = b"", []
        while data:
            if self.left:
                piece, data = data[: self.left], data[self.left :]
                self.left -= len(piece)
                passed.append(piece)
                continue
            size = self.pair.frames.header(self.direction, data)
            if not size or len(data) < min(size, LOOK_BYTES):
                self.rest = data
                break
            commit = self.pair.frames.is_commit(self.direction, data[: min(size, LOOK_BYTES)])
            if self.pair.proxy.counts(self.direction, commit, data[: min(size, 64)]):
                return b"".join(passed), True
            self.left = size
        return b"".join(passed), False


class Pair:
    """A client's connection and ours to the database."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.frames = proxy.frames()
        self.streams = {client: Stream(self, REQUEST, client, server), server: Stream(self, ANSWER, server, client)}

    def close(self, reset):
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.close()


class Proxy:
    """One thread; all that is public may be called from any thread."""

    def __init__(self, protocol, target, port=0):
        """target: a port of loopback, or a function that gives one (who is the primary now?)."""
        self.frames = FRAMES[protocol]
        self.target = target if callable(target) else lambda: target
        self.lock = threading.RLock()
        self.pairs = set()
        self.rule = None
        self.steps = self.bytes = 0
        self.what = ""  # the message that was cut
        self.held = self.refusing = self.ending = False
        self.connections = 0
        self.listener = None
        self.port = port
        self.selector = selectors.DefaultSelector()
        self.wake_in, self.wake_out = socket.socketpair()
        self.wake_in.setblocking(False)
        self.thread = threading.Thread(target=self.run, name="proxy", daemon=True)

    def start(self):
        self.selector.register(self.wake_in, selectors.EVENT_READ)
        self.listen()
        self.thread.start()
        return self

    def __enter__(self):
        return self.start()

    def __exit__(self, *exception):
        self.close()

    def close(self):
        with self.lock:
            self.ending = True
        self.wake()
        self.thread.join()

    # what tests say

    def arm(self, rule):
        with self.lock:
            self.rule, self.steps, self.bytes, self.what = rule, 0, 0, ""

    def disarm(self):
        """Whether the cut was made since arm()."""
        with self.lock:
            was, self.rule = self.rule, None
            return was is None

    def cut(self):
        """Every connection, now."""
        with self.lock:
            self.cut_all()
        self.wake()

    def hold(self):
        """From now on nothing passes, and nothing ends: a black hole."""
        with self.lock:
            self.held = True
        self.wake()

    def refuse(self):
        """Cut every connection and refuse new ones."""
        with self.lock:
            self.refusing = True
            self.unlisten()
            self.cut_all()
        self.wake()

    def release(self):
        """Pass everything again."""
        with self.lock:
            self.held = False
            if self.refusing:
                self.refusing = False
                self.listen()
        self.wake()

    # the thread

    def wake(self):
        self.wake_out.send(b"!")

    def listen(self):
        self.listener = socket.create_server((HOST, self.port), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.listener.setblocking(False)
        self.selector.register(self.listener, selectors.EVENT_READ)

    def unlisten(self):
        if self.listener is not None:
            self.selector.unregister(self.listener)
            self.listener.close()
            self.listener = None

    def run(self):
        while True:
            events = self.selector.select(timeout=1)
            with self.lock:
                if self.ending:
                    break
                if self.held:
                    self.sleep_held(events)
                    continue
                for key, _ in events:
                    self.serve(key.fileobj)
        self.unlisten()
        self.cut_all()
        self.selector.close()
        self.wake_in.close()
        self.wake_out.close()

    def sleep_held(self, events):
        """Only what wakes is read; the rest stays in the kernel's buffers."""
        if any(key.fileobj is self.wake_in for key, _ in events):
            self.drain_wake()
        self.lock.release()
        threading.Event().wait(0.02)
        self.lock.acquire()

    def drain_wake(self):
        with contextlib.suppress(BlockingIOError):
            self.wake_in.recv(BLOCK)

    def serve(self, end):
        if end is self.wake_in:
            self.drain_wake()
        elif end is self.listener:
            self.accept()
        else:
            for pair in self.pairs:
                if end in pair.streams:
                    self.move(pair, pair.streams[end])
                    return

    def accept(self):
        try:
            client, _ = self.listener.accept()
        except OSError:
            return
        try:
            server = socket.create_connection((HOST, self.target()), timeout=5)
        except OSError:
            client.close()
            return
        self.connections += 1
        pair = Pair(self, client, server)
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.settimeout(20)
            self.selector.register(end, selectors.EVENT_READ)
        self.pairs.add(pair)

    def move(self, pair, stream):
        try:
            data = stream.source.recv(BLOCK)
            passed, cut = stream.take(data) if data else (b"", False)
            if passed:
                stream.target.sendall(passed)
        except OSError:
            data, cut = b"", False
        if cut:
            self.make_cut(pair)
        elif not data:
            self.drop(pair)

    def room(self, count):
        """How many of the next bytes may pass."""
        self.bytes += count
        if self.rule is None or not self.rule.after_bytes or self.bytes <= self.rule.after_bytes:
            return count
        self.what = f"byte {self.rule.after_bytes}"
        return count - (self.bytes - self.rule.after_bytes)

    def counts(self, direction, commit, data):
        """One more message: is it the one that is to be lost?"""
        rule = self.rule
        if rule is None or rule.after_bytes:
            return False
        if rule.direction not in (EITHER, direction) or (rule.commit and not commit):
            return False
        self.steps += 1
        if self.steps != rule.step:
            return False
        self.what = f"{direction} {data[:24]!r}"
        return True

    def make_cut(self, pair):
        rule, self.rule = self.rule, None
        if rule.alone:
            self.drop(pair, rule.reset)
        else:
            self.cut_all(rule.reset)

    def cut_all(self, reset=True):
        for pair in list(self.pairs):
            self.drop(pair, reset)

    def drop(self, pair, reset=False):
        self.pairs.discard(pair)
        for end in (pair.client, pair.server):
            self.selector.unregister(end)
        pair.close(reset)
