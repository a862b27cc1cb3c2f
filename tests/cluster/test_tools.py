"""The tools of these tests, tried on their own: a test that cuts nothing would pass always."""

import subprocess
import types

import pytest
from guard import HOST, program
from load import Book, Row, Watcher
from proxy import ANSWER, REQUEST, Cut, Proxy

PASSWORD = "secret"


class PgsqlClient:
    def __init__(self, pair):
        pair.create("tools", "tools", PASSWORD)
        self.target = lambda: pair.primary.port
        self.protocol = "postgresql"
        self.run("CREATE TABLE t (a INT PRIMARY KEY)")

    def run(self, text, port=None):
        """Each line is a request of its own; the output, or None if it failed."""
        url = f"postgresql://tools:{PASSWORD}@{HOST}:{port or self.target()}/tools?sslmode=disable"
        return shell([program("psql"), "-AtqX", "-v", "ON_ERROR_STOP=1", url], text)


class MysqlClient:
    def __init__(self, cluster):
        cluster.create("tools", "tools", PASSWORD)
        self.target = lambda: cluster.nodes[0].port
        self.protocol = "mysql"
        self.run("CREATE TABLE t (a INT PRIMARY KEY)")

    def run(self, text, port=None):
        where = [f"--host={HOST}", f"--port={port or self.target()}", "--user=tools", f"--password={PASSWORD}"]
        more = ["--no-defaults", *where, "--protocol=tcp", "--skip-ssl", "--skip-reconnect", "-BN", "tools"]
        return shell([program("mariadb"), *more], text)


def shell(command, text):
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    return done.stdout.strip() if done.returncode == 0 else None


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def client(request):
    if request.param == "postgresql":
        return PgsqlClient(request.getfixturevalue("pair"))
    return MysqlClient(request.getfixturevalue("cluster"))


@pytest.fixture
def proxy(client):
    client.run("DELETE FROM t;")
    with Proxy(client.protocol, client.target) as proxy:
        yield proxy


INSERT = "BEGIN;\nINSERT INTO t VALUES (1);\nCOMMIT;\n"


def rows(client):
    return client.run("SELECT a FROM t ORDER BY a;")


def test_passes_everything_when_not_told_otherwise(client, proxy):
    assert client.run(INSERT, proxy.port) is not None
    assert client.run("SELECT a FROM t;", proxy.port) == "1"


def test_a_cut_at_the_request_of_a_commit_undoes_it(client, proxy):
    proxy.arm(Cut(step=1, direction=REQUEST, commit=True))
    assert client.run(INSERT, proxy.port) is None
    assert proxy.disarm()
    assert rows(client) == ""


def test_a_cut_at_the_answer_of_a_commit_leaves_it_done(client, proxy):
    proxy.arm(Cut(step=1, direction=ANSWER, commit=True))
    assert client.run(INSERT, proxy.port) is None
    assert proxy.disarm()
    assert rows(client) == "1"


def test_cuts_at_each_step_until_all_passes(client, proxy):
    failed = 0
    for step in range(1, 200):
        client.run("DELETE FROM t;")
        proxy.arm(Cut(step=step))
        done = client.run(INSERT, proxy.port) is not None
        if not proxy.disarm():
            break
        failed += not done
    assert done and step > 10
    # the last message is the client's good-bye, whose loss nobody notices
    assert failed >= step - 3


def test_cuts_within_a_message(client, proxy):
    for count in (1, 3, 5, 50, 150):
        proxy.arm(Cut(after_bytes=count))
        assert client.run(INSERT, proxy.port) is None
        assert proxy.disarm()
        assert rows(client) == ""


def test_refuses_and_releases(client, proxy):
    proxy.refuse()
    assert client.run("SELECT 1;", proxy.port) is None
    proxy.release()
    assert client.run("SELECT 1;", proxy.port) == "1"


def test_holds_and_releases(client, proxy):
    proxy.hold()
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(["bash", "-c", f"exec 3<>/dev/tcp/{HOST}/{proxy.port}; read -n 1 <&3"], timeout=1)
    proxy.release()
    assert client.run("SELECT 1;", proxy.port) == "1"


def row(uid, modseq):
    return Row(uid, frozenset(), modseq, 100, f"<{uid}>")


class Answers:
    """A session that gives these answers, one after the other."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def rows(self, _uids, _since=0):
        return self.answers.pop(0)


@pytest.mark.parametrize(
    ("answers", "complaints"),
    [
        # what is new; then, twice, what has changed and what is new
        ([[row(1, 5), row(2, 7)], [row(1, 8)], [row(3, 6)]], 0),
        ([[row(1, 5), row(2, 7)], [], [row(2, 7)], [row(2, 9)], [row(3, 9)]], 0),
        ([[row(1, 5), row(3, 7)], [row(2, 8)], []], 1),  # a UID below one that was seen
        ([[row(1, 5), row(3, 7)], [row(1, 7)], []], 1),  # changed, and not above what was known
        ([[row(1, 5), row(3, 7)], [], [row(2, 8)]], 1),
    ],
)
def test_a_watcher_finds_what_comes_too_late(answers, complaints):
    load = types.SimpleNamespace(book=Book(), seed=0)
    watcher = Watcher(load, types.SimpleNamespace(number=0), "user")
    session = Answers(*answers)
    while session.answers:
        watcher.take(session)
    assert len(load.book.wrong) == complaints, load.book.wrong


def test_a_killed_galera_node_comes_back_with_what_it_missed(cluster):
    first, second = cluster.nodes[:2]
    first.sql("CREATE DATABASE back; CREATE TABLE back.t (a INT PRIMARY KEY)")
    second.kill()
    first.sql("INSERT INTO back.t VALUES (1)")
    second.start()
    cluster.wait_synced()
    assert cluster.how_joined(1) == "IST"
    assert second.sql("SELECT a FROM back.t") == [["1"]]


def test_a_promoted_standby_has_what_was_acknowledged_and_the_old_primary_follows(pair):
    pair.primary.sql("CREATE TABLE kept (a INT)")
    pair.fail_over()
    pair.primary.sql("INSERT INTO kept VALUES (1)")
    pair.rejoin()
    pair.primary.sql("INSERT INTO kept VALUES (2)")
    assert pair.standby.sql("SELECT a FROM kept ORDER BY a") == [["1"], ["2"]]
