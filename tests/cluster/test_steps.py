"""A connection to the database is lost at each step of the protocol: step 1, 2, 3, … until a whole command passes.

One node is behind the proxy, another is not: what the first one acknowledged, the second one must show, once; what it
refused must not be there.
"""

import itertools
import time

import killtest
import pytest
import wire
from load import rows_of
from nodes import Site
from proxy import ANSWER, REQUEST, Cut, Proxy

PASSWORD = "secret"
STEPS_MAX = 600
PATIENCE_SECONDS = 60
FETCH = "FETCH 1:* (UID FLAGS MODSEQ RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"


class Engine:
    """A database server behind a proxy."""

    def __init__(self, guard, protocol, server, target, url):
        server.create("steps", "steps", PASSWORD)
        self.proxy = Proxy(protocol, target).start()
        self.site = Site(guard, [url(self.proxy.port), url(target())], accounts=1, name=protocol)
        self.numbers = itertools.count()
        self.was_cut = False
        self.near, self.far = self.site.nodes
        self.site.start()
        with self.imap(self.far) as peer:
            peer.ok("CREATE Archive")

    def close(self):
        self.site.close()
        self.proxy.close()

    def imap(self, node, patience=PATIENCE_SECONDS):
        """A session that is logged in, as soon as one can be had."""
        end = time.monotonic() + patience
        while True:
            peer = None
            try:
                peer = wire.Imap(node.port("imap"))
                done = peer.cmd("LOGIN user0 password0")
                if done.status == "OK":
                    return peer
                assert done.code == "UNAVAILABLE", done
            except (wire.Closed, OSError):
                pass
            if peer:
                peer.close()
            assert time.monotonic() < end, "no login"
            time.sleep(0.05)

    def message(self):
        number = next(self.numbers)
        return killtest.message_id(1, "step", number), killtest.make_message(1, "step", number)

    def empty(self):
        with self.imap(self.far) as peer:
            for folder in ("INBOX", "Archive"):
                if peer.select(folder).of("EXISTS")[-1]:
                    peer.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
                    peer.ok("EXPUNGE")

    def rows(self, folder, node=None):
        """Message-ID to the rows that have it."""
        found = {}
        with self.imap(node or self.far) as peer:
            done = peer.ok(f"SELECT {folder} (CONDSTORE)")
            if done.of("EXISTS")[-1]:
                rows = rows_of(peer.ok(FETCH))
                assert [row.uid for row in rows] == sorted({row.uid for row in rows})
                for row in rows:
                    found.setdefault(row.name, []).append(row)
        return found


def pgsql_engine(guard, request):
    pair = request.getfixturevalue("pair")
    url = lambda port: f"postgresql://steps:{PASSWORD}@127.0.0.1:{port}/steps?sslmode=disable"  # noqa: E731
    return Engine(guard, "postgresql", pair, lambda: pair.primary.port, url)


def mysql_engine(guard, request):
    cluster = request.getfixturevalue("cluster")
    url = lambda port: f"mysql://steps:{PASSWORD}@127.0.0.1:{port}/steps"  # noqa: E731
    return Engine(guard, "mysql", cluster, lambda: cluster.nodes[0].port, url)


@pytest.fixture(scope="module", params=[pgsql_engine, mysql_engine], ids=["postgresql", "galera"])
def engine(request, guard):
    engine = request.param(guard, request)
    try:
        yield engine
        assert not engine.site.trouble(), engine.site.trouble()
        said = engine.far.cli("verify", check=False)
        assert said.returncode == 0, said.stdout + said.stderr
    finally:
        engine.close()


