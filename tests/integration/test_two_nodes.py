"""Two nodes on one database: what one does the other shows, mail that is repeated elsewhere is stored once, and a node that
dies takes nothing along."""

import json
import os
import random
import re
import threading
import time

import pytest
import wire
from mails import mail
from model.driver import Driver, Failure
from tabella_server import find_binary
from two_nodes import IS_LEASED, Nodes

pytestmark = pytest.mark.ours

LONG = "LONG_TESTS" in os.environ
STEPS = int(os.environ.get("MODEL_STEPS", "800" if LONG else "250"))
PATIENCE = 60  # a lease is over long before


@pytest.fixture(scope="module")
def nodes():
    with Nodes() as both:
        yield both


def at(host, account):
    """The same account by another node."""
    return type(account)(host, account.name, account.address, account.user, account.password)


def until(what, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)


def tells(word):
    return lambda response: word in response


# what one node does, the other shows


def test_idle_sees_what_another_node_does(nodes):
    ann = nodes.a.account()
    with at(nodes.b, ann).imap("INBOX") as watcher, ann.imap("INBOX") as actor:
        tag = watcher.idle()
        with nodes.a.lmtp() as lmtp:
            lmtp.deliver([ann.address], mail(subject="one"))
        watcher.wait_for(tells("EXISTS"))
        actor.ok("NOOP")
        actor.ok("STORE 1 +FLAGS (\\Flagged)")
        watcher.wait_for(tells("FETCH"))
        actor.ok("STORE 1 +FLAGS (\\Deleted)")
        watcher.wait_for(tells("FETCH"))
        actor.ok("EXPUNGE")
        watcher.wait_for(tells("EXPUNGE"))
        nodes.a.server.cli("deliver", ann.address, stdin=mail(subject="two").decode())
        watcher.wait_for(tells("EXISTS"))
        watcher.idle_done(tag)


@pytest.mark.skipif(not IS_LEASED, reason="a process beside a file is no node before it stores mail")
def test_status_of_any_machine_shows_all_nodes(nodes):
    pids = {nodes.a.server.process.pid, nodes.b.server.process.pid}
    for host in (nodes.a, nodes.b):
        seen = json.loads(host.server.cli("status", "--json").stdout)
        assert pids == {node["pid"] for node in seen["nodes"] if node["alive"] and node["serves"]}
        assert seen["server"]["pid"] == host.server.process.pid
        assert host.server.cli("status").stdout.count(", alive, ") == 2


TOLD_SECONDS = 1.0


