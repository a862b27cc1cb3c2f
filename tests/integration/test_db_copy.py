"""`tabella db copy`: a whole site into another database, bit for bit, whatever interrupts it."""

import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import time

import pytest
import wire
from tabella_server import ROOT, Server

pytestmark = [pytest.mark.ours, pytest.mark.sqlite("it looks into the file; test_db_engines.py has the others")]

SAMPLES = sorted((ROOT / "tests/data").glob("*.eml"))
CORPUS = sorted((ROOT / "../shared/corpus").glob("**/*.eml"))[:60]
LOCAL = {"mail_schema", "mail_nodes", "login_failures", "mail_copy", "dbmail_upgrade_steps", "sqlite_sequence", "sqlite_stat1", "sqlite_stat4"}
MIN64, MAX64 = -(2**63), 2**63 - 1
PASSWORD = "password"


def fill(server):
    """Accounts with mail of all kinds, and rows with what is odd."""
    for name in ["one", "two"]:
        server.add_user(name, PASSWORD)
    for path in SAMPLES + CORPUS:
        server.cli_bytes("deliver", "--from", "x@elsewhere.test", "one@example.test", stdin=path.read_bytes())
    # parts that are kept once for all who have them, in several chunks
    big = b"Subject: big\r\nContent-Type: application/octet-stream\r\n\r\n" + random.Random(3).randbytes(700_000)
    for name in ["one", "two"]:
        server.cli_bytes("deliver", f"{name}@example.test", stdin=big)
    server.sql(
        "INSERT INTO account_settings VALUES (4, 'empty', ''), (4, 'letters', 'Ünïcode ☃ ''quoted'' \\ %');"
        f"INSERT INTO audit_log VALUES ({MAX64 - 1}, {MIN64}, '', '', 'a', 'b', ''), (7, {MAX64}, 'x', 'y', 'z', '', '');"
        "INSERT INTO dbmail_authlog (id, userid, login_time, logout_time, src_port)"
        " VALUES (3, NULL, NULL, '2026-01-02 03:04:05', NULL), (4, '', '2026-01-02 03:04:05', NULL, 65535);"
        "INSERT INTO dbmail_sievescripts VALUES (4, 'none', NULL, 0), (4, 'empty', '', 1);"
        "INSERT INTO dbmail_replycache VALUES ('a', 'b', 'c', '1980-01-01 22:05:58'), ('a', 'B', 'c', '1980-01-01 22:05:58');"
        "INSERT INTO dbmail_usermap VALUES ('l', 's', 'd', 'u');"
        "INSERT INTO dbmail_auto_replies VALUES (4, '2026-01-01 00:00:00', '2026-02-01 00:00:00', NULL);"
        "INSERT INTO dbmail_filters VALUES (4, 9, 'h', 'v', 'm'), (5, 2, '', '', '');"
        "INSERT INTO dbmail_pbsp VALUES (1, '1980-01-01 22:05:58', '::1');"
        "INSERT INTO dbmail_aliases VALUES (900, 'gone', 'x', 0); DELETE FROM dbmail_aliases WHERE alias_idnr = 900;"
        f"INSERT INTO delivery_keys VALUES (4, x'00ff0a27', {MIN64}, {MAX64}, 1, 0);"
        f"INSERT INTO mail_thread_ids VALUES (4, {MIN64}, {MAX64}, 0), (4, {MAX64}, {MIN64}, -1), (4, 0, 0, 1);"
    )