def each_step(engine, count, run, cut=Cut):
    """run(arm) with a cut at step 1, 2, 3, …; until nothing was cut, and it says that it was done. How many were. It is to
    call arm() right before what is to be cut, and leaves as many messages as it found: each is a step for who reads them."""
    step = 1
    for _ in range(STEPS_MAX):
        done = run(lambda: arm(engine, cut(step=step)))
        if engine.was_cut:
            step += 1
        elif done:
            count(f"cuts={step - 1}")
            assert step > 1, "nothing was cut"
            return
        # else what runs beside it had still not recovered from the last cut: once more
    raise AssertionError(f"still at step {step} after {STEPS_MAX} times")


def arm(engine, cut):
    """The node has found its database again and knows the folders: what follows is as long as the last time."""
    with engine.imap(engine.near) as peer:
        for folder in ("Archive", "INBOX"):
            if peer.select(folder).of("EXISTS")[-1]:
                peer.ok("FETCH 1:* FLAGS")
        peer.logout()
    engine.proxy.arm(cut)


def deliver(engine, message, arm=lambda: None):
    """As an MTA does: the same bytes until they are taken. How often it took."""
    arm()
    end = time.monotonic() + PATIENCE_SECONDS
    for attempt in itertools.count(1):
        lmtp = None
        try:
            lmtp = killtest.Lmtp(engine.near.port("lmtp"))
            codes = dict(lmtp.deliver("sender@elsewhere.test", ["user0@cluster.test"], message))
            code = codes["user0@cluster.test"]
            assert code // 100 != 5, codes
            if code == 250:
                lmtp.quit()
                engine.was_cut = engine.proxy.disarm()
                return attempt
        except killtest.Hangup:
            pass
        finally:
            if lmtp:
                lmtp.close()
        assert time.monotonic() < end, "never taken"
        time.sleep(0.05)


def judge(rows, names):
    lost = [name for name in names if name not in rows]
    doubled = [name for name in names if len(rows.get(name, [])) > 1]
    assert not lost and not doubled, f"lost {lost}, doubled {doubled}"


@pytest.mark.parametrize("direction", ["either", REQUEST, ANSWER])
def test_a_delivery_cut_at_each_step_is_there_once(engine, count, direction):
    names, tries = [], []

    def run(arm):
        name, message = engine.message()
        tries.append(deliver(engine, message, arm))
        names.append(name)
        return True

    if direction == "either":
        each_step(engine, count, run)
    else:
        each_commit(engine, count, run, direction)
    judge(engine.rows("INBOX"), names)
    judge(engine.rows("INBOX", engine.near), names)
    count(f"delivered={len(names)} attempts={sum(tries)}")


def each_commit(engine, count, run, direction):
    """The request, or the answer, of the first, second, … COMMIT."""
    each_step(engine, count, run, lambda step: Cut(step=step, direction=direction, commit=True))


def test_an_append_cut_at_each_step_is_there_if_it_was_acknowledged(engine, count):
    taken, refused, unknown = [], [], []

    def run(arm):
        name, message = engine.message()
        where = attempt(engine, lambda peer: peer.cmd(["APPEND INBOX ", message]), None, arm)
        {"OK": taken, "NO": refused}.get(where, unknown).append(name)
        return where == "OK"

    each_step(engine, count, run)
    rows = engine.rows("INBOX")
    judge(rows, taken)
    assert not [name for name in refused if name in rows], "refused, and yet there"
    assert not [name for name in unknown if len(rows.get(name, [])) > 1]
    count(f"acknowledged={len(taken)} refused={len(refused)} unknown={len(unknown)}")


def attempt(engine, command, folder, arm):
    """One command at the node behind the proxy: OK, NO, or None if nobody knows."""
    peer = None
    arm()
    try:
        peer = wire.Imap(engine.near.port("imap"))
        for line in ["LOGIN user0 password0", *([f"SELECT {folder}"] if folder else [])]:
            done = peer.cmd(line)
            if done.status != "OK":
                assert done.code == "UNAVAILABLE", done
                return "NO"
        done = command(peer)
        assert done.status == "OK" or done.code in ("UNAVAILABLE", "INUSE"), done
        return done.status
    except (wire.Closed, OSError):
        return None
    finally:
        engine.was_cut = engine.proxy.disarm()
        if peer:
            peer.close()


