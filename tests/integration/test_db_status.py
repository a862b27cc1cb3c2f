"""`tabella db status` and `tabella db sweep`."""

import json
import os
import sqlite3

import pytest
import wire
from tabella_server import ROOT, Server

pytestmark = [pytest.mark.ours, pytest.mark.sqlite("it looks into the file; test_db_engines.py has the others")]

PASSWORD = "password"


@pytest.fixture
def site():
    server = Server()
    try:
        server.init()
        server.add_user("one", PASSWORD)
        yield server
    finally:
        server.close()


def look(server):
    return json.loads(server.cli("db", "status", "--json").stdout)


def test_what_there_is(site):
    said = look(site)
    assert said["engine"] == "sqlite" and said["engine_version"] == sqlite3.sqlite_version
    assert said["url"].endswith("tabella.db")
    assert said["schema"] == said["schema_of_program"] == said["schema_confirmed"]
    assert said["bytes"] == site.database().stat().st_size
    assert said["tables"]["dbmail_users"] == {"rows": 4, "estimated": False}
    assert said["engine_says"]["journal"] == "wal" and "wal_bytes" in said["engine_says"]
    assert said["next"] == "nothing to do"
    text = site.cli("db", "status").stdout
    assert "engine         sqlite" in text and "nothing to do" in text and "dbmail_users" in text


def test_who_is_at_work(site):
    site.start()
    alive = [node for node in look(site)["nodes"] if node["alive"]]
    assert len(alive) == 1 and alive[0]["number"] == 0
    assert "node           0, alive" in site.cli("db", "status").stdout
    assert site.stop() == 0
    assert not [node for node in look(site)["nodes"] if node["alive"]]


def test_what_to_do_next(site):
    script = (ROOT / "tests/data/schema_3_sqlite.sql").read_text()
    path = site.database()
    owner = path.stat()
    path.unlink()
    base = sqlite3.connect(path)
    base.executescript(script)
    base.close()
    os.chown(path, owner.st_uid, owner.st_gid)
    said = look(site)
    assert said["schema"] == 3 and "db upgrade" in said["next"]
    site.cli("db", "upgrade")
    assert "--confirm" in look(site)["next"]
    site.cli("db", "upgrade", "--confirm")
    assert look(site)["next"] == "nothing to do"


def test_no_database(site):
    site.database().unlink()
    done = site.cli("db", "status", check=False)
    assert done.returncode != 0 and "no such database" in done.stderr


def test_a_server_that_cannot_be_reached_and_a_password_that_is_not_shown(site):
    for url in ["postgresql://me:secret-word@127.0.0.1:9/mail", "mariadb://me:secret-word@127.0.0.1:9/mail"]:
        site.configure({"db.url": url})
        done = site.cli("db", "status", check=False)
        said = done.stdout + done.stderr
        assert done.returncode != 0 and done.stderr.startswith("tabella db status: "), said
        assert "secret-word" not in said


def test_undo_waits_for_the_servers(site):
    """What a running server needs is not taken away from under it."""
    site.sql("UPDATE mail_schema SET confirmed = NULL WHERE version > 3")
    site.start()
    done = site.cli("db", "upgrade", "--undo", check=False)
    assert done.returncode != 0 and "stop it first" in done.stderr
    assert site.stop() == 0
    assert "went back" in site.cli("db", "upgrade", "--undo").stdout


def test_copy_waits_for_the_servers(site):
    source, target = f"sqlite:{site.database()}", f"sqlite:{site.data / 'copy.db'}"
    site.start()
    done = site.cli("db", "copy", source, target, check=False)
    assert done.returncode != 0 and "in use by node 0" in done.stderr and "--online" in done.stderr
    assert not (site.data / "copy.db").exists()
    assert "verified" in site.cli("db", "copy", "--online", source, target).stdout
    assert site.stop() == 0


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside a server"])
def test_a_sweep(site, beside):
    site.configure({"store.removed_keep": "0"})
    site.add_user("two", PASSWORD)
    site.start()
    mail = b"Subject: x\r\nContent-Type: application/octet-stream\r\n\r\n" + b"0123456789abcdef\r\n" * 14000
    with wire.Lmtp(site.port("lmtp")) as peer:
        for _ in range(3):
            peer.deliver_all(["one@example.test", "two@example.test"], mail)
    if not beside:
        assert site.stop() == 0
    assert site.sql("SELECT count(*) FROM mail_blobs") == "1"
    site.cli("user", "delete", "two")
    said = json.loads(site.cli("db", "sweep", "--json").stdout)
    if not beside:
        # the server's own sweeper is at it, too
        assert said["messages"] == 3 and said["folders"] > 0 and said["shared_parts"] == 0
        assert site.sql("SELECT count(*) FROM mail_accounts") == "1"
    site.sql("DELETE FROM dbmail_mailboxes; UPDATE mail_blobs SET touched = 0")  # as if days had passed
    said = json.loads(site.cli("db", "sweep", "--json").stdout)
    if not beside:
        assert said["messages"] == 3 and said["shared_parts"] >= 1
    site.cli("db", "sweep")
    assert site.cli("db", "sweep").stdout == "nothing to sweep\n"
    for table in ["mail_entries", "mail_objects", "mail_contents", "mail_blobs", "mail_chunks", "mail_removed"]:
        assert site.sql(f"SELECT count(*) FROM {table}") == "0", table
    assert "0 problems" in site.cli("verify").stdout
    if beside:
        assert site.stop() == 0
