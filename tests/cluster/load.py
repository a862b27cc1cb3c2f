"""Clients of several nodes at once, which remember what was promised to them, and the judge of it at the end.

Senders are those of the kill test: they deliver messages of their own and repeat the same bytes, to whichever node
comes next, until each recipient was acknowledged. What they send twice on purpose they send while nothing is disturbed,
so that it is known how often each message has to be there. Owners keep messages of their own in folders that they share with
other owners on other nodes: APPEND, STORE, COPY, MOVE, EXPUNGE; of each message they know which states it may be in.
Watchers are in IDLE on one node each, and ask it for what has changed
since the last mod-sequence that they know: they see UIDs and mod-sequences increase, or what they know is wrong.
"""

import collections
import contextlib
import dataclasses
import random
import re
import threading
import time

import killtest
import wire

FOLDERS = ("INBOX", "Archive")
FETCH_ITEMS = "(UID FLAGS MODSEQ RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"
PATIENCE_SECONDS = 120
Lost = (wire.Closed, OSError, EOFError)


@dataclasses.dataclass
class Row:
    """A message as a node shows it."""

    uid: int
    flags: frozenset
    modseq: int
    size: int
    name: str  # its Message-ID


class Book:
    """Who had which UID, as anybody ever saw it, and what went wrong. Shared by all threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.names = {}  # (user, folder, uidvalidity, uid): Message-ID
        self.validity = {}  # (user, folder): UIDVALIDITY
        self.wrong = []
        self.counts = collections.Counter()

    def count(self, what, more=1):
        with self.lock:
            self.counts[what] += more

    def blame(self, text):
        with self.lock:
            if len(self.wrong) < 40:
                self.wrong.append(text)

    def saw(self, user, folder, validity, uid, name):
        with self.lock:
            before = self.names.setdefault((user, folder, validity, uid), name)
            first = self.validity.setdefault((user, folder), validity)
        if before != name:
            self.blame(f"UID {uid} of {user}/{folder} was {before} and is {name}")
        if first != validity:
            self.blame(f"UIDVALIDITY of {user}/{folder} was {first} and is {validity}")


class Reader:
    """An IMAP session of one account at one node."""

    def __init__(self, load, node, user):
        self.load, self.node, self.user = load, node, user
        self.peer = wire.Imap(node.port("imap"))
        try:
            self.check(self.peer.cmd(f"LOGIN {user} {load.passwords[user]}"))
        except BaseException:
            self.peer.close()
            raise
        self.folder = None
        self.validity = 0
        self.hear = lambda response: None  # given what is told beside the answers of rows()

    def check(self, done):
        """NO is somebody's trouble, and passes; BAD or NO for good is ours."""
        if done.status == "OK":
            return done
        if done.status == "BAD" or not re.match(r"\[(UNAVAILABLE|INUSE|SERVERBUG|LIMIT)\]", done.text):
            self.load.book.blame(f"{self.user} at node {self.node.number}: {done.status} {done.text}")
        raise wire.Closed(f"{done.status} {done.text}")

    def ok(self, command):
        return self.check(self.peer.cmd(command))

    def select(self, folder):
        done = self.ok(f"SELECT {folder} (CONDSTORE)")
        self.folder, self.validity = folder, int(done.code_of("UIDVALIDITY"))
        return done

    def rows(self, uids="1:*", since=0):
        """Messages of the folder; of those, the ones that were changed behind that mod-sequence."""
        done = self.ok(f"UID FETCH {uids} {FETCH_ITEMS}" + (f" (CHANGEDSINCE {since})" if since else ""))
        rows = rows_of(done)
        for response in done.untagged:
            self.hear(response)
        for row in rows:
            self.load.book.saw(self.user, self.folder, self.validity, row.uid, row.name)
        if [row.uid for row in rows] != sorted({row.uid for row in rows}):
            self.load.book.blame(f"UIDs do not increase in {self.user}/{self.folder}: {[row.uid for row in rows]}")
        return rows

    def leave(self):
        with contextlib.suppress(*Lost, AssertionError):
            self.peer.cmd("LOGOUT")
        self.peer.close()


def rows_of(done):
    """Each answer by itself: a number may be another message's once an EXPUNGE was told on the way (RFC 3501 7.4.1)."""
    answers = [dict(zip((str(name).upper() for name in pairs[::2]), pairs[1::2])) for _, pairs in done.of("FETCH")]
    # what lacks the size is a change that was told on the way
    return [as_row(items) for items in answers if "UID" in items and "RFC822.SIZE" in items]


