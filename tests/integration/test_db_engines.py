"""`tabella db` over all engines: a site goes round through each, upgrades are tried and undone, kills do not matter."""

import json
import os
import re
import subprocess
import time
import urllib.parse

import pytest
from tabella_server import ROOT, engines
from test_db_copy import PASSWORD, Site, contents, everything, filled, kill_after, remove, write_while_copied  # noqa: F401: a fixture

pytestmark = [pytest.mark.ours, pytest.mark.sqlite("it has all engines at once")]

NAMES = ["pgsql", "mariadb"]


def own(name):
    return f"{name}_{os.getpid()}"


class Databases:
    """Empty databases of an engine, gone at the end. Other runs of these tests may use the same server."""

    def __init__(self, engine):
        self.engine, self.made = engine, []

    def new(self, name):
        name = own(name)
        self.drop(name)
        self.made.append(name)
        return self.engine.create_site(name)

    def drop(self, name):
        self.engine.drop(name)

    def close(self):
        for name in self.made:
            self.drop(name)


@pytest.fixture(scope="module")
def servers():
    started, found = [], {}
    try:
        for name in NAMES:
            try:
                engine = engines.borrow(name)
            except engines.Missing as missing:
                pytest.skip(str(missing))
            started.append(engine)
            found[name] = Databases(engine)
        yield found
    finally:
        for databases in found.values():
            databases.close()
        for engine in started:
            engine.close()


def test_a_site_goes_round_through_every_engine(filled, servers):  # noqa: F811
    """SQLite, PostgreSQL, MariaDB, SQLite: not a byte is another one, and no number is given twice."""
    source = filled.database()
    back = filled.data / "back.db"
    remove(back)
    stations = [filled.url(source.name), servers["pgsql"].new("round_a"), servers["mariadb"].new("round_b"), filled.url(back.name)]
    for here, there in zip(stations, stations[1:], strict=False):
        assert filled.copy(here, there).stdout.startswith("verified: ")
    assert contents(back) == contents(source)
    remove(back)


@pytest.mark.parametrize("way", ["sqlite to pgsql", "pgsql to mariadb", "mariadb to pgsql", "mariadb to sqlite", "pgsql to pgsql"])
def test_killed_on_the_way(filled, servers, way):  # noqa: F811
    source = filled.database()
    ends = way.split(" to ")
    back = filled.data / "back.db"
    target = filled.data / "target.db"
    remove(back)
    remove(target)
    if ends[0] == "sqlite":
        start = filled.url(source.name)
    else:
        start = servers[ends[0]].new("kill_a")
        filled.copy(filled.url(source.name), start)
    end = filled.url(target.name) if ends[1] == "sqlite" else servers[ends[1]].new("kill_b")
    killed = sum(kill_after(filled, 0.02 + 0.15 * turn, "db", "copy", start, end) for turn in range(6))
    assert killed > 0
    done = filled.copy(start, end, check=False)
    assert done.returncode == 0 or "holds a site already" in done.stderr, done.stderr
    filled.copy(end, filled.url(back.name))
    assert contents(back) == contents(source)
    remove(back)
    remove(target)


@pytest.mark.parametrize("name", NAMES)
def test_mail_is_read_from_the_copy(filled, servers, name):  # noqa: F811
    filled.start()
    before = {user: everything(filled, user) for user in ["one", "two"]}
    assert filled.stop() == 0
    url = servers[name].new("read")
    old = filled.url(filled.database().name)
    filled.copy(old, url)
    filled.configure({"db.url": url})
    try:
        filled.start()
        after = {user: everything(filled, user) for user in ["one", "two"]}
        assert filled.stop() == 0
        assert "0 problems" in filled.cli("verify").stdout
        filled.cli("alias", "add", "later@example.test", "one")
        found = json.loads(filled.cli("alias", "list", "--json").stdout)
        assert {"later@example.test"} <= {row["address"] for row in found}
    finally:
        filled.kill9()
        filled.configure({"db.url": old})
    for user, folders in before.items():
        for folder, messages in folders.items():
            for number, message in messages.items():
                    assert after[user][folder][number] == message, (user, folder, number)
    assert before == after


