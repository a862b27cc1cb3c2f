"""kill -9 in the middle of MOVE (RFC 6851): each message stays in exactly one mailbox."""

import collections
import contextlib
import random
import threading
import time

import pytest
import wire
from tabella_server import Server

FOLDERS = ["INBOX", "A", "B/C"]
PASSWORD = "secret-of-kills"


@pytest.fixture
def server():
    with Server() as server:
        server.init()
        server.add_user("ann", PASSWORD)
        server.start()
        yield server


def imap(server):
    peer = wire.Imap(server.port("imap"))
    peer.login("ann", PASSWORD)
    return peer


def fill(peer, count):
    for at in range(0, count, 1000):
        out = bytearray(b"m%d APPEND INBOX" % at)
        for number in range(at, min(at + 1000, count)):
            text = b"Subject: %06d\r\n\r\n" % number
            out += b" {%d+}\r\n" % len(text) + text
        peer.wire.send(bytes(out) + b"\r\n")
        while not (line := peer.wire.line()).startswith(b"m%d " % at):
            pass
        assert line.startswith(b"m%d OK" % at), line


def subjects(server):
    """Where each message is: number to the names of mailboxes."""
    found = collections.defaultdict(list)
    with imap(server) as peer:
        for folder in FOLDERS:
            peer.select(folder)
            if not peer.uids():
                continue
            for item in peer.ok("FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]").fetched().values():
                text = next(value for name, value in item.items() if name.startswith("BODY"))
                found[int(bytes(text).split()[1])].append(folder)
    return found


class Mover(threading.Thread):
    """Moves some messages to and fro until it is told to stop, and remembers what was acknowledged."""

    def __init__(self, server, seed):
        super().__init__(daemon=True)
        self.server, self.rng = server, random.Random(seed)
        self.enough = threading.Event()
        self.moved = 0
        self.failure = None

    def run(self):
        while not self.enough.is_set():
            try:
                with imap(self.server) as peer:
                    while not self.enough.is_set():
                        self.move(peer)
            except (wire.Closed, OSError, EOFError):
                time.sleep(0.05)
            except Exception as error:
                self.failure = error
                return

    def move(self, peer):
        source, target = self.rng.sample(FOLDERS, 2)
        peer.select(source)
        uids = peer.uids()
        if not uids:
            return
        some = sorted(self.rng.sample(uids, self.rng.randint(1, min(len(uids), 60))))
        before = self.count(peer, target)
        done = peer.ok(f"UID MOVE {','.join(map(str, some))} {target}")
        assert done.code_of("COPYUID") is not None
        assert self.count(peer, target) == before + len(some)
        self.moved += 1

    def count(self, peer, folder):
        done = peer.ok(f"STATUS {folder} (MESSAGES)")
        pairs = done.one("STATUS")[1]
        return int(pairs[1])


def test_no_message_is_lost_or_doubled(server):
    with imap(server) as peer:
        peer.ok("CREATE A")
        peer.ok("CREATE B/C")
        fill(peer, 200)
    mover = Mover(server, 6851)
    rng = random.Random(1)
    mover.start()
    for _ in range(6):
        time.sleep(rng.uniform(0.1, 1.0))
        server.kill9()
        server.start()
        assert mover.failure is None, mover.failure
    time.sleep(1)
    mover.enough.set()
    mover.join(30)
    assert mover.failure is None, mover.failure
    assert mover.moved > 10
    found = subjects(server)
    assert sorted(found) == list(range(200))
    assert all(len(folders) == 1 for folders in found.values())


def counts(server):
    with imap(server) as peer:
        return [int(peer.ok(f"STATUS {folder} (MESSAGES)").one("STATUS")[1][1]) for folder in FOLDERS]


@pytest.mark.parametrize("after", [0.05, 0.2, 0.4])
def test_a_big_one_is_moved_back(server, after):
    """Over 10,000 messages: many transactions, and what was moved by a process that died goes back."""
    count = 11000
    with imap(server) as peer:
        peer.ok("CREATE A")
        peer.ok("CREATE B/C")
        fill(peer, count)
        peer.select("INBOX")
        peer.send(b"b1 MOVE 1:* A\r\n")
        time.sleep(after)
        server.kill9()
    server.start()
    # what goes back goes in steps, so three answers may be of different moments until it is over
    end = time.monotonic() + 60
    while (now := counts(server)) not in ([count, 0, 0], [0, count, 0]):
        assert time.monotonic() < end, now
        time.sleep(0.2)
    with contextlib.closing(imap(server)) as peer:
        peer.select("INBOX" if now[0] else "A")
        assert len(peer.uids()) == count
