"""Two nodes on one database: what one does the other shows, mail that is repeated elsewhere is stored once, and a node that
dies takes nothing along."""

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