class Site(Server):
    def cli_bytes(self, *args, stdin):
        done = subprocess.run([self.binary, "-c", self.config, *args], input=stdin, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def url(self, name):
        return f"sqlite:{self.data / name}"

    def copy(self, source, target, *options, **more):
        return self.cli("db", "copy", source, target, *options, **more)

    def use(self, name):
        """Serve from this file from now on."""
        return self.configure({"db.url": self.url(name)})


@pytest.fixture(scope="module")
def filled():
    server = Site()
    try:
        fill(server.init())
        server.start()
        with wire.Imap(server.port("imap")) as peer:
            peer.login("one", PASSWORD)
            peer.select()
            peer.ok("STORE 1:5 +FLAGS (\\Seen $Forwarded odd-keyword)")
            peer.ok("CREATE Archive/2026")
            peer.ok("COPY 3:9 Archive/2026")
            peer.ok("STORE 2 +FLAGS (\\Deleted)")
            peer.ok("EXPUNGE")
            peer.ok("SUBSCRIBE Archive/2026")
            peer.ok("SETACL Archive/2026 two lrs") if "ACL" in peer.capabilities() else None
        assert server.stop() == 0
        yield server
    finally:
        server.close()


def contents(path):
    """Every row of every table of the site, with the types of its values."""
    base = sqlite3.connect(path)
    base.text_factory = bytes
    names = [row[0].decode() for row in base.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    names = [name for name in names if name not in LOCAL and not name.endswith("_upgrade_steps")]
    found = {name: sorted(base.execute(f"SELECT * FROM {name}"), key=repr) for name in names}
    found["sequences"] = sorted(base.execute("SELECT name, seq FROM sqlite_sequence WHERE seq > 0"))
    base.close()
    return found


def everything(server, user):
    """The bytes, flags and uids of all messages of all folders, as a client reads them."""
    found = {}
    with wire.Imap(server.port("imap")) as peer:
        peer.login(user, PASSWORD)
        folders = ["INBOX", "Archive/2026"] if user == "one" else ["INBOX"]
        for name in folders:
            peer.ok(f"EXAMINE {name}")  # which leaves \\Recent to the next
            found[name] = peer.ok("UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[])").fetched()
    return found


def remove(path):
    for suffix in ["", "-wal", "-shm"]:
        pathlib.Path(f"{path}{suffix}").unlink(missing_ok=True)


def write_while_copied(server, source, target, write):
    """Copy with --online while `write` writes rows 1000 to 1049 into audit_log; the rows that the copy has of them."""
    run = subprocess.Popen(
        [server.binary, "-c", server.config, "db", "copy", "--online", source, target],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    for number in range(50):
        write(f"INSERT INTO audit_log (id, at, actor, source, action, object) VALUES ({1000 + number}, 0, '', '', '', '')")
    assert "verified" in run.communicate(timeout=120)[0]


@pytest.fixture
def target(filled):
    path = filled.data / "target.db"
    remove(path)
    yield path
    remove(path)


def test_a_copy_is_the_same(filled, target):
    source = filled.database()
    said = filled.copy(filled.url(source.name), filled.url(target.name))
    assert said.stdout.startswith("verified: ")
    assert "copying   mail_entries" in said.stderr and "verifying mail_contents" in said.stderr
    assert contents(target) == contents(source)


def test_every_message_is_read_from_the_copy(filled, target):
    filled.copy(filled.url(filled.database().name), filled.url(target.name))
    filled.start()
    before = {user: everything(filled, user) for user in ["one", "two"]}
    assert filled.stop() == 0
    old = filled.database().name
    filled.use(target.name).start()
    try:
        after = {user: everything(filled, user) for user in ["one", "two"]}
        assert filled.stop() == 0
        assert "0 problems" in filled.cli("verify").stdout
    finally:
        filled.kill9()
        filled.use(old)
    assert before == after
    assert len(before["one"]["INBOX"]) >= len(SAMPLES)


def test_numbers_are_not_given_twice(filled, target):
    """The address 900 was deleted in the source: the next one is 901 in the copy too."""
    filled.copy(filled.url(filled.database().name), filled.url(target.name))
    old = filled.database().name
    try:
        filled.use(target.name).cli("alias", "add", "later@example.test", "one")
        assert int(filled.sql("SELECT alias_idnr FROM dbmail_aliases WHERE alias = 'later@example.test'")) == 901
    finally:
        filled.use(old)


def test_ids_are_not_made_twice(filled, target):
    """Whoever takes a number in the copy makes ids behind all that are there, even if the clock is set back."""
    source = filled.database()
    filled.copy(filled.url(source.name), filled.url(target.name))
    base = sqlite3.connect(target)
    rows = base.execute("SELECT number, expires, ids_below FROM mail_nodes").fetchall()
    newest = base.execute("SELECT max(object) FROM mail_objects").fetchone()[0]
    base.close()
    made_ms = (newest >> 22) + 1577836800000
    assert rows and all(expires == 0 and below > made_ms for _, expires, below in rows)


def kill_after(server, seconds, *command):
    run = subprocess.Popen(
        [server.binary, "-c", server.config, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(seconds)
    run.send_signal(signal.SIGKILL)
    return run.wait() == -signal.SIGKILL


def test_killed_at_any_moment_it_goes_on(filled, target):
    """However often it is killed, the same command goes on; until then nobody takes it for a site."""
    source = filled.database()
    urls = [filled.url(source.name), filled.url(target.name)]
    draw = random.Random(5)
    began = time.monotonic()
    filled.copy(*urls)
    whole = time.monotonic() - began
    killed = 0
    for _ in range(4):
        remove(target)
        for _ in range(6):
            killed += kill_after(filled, draw.uniform(0.03, whole / 2), "db", "copy", *urls)
        said = filled.copy(*urls, check=False)
        if said.returncode != 0:
            assert "holds a site already" in said.stderr  # it was faster than the kill
        assert contents(target) == contents(source)
    assert killed > 4


def half_copied(server, target):
    """A copy that was cut off: one table is not there."""
    source = server.database()
    server.copy(server.url(source.name), server.url(target.name))
    base = sqlite3.connect(target)
    base.execute("DELETE FROM mail_entries")
    base.execute("INSERT INTO mail_copy (name, source) VALUES ('', ?)", [server.url(source.name)])
    for (name,) in base.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        if name not in LOCAL and name != "mail_entries":
            rows = base.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            base.execute("INSERT INTO mail_copy (name, source, copied, done) VALUES (?, '', ?, 1)", [name, rows])
    base.commit()
    base.close()


def test_a_half_made_copy_is_no_site(filled, target):
    half_copied(filled, target)
    old = filled.database().name
    try:
        filled.use(target.name)
        for command in [["user", "list"], ["verify"], ["db", "copy", filled.url(target.name), filled.url("third.db")]]:
            done = filled.cli(*command, check=False)
            assert done.returncode != 0 and "not finished" in done.stderr, command
        with pytest.raises(RuntimeError, match="not finished"):
            filled.start()
    finally:
        filled.kill9()
        filled.use(old)
    assert "went on" in filled.copy(filled.url(old), filled.url(target.name)).stdout
    assert contents(target) == contents(filled.database())


def test_only_the_same_copy_goes_on(filled, target):
    half_copied(filled, target)
    other = filled.data / "other.db"
    remove(other)
    filled.copy(filled.url(filled.database().name), filled.url(other.name))
    done = filled.copy(filled.url(other.name), filled.url(target.name), check=False)
    assert done.returncode != 0 and "unfinished copy of" in done.stderr
    remove(other)


def test_what_was_changed_in_the_target_is_found(filled, target):
    source = filled.url(filled.database().name)
    half_copied(filled, target)
    base = sqlite3.connect(target)
    base.execute("DELETE FROM mail_thread_ids WHERE id_hash = 0")
    base.commit()
    done = filled.copy(source, filled.url(target.name), check=False)
    assert done.returncode != 0 and "mail_thread_ids" in done.stderr and "--restart" in done.stderr
    base.execute("INSERT INTO mail_thread_ids VALUES (4, 0, 0, 2)")  # as many, but not the same
    base.commit()
    base.close()
    done = filled.copy(source, filled.url(target.name), check=False)
    assert done.returncode != 0 and "mail_thread_ids: rows of the target are not those" in done.stderr
    assert "verified" in filled.copy(source, filled.url(target.name), "--restart").stdout
    assert contents(target) == contents(filled.database())


def test_what_the_program_does_not_know_is_not_lost(filled, target):
    """A column or table of a newer program stops the copy; another's table does not matter."""
    source = filled.database()
    other = filled.data / "other.db"
    remove(other)
    filled.copy(filled.url(source.name), filled.url(other.name))
    for statement, word in [
        ("CREATE TABLE mail_novelty (a)", "mail_novelty"),
        ("ALTER TABLE mail_entries ADD COLUMN novelty", "mail_entries.novelty"),
    ]:
        subprocess.run(["sqlite3", other, statement], check=True)
        done = filled.copy(filled.url(other.name), filled.url(target.name), check=False)
        assert done.returncode != 0 and word in done.stderr
        subprocess.run(["sqlite3", other, "DROP TABLE IF EXISTS mail_novelty"], check=True)
    remove(other)
    assert not target.exists()


def test_the_target_must_be_empty(filled, target):
    source = filled.url(filled.database().name)
    done = filled.copy(source, source, check=False)
    assert done.returncode != 0 and "same database" in done.stderr
    filled.copy(source, filled.url(target.name))
    done = filled.copy(source, filled.url(target.name), check=False)
    assert done.returncode != 0 and "holds a site already" in done.stderr
    done = filled.copy(filled.url("absent.db"), filled.url("third.db"), check=False)
    assert done.returncode != 0 and "no such database" in done.stderr
    assert not (filled.data / "third.db").exists()


def test_a_site_that_was_only_made_is_empty(filled, target):
    """`tabella init` first, then the copy into it."""
    with Site() as other:
        other.init()
        os.replace(other.database(), target)
    owner = filled.data.stat()
    os.chown(target, owner.st_uid, owner.st_gid)
    filled.copy(filled.url(filled.database().name), filled.url(target.name))
    assert contents(target) == contents(filled.database())


def test_tables_of_another_name():
    """table_prefix: the administrator's names, in both."""
    with Site() as site:
        site.init()
        remove(site.database())
        site.configure({"db.table_prefix": "tb_"})
        site.cli("db", "upgrade")
        site.add_user("ann", PASSWORD)
        site.cli("user", "delete", "ann")
        site.add_user("bob", PASSWORD)
        target = site.data / "target.db"
        assert "verified" in site.copy(site.url(site.database().name), site.url(target.name)).stdout
        assert contents(target) == contents(site.database())
        base = sqlite3.connect(target)
        assert ("tb_users", 5) in base.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
        base.close()


def test_while_it_is_written(filled, target):
    """--online: what was there when it began, and all of that."""
    source = filled.database()
    before = contents(source)
    write_while_copied(filled, filled.url(source.name), filled.url(target.name), filled.sql)
    filled.sql("DELETE FROM audit_log WHERE id BETWEEN 1000 AND 1100")
    after = contents(target)
    rows = after.pop("audit_log")
    kept = before.pop("audit_log")
    assert [row for row in rows if not 1000 <= row[0] <= 1100] == kept
    assert after == before