@pytest.mark.parametrize("name", NAMES)
def test_a_half_made_copy_is_no_site(filled, servers, name):  # noqa: F811
    url = servers[name].new("half")
    old = filled.url(filled.database().name)
    early, late = 0.0, 4.0  # it had not begun by then; it was over
    for _ in range(40):
        servers[name].new("half")
        seconds = (early + late) / 2
        if kill_after(filled, seconds, "db", "copy", old, url):
            early = seconds
        else:
            late = seconds
        if late - early < 0.002:  # the machine was faster or slower meanwhile
            early, late = early * 0.8, late * 1.2
        filled.configure({"db.url": url})
        said = json.loads(filled.cli("db", "status", "--json").stdout)
        if said["copy_of"]:
            break
        filled.configure({"db.url": old})
    try:
        assert said["copy_of"] == old and "not finished" in said["next"]
        done = filled.cli("user", "list", check=False)
        assert done.returncode != 0 and "not finished" in done.stderr
        with pytest.raises(RuntimeError, match="not finished"):
            filled.start()
    finally:
        filled.kill9()
        filled.configure({"db.url": old})


@pytest.mark.parametrize("name", NAMES)
def test_while_it_is_written(filled, servers, name):  # noqa: F811
    """--online: one snapshot of a server that others write to."""
    before = contents(filled.database())
    url = servers[name].new("online")
    target = filled.data / "target.db"
    remove(target)
    filled.copy(filled.url(filled.database().name), url)
    write_while_copied(filled, url, filled.url(target.name), lambda text: run_sql(name, url, text))
    after = contents(target)
    remove(target)
    rows = after.pop("audit_log")
    kept = before.pop("audit_log")
    assert [row for row in rows if not 1000 <= row[0] <= 1100] == kept
    assert after == before


@pytest.mark.parametrize("name", NAMES)
def test_status(filled, servers, name):  # noqa: F811
    url = servers[name].new("status")
    old = filled.url(filled.database().name)
    filled.copy(old, url)
    filled.configure({"db.url": url})
    try:
        text = filled.cli("db", "status").stdout
        said = json.loads(filled.cli("db", "status", "--json").stdout)
        filled.start()
        alive = [node for node in json.loads(filled.cli("db", "status", "--json").stdout)["nodes"] if node["alive"]]
        assert filled.stop() == 0
    finally:
        filled.kill9()
        filled.configure({"db.url": old})
    assert "nothing to do" in text and engines.SITE_PASSWORD not in text + json.dumps(said)
    assert said["engine"] == {"pgsql": "postgresql", "mariadb": "mariadb"}[name] and said["engine_version"][0].isdigit()
    assert said["bytes"] > 100_000 and "mail_entries" in said["tables"]
    assert said["engine_says"]["connections" if name == "pgsql" else "Threads_connected"] > 0
    if said["schema"] >= 5:
        assert len(alive) == 1


# ---- the schema ----

SCRIPTS = ROOT / "src/db/schema"
TOOLS = {
    "pgsql": (["psql", "-qX", "-v", "ON_ERROR_STOP=1"], ["pg_dump", "--inserts", "--no-comments", "-T", "mail_schema"]),
    "mariadb": (["mariadb"], ["mariadb-dump", "--skip-comments", "--skip-lock-tables", "--no-tablespaces", "--compact", "--skip-dump-date"]),
}


def newest():
    return max(int(path.name[:4]) for path in SCRIPTS.glob("*_sqlite.sql"))


def tool(name, url, which):
    """The engine's own shell (0) or what prints a whole database (1), as the site's user."""
    command = list(TOOLS[name][which])
    if name == "pgsql":
        return [*command, url]
    parts = urllib.parse.urlsplit(url)
    database = parts.path.strip("/")
    command += ["-h", parts.hostname, "-P", str(parts.port), "-u", parts.username, f"-p{parts.password}"]
    if which == 1:
        command.append(f"--ignore-table={database}.mail_schema")
    return [*command, database]


def run_sql(name, url, text):
    subprocess.run(tool(name, url, 0), input=text, text=True, check=True, capture_output=True)