def put(engine, folder="INBOX"):
    """A message that is there for certain; its name and UID."""
    name, message = engine.message()
    with engine.imap(engine.far) as peer:
        validity_uid = peer.append(folder, message).code_of("APPENDUID")
    return name, int(validity_uid.split()[1])


def change_each_step(engine, count, command, check, may_repeat=False):
    """A command on a message of its own; check(rows of INBOX, rows of Archive) says whether it was done. `may_repeat`: to
    do it again harms nothing, so that NO may be said of what was done and could not be read again."""
    results = {"OK": 0, "NO": 0, None: 0}

    def run(arm):
        engine.empty()
        name, uid = put(engine)
        status = attempt(engine, lambda peer: peer.cmd(command.format(uid=uid)), "INBOX", arm)
        was_done = check(engine.rows("INBOX").get(name, []), engine.rows("Archive").get(name, []))
        results[status] += 1
        assert was_done or status != "OK", f"{name} acknowledged, and not done"
        assert not was_done or status != "NO" or may_repeat, f"{name} refused, and yet done"
        return status == "OK"

    each_step(engine, count, run)
    count(f"acknowledged={results['OK']} refused={results['NO']} unknown={results[None]}")


def test_a_store_cut_at_each_step_is_done_or_not(engine, count):
    def check(inbox, archive):
        assert len(inbox) == 1 and not archive
        return "\\Flagged" in inbox[0].flags

    change_each_step(engine, count, "UID STORE {uid} +FLAGS (\\Flagged)", check, may_repeat=True)


def test_a_copy_cut_at_each_step_is_there_once_or_not(engine, count):
    def check(inbox, archive):
        assert len(inbox) == 1 and len(archive) <= 1, f"{inbox} {archive}"
        return len(archive) == 1

    change_each_step(engine, count, "UID COPY {uid} Archive", check)


def test_a_move_cut_at_each_step_leaves_one_message(engine, count):
    def check(inbox, archive):
        assert len(inbox) + len(archive) == 1, f"{inbox} {archive}"
        return len(archive) == 1

    change_each_step(engine, count, "UID MOVE {uid} Archive", check)


def test_an_expunge_cut_at_each_step_is_done_or_not(engine, count):
    results = {"OK": 0, "NO": 0, None: 0}

    def run(arm):
        engine.empty()
        name, uid = put(engine)
        with engine.imap(engine.far) as peer:
            peer.select()
            peer.ok(f"UID STORE {uid} +FLAGS (\\Deleted)")
        status = attempt(engine, lambda peer: peer.cmd(f"UID EXPUNGE {uid}"), "INBOX", arm)
        results[status] += 1
        there = name in engine.rows("INBOX")
        assert not there or status != "OK", f"{name} acknowledged, and still there"
        assert there or status != "NO", f"{name} refused, and yet gone"
        return status == "OK"

    each_step(engine, count, run)
    count(f"acknowledged={results['OK']} refused={results['NO']} unknown={results[None]}")


def test_a_database_that_does_not_answer_is_waited_for_and_not_for_ever(engine, count):
    """A black hole, then refusals: 4xx or an end, and the service is back by itself."""
    for trouble in (engine.proxy.hold, engine.proxy.refuse):
        name, message = engine.message()
        trouble()
        lmtp = killtest.Lmtp(engine.near.port("lmtp"))
        try:
            lmtp.socket.settimeout(90)
            with pytest.raises(killtest.Hangup):
                codes = dict(lmtp.deliver("sender@elsewhere.test", ["user0@cluster.test"], message))
                assert all(code // 100 == 4 for code in codes.values()), codes
                raise killtest.Hangup("4xx")
        finally:
            lmtp.close()
            engine.proxy.release()
        deliver(engine, message)
        judge(engine.rows("INBOX"), [name])
    assert not engine.site.stuck()
