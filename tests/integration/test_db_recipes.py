"""What docs/operations.md tells an administrator to do with the database, done: every command of its recipes."""

import os
import re
import shlex
import sqlite3
import subprocess
import urllib.parse

import pytest
from conftest import Host, stop_and_look
from mails import mail
from recipes import Recipe
from tabella_server import ROOT, Server, engines
from test_db_copy import Site, contents, fill
from test_db_upgrade import load

pytestmark = [pytest.mark.ours, pytest.mark.sqlite("the recipes begin with a file")]

TEXT = (ROOT / "docs/operations.md").read_text()
OLD_URL = "sqlite:/var/lib/tabella/tabella.db"
NEW_URL = "postgresql://tabella:PASSWORD@db.example.org/tabella"


def section(title):
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", TEXT, re.M | re.S)
    assert found, title
    return found[1]


def blocks(title):
    """The indented blocks of a section, each as its lines."""
    found, block = [], []
    for line in [*section(title).splitlines(), ""]:
        if line.startswith("    "):
            block.append(line[4:])
        elif block:
            found.append(block)
            block = []
    assert found, f"no recipe under {title}"
    return found


def follow(site, title, replace=()):
    """Do what the section's blocks say; what the commands printed."""
    said = []
    for block in blocks(title):
        for old, new in replace:
            block = [line.replace(old, new) for line in block]
        if block[0].startswith("["):
            key, _, value = block[1].partition(" = ")
            site.configure({f"{block[0].strip('[]')}.{key}": value})
            continue
        for line in block:
            words = shlex.split(line)
            assert words[0] == "tabella", line
            said.append(site.cli(*words[1:]).stdout)
    return said


@pytest.fixture
def site():
    server = Site()
    try:
        yield server.init()
    finally:
        server.close()


def test_the_database(site):
    status, sweep = follow(site, "The database")
    assert "nothing to do" in status and "nothing to sweep" in sweep


@pytest.mark.parametrize("name", ["pgsql", "mariadb"])
def test_moving_a_site_to_another_engine(site, name):
    """The recipe names PostgreSQL; it is the same with the other."""
    fill(site)
    name_there = f"recipe_{os.getpid()}"
    source = site.database()
    before = contents(source)
    try:
        engine = engines.borrow(name)
    except engines.Missing as missing:
        pytest.skip(str(missing))
    try:
        engine.drop(name_there)
        url = engine.create_site(name_there)
        copied, status, verified = follow(
            site, "Moving a site to another engine", [(OLD_URL, site.url(source.name)), (NEW_URL, url)]
        )
        assert copied.startswith("verified") and "nothing to do" in status and "0 problems" in verified
        site.start()
        assert site.stop() == 0
        assert contents(source) == before
        engine.drop(name_there)
    finally:
        site.kill9()
        engine.close()


def test_installing_a_new_version_and_undoing_it(site):
    load(ROOT / "tests/data/schema_3_sqlite.sql", site.database())
    said = follow(site, "Installing a new version")
    assert "rehearsed" in said[0] and "from schema 3" in said[1] and "confirmed" in said[2]
    load(ROOT / "tests/data/schema_3_sqlite.sql", site.database())
    site.cli("db", "upgrade")
    assert "to 3" in follow(site, "Undoing an upgrade")[0]


def test_several_nodes_one_by_one(site):
    """A server of the version before goes on beside a schema that a newer program has made, and is started again."""
    steps = section("Several nodes, one by one")
    assert "tabella db upgrade" in steps and "--confirm" in steps
    site.add_user("one", "password")
    site.start()
    newest = int(site.sql("PRAGMA user_version"))
    base = sqlite3.connect(site.database(), timeout=10)
    # what the upgrade of a program of the future does: a step that only adds
    base.execute("CREATE TABLE mail_novelty (owner INTEGER PRIMARY KEY)")
    base.execute("INSERT INTO mail_schema VALUES (?, ?, 0, NULL)", [newest + 1, newest])
    base.execute(f"PRAGMA user_version = {newest + 1}")
    base.commit()
    site.cli_bytes("deliver", "one@example.test", stdin=b"Subject: beside\r\n\r\nx\r\n")
    assert site.stop() == 0
    site.start()
    assert site.stop() == 0
    assert "newer program" in site.cli("db", "status").stdout
    # and of one that does not only add
    base.execute("UPDATE mail_schema SET oldest = version")
    base.commit()
    base.close()
    with pytest.raises(RuntimeError, match=f"for programs from schema {newest + 1} on"):
        site.start()


class Backup:
    """The recipes of a backup for a site on one engine, with our names and places."""

    def __init__(self, site, folder):
        self.site, self.folder = site, folder

    def follow(self, title, kind="shell"):
        recipe = Recipe(title, self.site.engine_name, "operations.md")
        text = recipe.of(kind).replace("/backup/", f"{self.folder}/")
        if kind == "sql":
            self.site.sql(text)
            return
        done = subprocess.run(["sh", "-ec", self.fit(text)], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr

    def fit(self, text):
        if not self.site.engine:
            return text.replace("/var/lib/tabella/", f"{self.site.data}/")
        name, url = self.site.database_name, urllib.parse.urlsplit(self.site.database_url())
        text = text.replace("postgresql://tabella:secret@db.example.org/tabella", url.geturl())
        text = text.replace("--host=db.example.org", f"--host={url.hostname} --port={url.port}")
        text = text.replace("--user=tabella --password=secret", f"--user={name} --password={engines.SITE_PASSWORD}")
        return re.sub(r" tabella(?= <|$)", f" {name}", text, flags=re.M)


@pytest.mark.parametrize("name", ["sqlite", "pgsql", "mariadb"])
def test_a_backup_and_the_way_back(tmp_path, name):
    try:
        engine = None if name == "sqlite" else engines.borrow(name)
    except engines.Missing as missing:
        pytest.skip(str(missing))
    server = Server(engine=engine)
    try:
        account = Host(server.init().start(), True).account()
        backup = Backup(server, tmp_path)
        with account.imap() as peer:
            peer.append("INBOX", mail(b"kept\r\n"))
            before = peer.select().code_of("UIDVALIDITY")
            backup.follow("Backups")
            peer.append("INBOX", mail(b"lost\r\n"))
        assert server.stop() == 0
        if engine:
            engine.drop(server.database_name)
            engine.create_site(server.database_name)
        backup.follow("Going back to a backup")
        backup.follow("Going back to a backup", "sql")
        assert "0 problems" in server.cli("verify").stdout
        server.start()
        with account.imap() as peer:
            assert int(peer.select().code_of("UIDVALIDITY")) > int(before)
            (body,) = peer.bodies()
            assert body.endswith(b"kept\r\n")
            peer.ok("CREATE other")
            peer.append("INBOX", mail())
        assert "0 problems" in server.cli("verify").stdout
        stop_and_look(server)
    finally:
        server.close()
        if engine:
            engine.close()
