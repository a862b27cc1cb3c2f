"""
A database server that goes away under sessions, and comes back: stopped, killed, hanging, its connections cut. Sessions are
answered 4xx and NO [UNAVAILABLE] quickly and go on by themselves; what was acknowledged is there, once.
"""

import collections
import itertools
import base64
import re
import socket
import threading
import time
import urllib.error
import urllib.request

import engines
import pytest
import wire
from conftest import PASSWORD, Host, stop_and_look
from mails import mail
from tabella_server import HOST, Server
from test_authd import Asker, plain, texts

pytestmark = pytest.mark.ours

# How long an answer may take while nobody answers at the server's port, and how long until all is well again.
QUICK_SECONDS = 5
BACK_SECONDS = 20

# What one statement and one connection may take, as each engine's url says it: short, for the server that hangs.
TIMEOUTS = {"pgsql": "?connect_timeout=2&statement_timeout=3", "mariadb": "?connect_timeout=2&statement_timeout=3"}
# MariaDB's client gives the server ten seconds to end a statement by itself.
HANG_SECONDS = {"pgsql": 15, "mariadb": 25}


@pytest.fixture(scope="module", params=sorted(engines.SERVERS))
def engine(request):
    """A server of our own to maltreat; in memory, and what it has written outlives its kill."""
    try:
        with engines.SERVERS[request.param](durable=True, folder=engines.QUICK_FOLDER) as started:
            yield started
    except engines.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def host(engine):
    server = Server(engine=engine)
    try:
        server.init()
        name = server.database_name
        url = engine.url(name, name, engines.SITE_PASSWORD) + TIMEOUTS[engine.name]
        server.configure({"db.url": url, "http.listen": f"{HOST}:{server.port('http')}"})
        server.configure({"authd.dovecot": f"unix:{server.folder}/auth", "authd.saslauthd": f"unix:{server.folder}/mux"})
        server.start()
        yield Host(server, True)
        stop_and_look(server)
    finally:
        engine.start()
        server.close()