def printed(name, url):
    """Structure and rows; what differs from one dump to the next is left out."""
    text = subprocess.run(tool(name, url, 1), check=True, capture_output=True).stdout.decode("latin-1")
    return [line for line in text.splitlines() if not line.startswith(("--", "\\"))]


@pytest.fixture(params=NAMES)
def old(request, servers):
    """A site on a server whose database has schema 3, with mail."""
    name = request.param
    site = Site()
    try:
        site.init()
        site.old_engine, site.url_there = name, servers[name].new("old")
        site.load = lambda: run_sql(name, site.url_there, (ROOT / f"tests/data/schema_3_{name}.sql").read_text())
        site.empty = lambda: servers[name].new("old")
        site.server = servers[name].engine
        site.load()
        yield site.configure({"db.url": site.url_there})
    finally:
        site.close()


def test_an_older_schema(old):
    """Refused, rehearsed, upgraded, undone, upgraded, confirmed."""
    before, scratch = printed(old.old_engine, old.url_there), f"{own('old')}_rehearsal"
    done = old.cli("user", "list", check=False)
    assert done.returncode != 0 and "tabella db upgrade" in done.stderr and "schema 3" in done.stderr
    done = old.cli("db", "upgrade", "--rehearse", check=False)
    if old.old_engine == "pgsql":
        assert f"rehearsed in a transaction that was undone: schema 3 to {newest()} and back" in done.stdout
    else:
        # who goes on only after a rehearsal does not
        assert done.returncode == 1 and done.stdout == ""
        assert "not rehearsed: MariaDB undoes no change of a table" in done.stderr and "GRANT ALL ON" in done.stderr
        assert scratch in done.stderr
    assert printed(old.old_engine, old.url_there) == before
    assert f"from schema 3 to {newest()}" in old.cli("db", "upgrade").stdout
    assert "0 problems" in old.cli("verify").stdout and "one" in old.cli("user", "list").stdout
    assert "--confirm" in json.loads(old.cli("db", "status", "--json").stdout)["next"]
    assert f"from schema {newest()} to 3" in old.cli("db", "upgrade", "--undo").stdout
    assert printed(old.old_engine, old.url_there) == before
    old.cli("db", "upgrade")
    old.cli("db", "upgrade", "--confirm")
    done = old.cli("db", "upgrade", "--undo", check=False)
    assert done.returncode != 0 and "nothing to undo" in done.stderr
    # and as it is, it can be copied
    back = old.data / "back.db"
    assert "verified" in old.copy(old.url_there, old.url(back.name)).stdout


def test_a_rehearsal_on_a_copy_of_the_structure(old):
    """MariaDB, with the right to make one; nothing of it stays."""
    if old.old_engine != "mariadb":
        pytest.skip("PostgreSQL undoes changes of tables")
    user = urllib.parse.urlsplit(old.url_there).username
    old.server.sql(f"GRANT ALL ON `{own('old')}\\_rehearsal`.* TO '{user}'@'%'")
    before, scratch = printed(old.old_engine, old.url_there), f"{own('old')}_rehearsal"
    said = old.cli("db", "upgrade", "--rehearse").stdout
    assert f"rehearsed on a copy of the structure: schema 3 to {newest()} and back: it works" in said
    assert printed(old.old_engine, old.url_there) == before
    assert scratch not in old.server.sql("SHOW DATABASES")
    # what a killed one left is taken away, and what is somebody else's is not
    left = f"CREATE DATABASE `{scratch}`{{}}; CREATE TABLE `{scratch}`.dbmail_users (a INT)"
    old.server.sql(left.format(" COMMENT 'rehearsal of tabella db upgrade'"))
    assert "and back: it works" in old.cli("db", "upgrade", "--rehearse").stdout
    assert scratch not in old.server.sql("SHOW DATABASES")
    old.server.sql(left.format(""))
    try:
        done = old.cli("db", "upgrade", "--rehearse", check=False)
        assert done.returncode == 1 and "database exists" in done.stderr and "DROP" in done.stderr
        assert old.server.sql("SHOW TABLES", scratch) == "dbmail_users"
    finally:
        old.server.sql(f"DROP DATABASE `{scratch}`")


