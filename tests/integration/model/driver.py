"""One thread that drives all sessions from a seed. Steps of one command are foreseen exactly; in bursts several
sessions have commands under way, and what is there afterwards must be something that they can have made."""

import collections
import dataclasses
import random

from model import commands
from model.command import Command, expand, look_added, message_of, ranges
from model.hand import Hand
from model.reading import noop
from model.session import KINDS, Lost, Session
from model.states import idle, select_named
from model.truth import Eyes, Truth

BOX_MAX = 90
LEFT_IDLE_COMMANDS = 5  # the server may tell a session that has just hung up of news for so long
VIEWLESS = {"LIST", "STATUS", "CREATE", "SELECT", "EXAMINE"}


class Failure(AssertionError):
    pass


@dataclasses.dataclass
class Person:
    """An account, its id, and what it sees."""

    account: object
    id: int
    eyes: Eyes
    observer: object = None


class Driver:
    """Each step draws from a generator of its own, made of the seed and the step's number: what one step finds out of
    the order that threads made does not change what kind of step the next one is."""

    def __init__(self, host, seed, steps):
        self.host, self.seed, self.steps = host, seed, steps
        self.rng = random.Random(f"{seed}")
        self.trace = collections.deque(maxlen=100_000)
        self.claims = {}
        self.counts = collections.Counter()
        accounts = [host.account() for _ in range(self.rng.choice([1, 2, 3]))]
        ids = {login: int(one) for one, login in (row.split("|") for row in self.ids())}
        self.truth = Truth(host.server.connect, {ids[account.user]: account.user for account in accounts})
        self.people = [Person(one, ids[one.user], self.truth.eyes(ids[one.user])) for one in accounts]
        self.hand = Hand(self)
        self.sessions = []
        self.just_left_idle = 0  # commands for which one that hung up counts as idle
        self.lmtp = None

    def ids(self):
        return self.host.server.sql("SELECT user_idnr, userid FROM dbmail_users").splitlines()

    def run(self):
        try:
            self.begin()
            for number in range(self.steps):
                self.rng = random.Random(f"{self.seed}/{number}")
                self.trace.append(f"-- step {number}")
                self.step()
            self.end()
        except Exception as error:
            raise Failure("\n".join([*self.trace, f"{type(error).__name__}: {error}"])) from error
        finally:
            self.close()

    def note(self, session, text):
        self.trace.append(f"{session.name if session else '   '} {text}")

    def begin(self):
        self.lmtp = self.host.lmtp()
        self.truth.read()
        for person in self.people:
            person.observer = Session("obs", person, {}, False)
        count = self.rng.randint(max(3, len(self.people)), 8)
        for number in range(count):
            person = self.people[number % len(self.people)]
            self.sessions.append(self.open(f"s{number}", person, self.rng.choice(sorted(KINDS)), {}))
        for session in self.sessions[: len(self.people)]:
            for name in ("work", "other"):
                self.sync(session, Command("CREATE", [f"CREATE {name}"]))
        if len(self.people) > 1:
            self.hand.insert_public_folder()
            for _ in range(3):
                self.hand.change_rights()

    def open(self, name, person, kind, caches):
        session = Session(name, person, self.claims, self.rng.random() < 0.2, kind, caches)
        self.note(session, f"opened by {person.account.user}, {session.kind}{', TLS' if session.tls else ''}")
        return session

    def close(self):
        for one in [*self.sessions, self.lmtp, *(person.observer for person in self.people)]:
            if one is not None:
                one.close()

    def step(self):
        kinds = [
            (self.one_command, 60),
            (self.burst, 8),
            (self.pipeline, 6),
            (self.deliver, 8),
            (self.deliver_beside, 1),
            (self.idle, 5),
            (self.hand.act, 3),
            (self.reconnect, 2),
            (self.come_back, 6),
        ]
        kind = self.rng.choices([row[0] for row in kinds], [row[1] for row in kinds])[0]
        self.counts["step " + kind.__name__] += 1
        kind()
        for box in list(self.truth.boxes.values()):
            if len(box.messages) > BOX_MAX:
                self.trim(box)

    def at_rest(self):
        return [session for session in self.sessions if not session.idle]

    def any_session(self):
        at = self.rng.randrange(len(self.sessions))
        if self.sessions[at].idle:
            self.wake(self.sessions[at])
        return self.sessions[at]

    def box_of(self, session):
        """The folder that is selected, None if it is gone, or may not be read any more."""
        box = self.truth.boxes.get(session.view.box) if session.view else None
        return None if box is None or box.no_select or "r" not in session.eyes.rights_on(box) else box

    # one command at a time

    def one_command(self):
        session = self.any_session()
        self.sync(session, commands.pick(self.rng, session, session.eyes))

    def sync(self, session, command):
        """Send, read, and hold everything against what was foreseen."""
        was_orphan = session.view is not None and self.box_of(session) is None
        try:
            session.send([command])
            self.note(session, str(command))
            done = session.finish(command)
        except Lost as lost:
            self.lost(session, lost, was_orphan)
            return
        self.after(session, command, done, was_orphan)

    def after(self, session, command, done, was_orphan):
        self.note(session, f"{done.status} {done.text[:100]} {str(done.untagged)[:300]}")
        self.counts[f"{command.verb} {done.status}"] += 1
        before = self.truth.read()
        self.truth.has_idle = self.just_left_idle > 0 or any(other.idle for other in self.sessions)
        self.just_left_idle -= 1
        self.learn_box(session)
        if was_orphan and command.verb not in VIEWLESS:
            assert not done.of("EXISTS"), f"news of a folder that is gone, or may not be read: {done.untagged}"
        elif command.check:
            command.check(done, before, session.eyes)
        self.look_at_view(session, command.synchronises and done.status == "OK")

    @staticmethod
    def learn_box(session):
        view = session.view
        if view and view.box is None:
            view.box = session.eyes.by_uidvalidity(view.name, view.uidvalidity)

    def look_at_view(self, session, synchronous):
        box = self.box_of(session)
        if box is None:
            return
        session.view.fill(box)
        session.view.look(box)
        session.view.look_at_modseq(box)
        if synchronous:
            session.view.look_synchronous(box)
            if session.kind != "rev2":
                session.view.look_recent()

    def lost(self, session, lost, was_orphan=False):
        """A session may end only if its folder is gone."""
        self.note(session, f"lost: {lost}")
        self.truth.read()
        assert was_orphan or session.view is None or self.box_of(session) is None, f"{session.name} was hung up: {lost}"
        assert session.bye or session.was_cut, f"{session.name}: the end without BYE: {lost}"
        self.counts["lost"] += 1
        self.replace(session)

    def replace(self, session):
        if session.idle:
            self.just_left_idle = LEFT_IDLE_COMMANDS
        session.close()
        new = self.open(session.name, session.person, session.kind, session.caches)
        self.sessions[self.sessions.index(session)] = new
        return new

    def reconnect(self):
        """Often to the mailbox that it left, which is how clients with QRESYNC come back."""
        session = self.rng.choice(self.sessions)
        name = session.view.name if session.view else "INBOX"
        self.note(session, "reconnect")
        if self.rng.random() < 0.5:
            session.imap.abort()
        session = self.replace(session)
        if self.rng.random() < 0.7:
            self.sync(session, select_named(session, name))

    def come_back(self):
        """A client that caches opens a mailbox that it knows."""
        able = [session for session in self.at_rest() if session.caches and session.kind == "qresync"]
        if able:
            session = self.rng.choice(able)
            self.sync(session, select_named(session, self.rng.choice(sorted(session.caches))))

    def trim(self, box):
        """Not more than can be looked at quickly."""
        able = [one for one in self.sessions if set("rte") <= one.eyes.rights_on(box)]
        if not able:
            self.hand.allow_all(box)
            return
        session = self.rng.choice(able)
        if session.idle:
            self.wake(session)
            return
        uids = sorted(self.rng.sample(list(box.messages), len(box.messages) * 2 // 3))
        select = select_named(session, session.eyes.name_of(box))
        flag = Command("STORE", [f"STORE {ranges(uids)} +FLAGS.SILENT (\\Deleted)"], uid=True, changes_flags=True)
        for command in (select, flag, Command("EXPUNGE", ["EXPUNGE"], synchronises=True, expunges=True)):
            if box.no_select or session not in self.sessions:
                return
            self.sync(session, command)
            if command is flag and session.view:
                session.view.forget_flags()

    # IDLE

    def idle(self):
        resting = self.at_rest()
        sleeping = [session for session in self.sessions if session.idle]
        if sleeping and (not resting or self.rng.random() < 0.5):
            return self.wake(self.rng.choice(sleeping))
        if len(sleeping) + 1 < len(self.sessions):
            session = self.rng.choice(resting)
            command = idle(self.rng, session, self.truth)
            self.note(session, "IDLE")
            try:
                session.begin_idle(command)
            except Lost as lost:
                self.lost(session, lost)
        return None

    def wake(self, session):
        """An idle session hears of everything before long."""
        box = self.box_of(session)
        self.note(session, "DONE")
        try:
            if box is not None and self.rng.random() < 0.7:
                session.wait_until(lambda: self.is_told(session.view, box))
            done = session.end_idle()
        except Lost as lost:
            return self.lost(session, lost)
        assert done.status == "OK", done
        if box is not None:
            self.fill_by_position(session, box)
            self.look_at_view(session, True)
            session.view.settled(True)
        self.truth.read()
        return None

    @staticmethod
    def is_told(view, box):
        assert len(view.entries) == len(box.messages), f"idle: {len(view.entries)} of {len(box.messages)} messages"
        for entry, (uid, message) in zip(view.entries, box.messages.items()):
            assert entry.uid in (None, uid) and entry.flags in (None, message.flags), f"idle: {entry}, not {uid} {message}"

    @staticmethod
    def fill_by_position(session, box):
        """Which the new ones are: nobody was at work, so they are those at the end."""
        entries = session.view.entries
        assert len(entries) == len(box.messages), f"{len(entries)} of {len(box.messages)} messages"
        for entry, uid in zip(entries, box.messages):
            assert entry.uid in (None, uid), f"{entry}, not {uid}"
            if entry.uid is None:
                entry.uid = uid
                if entry.recent:
                    session.view.claim(entry)
        session.view.uidnext = box.uidnext

    # many at a time

    def pipeline(self):
        self.burst_of([self.any_session()], deliveries=0)

    def burst(self):
        resting = self.at_rest()
        many = self.rng.sample(resting, min(len(resting), self.rng.randint(2, 6)))
        self.burst_of(many, deliveries=self.rng.choice([0, 0, 1, 3]))

    def burst_of(self, sessions, deliveries):
        plans = [(session, self.plan(session)) for session in sessions]
        orphans = [session for session in sessions if session.view is not None and self.box_of(session) is None]
        tokens = [self.token() for _ in range(deliveries)]
        person = self.rng.choice(self.people)
        results, lost = [], []
        for session, plan in plans:
            self.note(session, " | ".join(map(str, plan)))
            try:
                session.send(plan)
            except Lost as error:
                lost.append((session, error))
        codes = [self.deliver_one(person, token) for token in tokens]
        self.rng.shuffle(plans)
        for session, plan in plans:
            if session.was_cut:
                continue
            try:
                results += [(session, command, self.finish(session, command)) for command in plan]
            except Lost as error:
                lost.append((session, error))
        before = self.truth.read()
        self.look_at_burst(before, plans, results, bool(lost), (person, tokens, codes))
        for session, error in lost:
            self.lost(session, error, session in orphans or self.loses_folders(plans))
        for session in sessions:
            if session in self.sessions:
                self.settle(session)
        self.truth.read()

    def plan(self, session):
        return [commands.pick(self.rng, session, session.eyes) for _ in range(self.rng.randint(1, 4))]

    @staticmethod
    def loses_folders(plans):
        return any(command.verb in ("DELETE", "RENAME") for _, plan in plans for command in plan)

    def finish(self, session, command):
        done = session.finish(command)
        if command.silent and session.view:
            session.view.forget_flags()
        if command.saves or command.expunges:
            session.saved = None
        self.note(session, f"{command.tag} {done.status} {done.text[:80]} {str(done.untagged)[:200]}")
        self.counts[f"{command.verb} {done.status}"] += 1
        return done

    def look_at_burst(self, before, plans, results, is_lost, delivered):
        every = [command for _, plan in plans for command in plan]
        expunges = any(command.expunges for command in every)
        moved = self.loses_folders(plans)
        added = collections.Counter()
        for session, command, done in results:
            self.look_at_added(session, command, done, added, expunges or moved)
        person, tokens, codes = delivered
        if not moved:
            assert codes == [250] * len(codes), f"LMTP: {codes}"
            added[self.truth.inbox(person.id).id] += len(codes)
        for box in self.truth.boxes.values():
            was = before.get(box.id)
            if was is not None:
                self.look_at_box(was, box, None if is_lost or moved else added[box.id], expunges, every)
        if tokens and not moved:
            self.learn(person, tokens if not expunges else [])

    @staticmethod
    def look_at_box(was, box, added, expunges, every):
        """`added`: how many messages were acknowledged; None: answers are missing."""
        given = box.uidnext - was.uidnext
        assert added in (None, given), f"{box.name}: {given} uids were given, {added} acknowledged"
        if not expunges:
            gone = set(was.messages) - set(box.messages)
            assert not gone, f"{box.name}: nobody removed {gone}"
        if not any(command.changes_flags for command in every):
            for uid in set(was.messages) & set(box.messages):
                assert was.messages[uid] == box.messages[uid], f"{box.name}: nobody changed uid {uid}"

    def look_at_added(self, session, command, done, added, may_be_gone):
        code = done.code_of("APPENDUID" if command.verb == "APPEND" else "COPYUID")
        if done.status != "OK" or code is None or not command.target:
            return
        uidvalidity, *rest = code.split(" ")
        uids = expand(rest[-1])
        box_id = session.eyes.by_uidvalidity(command.target, int(uidvalidity))
        added[box_id] += len(uids)
        box = self.truth.boxes.get(box_id)
        assert len(expand(rest[0])) == len(uids), code
        tokens = command.tokens or [None] * len(uids)
        assert len(tokens) == len(uids), f"{code} for {len(tokens)} messages"
        for uid, token in zip(uids, tokens):
            there = box and box.messages.get(uid)
            assert there or may_be_gone, f"{code}: uid {uid} is not there"
            if there and token:
                assert self.truth.tokens.setdefault(there.object, token) == token

    def settle(self, session):
        """Learn the uids of what was announced: by NOOP, or by FETCH, which leaves what went where it was."""
        if session.view is None:
            return
        self.learn_box(session)
        box = self.box_of(session)
        if box is None:
            return self.sync(session, noop(self.rng, session, self.truth))
        if self.rng.random() < 0.5 and session.view.entries:
            return self.settle_by_fetch(session)
        command = noop(self.rng, session, self.truth)
        try:
            session.send([command])
            done = self.finish(session, command)
        except Lost as lost:
            return self.lost(session, lost)
        assert done.status == "OK", done
        self.fill_by_position(session, box)
        self.look_at_view(session, True)
        session.view.settled(True)
        return None

    def settle_by_fetch(self, session):
        view, box = session.view, self.box_of(session)
        command = Command("FETCH", ["FETCH 1:* (UID FLAGS)"])
        session.send([command])
        done = self.finish(session, command)
        assert done.status == "OK", done
        told = [entry.uid for entry in view.entries if entry.uid is not None]
        view.uidnext = max([view.uidnext, *(uid + 1 for uid in told)])
        view.fill(box)
        view.look(box)
        view.look_at_modseq(box)
        for entry in view.entries:
            if entry.uid in box.messages and entry.flags is not None:
                assert entry.flags == box.messages[entry.uid].flags, f"{entry} after FETCH, not {box.messages[entry.uid]}"

    # LMTP

    def token(self):
        return f"d{self.rng.getrandbits(48):012x}"

    def deliver_one(self, person, token):
        self.lmtp.envelope([person.account.address])
        answers = self.lmtp.data(message_of(self.rng, token))
        self.note(None, f"LMTP to {person.account.user} {token}: {[answer.code for answer in answers]}")
        return answers[0].code

    def deliver(self):
        token, person = self.token(), self.rng.choice(self.people)
        assert self.deliver_one(person, token) == 250
        before = self.truth.read()
        inbox = self.truth.inbox(person.id)
        look_added(before.get(inbox.id), inbox, 1)
        self.learn(person, [token])

    def deliver_beside(self):
        """Another process writes into the database, to a folder or INBOX."""
        token, person = self.token(), self.rng.choice(self.people)
        name = self.rng.choice([box.name for box in person.eyes.own() if not box.no_select])
        self.note(None, f"tabella deliver {person.account.user} --folder {name}: {token}")
        message = message_of(self.rng, token).decode()
        self.host.server.cli("deliver", person.account.address, "--folder", name, stdin=message)
        before = self.truth.read()
        box = person.eyes.named(name)
        new = look_added(before.get(box.id), box, 1)
        self.truth.tokens[box.messages[new[0]].object] = token

    def learn(self, person, tokens):
        """Read the tokens of what was delivered; those named must be there."""
        inbox = self.truth.inbox(person.id)
        new = [uid for uid, message in inbox.messages.items() if message.object not in self.truth.tokens]
        if new:
            imap = person.observer.imap
            imap.ok("EXAMINE INBOX")
            done = imap.ok(f"UID FETCH {ranges(new)} (BODY.PEEK[HEADER.FIELDS (X-TOKEN)])")
            for items in done.fetched().values():
                token = items["BODY[HEADER.FIELDS (X-TOKEN)]"].decode().strip().partition(": ")[2]
                self.truth.tokens[inbox.messages[int(items["UID"])].object] = token
        there = {self.truth.tokens.get(message.object) for message in inbox.messages.values()}
        assert set(tokens) <= there, f"{set(tokens) - there} were acknowledged and are not in INBOX"

    # the end

    def end(self):
        """Everybody agrees with everybody."""
        self.trace.append("-- the end")
        for session in list(self.sessions):
            if session.idle:
                self.wake(session)
        for session in list(self.sessions):
            self.sync(session, noop(self.rng, session, self.truth))
        for session in self.sessions:
            if self.box_of(session) is not None:
                command = Command("FETCH", ["FETCH 1:* (FLAGS)"], uid=True)
                session.send([command])
                assert self.finish(session, command).status == "OK"
                self.look_at_view(session, True)