def health(host):
    try:
        with urllib.request.urlopen(f"http://{HOST}:{host.port('http')}/healthz", timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def events(host, word):
    return re.findall(rf"^\S+ \w+ \S+ {word}\b.*$", host.server.log.read_text(), re.M)


def until(what, wanted, seconds=BACK_SECONDS):
    """Asks until the answer is the wanted one; the last answer."""
    end = time.monotonic() + seconds
    while (answer := what()) != wanted and time.monotonic() < end:
        time.sleep(0.1)
    assert answer == wanted
    return answer


def timed(what):
    begin = time.monotonic()
    answer = what()
    return answer, time.monotonic() - begin


def refused_quickly(peer, command, seconds=QUICK_SECONDS):
    peer.wire.socket.settimeout(seconds + 10)
    answer, took = timed(lambda: peer.cmd(command))
    assert (answer.status, answer.code) == ("NO", "UNAVAILABLE"), answer
    assert took < seconds, f"{command} took {took:.1f} s"


def deliver(host, address, message):
    """The code of the answer that decides: 250, or what refused it."""
    with host.lmtp() as peer:
        peer.wire.socket.settimeout(60)
        for line in ("MAIL FROM:<a@b.test>", f"RCPT TO:<{address}>"):
            answer = peer.cmd(line)
            if answer.code != 250:
                return answer.code
        return peer.data(message)[0].code


def stop_and_start(engine):
    return engine.stop, engine.start


def kill_and_start(engine):
    return engine.kill, engine.start


@pytest.mark.parametrize("way", [stop_and_start, kill_and_start])
def test_a_server_that_is_gone_for_a_while(engine, host, way):
    gone, back = way(engine)
    account = host.account()
    kept = mail(b"before\r\n")
    assert deliver(host, account.address, kept) == 250
    with account.imap("INBOX") as selected, account.imap() as other, account.imap("INBOX") as idler:
        tag = idler.idle()
        gone()
        assert deliver(host, account.address, mail()) // 100 == 4
        until(lambda: health(host), 503)
        for _ in range(3):
            refused_quickly(selected, "UID FETCH 1:* BODY.PEEK[]")
            refused_quickly(other, "STATUS INBOX (MESSAGES)")
            refused_quickly(other, 'LIST "" *')
        with pytest.raises(AssertionError):
            account.imap()
        assert host.server.process.poll() is None
        back()
        until(lambda: other.cmd("STATUS INBOX (MESSAGES)").status, "OK")
        until(lambda: health(host), 200)
        assert len(selected.ok("UID FETCH 1:* BODY.PEEK[]").of("FETCH")) == 1
        assert deliver(host, account.address, mail(b"after\r\n")) == 250
        idler.wait_for(lambda response: response == ["2", "EXISTS"], BACK_SECONDS)
        idler.idle_done(tag)
    assert len(account.bodies()) == 2
    assert len(events(host, "database-lost")) == 1
    assert len(events(host, "database-back")) == 1


def test_many_sessions_are_answered_at_once(engine, host):
    """More than there are connections: none waits for another's failure."""
    account = host.account()
    peers = [account.imap() for _ in range(24)]
    took = []
    try:
        engine.stop()
        threads = [
            threading.Thread(target=lambda p=p: took.append(timed(lambda: p.cmd("STATUS INBOX (MESSAGES)")))) for p in peers
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(took) == len(peers)
        assert {(done.status, done.code) for done, _ in took} == {("NO", "UNAVAILABLE")}
        assert max(seconds for _, seconds in took) < QUICK_SECONDS
        engine.start()
        for peer in peers:
            until(lambda peer=peer: peer.cmd("STATUS INBOX (MESSAGES)").status, "OK")
    finally:
        for peer in peers:
            peer.close()


def test_a_server_that_hangs(engine, host):
    """Its connections stay and nothing is answered: no session waits for ever."""
    account = host.account()
    limit = HANG_SECONDS[engine.name]
    with account.imap("INBOX") as peer:
        engine.pause()
        try:
            refused_quickly(peer, "STATUS INBOX (MESSAGES)", limit)
            code, took = timed(lambda: deliver(host, account.address, mail()))
            assert code // 100 == 4 and took < limit
        finally:
            engine.resume()
        until(lambda: peer.cmd("STATUS INBOX (MESSAGES)").status, "OK")
        until(lambda: deliver(host, account.address, mail(b"after\r\n")), 250)
    assert host.server.cli("verify", check=False).returncode == 0


def test_passwords_that_other_programs_ask_for(engine, host):
    """Who has one request under way is hung up on, which is 454 by Postfix; who has many is told of each."""
    account = host.account()
    right = plain(account.name, PASSWORD)

    def alone():
        with Asker(host.server.folder / "auth") as asker:
            try:
                return asker.auth("PLAIN", "secured", f"resp={right}")[0]
            except EOFError:
                return "lost"

    def by_saslauthd():
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(30)
            peer.connect(str(host.server.folder / "mux"))
            peer.sendall(texts(account.name, PASSWORD, "smtp", ""))
            return peer.recv(100)[2:4]

    def many(count):
        with Asker(host.server.folder / "auth") as asker:
            asker.send(*(f"AUTH\t{i}\tPLAIN\tservice=smtp\tsecured\tresp={right}" for i in range(1, count + 1)))
            said = [asker.line().split("\t") for _ in range(count)]
            return {(word, *rest[:1]) for word, _, *rest in said}, len({number for _, number, *_ in said})

    assert (alone(), by_saslauthd(), many(20)) == ("OK", b"OK", ({("OK", f"user={account.name}")}, 20))
    engine.stop()
    for _ in range(2):
        for what, wanted in ((alone, "lost"), (by_saslauthd, b""), (lambda: many(20), ({("FAIL", "temp")}, 20))):
            answer, took = timed(what)
            assert answer == wanted and took < QUICK_SECONDS
    engine.start()
    until(alone, "OK")
    assert (by_saslauthd(), many(20)[1]) == (b"OK", 20)


def cut_connections(engine, name):
    """Every connection of a site, as an administrator ends them."""
    if engine.name == "pgsql":
        engine.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        return
    for number in engine.sql(f"SELECT id FROM information_schema.processlist WHERE user = '{name}'").split():
        engine.sql(f"KILL CONNECTION {number}")


def test_cut_connections_are_replaced(engine, host):
    """Idle connections that died are found before they are used: nobody notices."""
    account = host.account()
    with account.imap("INBOX") as peer, account.imap() as other:
        for _ in range(5):
            cut_connections(engine, host.server.database_name)
            time.sleep(0.2)
            assert peer.cmd("STATUS INBOX (MESSAGES)").status == "OK"
            assert other.cmd("SELECT INBOX").status == "OK"
            assert deliver(host, account.address, mail()) == 250
    assert len(account.bodies()) == 5
    assert not events(host, "database-lost")


def fetched(peer, command):
    """What a FETCH of one message brings. The connection may be cut before it has begun: then it is said, and asked again."""
    while (done := peer.cmd(command)).status != "OK":
        assert done.code == "UNAVAILABLE"
    return next(iter(done.fetched().values()))


def test_a_message_goes_on_where_its_connection_was_cut(engine, host):
    """In the middle of a literal nothing can be told: it comes whole, by another connection."""
    account = host.account()
    lines = b"".join(b"%07d %s\r\n" % (i, b"x" * 64) for i in range(50000))
    encoded = base64.encodebytes(lines[:1000000]).replace(b"\n", b"\r\n")
    whole = mail(lines)
    parts = b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded
    with account.imap() as peer:
        peer.append("INBOX", whole)
        peer.append("INBOX", parts)
    stopping = threading.Event()

    def cut():
        while not stopping.wait(0.02):
            cut_connections(engine, host.server.database_name)

    thread = threading.Thread(target=cut)
    with account.imap("INBOX") as peer:
        thread.start()
        try:
            for _ in range(12):
                assert fetched(peer, "UID FETCH 1 BODY.PEEK[]")["BODY[]"] == whole
                assert fetched(peer, "UID FETCH 2 BINARY.PEEK[1]")["BINARY[1]"] == lines[:1000000]
        finally:
            stopping.set()
            thread.join()
    # nor does anybody take a lost connection for a lost mailbox
    assert not events(host, "fetch-broken") and not events(host, "mailbox-lost")


class Sender(threading.Thread):
    """Delivers one numbered message after the other, and repeats what was not acknowledged, as an MTA does."""

    def __init__(self, host, account, name):
        super().__init__()
        self.host, self.account, self.name = host, account, name
        self.stopping = threading.Event()
        self.acknowledged, self.refused = set(), 0
        self.failure = None

    def run(self):
        try:
            for number in itertools.count():
                if self.stopping.is_set():
                    return
                self.insist(f"{self.name}-{number}")
        except Exception as error:
            self.failure = error

    def insist(self, subject):
        """The same bytes until they are taken."""
        message = mail(subject=subject)
        end = time.monotonic() + 4 * BACK_SECONDS
        while self.attempt(message) != 250:
            assert time.monotonic() < end, "nobody takes it"
            self.refused += 1
            time.sleep(0.05)
        self.acknowledged.add(subject)

    def attempt(self, message):
        try:
            code = deliver(self.host, self.account.address, message)
        except (OSError, wire.Closed):
            return None
        assert code == 250 or code // 100 == 4, code
        return code


def test_nothing_is_lost_or_doubled_under_load(engine, host):
    """Killed twice while mail comes in: each message is there once, however often it was sent."""
    account = host.account()
    senders = [Sender(host, account, f"s{i}") for i in range(6)]
    for sender in senders:
        sender.start()
    try:
        for _ in range(2):
            time.sleep(1.5)
            engine.kill()
            time.sleep(0.5)
            engine.start()
        time.sleep(3)
    finally:
        for sender in senders:
            sender.stopping.set()
        for sender in senders:
            sender.join(90)
    for sender in senders:
        assert not sender.is_alive() and not sender.failure, sender.failure
    wanted = set().union(*(sender.acknowledged for sender in senders))
    found = collections.Counter(re.search(rb"^Subject: (\S+)", body, re.M)[1].decode() for body in account.bodies())
    assert wanted and found == collections.Counter(wanted)
    assert sum(sender.refused for sender in senders) > 0
    assert host.server.cli("verify", check=False).returncode == 0


LIMITS = {
    "pgsql": 'ALTER ROLE "{0}" CONNECTION LIMIT {1}',
    "mariadb": "ALTER USER '{0}'@'%' WITH MAX_USER_CONNECTIONS {1}",
}


def test_a_server_with_fewer_connections_than_we_would_take(engine, host):
    """Two of them are the program's own, three are left for thirty deliveries and a dozen readers at once."""
    account = host.account()
    assert deliver(host, account.address, mail()) == 250
    engine.sql(LIMITS[engine.name].format(host.server.database_name, 5))
    host.server.stop()
    host.server.start()
    codes, answers = [], []

    def deliver_some():
        for _ in range(5):
            codes.append(deliver(host, account.address, mail()))

    def read_some():
        with account.imap("INBOX") as session:
            for _ in range(10):
                answers.append(session.cmd("STATUS INBOX (MESSAGES)").status)
                answers.append(session.cmd("FETCH 1:* BODY.PEEK[]").status)

    threads = [threading.Thread(target=work) for work in [deliver_some] * 30 + [read_some] * 12]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert collections.Counter(codes) == {250: 150}
    assert collections.Counter(answers) == {"OK": 240}
    assert health(host) == 200
    assert not events(host, "database-lost")
    assert len(events(host, "database-full")) == 1
    engine.sql(LIMITS[engine.name].format(host.server.database_name, 50))
    assert deliver(host, account.address, mail()) == 250
