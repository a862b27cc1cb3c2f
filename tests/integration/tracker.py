"""A session that keeps its own view of a mailbox from what the server says, as RFC 3501 5.2 and 7.4.1 tell a client to."""

import random
import threading

from mails import mail

# RFC 3501 7.4.1: no EXPUNGE while one of these is in progress; the UID forms may tell it.
NO_EXPUNGE = {"FETCH", "STORE", "SEARCH"}


class Tracker:
    """`view`: what the session knows of each message in order: its UID, or None until it was told."""

    def __init__(self, peer, mailbox="INBOX"):
        self.peer = peer
        self.view = []
        self.ok(f"SELECT {mailbox}")

    def ok(self, command):
        done = self.peer.ok(command)
        verb = command[0] if isinstance(command, list) else command
        for response in done.untagged:
            self.learn(response, verb.split(" ")[0].upper())
        return done

    def learn(self, response, verb):
        if len(response) < 2 or not str(response[0]).isdigit():
            return
        number, kind = int(response[0]), response[1].upper()
        if kind == "EXISTS":
            assert number >= len(self.view), f"EXISTS {number} after {len(self.view)}, without EXPUNGE"
            self.view += [None] * (number - len(self.view))
        elif kind == "EXPUNGE":
            assert verb not in NO_EXPUNGE, f"EXPUNGE during {verb}"
            assert 1 <= number <= len(self.view), f"EXPUNGE {number} of {len(self.view)}"
            del self.view[number - 1]
        elif kind == "FETCH":
            assert 1 <= number <= len(self.view), f"FETCH {number} of {len(self.view)}"
            self.learn_fetch(number, response[2])

    def learn_fetch(self, number, pairs):
        got = {str(name).upper(): value for name, value in zip(pairs[::2], pairs[1::2])}
        if "UID" not in got:
            return
        uid = int(got["UID"])
        assert self.view[number - 1] in (None, uid), f"message {number} was {self.view[number - 1]}, now {uid}"
        self.view[number - 1] = uid

    def may(self, command):
        """As ok, but RFC 2180 4 lets the server say NO when some of the messages are gone."""
        done = self.peer.cmd(command)
        assert done.status in ("OK", "NO"), f"{command}: {done.status} {done.text}"
        for response in done.untagged:
            self.learn(response, command.split(" ")[0])
        return done

    def some(self, rng):
        """A sequence number or a small range that exists in this session's view."""
        first = rng.randrange(len(self.view)) + 1
        last = min(len(self.view), first + rng.randrange(3))
        return f"{first}:{last}"

    def settle(self):
        """All UIDs by number, as the server tells them now; they must fit what was known."""
        self.ok("NOOP")
        if self.view:
            self.ok("FETCH 1:* UID")
        return list(self.view)


class Walker(threading.Thread):
    """Does random things to one mailbox."""

    def __init__(self, tracker, seed, steps):
        super().__init__(daemon=True)
        self.tracker = tracker
        self.rng = random.Random(seed)
        self.steps = steps
        self.failure = None

    def run(self):
        try:
            for _ in range(self.steps):
                self.step()
        except BaseException as error:
            self.failure = error

    def step(self):
        jobs = {
            self.append: 25,
            self.store: 20,
            self.mark_deleted: 15,
            self.expunge: 10,
            self.uid_expunge: 5,
            self.copy: 8,
            self.fetch: 15,
            self.search: 10,
            self.noop: 10,
            self.idle: 4,
        }
        job = self.rng.choices(list(jobs), list(jobs.values()))[0]
        if self.tracker.view or job in (self.append, self.noop, self.idle, self.expunge):
            job()

    def append(self):
        self.tracker.ok(["APPEND INBOX ", mail(b"x" * self.rng.randrange(2000) + b"\r\n")])

    def store(self):
        sign = self.rng.choice(["", "+", "-"])
        flag = self.rng.choice([r"\Seen", r"\Flagged", r"\Answered", "word1", "word2"])
        silent = self.rng.choice(["", ".SILENT"])
        self.tracker.may(f"STORE {self.tracker.some(self.rng)} {sign}FLAGS{silent} ({flag})")

    def mark_deleted(self):
        self.tracker.may(rf"STORE {self.tracker.some(self.rng)} +FLAGS (\Deleted)")

    def expunge(self):
        self.tracker.ok("EXPUNGE")

    def uid_expunge(self):
        uids = [uid for uid in self.tracker.view if uid]
        if uids:
            self.tracker.ok(f"UID EXPUNGE {self.rng.choice(uids)}:*")

    def copy(self):
        if len(self.tracker.view) < 60:
            self.tracker.may(f"COPY {self.tracker.some(self.rng)} INBOX")

    def fetch(self):
        items = self.rng.choice(["UID", "(UID FLAGS)", "(UID RFC822.SIZE)", "(UID BODY.PEEK[HEADER])"])
        self.tracker.may(f"FETCH {self.tracker.some(self.rng)} {items}")

    def search(self):
        done = self.tracker.ok("SEARCH " + self.rng.choice(["ALL", "SEEN", "FLAGGED", "KEYWORD word1", "1:*"]))
        assert all(1 <= int(number) <= len(self.tracker.view) for number in done.one("SEARCH"))

    def noop(self):
        self.tracker.ok("NOOP")

    def idle(self):
        tag = self.tracker.peer.idle()
        done = self.tracker.peer.idle_done(tag)
        for response in done.untagged:
            self.tracker.learn(response, "IDLE")
