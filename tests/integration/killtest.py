#!/usr/bin/env python3
"""kill -9 under load: nothing acknowledged is lost, nothing that is repeated is doubled.

Clients deliver messages of their own by LMTP and repeat, byte for byte, whatever was not acknowledged; meanwhile the
server is killed at random moments and started again on the same folder. Afterwards every mailbox is read by IMAP:

- a message that was acknowledged once stands there once, whole, however often it was repeated;
- one that was sent twice on purpose (in one session, or in two with QUIT between) stands there twice;
- a message whose sender hung up in the middle of it is not there until it is sent whole, and once if he hung up behind
  the last dot and came again.

A pair with a kill in between may be there once: the server cannot know whether the first answer was read. Such pairs
are counted as uncertain and must be there at least once.

    tests/integration/killtest.py [--server tabella|dovecot] [--kills 8] [--clients 4] [--seed N]
"""

import argparse
import collections
import contextlib
import dataclasses
import imaplib
import pathlib
import random
import re
import socket
import sys
import tempfile
import threading
import time

HOST = "127.0.0.1"
ANSWER_SECONDS = 20
# A client that cannot deliver for so long means that the server does not come back.
PATIENCE_SECONDS = 90
# After hanging up a sender comes back when the server has seen the end of the old session.
COME_BACK_SECONDS = 1.0
FETCH_BATCH = 500


class Hangup(Exception):
    """The connection ended before the answer came."""


