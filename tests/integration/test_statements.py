"""Every statement of the program is understood by every engine: prepared there against the schema as it is.

The statements are found in the sources by the preprocessor, so that none can be forgotten.
"""

import fnmatch
import functools
import os
import re
import sqlite3
import subprocess

import pytest
from tabella_server import ROOT, engines, find_binary

pytestmark = [pytest.mark.ours, pytest.mark.sqlite("it asks each engine by itself")]

DEFINITION = re.compile(r"\bstruct db_sql \w+\s*=")
STATEMENT = re.compile(r"\bstruct db_sql \w+\s*=\s*\{\s*\.name\s*=\s*((?:\"[^\"]*\"\s*)+),(.*?)\}\s*;", re.S)
FIELD = re.compile(r"\.(text|pgsql|mariadb|sqlite)\s*=\s*\(?((?:\"(?:\\.|[^\"\\])*\"\s*)+)", re.S)
NAME = f"tabella_statements_{os.getpid()}"


def joined(literals):
    text = "".join(re.findall(r"\"((?:\\.|[^\"\\])*)\"", literals))
    return text.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")


def sources():
    found = subprocess.run(["git", "ls-files", "src/*.c"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in found.split() if DEFINITION.search((ROOT / name).read_text())]


@functools.cache
def statements():
    """[(name, {field: text})]"""
    every = []
    for name in sources():
        command = ["cc", "-E", "-P", "-w", "-std=gnu17", "-Isrc", name]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        found = [
            (joined(match.group(1)), {field: joined(text) for field, text in FIELD.findall(match.group(2))})
            for match in STATEMENT.finditer(done.stdout)
        ]
        assert len(found) == len(DEFINITION.findall(done.stdout)), f"{name}: a statement in a form that is not known here"
        every += found
    assert len(every) > 200
    return every


def texts(engine):
    """(name, text) of each statement that this engine is given."""
    return [(name, fields.get(engine, fields.get("text"))) for name, fields in statements() if engine in fields or "text" in fields]


TITLES = {"pgsql": "PostgreSQL", "mariadb": "MariaDB", "sqlite": "SQLite"}


@pytest.mark.parametrize("engine", TITLES)
def test_a_text_of_its_own_has_its_reason(engine):
    """docs/schema.md names each statement that an engine has its own text of, and no other."""
    own = {name for name, fields in statements() if engine in fields}
    text = (ROOT / "docs/schema.md").read_text().partition(f"a text of their own for {TITLES[engine]}:\n\n")[2]
    cells = [line.split("|")[1] for line in text.partition("\n\n")[0].splitlines()[2:]]
    patterns = re.findall(r"`([^`]+)`", " ".join(cells))
    assert patterns
    assert not [name for name in own if not any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]
    assert not [pattern for pattern in patterns if not fnmatch.filter(own, pattern)]


def outside_of_literals(text, replace):
    return "".join(piece if i % 2 else replace(piece) for i, piece in enumerate(re.split(r"('(?:[^']|'')*')", text)))


def numbered(text):
    """With $1, $2 for ?."""
    count = iter(range(1, 1000))
    return outside_of_literals(text, lambda piece: re.sub(r"\?", lambda _: f"${next(count)}", piece))


def make_tables(url, folder):
    conf = folder / "tabella.conf"
    conf.write_text(f"[db]\nurl = {url}\n")
    subprocess.run([find_binary(), "-c", conf, "db", "upgrade"], check=True, timeout=120)


@pytest.fixture
def database(request, tmp_path):
    """An engine with a database that has our tables; that is gone at the end."""
    try:
        engine = engines.borrow(request.param)
    except engines.Missing as missing:
        pytest.skip(str(missing))
    with engine:
        engine.drop(NAME)
        make_tables(engine.create_site(NAME), tmp_path)
        yield engine
        engine.drop(NAME)


@pytest.mark.parametrize("database", ["pgsql"], indirect=True)
def test_postgresql_knows_every_statement(database):
    script = [f"PREPARE s{i} AS {numbered(text)};" for i, (_, text) in enumerate(texts("pgsql"))]
    database.sql("\n".join(script), NAME)


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_mariadb_knows_every_statement(database):
    script = ["SET SESSION sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES');"]
    for _, text in texts("mariadb"):
        for part in outside_of_literals(text, lambda piece: piece.replace(";", "\0")).split("\0"):
            part = outside_of_literals(part, lambda piece: re.sub(r"\?\d+", "?", piece))  # the driver's numbers
            quoted = part.replace("'", "''").replace("\n", " ")
            script.append(f"PREPARE s FROM '{quoted}';")
    database.sql("\n".join(script), NAME)


def test_sqlite_knows_every_statement(tmp_path):
    path = tmp_path / "statements.db"
    make_tables(f"sqlite:{path}", tmp_path)
    base = sqlite3.connect(path)
    for name, text in texts("sqlite"):
        count = outside_of_literals(text, lambda piece: piece).count("?")
        try:
            base.execute(f"EXPLAIN {text}", [None] * count)
        except sqlite3.Error as error:
            pytest.fail(f"{name}: {error}: {text}")
    base.close()
