"""One thread that drives all sessions from a seed. Steps of one command are foreseen exactly; in bursts several
sessions have commands under way, and what is there afterwards must be something that they can have made."""

import collections
import random

import wire
from model import commands
from model.session import Lost, Session
from model.truth import Truth

BOX_MAX = 90
VIEWLESS = {"LIST", "STATUS", "CREATE", "SELECT", "EXAMINE"}


class Failure(AssertionError):
    pass


class Driver:
    def __init__(self, host, account, seed, steps):
        self.host, self.account = host, account
        self.rng = random.Random(seed)
        self.steps = steps
        self.trace = collections.deque(maxlen=60)
        self.claims = {}
        self.counts = collections.Counter()
        server = host.server
        path = str(server.database())
        owner = int(server.sql(f"SELECT user_idnr FROM dbmail_users WHERE userid = '{account.user}'"))
        self.truth = Truth(path, owner)
        self.sessions = []
        self.lmtp = self.observer = None

    def run(self):
        try:
            self.begin()
            for number in range(self.steps):
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
        self.observer = Session("obs", self.account, {}, False)
        count = self.rng.randint(3, 8)
        self.sessions = [self.open(f"s{number}") for number in range(count)]
        self.truth.read()
        for name in ("work", "other"):
            self.sync(self.sessions[0], commands.Command("CREATE", [f"CREATE {name}"]))

    def open(self, name):
        return Session(name, self.account, self.claims, self.rng.random() < 0.2)

    def close(self):
        for one in [*self.sessions, self.lmtp, self.observer]:
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
            (self.by_hand, 2),
            (self.reconnect, 1),
        ]
        kind = self.rng.choices([row[0] for row in kinds], [row[1] for row in kinds])[0]
        self.counts[kind.__name__] += 1
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
        """The folder that is selected, None if it is gone."""
        box = self.truth.boxes.get(session.view.box) if session.view else None
        return None if box is None or box.no_select else box

    # one command at a time

    def one_command(self):
        session = self.any_session()
        self.sync(session, commands.pick(self.rng, session, self.truth))

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
        self.truth.has_idle = any(other.idle for other in self.sessions)
        if session.view and session.view.box is None:
            session.view.box = self.truth.uidvalidities.get(session.view.uidvalidity)
        if command.check and (not was_orphan or command.verb in VIEWLESS):
            command.check(done, before, self.truth)
        self.look_at_view(session, command.synchronises and done.status == "OK")

    def look_at_view(self, session, synchronous):
        box = self.box_of(session)
        if box is None:
            return
        session.view.fill(box)
        session.view.look(box)
        if synchronous:
            session.view.look_synchronous(box)
            session.view.look_recent()

    def lost(self, session, lost, was_orphan=False):
        """A session may end only if its folder is gone."""
        self.note(session, f"lost: {lost}")
        self.truth.read()
        assert was_orphan or session.view is None or self.box_of(session) is None, f"{session.name} was hung up: {lost}"
        assert session.bye, f"{session.name}: the end without BYE: {lost}"
        self.counts["lost"] += 1
        self.replace(session)

    def replace(self, session):
        session.close()
        self.sessions[self.sessions.index(session)] = self.open(session.name)

    def reconnect(self):
        session = self.rng.choice(self.sessions)
        self.note(session, "reconnect")
        if self.rng.random() < 0.5:
            session.imap.abort()
        self.replace(session)

    def trim(self, box):
        """Not more than can be looked at quickly."""
        session = self.any_session()
        uids = sorted(self.rng.sample(list(box.messages), len(box.messages) * 2 // 3))
        select = commands.select_named(session, box.name)
        text = commands.ranges(uids)
        flag = commands.Command("STORE", [f"STORE {text} +FLAGS.SILENT (\\Deleted)"], uid=True, changes_flags=True)
        for command in (select, flag, commands.Command("EXPUNGE", ["EXPUNGE"], synchronises=True, expunges=True)):
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
            command = commands.idle(self.rng, session, self.truth)
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
        self.truth.read()
        return None

    @staticmethod
    def is_told(view, box):
        assert len(view.entries) == len(box.messages), f"idle: {len(view.entries)} of {len(box.messages)} messages"
        for entry, (uid, message) in zip(view.entries, box.messages.items()):
            assert entry.uid in (None, uid) and entry.flags in (None, message.flags), f"idle: {entry}, not {uid} {message}"

    @staticmethod
    def fill_by_position(session, box):
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
        for session, plan in plans:
            session.send(plan)
            self.note(session, " | ".join(map(str, plan)))
        codes = self.deliver_all(tokens)
        self.rng.shuffle(plans)
        results, lost = [], []
        for session, plan in plans:
            try:
                results += [(command, self.finish(session, command)) for command in plan]
            except Lost as error:
                lost.append((session, error))
        before = self.truth.read()
        self.look_at_burst(before, plans, results, bool(lost), tokens, codes)
        for session, error in lost:
            self.lost(session, error, session in orphans or self.loses_folders(plans))
        for session in sessions:
            if session in self.sessions:
                self.settle(session)
        self.truth.read()

    def plan(self, session):
        plan = [commands.pick(self.rng, session, self.truth) for _ in range(self.rng.randint(1, 4))]
        return [command for command in plan if command.verb != "IDLE"]

    @staticmethod
    def loses_folders(plans):
        return any(command.verb in ("DELETE", "RENAME") for _, plan in plans for command in plan)

    def finish(self, session, command):
        done = session.finish(command)
        if command.silent and session.view:
            session.view.forget_flags()
        self.note(session, f"{command.tag} {done.status} {done.text[:80]} {str(done.untagged)[:200]}")
        self.counts[f"{command.verb} {done.status}"] += 1
        return done

    def look_at_burst(self, before, plans, results, is_lost, tokens, codes):
        every = [command for _, plan in plans for command in plan]
        expunges = any(command.expunges for command in every)
        moved = self.loses_folders(plans)
        added = collections.Counter()
        for command, done in results:
            self.look_at_added(command, done, added, expunges or moved)
        if not moved:
            assert codes == [250] * len(codes), f"LMTP: {codes}"
            added[self.truth.named("INBOX").id] += len(codes)
        for box in self.truth.boxes.values():
            was = before.get(box.id)
            if was is None:
                continue
            if not is_lost and not moved:
                assert box.uidnext - was.uidnext == added[box.id], (
                    f"{box.name}: {box.uidnext - was.uidnext} uids were given, {added[box.id]} acknowledged"
                )
            if not expunges:
                gone = set(was.messages) - set(box.messages)
                assert not gone, f"{box.name}: nobody removed {gone}"
            if not any(command.changes_flags for command in every):
                for uid in set(was.messages) & set(box.messages):
                    assert was.messages[uid] == box.messages[uid], f"{box.name}: nobody changed uid {uid}"
        if tokens and not moved:
            self.learn(tokens if not expunges else [])

    def look_at_added(self, command, done, added, may_be_gone):
        word, *rest = (done.code or "").split(" ")
        if done.status != "OK" or word not in ("APPENDUID", "COPYUID"):
            return
        uids = commands.expand(rest[-1])
        box_id = self.truth.uidvalidities.get(int(rest[0]))
        added[box_id] += len(uids)
        box = self.truth.boxes.get(box_id)
        if word == "COPYUID":
            assert len(commands.expand(rest[1])) == len(uids), done.code
        for uid in uids:
            there = box and box.messages.get(uid)
            assert there or may_be_gone, f"{done.code}: uid {uid} is not there"
            if there and word == "APPENDUID":
                assert self.truth.tokens.setdefault(there.object, command.token) == command.token

    def settle(self, session):
        """Learn the uids of what was announced: by NOOP, or by FETCH, which leaves what went where it was."""
        if session.view is None:
            return
        if session.view.box is None:
            session.view.box = self.truth.uidvalidities.get(session.view.uidvalidity)
        box = self.box_of(session)
        if box is None:
            return self.sync(session, commands.noop(self.rng, session, self.truth))
        if self.rng.random() < 0.5 and session.view.entries:
            return self.settle_by_fetch(session)
        command = commands.noop(self.rng, session, self.truth)
        try:
            session.send([command])
            done = self.finish(session, command)
        except Lost as lost:
            return self.lost(session, lost)
        assert done.status == "OK", done
        self.fill_by_position(session, box)
        self.look_at_view(session, True)
        return None

    def settle_by_fetch(self, session):
        view, box = session.view, self.box_of(session)
        command = commands.Command("FETCH", ["FETCH 1:* (UID FLAGS)"])
        session.send([command])
        done = self.finish(session, command)
        assert done.status == "OK", done
        told = [entry.uid for entry in view.entries if entry.uid is not None]
        view.uidnext = max([view.uidnext, *(uid + 1 for uid in told)])
        view.fill(box)
        view.look(box)
        for entry in view.entries:
            if entry.uid in box.messages and entry.flags is not None:
                assert entry.flags == box.messages[entry.uid].flags, f"{entry} after FETCH, not {box.messages[entry.uid]}"

    # LMTP

    def token(self):
        return f"d{self.rng.getrandbits(48):012x}"

    def deliver_all(self, tokens):
        return [self.deliver_one(token) for token in tokens]

    def deliver_one(self, token):
        self.lmtp.envelope([self.account.address])
        answers = self.lmtp.data(commands.message_of(self.rng, token))
        self.note(None, f"LMTP {token}: {[answer.code for answer in answers]}")
        return answers[0].code

    def deliver(self):
        token = self.token()
        assert self.deliver_one(token) == 250
        before = self.truth.read()
        inbox = self.truth.named("INBOX")
        commands.look_added(before.get(inbox.id), inbox, 1)
        self.learn([token])

    def deliver_beside(self):
        """Another process writes into the database, to a folder or INBOX."""
        token, name = self.token(), self.rng.choice(self.truth.selectable())
        self.note(None, f"tabella deliver --folder {name}: {token}")
        message = commands.message_of(self.rng, token).decode()
        self.host.server.cli("deliver", self.account.address, "--folder", name, stdin=message)
        before = self.truth.read()
        box = self.truth.named(name)
        new = commands.look_added(before.get(box.id), box, 1)
        self.truth.tokens[box.messages[new[0]].object] = token

    def learn(self, tokens):
        """Read the tokens of what was delivered; those named must be there."""
        inbox = self.truth.named("INBOX")
        new = [uid for uid, message in inbox.messages.items() if message.object not in self.truth.tokens]
        if new:
            imap = self.observer.imap
            imap.ok("EXAMINE INBOX")
            done = imap.ok(f"UID FETCH {commands.ranges(new)} (BODY.PEEK[HEADER.FIELDS (X-TOKEN)])")
            for items in done.fetched().values():
                token = items["BODY[HEADER.FIELDS (X-TOKEN)]"].decode().strip().partition(": ")[2]
                self.truth.tokens[inbox.messages[int(items["UID"])].object] = token
        there = {self.truth.tokens.get(message.object) for message in inbox.messages.values()}
        assert set(tokens) <= there, f"{set(tokens) - there} were acknowledged and are not in INBOX"

    # an administrator with the sqlite3 shell

    def by_hand(self):
        self.rng.choice([self.insert_folder, self.delete_folder, self.rename_folder, self.lock_account])()
        self.truth.read()

    def insert_folder(self):
        free = [name for name in commands.NAMES if self.truth.named(name) is None]
        if free:
            name = self.rng.choice(free)
            self.note(None, f"INSERT folder {name}")
            self.truth.execute("INSERT INTO dbmail_mailboxes (owner_idnr, name) VALUES (?, ?)", self.truth.owner, name)

    def some_folder(self):
        boxes = [box for box in self.truth.boxes.values() if box.name != "INBOX"]
        return self.rng.choice(boxes) if boxes else None

    def delete_folder(self):
        box = self.some_folder()
        if box:
            self.note(None, f"DELETE folder {box.name} {box.id}")
            self.truth.execute("DELETE FROM dbmail_mailboxes WHERE mailbox_idnr = ?", box.id)

    def rename_folder(self):
        box = self.some_folder()
        free = [name for name in commands.NAMES if self.truth.named(name) is None]
        if box and free:
            name = self.rng.choice(free)
            self.note(None, f"UPDATE folder {box.name} to {name}")
            self.truth.execute("UPDATE dbmail_mailboxes SET name = ? WHERE mailbox_idnr = ?", name, box.id)

    def lock_account(self):
        """Nobody logs in and nothing is delivered while active is 0."""
        self.note(None, "UPDATE active")
        set_active = "UPDATE dbmail_users SET active = ? WHERE user_idnr = ?"
        self.truth.execute(set_active, 0, self.truth.owner)
        try:
            with wire.Imap(self.host.port("imap")) as peer:
                peer.no(f"LOGIN {self.account.user} {self.account.password}")
            assert self.lmtp.cmd("MAIL FROM:<a@b.test>").code == 250
            assert self.lmtp.cmd(f"RCPT TO:<{self.account.address}>").code in (450, 550)
            assert self.lmtp.cmd("RSET").code == 250
        finally:
            self.truth.execute(set_active, 1, self.truth.owner)

    # the end

    def end(self):
        """Everybody agrees with everybody."""
        self.trace.append("-- the end")
        for session in list(self.sessions):
            if session.idle:
                self.wake(session)
        for session in list(self.sessions):
            self.sync(session, commands.noop(self.rng, session, self.truth))
        for session in self.sessions:
            if self.box_of(session) is not None:
                command = commands.Command("FETCH", ["FETCH 1:* (UID FLAGS)"], uid=True)
                command.pieces = ["FETCH 1:* (FLAGS)"]
                session.send([command])
                assert self.finish(session, command).status == "OK"
                session.view.look_synchronous(self.box_of(session))
                session.view.look_recent()