class Lmtp:
    """A blocking LMTP client that says exactly what it read."""

    def __init__(self, port):
        try:
            self.socket = socket.create_connection((HOST, port), timeout=ANSWER_SECONDS)
        except OSError as error:
            raise Hangup(str(error)) from None
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        self.reply()
        self.send(b"LHLO client.kill.test\r\n")
        self.reply()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Hangup(str(error)) from None

    def reply(self):
        """The next reply's code."""
        while True:
            line, newline, rest = self.rest.partition(b"\n")
            if newline:
                self.rest = rest
                if line[3:4] != b"-":
                    return int(line[:3])
                continue
            try:
                more = self.socket.recv(4096)
            except OSError as error:
                raise Hangup(str(error)) from None
            if not more:
                raise Hangup("end of connection")
            self.rest += more

    def envelope(self, sender, rcpts):
        """MAIL, RCPT, DATA in one group; the recipients that were accepted."""
        lines = [f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{rcpt}>" for rcpt in rcpts), "DATA"]
        self.send("".join(line + "\r\n" for line in lines).encode())
        mail = self.reply()
        codes = [self.reply() for _ in rcpts]
        data = self.reply()
        if mail != 250 or (data != 354 and 250 in codes):
            raise Hangup(f"MAIL {mail}, DATA {data}")
        return [rcpt for rcpt, code in zip(rcpts, codes) if code == 250], dict(zip(rcpts, codes))

    def deliver(self, sender, rcpts, message):
        """Yields (recipient, code) as each answer is read."""
        accepted, codes = self.envelope(sender, rcpts)
        for rcpt in rcpts:
            if rcpt not in accepted:
                yield rcpt, codes[rcpt]
        if not accepted:
            return
        self.send(stuffed(message) + b".\r\n")
        for rcpt in accepted:
            yield rcpt, self.reply()

    def quit(self):
        self.send(b"QUIT\r\n")
        self.reply()
        self.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.close()


def stuffed(message):
    return re.sub(rb"^\.", b"..", message, flags=re.M)


def message_id(seed, client, number):
    return f"<{seed}.{client}.{number}@kill.test>"


def make_message(seed, client, number):
    """The same bytes for the same three numbers; 0.5 to 40 KB, some lines begin with dots."""
    rng = random.Random(f"{seed}/{client}/{number}")
    size = int(512 * 80 ** (rng.random() ** 2))
    lines = [
        f"Message-ID: {message_id(seed, client, number)}",
        f"From: client{client}@kill.test",
        f"Subject: number {number}",
        "Date: Fri, 20 Nov 2026 12:00:00 +0000",
        "MIME-Version: 1.0",
        "",
    ]
    left = size
    while left > 0:
        lines.append(rng.choice(["", ".", "..", "text "]) + f"{rng.getrandbits(200):050x}")
        left -= len(lines[-1]) + 2
    return "\r\n".join(lines).encode() + b"\r\n"


@dataclasses.dataclass
class Expected:
    """How often a message must be in a mailbox."""

    least: int
    most: int
    client: int
    number: int


@dataclasses.dataclass
class Verdict:
    kills: int = 0
    acknowledged: int = 0
    found: int = 0
    lost: int = 0
    doubled: int = 0
    torn: int = 0
    strange: int = 0
    uncertain: int = 0
    repeats: int = 0
    examples: list = dataclasses.field(default_factory=list)

    def is_good(self):
        return self.acknowledged > 0 and self.lost == self.doubled == self.torn == self.strange == 0

    def __str__(self):
        return (
            f"kills={self.kills} acknowledged={self.acknowledged} lost={self.lost} doubled={self.doubled} "
            f"torn={self.torn} strange={self.strange} uncertain={self.uncertain} repeats={self.repeats}"
        )

    def note(self, text):
        if len(self.examples) < 20:
            self.examples.append(text)


class Ledger:
    """What was promised, by mailbox and Message-ID. Shared by the clients."""

    def __init__(self):
        self.lock = threading.Lock()
        self.promised = collections.defaultdict(dict)
        self.acknowledged = 0
        self.repeats = 0
        self.refusals = []

    def promise(self, rcpt, name, expected, answers):
        with self.lock:
            self.promised[rcpt][name] = expected
            self.acknowledged += answers

    def repeat(self):
        with self.lock:
            self.repeats += 1

    def refuse(self, text):
        with self.lock:
            self.refusals.append(text)


def judge(promised, found, is_whole, verdict):
    """One mailbox: `promised` is Message-ID to Expected, `found` is Message-ID to the bodies that were fetched."""
    for name, expected in promised.items():
        times = len(found.get(name, []))
        verdict.found += times
        verdict.uncertain += expected.least != expected.most
        if times < expected.least:
            verdict.lost += 1
            verdict.note(f"lost: {name} is there {times} times, not {expected.least}")
        if times > expected.most:
            verdict.doubled += 1
            verdict.note(f"doubled: {name} is there {times} times, not {expected.most}")
    for name, bodies in found.items():
        if name not in promised:
            verdict.strange += len(bodies)
            verdict.note(f"strange: {name} was never acknowledged")
            continue
        torn = sum(not is_whole(promised[name], body) for body in bodies)
        verdict.torn += torn
        if torn:
            verdict.note(f"torn: {name} is not what was sent")


class Client(threading.Thread):
    """One sender. Its messages and choices come from the seed and its own number."""

    # once, twice in a session, twice in two, hung up behind the last dot, hung up inside
    WEIGHTS = [80, 8, 8, 2, 2]

    def __init__(self, test, number):
        super().__init__(name=f"client{number}", daemon=True)
        self.test = test
        self.number = number
        self.rng = random.Random(f"{test.seed}/client/{number}")
        self.lmtp = None
        self.next = 0
        self.failure = None

    def run(self):
        jobs = [self.once, self.twice_in_a_session, self.twice_in_two, self.hang_up_behind, self.hang_up_inside]
        try:
            while not self.test.enough.is_set():
                job = self.rng.choices(jobs, self.WEIGHTS)[0]
                rcpts = self.rng.sample(self.test.addresses, self.rng.choice([1, 1, 1, 2, 3]))
                self.next += 1
                job(rcpts, make_message(self.test.seed, self.number, self.next))
                if self.rng.random() < 0.05:
                    self.leave()
            self.leave()
        except Exception as error:  # to be shown by the main thread
            self.failure = error

    # the jobs

    def once(self, rcpts, message):
        self.insist(rcpts, message)
        self.promise(rcpts, 1, 1, 1)

    def twice_in_a_session(self, rcpts, message):
        self.twice(rcpts, message, lambda: None)

    def twice_in_two(self, rcpts, message):
        self.twice(rcpts, message, self.leave)

    def twice(self, rcpts, message, between):
        before = self.test.kills_begun
        self.insist(rcpts, message)
        between()
        self.insist(rcpts, message)
        undisturbed = self.test.kills_begun == before
        self.promise(rcpts, 2 if undisturbed else 1, 2, 2)

    def hang_up_behind(self, rcpts, message):
        self.hang_up(rcpts, stuffed(message) + b".\r\n")
        self.once(rcpts, message)

    def hang_up_inside(self, rcpts, message):
        data = stuffed(message)
        self.hang_up(rcpts, data[: self.rng.randrange(len(data))])
        self.once(rcpts, message)

    def hang_up(self, rcpts, data):
        try:
            lmtp = Lmtp(self.test.port)
            if lmtp.envelope(self.sender(), rcpts)[0] == rcpts:
                lmtp.send(data)
            lmtp.close()
        except Hangup:
            pass
        time.sleep(COME_BACK_SECONDS)

    # what they are made of

    def sender(self):
        return f"client{self.number}@kill.test"

    def promise(self, rcpts, least, most, answers):
        name = message_id(self.test.seed, self.number, self.next)
        for rcpt in rcpts:
            self.test.ledger.promise(rcpt, name, Expected(least, most, self.number, self.next), answers)

    def insist(self, rcpts, message):
        """Deliver until each recipient was acknowledged, as a relay does: who was is not asked again."""
        waiting = list(rcpts)
        end = time.monotonic() + PATIENCE_SECONDS
        while waiting:
            if time.monotonic() > end:
                raise RuntimeError(f"{self.name}: nothing was taken for {PATIENCE_SECONDS} s")
            try:
                if self.lmtp is None:
                    self.lmtp = Lmtp(self.test.port)
                for rcpt, code in self.lmtp.deliver(self.sender(), waiting[:], message):
                    self.note_answer(waiting, rcpt, code)
            except Hangup:
                self.drop()
                self.test.ledger.repeat()
                time.sleep(self.rng.uniform(0.02, 0.2))

    def note_answer(self, waiting, rcpt, code):
        if code == 250:
            waiting.remove(rcpt)
        elif code // 100 == 5:
            self.test.ledger.refuse(f"{rcpt}: {code}")
            raise RuntimeError(f"{self.name}: refused for good: {rcpt}: {code}")
        else:
            time.sleep(0.05)

    def leave(self):
        """QUIT, and wait for its answer."""
        if self.lmtp is not None:
            with contextlib.suppress(Hangup):
                self.lmtp.quit()
            self.drop()

    def drop(self):
        if self.lmtp is not None:
            self.lmtp.close()
            self.lmtp = None


class KillTest:
    """
    server     .start(), .stop(), .kill9(), .port(service)
    accounts   address to (user, password) for IMAP
    """

    def __init__(self, server, accounts, seed, kills=8, clients=4, pause_max=4.0):
        self.server = server
        self.accounts = accounts
        self.addresses = list(accounts)
        self.seed = seed
        self.kills = kills
        self.pause_max = pause_max
        self.rng = random.Random(seed)
        self.port = server.port("lmtp")
        self.ledger = Ledger()
        self.enough = threading.Event()
        self.kills_begun = 0
        self.clients = [Client(self, number) for number in range(clients)]

    def run(self):
        """Load, kill, read back; the verdict. The server was started before and runs afterwards."""
        for client in self.clients:
            client.start()
        try:
            for _ in range(self.kills):
                # one in five falls into the first moments after a start
                self.wait(self.rng.uniform(0, 0.1 if self.rng.random() < 0.2 else self.pause_max))
                self.kills_begun += 1
                self.server.kill9()
                time.sleep(self.rng.uniform(0, 0.3))
                self.server.start()
            self.wait(1)
        finally:
            self.enough.set()
        for client in self.clients:
            client.join(PATIENCE_SECONDS + ANSWER_SECONDS)
        self.fail_if_a_client_did()
        self.server.stop()
        self.server.start()
        return self.verdict()

    def wait(self, seconds):
        time.sleep(seconds)
        self.fail_if_a_client_did()

    def fail_if_a_client_did(self):
        for client in self.clients:
            if client.failure is not None:
                raise client.failure

    def verdict(self):
        verdict = Verdict(
            kills=self.kills_begun, acknowledged=self.ledger.acknowledged, repeats=self.ledger.repeats
        )
        for address, (user, password) in self.accounts.items():
            found = fetch_all(self.server.port("imap"), user, password)
            judge(self.ledger.promised[address], found, self.is_whole, verdict)
        return verdict

    def is_whole(self, expected, body):
        """Trace headers may stand in front; what was sent must follow, bit for bit."""
        return body.endswith(make_message(self.seed, expected.client, expected.number))


def fetch_all(port, user, password):
    """Message-ID to the bodies of all messages in the INBOX."""
    peer = imaplib.IMAP4(HOST, port, timeout=120)
    peer.login(user, password)
    exists = int(peer.select("INBOX", readonly=True)[1][0])
    found = collections.defaultdict(list)
    for first in range(1, exists + 1, FETCH_BATCH):
        state, data = peer.fetch(f"{first}:{min(first + FETCH_BATCH - 1, exists)}", "(BODY.PEEK[])")
        if state != "OK":
            raise RuntimeError(f"{user}: FETCH: {data}")
        for item in data:
            if isinstance(item, tuple):
                name = re.search(rb"^message-id:\s*(<[^>\r\n]*>)", item[1], re.I | re.M)
                found[name.group(1).decode() if name else "(none)"].append(item[1])
    peer.logout()
    if sum(map(len, found.values())) != exists:
        raise RuntimeError(f"{user}: {exists} messages, but {sum(map(len, found.values()))} were fetched")
    return found


def start_server(kind, folder, accounts):
    """A server with so many accounts; returns it, started, and address to (user, password)."""
    if kind == "dovecot":
        sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
        from servers import Dovecot

        server = Dovecot(folder, accounts=accounts).prepare()
        return server.start(), {server.address(f"user{i}"): server.login(f"user{i}") for i in range(accounts)}
    from tabella_server import Server

    server = Server(folder=folder, domain="kill.test")
    try:
        server.init()
        for i in range(accounts):
            server.add_user(f"user{i}", f"password{i}")
        server.start()
    except BaseException:
        server.close()
        raise
    return server, {f"user{i}@kill.test": (f"user{i}", f"password{i}") for i in range(accounts)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", choices=["tabella", "dovecot"], default="tabella")
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--accounts", type=int, default=5)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tabella-kill-") as folder:
        pathlib.Path(folder).chmod(0o755)
        server, accounts = start_server(args.server, folder, args.accounts)
        try:
            verdict = KillTest(server, accounts, args.seed, args.kills, args.clients).run()
        finally:
            server.kill9()
    print(f"{verdict} seed={args.seed}")
    print("\n".join(verdict.examples))
    return 0 if verdict.is_good() else 1


if __name__ == "__main__":
    sys.exit(main())