@pytest.mark.parametrize("way", ["from a to b", "from b to a"])
def test_idle_hears_of_another_node_within_a_second(nodes, way):
    """Where nodes ask once a second it is half of one, as a rule: so the one in the middle counts, of some."""
    ann = nodes.a.account()
    actor, watching = (nodes.a, nodes.b) if way == "from a to b" else (nodes.b, nodes.a)
    took = []
    with at(watching, ann).imap("INBOX") as watcher, actor.lmtp() as lmtp:
        tag = watcher.idle()
        for number in range(1, 10):
            lmtp.deliver_all([ann.address], mail())
            begin = time.monotonic()
            watcher.wait_for(lambda response, n=number: response == [str(n), "EXISTS"])
            took.append(time.monotonic() - begin)
            time.sleep(random.uniform(0, 0.3))
        watcher.idle_done(tag)
    assert sorted(took)[len(took) // 2] < TOLD_SECONDS, took


class Reader(threading.Thread):
    """Asks its node for what has changed since the last time, and holds that against what it knows."""

    def __init__(self, host, account, enough):
        super().__init__(daemon=True)
        self.host, self.account, self.enough = host, account, enough
        self.known, self.modseq = {}, 0  # UID: (modseq, flags)
        self.wrong, self.failure = [], None

    def run(self):
        try:
            with at(self.host, self.account).imap("INBOX") as peer:
                is_last = False
                while not is_last:
                    is_last = self.enough.is_set()
                    self.take(peer)
        except Exception as error:
            self.failure = error

    def take(self, peer):
        """As clients do: what is old and has changed, then what is new, however old its mod-sequence is."""
        highest, since = max(self.known, default=0), self.modseq
        changed = ask(peer, f"1:{highest}", since) if since else []
        new = ask(peer, f"{highest + 1}:*")
        for uid, modseq, _ in changed:
            if modseq <= since:
                self.wrong.append(f"changed since {since}: UID {uid}, modseq {modseq}")
        for uid, modseq, flags in [*changed, *new]:
            if uid <= highest and uid not in self.known:
                self.wrong.append(f"behind UID {highest} came UID {uid}, modseq {modseq}")
            self.known[uid] = modseq, flags
        # what is new may stand above a change that was not asked for yet
        self.modseq = max([since, *(modseq for _, modseq, _ in (changed if since else new))])


def ask(peer, uids, since=0):
    more = f" (CHANGEDSINCE {since})" if since else ""
    return list(rows_of(peer.ok(f"UID FETCH {uids} (UID FLAGS MODSEQ RFC822.SIZE){more}")))


def rows_of(done):
    """(UID, modseq, flags); what was told on the way lacks the size."""
    for _, pairs in done.of("FETCH"):
        items = dict(zip((str(name).upper() for name in pairs[::2]), pairs[1::2]))
        if "RFC822.SIZE" in items:
            yield int(items["UID"]), int(items["MODSEQ"][0]), frozenset(items["FLAGS"]) - {"\\Recent"}


def work(host, account, rounds, failures):
    """Deliveries, an APPEND, and flags of old and new messages."""
    try:
        with at(host, account).imap("INBOX") as peer, host.lmtp() as lmtp:
            for number in range(rounds):
                lmtp.deliver_all([account.address], mail())
                peer.append("INBOX", mail())
                peer.ok(f"STORE 1 {'+-'[number % 2]}FLAGS (\\Flagged)")
                peer.ok("STORE * +FLAGS.SILENT (\\Answered)")
    except Exception as error:
        failures.append(error)


def test_uids_and_mod_sequences_increase_as_both_nodes_show_them(nodes):
    """Four are at work at both nodes: nothing new ever comes below what a reader has seen, and no change is missed."""
    ann = nodes.a.account()
    rounds = 40 if LONG else 20
    with ann.imap() as peer:
        peer.append("INBOX", mail())
    enough, failures = threading.Event(), []
    readers = [Reader(host, ann, enough) for host in (nodes.a, nodes.b)]
    workers = [threading.Thread(target=work, args=(host, ann, rounds, failures)) for host in (nodes.a, nodes.b) * 2]
    for thread in [*readers, *workers]:
        thread.start()
    for thread in workers:
        thread.join()
    enough.set()
    for thread in readers:
        thread.join(60)
        assert not thread.is_alive() and not thread.failure, thread.failure
    assert not failures, failures
    for host in (nodes.a, nodes.b):
        with at(host, ann).imap("INBOX") as peer:
            rows = list(rows_of(peer.ok("UID FETCH 1:* (UID FLAGS MODSEQ RFC822.SIZE)")))
        assert [uid for uid, _, _ in rows] == list(range(1, 2 + 2 * rounds * len(workers)))
        for reader in readers:
            assert not reader.wrong, reader.wrong
            assert reader.known == {uid: (modseq, flags) for uid, modseq, flags in rows}


def test_folders_of_one_node_are_the_others(nodes):
    ann = nodes.a.account()
    with ann.imap("INBOX") as one, at(nodes.b, ann).imap("INBOX") as other:
        one.ok("CREATE work")
        one.append("work", mail())
        assert other.ok("STATUS work (MESSAGES UIDNEXT)").of("STATUS")
        other.select("work")
        other.ok("RENAME work play")
        one.no("SELECT work")
        one.select("play")
        assert one.uids() == other.uids()


# a message that is sent again


def leave_unread(host, account, body):
    """A client that goes without having read the answer."""
    with wire.Lmtp(host.port("lmtp")) as peer:
        peer.envelope([account.address])
        peer.cmd("DATA")
        peer.send(body + b".\r\n")
        until(lambda: len(account.bodies()) == 1)
        peer.abort()


def answer_of(host, account, body):
    with host.lmtp() as peer:
        peer.envelope([account.address])
        return peer.data(body)[0]


def test_an_answer_lost_at_one_node_is_repeated_at_another(nodes):
    ann = nodes.a.account()
    body = mail(subject="lost")
    leave_unread(nodes.a, ann, body)
    codes = []

    def is_taken():
        codes.append(answer_of(nodes.b, ann, body).code)
        return codes[-1] == 250

    until(is_taken)
    assert set(codes[:-1]) <= {451}, codes
    assert len(ann.bodies()) == 1


def test_what_is_being_answered_elsewhere_is_neither_taken_nor_stored(nodes):
    ann = nodes.a.account()
    body = mail(subject="elsewhere")
    with wire.Lmtp(nodes.a.port("lmtp")) as peer:
        peer.envelope([ann.address])
        assert peer.data(body)[0].code == 250
        # nothing shows yet that it read this
        assert answer_of(nodes.b, ann, body).code == 451
        assert len(ann.bodies()) == 1
        peer.cmd("NOOP")
    # read: the next one is meant
    until(lambda: answer_of(nodes.b, ann, body).code == 250)
    assert len(ann.bodies()) == 2


def test_a_node_that_dies_behind_its_commit_leaves_one_copy():
    with Nodes() as nodes:
        ann = nodes.a.account()
        body = mail(subject="died")
        peer = wire.Lmtp(nodes.a.port("lmtp"))
        peer.envelope([ann.address])
        assert peer.data(body)[0].code == 250
        nodes.a.server.kill9()
        peer.close()
        codes = [answer_of(nodes.b, ann, body).code]
        if IS_LEASED:
            assert codes == [451]
        until(lambda: codes[-1] == 250 or codes.append(answer_of(nodes.b, ann, body).code))
        assert set(codes) <= {451, 250}
        assert len(at(nodes.b, ann).bodies()) == 1
        nodes.a.server.start()
        assert len(ann.bodies()) == 1


# two versions


def make_step(server):
    """What a program of the future leaves behind when it has made a step that only adds. The schema before it."""
    newest = int(server.sql("SELECT max(version) FROM mail_schema"))
    server.sql("CREATE TABLE mail_novelty (owner BIGINT PRIMARY KEY)")
    server.sql(f"INSERT INTO mail_schema (version, oldest, applied) VALUES ({newest + 1}, {newest}, 0)")
    if not IS_LEASED:
        server.sql(f"PRAGMA user_version = {newest + 1}")
    return newest


def test_nodes_go_on_beside_a_newer_schema():
    """One is at work while the schema becomes that of the next version; the other is started again on it."""
    with Nodes() as nodes:
        ann = nodes.a.account()
        server = nodes.b.server
        with ann.imap("INBOX") as watcher:
            tag = watcher.idle()
            newest = make_step(nodes.a.server)
            assert server.stop() == 0
            server.start()
            for number, host in enumerate((nodes.b, nodes.a, nodes.b), 1):
                with host.lmtp() as lmtp:
                    lmtp.deliver_all([ann.address], mail())
                watcher.wait_for(lambda response, n=number: response == [str(n), "EXISTS"])
            watcher.idle_done(tag)
        assert "newer program" in server.cli("db", "status").stdout
        # a step that this program cannot live with: who is started says so
        nodes.a.server.sql(f"UPDATE mail_schema SET oldest = {newest + 1} WHERE version = {newest + 1}")
        assert server.stop() == 0
        with pytest.raises(RuntimeError, match=f"for programs from schema {newest + 1} on"):
            server.start()
        assert len(ann.bodies()) == 3


# logins


def log_in(host, account, password):
    with wire.Imap(host.port("imap")) as peer:
        return peer.cmd(f'LOGIN {account.user} "{password}"')


def guess_at_once(host, account, count):
    """How many were refused without a look."""
    answers = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(log_in(host, account, f"guess {n}")), daemon=True)
        for n in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == count
    return sum(answer.code == "LIMIT" for answer in answers)


