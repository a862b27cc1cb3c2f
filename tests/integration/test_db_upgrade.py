"""`tabella db upgrade`: databases of older schemas, the way back, kills in the middle."""

import os
import random
import signal
import sqlite3
import subprocess
import time

import pytest
import wire
from tabella_server import ROOT, Server

pytestmark = [pytest.mark.ours, pytest.mark.sqlite("its old schemas are SQLite's; the unit tests have the others' steps")]

SCRIPTS = ROOT / "src/db/schema"
OLD = sorted((ROOT / "tests/data").glob("schema_*_sqlite.sql"))
MAIL = ["plain", "nul", "raw-8-bit", "attachment", "every-byte"]
TABLES = ["dbmail_users", "dbmail_aliases", "dbmail_mailboxes", "mail_entries", "mail_objects", "mail_contents", "mail_removed"]


def newest():
    return max(int(path.name[:4]) for path in SCRIPTS.glob("*_sqlite.sql"))


def version_of(path):
    return int(path.name.split("_")[1])


def load(script, path):
    for name in [path.name, path.name + "-wal", path.name + "-shm"]:
        path.with_name(name).unlink(missing_ok=True)
    base = sqlite3.connect(path)
    base.executescript(script.read_text())
    base.close()
    owner = path.parent.stat()
    os.chown(path, owner.st_uid, owner.st_gid)


def structure(path):
    """Names of everything, with the columns of tables; what was never undone looks the same."""
    base = sqlite3.connect(path)
    names = base.execute("SELECT type, name, tbl_name FROM sqlite_schema ORDER BY 1, 2").fetchall()
    columns = {name: base.execute(f"PRAGMA table_info({name})").fetchall() for kind, name, _ in names if kind == "table"}
    base.close()
    return names, columns


def rows(path):
    base = sqlite3.connect(path)
    found = {name: base.execute(f"SELECT * FROM {name} ORDER BY 1, 2, 3").fetchall() for name in TABLES}
    base.close()
    return found


@pytest.fixture
def site():
    server = Server()
    try:
        yield server.init()
    finally:
        server.close()


@pytest.fixture(params=OLD, ids=lambda path: path.stem)
def old(request, site):
    """A site whose database has an older schema, with mail."""
    load(request.param, site.database())
    site.old = version_of(request.param)
    return site


def read_all(server, user):
    """The bytes of every message of every folder."""
    with wire.Imap(server.port("imap")) as peer:
        peer.login(user, "password")
        found = {}
        for name in ["INBOX", "Archive/2026"] if user == "one" else ["INBOX"]:
            peer.select(name)
            found[name] = peer.bodies()
        return found


def test_an_older_database_is_refused_until_it_is_upgraded(old):
    done = old.cli("user", "list", check=False)
    assert done.returncode != 0 and "tabella db upgrade" in done.stderr and f"schema {old.old}" in done.stderr
    said = old.cli("db", "upgrade").stdout
    assert "rehearsed" in said and f"from schema {old.old} to {newest()}" in said and "--undo" in said
    assert "one" in old.cli("user", "list").stdout
    assert "0 problems" in old.cli("verify").stdout
    assert f"schema {newest()}, as it should" in old.cli("db", "upgrade").stdout


def test_mail_of_an_older_database_is_read(old):
    old.cli("db", "upgrade")
    old.start()
    inbox = read_all(old, "two")["INBOX"]
    assert len(inbox) == len(MAIL)
    assert len(read_all(old, "one")["INBOX"]) == len(MAIL) - 1
    assert old.stop() == 0


def test_a_rehearsal_changes_nothing(old):
    before = structure(old.database()), rows(old.database())
    said = old.cli("db", "upgrade", "--rehearse").stdout
    assert f"schema {old.old} to {newest()} and back" in said
    assert (structure(old.database()), rows(old.database())) == before
    assert old.sql("PRAGMA user_version") == str(old.old)


def test_there_is_a_way_back_until_it_is_closed(old):
    before = structure(old.database()), rows(old.database())
    old.cli("db", "upgrade")
    said = old.cli("db", "upgrade", "--undo").stdout
    assert f"from schema {newest()} to {old.old}" in said
    assert (structure(old.database()), rows(old.database())) == before
    old.cli("db", "upgrade")
    assert "confirmed" in old.cli("db", "upgrade", "--confirm").stdout
    done = old.cli("db", "upgrade", "--undo", check=False)
    assert done.returncode != 0 and "nothing to undo" in done.stderr


def test_a_new_site_has_nothing_to_undo(site):
    done = site.cli("db", "upgrade", "--undo", check=False)
    assert done.returncode != 0 and "nothing to undo" in done.stderr
    assert site.cli("db", "upgrade", "--undo", "--confirm", check=False).returncode == 64


def test_a_step_says_whether_older_programs_can_go_on(site):
    """Each script from 0004 on says so in its first line, and has its way back."""
    for script in SCRIPTS.glob("[0-9]*.sql"):
        if int(script.name[:4]) < 4 or script.stem.endswith("_undo"):
            continue
        assert script.read_text().startswith(("-- Additive: programs of schema ", "-- Not additive: ")), script
        assert script.with_name(script.stem + "_undo.sql").is_file(), script


@pytest.mark.parametrize("way", ["forth", "back"])
def test_killed_in_the_middle(old, way):
    """SIGKILL at any moment: the next upgrade finishes what the dead one began."""
    script = next(path for path in OLD if version_of(path) == old.old)
    draw = random.Random(4)
    killed = 0
    for _ in range(20):
        load(script, old.database())
        if way == "back":
            old.cli("db", "upgrade")
        before = rows(old.database())
        command = ["db", "upgrade"] + (["--undo"] if way == "back" else [])
        run = subprocess.Popen(
            [old.binary, "-c", old.config, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(draw.uniform(0, 0.12))
        run.send_signal(signal.SIGKILL)
        killed += run.wait() == -signal.SIGKILL
        old.cli("db", "upgrade")
        assert old.sql("PRAGMA user_version") == str(newest())
        assert old.sql("PRAGMA integrity_check") == "ok"
        assert rows(old.database()) == before
    assert killed > 0
    assert structure(old.database())[0] and "0 problems" in old.cli("verify").stdout