def as_row(items):
    head = next((value for key, value in items.items() if key.startswith("BODY[HEADER")), b"")
    name = re.search(rb"<[^>]*>", head or b"")
    return Row(
        int(items["UID"]),
        frozenset(flag for flag in items["FLAGS"] if flag != "\\Recent"),
        int(items["MODSEQ"][0]),
        int(items["RFC822.SIZE"]),
        name.group().decode() if name else "(none)",
    )


class Worker(threading.Thread):
    """What all clients share: a failure is kept for the main thread."""

    def __init__(self, load, name):
        super().__init__(name=name, daemon=True)
        self.load = load
        self.rng = random.Random(f"{load.seed}/{name}")
        self.failure = None

    def run(self):
        try:
            self.work()
        except Exception as error:
            self.failure = error

    def reader(self, user, node=None):
        """A session, at a node of ours or at any."""
        return self.load.reader(user, lambda: node or self.rng.choice(self.load.site.nodes))


class Owner(Worker):
    """Its messages are its own; the folders are not."""

    def __init__(self, load, number, user):
        super().__init__(load, f"owner{number}")
        self.number, self.user = number, user
        self.states = {}  # Message-ID: the set of (in INBOX, in Archive, flagged) that it may be in
        self.next = 0
        self.session = None
        self.uids = {}  # Message-ID: (folder, UID), where it is known
        self.doubts = {}  # Message-ID: what it may have been in before a command whose answer was lost

    def work(self):
        while not self.load.enough.is_set():
            if self.session is None:
                self.session = self.reader(self.user)
                self.uids = {}
            try:
                self.step()
            except Lost:
                self.load.book.count("sessions lost")
                self.drop()
            if self.rng.random() < 0.03:
                self.leave()
        self.leave()

    def leave(self):
        if self.session:
            self.session.leave()
            self.session = None

    def drop(self):
        self.session.peer.close()
        self.session = None

    def step(self):
        if not self.uids:
            self.look()
        jobs = [self.append]
        if self.uids:
            jobs += [self.flag, self.copy, self.move, self.move, self.expunge]
        self.rng.choice(jobs)()

    def look(self):
        """Where our messages are; what cannot be is somebody's fault."""
        found = collections.defaultdict(list)
        for folder in FOLDERS:
            self.session.select(folder)
            for row in self.session.rows():
                if row.name in self.states:
                    found[row.name].append((folder, row))
        for name in self.states:
            self.narrow(name, found[name])
            if found[name]:
                self.uids[name] = found[name][0][0], found[name][0][1].uid

    def narrow(self, name, found):
        """A message as it was seen: that is its state from now on, unless the lost command is still under way."""
        self.load.check_state(self.user, name, self.states[name], found, "seen meanwhile")
        state = state_of(found)
        if state not in self.doubts.get(name, ()):
            self.states[name] = {state}
            self.doubts.pop(name, None)

    def attempt(self, name, change, command):
        """A command that changes the state of `name`; what it may be in meanwhile, and behind."""
        before = self.states[name]
        after = {change(state) for state in before}
        self.states[name] = before | after
        self.doubts[name] = before
        done = self.session.peer.cmd(command)
        del self.doubts[name]
        if done.status == "OK":
            self.states[name] = after
            self.load.book.count("acknowledged commands")
            return done
        # refused: nothing was done
        self.states[name] = before
        self.load.book.count("refused commands")
        self.session.check(done)

    def enter(self, folder):
        if self.session.folder != folder:
            self.session.select(folder)

    def pick(self):
        name = self.rng.choice(sorted(self.uids))
        folder, uid = self.uids[name]
        self.enter(folder)
        return name, folder, uid

    def append(self):
        self.next += 1
        message = killtest.make_message(self.load.seed, f"owner{self.number}", self.next)
        name = killtest.message_id(self.load.seed, f"owner{self.number}", self.next)
        self.states[name] = {(0, 0, False)}
        done = self.attempt(name, lambda state: (1, 0, False), ["APPEND INBOX ", message])
        validity, uid = map(int, done.code_of("APPENDUID").split())
        self.load.book.saw(self.user, "INBOX", validity, uid, name)
        self.uids[name] = "INBOX", uid

    def flag(self):
        name, folder, uid = self.pick()
        if len({state[:2] for state in self.states[name]}) != 1 or sum(next(iter(self.states[name]))[:2]) != 1:
            return
        on = self.rng.random() < 0.5
        sign = "+" if on else "-"
        self.attempt(name, lambda state: (*state[:2], on), f"UID STORE {uid} {sign}FLAGS (\\Flagged)")

    def other(self, folder):
        return FOLDERS[1 - FOLDERS.index(folder)]

    def copy(self):
        name, folder, uid = self.pick()
        if max(sum(state[:2]) for state in self.states[name]) > 3:
            return
        target = self.other(folder)
        at = FOLDERS.index(target)
        done = self.attempt(name, lambda state: moved(state, at, 1), f"UID COPY {uid} {target}")
        self.note_copy(done, target, name)

    def move(self):
        name, folder, uid = self.pick()
        target = self.other(folder)
        at = FOLDERS.index(target)
        del self.uids[name]
        done = self.attempt(name, lambda state: moved(moved(state, at, 1), 1 - at, -1), f"UID MOVE {uid} {target}")
        self.note_copy(done, target, name)

    def note_copy(self, done, target, name):
        code = done.code_of("COPYUID")
        if not code:
            session = self.session
            raise RuntimeError(
                f"{self.name} at node {session.node.number}: no COPYUID for {name} from {session.folder}, "
                f"which may be {sorted(self.states[name])}: {done}"
            )
        validity, _, uid = code.split()
        self.load.book.saw(self.user, target, int(validity), int(uid), name)
        self.uids[name] = target, int(uid)

    def expunge(self):
        name, folder, uid = self.pick()
        if self.rng.random() < 0.5:
            return
        self.session.check(self.session.peer.cmd(f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)"))
        del self.uids[name]
        at = FOLDERS.index(folder)
        self.attempt(name, lambda state: moved(state, at, -1), f"UID EXPUNGE {uid}")


def moved(state, at, by):
    counts = list(state[:2])
    counts[at] = max(counts[at] + by, 0)
    return (*counts, state[2])


def state_of(found):
    """(in INBOX, in Archive, flagged) of what was found of a message."""
    counts = [sum(folder == name for folder, _ in found) for name in FOLDERS]
    return (*counts, any("\\Flagged" in row.flags for _, row in found))


class Watcher(Worker):
    """In IDLE at its node; knows the folder from what it is told, and from what it is given as changed since."""

    def __init__(self, load, node, user):
        super().__init__(load, f"watcher{node.number}-{user}")
        self.node, self.user = node, user
        self.exists = -1
        self.told = 0
        self.known = {}  # UID: the row as it was seen last
        self.modseq = 0  # every change up to here was seen
        self.is_over = False

    def work(self):
        while not self.is_over:
            session = self.reader(self.user, self.node)
            try:
                self.watch(session)
                session.leave()
            except Lost:
                self.load.book.count("sessions lost")
                session.peer.close()

    def watch(self, session):
        session.hear = self.hear
        done = session.select("INBOX")
        self.exists = done.of("EXISTS")[-1]
        while not self.load.done.is_set():
            self.take(session)
            tag = session.peer.idle()
            session.peer.wire.socket.settimeout(1)
            with contextlib.suppress(TimeoutError):
                while True:
                    self.hear(session.peer.response())
                    if self.exists > 0 and self.told % 5 == 0:
                        break
            session.peer.wire.socket.settimeout(wire.SECONDS)
            for response in session.peer.idle_done(tag).untagged:
                self.hear(response)
        self.take(session)
        self.is_over = True

    def hear(self, response):
        if len(response) > 1 and response[1] == "EXISTS":
            self.exists = int(response[0])
            self.told += 1
        elif len(response) > 1 and response[1] == "EXPUNGE":
            self.exists -= 1
        elif response[0] == "VANISHED":
            raise RuntimeError("VANISHED without QRESYNC")

    def take(self, session):
        """As clients do: what is old and has changed, then what is new, however old its mod-sequence is. What is new has a
        UID above all that were seen."""
        highest, since = max(self.known, default=0), self.modseq
        changed = session.rows(f"1:{highest}", since) if since else []
        new = session.rows(f"{highest + 1}:*")
        for row in changed:
            if row.modseq <= since:
                self.load.book.blame(f"{self.name} was given as changed since {since}: {row}")
        for row in [*changed, *new]:
            if row.uid <= highest and row.uid not in self.known:
                self.load.book.blame(f"{self.name} knew of UID {highest}, and then there was {row}")
            self.load.book.count("changes seen by watchers", self.known.get(row.uid) != row)
            self.known[row.uid] = row
        # what is new may stand above a change that was not asked for yet
        self.modseq = max([since, *(row.modseq for row in (changed if since else new))])


class Sender(killtest.Client):
    """The kill test's, to any node. One that hung up comes back to another one."""

    WEIGHTS = [60, 8, 8, 16, 8]

    def twice(self, rcpts, message, between):
        with self.test.pair() as is_calm:
            self.insist(rcpts, message)
            if is_calm:
                between()
                self.insist(rcpts, message)
        times = 2 if is_calm else 1
        self.promise(rcpts, times, times, times)


class Load:
    """All clients of a site. `with load.disturbance():` around what a test does to it."""

    def __init__(self, site, seed, senders=8, owners=4):
        self.site, self.seed = site, str(seed)
        self.rng = random.Random(seed)
        self.passwords = dict(site.accounts.values())
        self.addresses = list(site.accounts)
        self.book = Book()
        self.ledger = killtest.Ledger()
        self.enough = threading.Event()  # no more work
        self.done = threading.Event()  # watchers, too
        self.disturbances = 0
        self.calm = threading.Condition()
        self.disturbed = False  # with `pairs` guarded by `calm`
        self.pairs = 0
        users = list(self.passwords)
        self.senders = [Sender(self, number) for number in range(senders)]
        self.owners = [Owner(self, number, users[number % 2]) for number in range(owners)]
        self.watchers = [Watcher(self, node, users[0]) for node in site.nodes]

    @property
    def port(self):
        """Where the next connection of a sender goes."""
        return self.rng.choice(self.site.nodes).port("lmtp")

    @contextlib.contextmanager
    def pair(self):
        """Around a message that is sent twice on purpose. False: something is going on, and whoever repeats a message then
        is taken for one whose answer was lost."""
        with self.calm:
            is_calm = not self.disturbed
            self.pairs += is_calm
        try:
            yield is_calm
        finally:
            with self.calm:
                self.pairs -= is_calm
                self.calm.notify_all()

    @contextlib.contextmanager
    def disturbance(self):
        """Begins when no pair is under way."""
        self.disturbances += 1
        with self.calm:
            self.disturbed = True
            assert self.calm.wait_for(lambda: not self.pairs, PATIENCE_SECONDS), "a pair that does not end"
        try:
            yield
        finally:
            with self.calm:
                self.disturbed = False

    def workers(self):
        return [*self.senders, *self.owners, *self.watchers]

    def start(self):
        node = self.site.running()[0]
        for user in self.passwords:
            session = Reader(self, node, user)
            done = session.peer.cmd("CREATE Archive")
            if done.code != "ALREADYEXISTS":
                session.check(done)
            session.leave()
        for worker in self.workers():
            worker.start()
        return self

    def stop(self):
        """All clients end, whatever they were at: after a failure nobody looks at what they did."""
        self.enough.set()
        self.done.set()
        for worker in self.workers():
            worker.join(PATIENCE_SECONDS)

    def wait(self, seconds):
        """Let them work; a client that failed is a failure now."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.fail_if_one_did()
            time.sleep(0.1)

    def progress(self, more, seconds=PATIENCE_SECONDS):
        """Wait until so many more messages were taken, and so many more commands done: the service is back."""
        wanted = [made + more for made in self.promises()]
        end = time.monotonic() + seconds
        while any(made < least for made, least in zip(self.promises(), wanted)):
            self.fail_if_one_did()
            if time.monotonic() > end:
                raise RuntimeError(f"(deliveries, commands) in {seconds} s: {self.promises()}, not {wanted}")
            time.sleep(0.05)

    def promises(self):
        return self.ledger.acknowledged, self.book.counts["acknowledged commands"]

    def fail_if_one_did(self):
        for worker in self.workers():
            if worker.failure is not None:
                raise worker.failure

    def finish(self):
        """No more work; what is under way is waited for. Then everything is looked at; the verdict's text."""
        self.enough.set()
        for worker in [*self.senders, *self.owners]:
            worker.join(PATIENCE_SECONDS + 30)
            if worker.is_alive():
                self.book.blame(f"{worker.name} is stuck")
        self.fail_if_one_did()
        self.compare_nodes()
        self.compare_watchers()
        self.done.set()
        for worker in self.watchers:
            worker.join(60)
            if worker.is_alive():
                self.book.blame(f"{worker.name} is stuck")
        self.fail_if_one_did()
        self.judge_watchers()
        verdict = self.judge_deliveries()
        self.look_at_nodes()
        return f"{verdict} " + " ".join(f"{what.replace(' ', '-')}={n}" for what, n in sorted(self.book.counts.items()))

    def reader(self, user, choose):
        """A session at the node that choose() names; asks until there is one."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return Reader(self, choose(), user)
            except Lost as error:
                self.book.count("sessions lost")
                if time.monotonic() > end:
                    raise RuntimeError(f"no session for {PATIENCE_SECONDS} s: {error}") from None
                time.sleep(self.rng.uniform(0.05, 0.3))

    def listing(self, node, user, folder):
        session = self.reader(user, lambda: node)
        try:
            done = session.select(folder)
            numbers = {name: int(done.code_of(name)) for name in ("UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ")}
            rows = session.rows() if done.of("EXISTS")[-1] else []
            if len(rows) != done.of("EXISTS")[-1]:
                self.book.blame(f"{user}/{folder} at node {node.number}: {done.of('EXISTS')} EXISTS, {len(rows)} rows")
            return numbers, rows
        finally:
            session.leave()

    def compare_nodes(self):
        """All nodes show the same, and it is what owners may expect."""
        for user in self.passwords:
            everywhere = {}
            for folder in FOLDERS:
                seen = [self.listing(node, user, folder) for node in self.site.running()]
                self.compare_listings(f"{user}/{folder}", seen)
                everywhere[folder] = seen[0][1]
            self.judge_owners(user, everywhere)

    def compare_listings(self, where, seen):
        numbers, rows = seen[0]
        for number, other in enumerate(seen[1:], 1):
            if other != seen[0]:
                missing = {row.uid for row in rows} ^ {row.uid for row in other[1]}
                self.book.blame(f"{where} differs at node {number}: {other[0]} and {numbers}; only at one: {sorted(missing)[:20]}")
        if rows and (rows[-1].uid >= numbers["UIDNEXT"] or max(row.modseq for row in rows) > numbers["HIGHESTMODSEQ"]):
            self.book.blame(f"{where}: {rows[-1]} beyond {numbers}")

    def judge_owners(self, user, everywhere):
        for owner in self.owners:
            if owner.user != user:
                continue
            found = collections.defaultdict(list)
            for folder, rows in everywhere.items():
                for row in rows:
                    found[row.name].append((folder, row))
            for name, states in owner.states.items():
                self.check_state(user, name, states, found[name], "at the end")
                self.book.count("owners' messages")

    def check_state(self, user, name, states, found, when):
        state = state_of(found)
        if state in states or (state[:2] == (0, 0) and any(other[:2] == (0, 0) for other in states)):
            return
        least = min(sum(other[:2]) for other in states)
        most = max(sum(other[:2]) for other in states)
        word = "lost" if sum(state[:2]) < least else "doubled" if sum(state[:2]) > most else "wrong"
        self.book.count(f"{word} by owners")
        self.book.blame(f"{word} {when}: {name} of {user} is {state}, not one of {sorted(states)}")

    def compare_watchers(self, seconds=30):
        """Each watcher comes to know how many messages there are."""
        for watcher in self.watchers:
            if watcher.node not in self.site.running():
                continue
            numbers, rows = self.listing(watcher.node, watcher.user, "INBOX")
            end = time.monotonic() + seconds
            while watcher.exists != len(rows) and time.monotonic() < end:
                self.fail_if_one_did()
                time.sleep(0.1)
            if watcher.exists != len(rows):
                self.book.blame(f"{watcher.name} knows of {watcher.exists} messages, there are {len(rows)}")

    def judge_watchers(self):
        """What a watcher came to know piece by piece is what there is."""
        for watcher in self.watchers:
            if watcher.node not in self.site.running():
                continue
            _, rows = self.listing(watcher.node, watcher.user, "INBOX")
            missed = [(row, watcher.known.get(row.uid)) for row in rows if watcher.known.get(row.uid) != row]
            if missed:
                self.book.blame(f"{watcher.name} was not told of {len(missed)} changes: {missed[:3]}")

    def judge_deliveries(self):
        verdict = killtest.Verdict(
            kills=self.disturbances, acknowledged=self.ledger.acknowledged, repeats=self.ledger.repeats
        )
        port = self.rng.choice(self.site.running()).port("imap")
        for address, (user, password) in self.site.accounts.items():
            found = killtest.fetch_all(port, user, password)
            # owners' messages, and those of earlier tests, are not senders'
            found = {name: bodies for name, bodies in found.items() if re.match(rf"<{re.escape(self.seed)}\.\d", name)}
            killtest.judge(self.ledger.promised[address], found, self.is_whole, verdict)
        if not verdict.is_good() or verdict.uncertain:
            self.book.blame(f"{verdict}: {verdict.examples}")
        return verdict

    def is_whole(self, expected, body):
        return body.endswith(killtest.make_message(self.seed, expected.client, expected.number))

    def look_at_nodes(self):
        """No session is left, verify finds nothing, no sanitizer complained."""
        stuck = self.site.stuck()
        if stuck:
            self.book.blame(f"sessions that are left: {stuck}")
        said = self.site.running()[0].cli("verify", check=False)
        if said.returncode != 0:
            self.book.blame(f"verify: {said.stdout}{said.stderr}")
        if self.site.trouble():
            self.book.blame(self.site.trouble())