@pytest.mark.skipif(not IS_LEASED, reason="processes beside SQLite's file do not share this")
def test_failed_logins_count_at_every_node():
    options = {"auth.throttle_except": "198.51.100.0/24", "auth.throttle_delay_max": "2s"}
    with Nodes(options) as nodes:
        ann = nodes.a.account()
        bob = nodes.a.account()
        assert guess_at_once(nodes.a, ann, 6) == 0
        until(lambda: int(nodes.a.server.sql("SELECT count(*) FROM login_failures")) >= 6)
        time.sleep(3)
        # who knows of nothing lets as many through, as above
        assert guess_at_once(nodes.b, at(nodes.b, ann), 6) > 0
        assert "login-throttled" in nodes.b.server.log.read_text()
        # and begins anew behind a right password, at every node
        until(lambda: log_in(nodes.b, ann, ann.password).status == "OK")
        assert log_in(nodes.a, bob, bob.password).status == "OK"


# both at work on the same folders


class Mixed:
    """A host whose sessions are at both nodes, in turn."""

    def __init__(self, nodes):
        self.nodes, self.turn = nodes, 0
        self.server = nodes.a.server
        self.is_ours, self.domain = True, nodes.a.domain

    def port(self, service):
        self.turn += 1
        return (self.nodes.a, self.nodes.b)[self.turn % 2].port(service)

    def lmtp(self, **more):
        return wire.Lmtp(self.port("lmtp"), **more)

    def account(self, *options):
        made = self.nodes.a.account(*options)
        made.server = self
        return made


