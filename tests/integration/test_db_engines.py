"""`tabella db` over all engines: a site goes round through each, upgrades are tried and undone, kills do not matter."""

import json

import pytest
from tabella_server import engines
from test_db_copy import PASSWORD, Site, contents, everything, filled, kill_after, remove  # noqa: F401: a fixture

pytestmark = [pytest.mark.ours, pytest.mark.sqlite("it has all engines at once")]

NAMES = ["pgsql", "mariadb"]


class Databases:
    """Empty databases of an engine, gone at the end."""

    def __init__(self, engine):
        self.engine, self.made = engine, []

    def new(self, name):
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
    killed = sum(kill_after(filled, 0.08 + 0.15 * turn, "db", "copy", start, end) for turn in range(6))
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
    for turn in range(30):
        servers[name].new("half")
        seconds = 0.1 + 0.06 * turn
        kill_after(filled, seconds, "db", "copy", old, url)
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