def test_at_once(old):
    """Two administrators: each is told what came of it, and the schema is whole."""
    for words in ([], ["--undo"], ["--rehearse"], []):
        command = [old.binary, "-c", old.config, "db", "upgrade", *words]
        runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
        for run in runs:
            said, failure = run.communicate(timeout=120)
            fine = ("nothing to undo", "another process changes the schema", "not rehearsed")
            assert run.returncode == 0 or any(word in failure for word in fine), failure
            assert "Sanitizer" not in failure
        status = json.loads(old.cli("db", "status", "--json").stdout)
        assert status["schema"] == (newest() if not words else 3)
    assert "0 problems" in old.cli("verify").stdout


@pytest.mark.parametrize("way", ["forth", "back"])
def test_an_upgrade_is_killed(old, way):
    """SIGKILL at any moment: the next upgrade finishes what the dead one began."""
    killed = 0
    for turn in range(8):
        old.empty()
        old.load()
        if way == "back":
            old.cli("db", "upgrade")
        killed += kill_after(old, 0.01 + 0.04 * turn, "db", "upgrade", *(["--undo"] if way == "back" else []))
        old.cli("db", "upgrade")
        assert json.loads(old.cli("db", "status", "--json").stdout)["schema"] == newest()
    assert killed > 0
    assert "0 problems" in old.cli("verify").stdout


def statements(path):
    """The statements of a script that has no ';' but at their ends."""
    text = re.sub(r"--[^\n]*", "", path.read_text())
    return [part.strip() for part in text.split(";") if part.strip()]


def test_a_step_that_stopped_behind_any_statement_is_finished(old):
    """MariaDB commits each statement of a step: cut off behind each of them it is finished all the same."""
    if old.old_engine != "mariadb":
        pytest.skip("a step is a transaction on PostgreSQL")
    for script in sorted(SCRIPTS.glob("*_mariadb.sql")):
        if script.name < "0004":
            continue
        made = int(script.name[:4])
        pieces = statements(script)
        for count in range(1, len(pieces) + 1):
            old.empty()
            old.load()
            for earlier in sorted(SCRIPTS.glob("*_mariadb.sql")):
                if 3 < int(earlier.name[:4]) < made:
                    run_sql("mariadb", old.url_there, earlier.read_text())
                    version = int(earlier.name[:4])
                    run_sql("mariadb", old.url_there, f"INSERT INTO mail_schema VALUES ({version}, 3, 0, NULL)")
            run_sql("mariadb", old.url_there, ";".join(pieces[:count]))
            assert f"to {newest()}" in old.cli("db", "upgrade").stdout
    assert "0 problems" in old.cli("verify").stdout


def test_a_way_back_that_stopped_in_its_middle_is_a_way_forth(old):
    """MariaDB: its process and its session end while a table is waited for; the next upgrade makes the step again."""
    if old.old_engine != "mariadb":
        pytest.skip("a step is a transaction on PostgreSQL")
    old.cli("db", "upgrade")
    whole = printed(old.old_engine, old.url_there)
    holder = old.server.session(urllib.parse.urlsplit(old.url_there).path[1:])
    try:
        holder.stdin.write("LOCK TABLES mail_nodes READ; SELECT 'locked';\n")
        holder.stdin.flush()
        assert holder.stdout.readline().strip() == "locked"
        run = subprocess.Popen([old.binary, "-c", old.config, "db", "upgrade", "--undo"], stderr=subprocess.DEVNULL)
        waiting = "SELECT id FROM information_schema.processlist WHERE state LIKE 'Waiting for table metadata lock%'"
        end = time.monotonic() + 20
        while not (session := old.server.sql(waiting).strip()):
            assert time.monotonic() < end and run.poll() is None
            time.sleep(0.05)
        run.kill()
        run.wait()
        old.server.sql(f"KILL {session}")
    finally:
        holder.stdin.close()
        holder.wait(20)
        holder.stdout.close()
    assert printed(old.old_engine, old.url_there) != whole
    assert f"to {newest()}" in old.cli("db", "upgrade").stdout
    assert printed(old.old_engine, old.url_there) == whole