def seeds():
    if "MODEL_SEED" in os.environ:
        return [int(os.environ["MODEL_SEED"])]
    return [1, 2, random.SystemRandom().randrange(1000, 1 << 31)]


@pytest.mark.parametrize("seed", seeds())
def test_sessions_at_both_nodes_agree_with_the_model(tmp_path, seed):
    with Nodes() as nodes:
        repeat = f"MODEL_SEED={seed} MODEL_STEPS={STEPS} TABELLA={find_binary()} /usr/bin/python3 -m pytest {__file__}"
        print(repeat)
        try:
            Driver(Mixed(nodes), seed, STEPS).run()
        except Failure as failure:
            (tmp_path / "trace").write_text(str(failure) + "\n")
            last = "\n".join(line[:400] for line in str(failure).splitlines()[-60:])
            pytest.fail(f"{last}\n\nall of it: {tmp_path / 'trace'}\nto repeat it: {repeat}", pytrace=False)
        done = nodes.a.server.cli("verify", check=False)
        assert done.returncode == 0, done.stdout + done.stderr


class Sender(threading.Thread):
    """Sends numbered messages, each until a node has said that it has it."""

    def __init__(self, nodes, account, name, count):
        super().__init__(daemon=True)
        self.nodes, self.account, self.name, self.count = nodes, account, name, count
        self.failure = None

    def run(self):
        try:
            for number in range(self.count):
                self.send(mail(subject=f"{self.name} {number}"))
        except Exception as error:
            self.failure = error

    def send(self, body):
        end = time.monotonic() + PATIENCE
        turn = random.randrange(2)
        while True:
            assert time.monotonic() < end, "no node takes it"
            turn += 1
            try:
                with (self.nodes.a, self.nodes.b)[turn % 2].lmtp() as peer:
                    peer.envelope([self.account.address])
                    code = peer.data(body)[0].code
                if code == 250:
                    return
                assert code == 451, code
            except (OSError, wire.Closed):
                pass
            time.sleep(0.05)


def change(nodes, account, stop, failures):
    """Flags, copies and moves at both nodes while mail comes in."""
    turn = 0
    while not stop.is_set():
        turn += 1
        try:
            with at((nodes.a, nodes.b)[turn % 2], account).imap("INBOX") as peer:
                for command in ("STORE 1:* +FLAGS (\\Flagged)", "COPY 1:2 work", "STORE 1:* -FLAGS (\\Flagged)"):
                    peer.cmd(command)
        except (OSError, wire.Closed, AssertionError):
            # a node that is being killed
            time.sleep(0.05)
        except Exception as error:
            failures.append(error)
            return


def shown(host, account, folder):
    with at(host, account).imap() as peer:
        # \Recent is the session's that selects it
        peer.ok(f"EXAMINE {folder}")
        done = peer.ok("UID FETCH 1:* (UID FLAGS RFC822.SIZE MODSEQ)")
        return sorted(str(one) for one in done.of("FETCH"))


def subjects(host, account):
    return [re.search(rb"Subject: (.*?)\r\n", body)[1] for body in at(host, account).bodies()]


def test_nodes_that_are_killed_lose_and_double_nothing():
    count, senders = 25, 3
    with Nodes() as nodes:
        ann = nodes.a.account()
        with ann.imap() as peer:
            peer.ok("CREATE work")
        stop, failures = threading.Event(), []
        threads = [Sender(nodes, ann, f"s{n}", count) for n in range(senders)]
        others = [threading.Thread(target=change, args=(nodes, ann, stop, failures), daemon=True) for _ in range(2)]
        for thread in [*threads, *others]:
            thread.start()
        for host in (nodes.a, nodes.b):
            time.sleep(1)
            host.server.kill9()
            time.sleep(0.5)
            host.server.start()
        for thread in threads:
            thread.join()
            assert not thread.failure, thread.failure
        stop.set()
        for thread in others:
            thread.join()
        assert not failures, failures
        wanted = sorted(f"s{n} {number}".encode() for n in range(senders) for number in range(count))
        assert sorted(subjects(nodes.a, ann)) == wanted
        for folder in ("INBOX", "work"):
            assert shown(nodes.a, ann, folder) == shown(nodes.b, ann, folder)
        done = nodes.a.server.cli("verify", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
