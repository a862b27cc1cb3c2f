"""How a site names its database: urls, DBMail's keys, a password in a file; mistakes are explained without opening it."""

import pathlib
import socket
import subprocess

import pytest
from tabella_server import Server, find_binary

pytestmark = pytest.mark.ours

OK, USAGE, DATA = 0, 64, 65
SECRET = "hunter2-is-secret"


def tabella(conf, *args):
    return subprocess.run(
        [str(find_binary()), "-c", str(conf), *map(str, args)], text=True, capture_output=True, timeout=60
    )


@pytest.fixture
def conf(tmp_path):
    """conf(TEXT): a configuration with this text."""

    def write(text):
        path = tmp_path / "tabella.conf"
        path.write_text(text)
        return path

    return write


MISTAKES = [
    (f"postgresq://ann:{SECRET}@h/x", 'there is no engine "postgresq": sqlite:FILE, postgresql://USER@HOST/NAME'),
    (f"postgresql://ann:{SECRET}@h:99999/x", "a port is a number from 1 to 65535"),
    (f"postgresql://ann:{SECRET}@h/", "the name of the database is missing"),
    ("mysql:/h/x", "write mysql://user:password@host/database"),
    (f"mysql://ann:{SECRET}%zz@h/x", "%"),
    (f"mysql://ann:{SECRET}@h/x?password={SECRET}", "the password is given twice"),
    (f"oracle://ann:{SECRET}@h/x", 'there is no engine "oracle"'),
    ("sqlite:", "the file is missing: sqlite:/path/to/file.db"),
    ("sqlite://host/x.db", "SQLite has no hosts"),
]
# what only the engine's library knows; a program may be built without it
OPTIONS = [
    (f"postgresql://ann:{SECRET}@h/x?fnord=1", "there is no option fnord"),
    (f"mysql://ann:{SECRET}@h/x?fnord=1", "fnord is no option"),
    (f"mysql://ann:{SECRET}@h/x?connect_timeout=0", "connect_timeout is a number of seconds"),
    (f"postgresql://ann:{SECRET}@h/x?statement_timeout=0", "statement_timeout wants 1 to"),
]


@pytest.mark.parametrize(("url", "said"), MISTAKES)
def test_a_wrong_url_is_explained_without_its_password(conf, url, said):
    done = tabella(conf(f"[db]\nurl = {url}\n"), "config", "check")
    assert done.returncode == DATA
    assert "tabella.conf:2: error: " in done.stderr and said in done.stderr
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize(("url", "said"), OPTIONS)
def test_a_wrong_option_is_found_without_a_server(conf, url, said):
    done = tabella(conf(f"[db]\nurl = {url}\n"), "config", "check")
    assert done.returncode == DATA
    assert said in done.stderr or "built without" in done.stderr
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize("scheme", ["pgsql", "postgres", "PostgreSQL", "mariadb", "MySQL", "oracle"])
def test_every_name_of_an_engine_leads_to_it(conf, scheme):
    """A url that no engine takes is not repeated: it may hold a password."""
    url = f"{scheme}://ann:{SECRET}@127.0.0.1:1/x"
    for words in (("user", "list", "--db", url), ("db", "copy", url, "sqlite:/nonexistent/x.db")):
        done = tabella(conf("[db]\nurl = sqlite:/nonexistent/y.db\n"), *words)
        assert done.returncode != OK and SECRET not in done.stderr, done.stderr
        said = 'no engine "oracle"' if scheme == "oracle" else "is the server running, and at this address?"
        assert said in done.stderr or "built without" in done.stderr, done.stderr


def test_dburi_as_libzdb_writes_it(conf):
    """DBMail's manual sends its readers there: user and password stand behind the name."""
    good = conf(f"[DBMAIL]\ndburi = mysql://127.0.0.1:1/dbmail?user=ann&password={SECRET}\n")
    assert tabella(good, "config", "check").returncode == OK
    done = tabella(good, "user", "list")
    assert "127.0.0.1:1: Can't connect" in done.stderr or "built without" in done.stderr
    assert SECRET not in done.stderr + tabella(good, "config", "show").stdout


def test_warnings_are_for_those_who_look_at_the_configuration(conf, tmp_path):
    """DBMail's keys without effect: named by `config check`, and not by every command again."""
    text = f"[DBMAIL]\ndriver = sqlite\ndb = {tmp_path}/none.db\nauthdriver = sql\npid_directory = /run\n"
    checked = tabella(conf(text), "config", "check")
    assert checked.returncode == OK and checked.stderr.count(": warning: ") == 2
    said = tabella(conf(text), "user", "list").stderr
    assert len(said.splitlines()) == 1 and "no such database" in said
    said = tabella(conf(text + "hots = x\n"), "user", "list").stderr
    assert "tabella.conf:6: error: " in said and ": warning: " not in said


@pytest.mark.parametrize("prefix", ["a b", "1_", "a-b", "a'b", "mail_"])
def test_a_prefix_that_cannot_be(conf, prefix):
    done = tabella(conf(f"[db]\nurl = sqlite:x.db\ntable_prefix = {prefix}\n"), "config", "check")
    assert done.returncode == DATA and "tabella.conf:3: error: table_prefix " in done.stderr, done.stderr


def test_an_empty_db_is_not_the_configured_one(conf, tmp_path):
    """What a script leaves whose variable is not set."""
    done = tabella(conf(f"[db]\nurl = sqlite:{tmp_path}/x.db\n"), "user", "list", "--db", "")
    assert done.returncode == USAGE and "--db names no database" in done.stderr


def test_a_wrong_url_on_the_command_line_too(conf):
    done = tabella(conf(""), "user", "list", "--db", f"postgresq://ann:{SECRET}@h/x")
    assert done.returncode == DATA
    assert 'there is no engine "postgresq"' in done.stderr
    assert SECRET not in done.stderr


def test_the_keys_of_dbmail(conf):
    good = conf(
        "[DBMAIL]\ndriver = postgresql\nhost = db.example.org\nsqlport = 5433\nsqlsocket =\nuser = dbmail\n"
        f"pass = {SECRET}\ndb = dbmail\ntable_prefix = dbmail_\n"
    )
    assert tabella(good, "config", "check").returncode == OK
    shown = tabella(good, "config", "show", "--changed").stdout
    assert "host = db.example.org" in shown and "port = 5433" in shown
    assert SECRET not in shown


def test_a_driver_that_there_is_not(conf):
    done = tabella(conf("[DBMAIL]\ndriver = oracle\ndb = dbmail\n"), "config", "check")
    assert done.returncode == DATA
    assert 'no driver "oracle": there are sqlite, postgresql and mysql' in done.stderr


def test_dburi_is_shown_without_its_password(conf):
    good = conf(f"[DBMAIL]\ndburi = mysql://dbmail:{SECRET}@localhost/dbmail\n")
    done = tabella(good, "config", "show")
    assert done.returncode == OK and "mysql://" in done.stdout
    assert SECRET not in done.stdout


def test_a_password_file_that_is_missing(conf, tmp_path):
    path = conf(f"[db]\nurl = postgresql://ann@127.0.0.1:1/x\npassword_file = {tmp_path}/none\n")
    done = tabella(path, "user", "list")
    assert done.returncode != OK
    assert f"db.password_file: open {tmp_path}/none: No such file" in done.stderr


def test_a_password_file_for_sqlite_is_a_mistake(conf):
    done = tabella(conf("[db]\nurl = sqlite:x.db\npassword_file = y\n"), "config", "check")
    assert done.returncode == DATA
    assert "tabella.conf:3: error: db.password_file is for a database server" in done.stderr


def test_two_passwords_are_a_mistake(conf):
    text = "[db]\ndriver = mysql\nhost = h\nname = x\npassword = a\npassword_file = b\n"
    done = tabella(conf(text), "config", "check")
    assert done.returncode == DATA
    assert "one of them is enough" in done.stderr


def test_db_names_another_database_than_the_configuration():
    with Server() as one, Server() as other:
        one.init()
        other.init()
        one.add_user("ann", "secret")
        names = other.cli("user", "list", "--db", one.database_url()).stdout
        assert "ann" in names
        assert "ann" not in other.cli("user", "list").stdout


@pytest.mark.parametrize("words", [("user", "list", "--db={}"), ("db", "copy", "{}", "{}/target")])
def test_ps_shows_no_password(conf, words):
    # takes connections and says nothing
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://ann:{SECRET}@127.0.0.1:{silent.getsockname()[1]}/x"
        silent.settimeout(20)
        process = subprocess.Popen(
            [str(find_binary()), "-c", str(conf("")), *(word.format(url) for word in words)],
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            with silent.accept()[0]:  # for as long as it waits for an answer
                text = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
            assert b"***" in text and SECRET.encode() not in text
        except TimeoutError:
            said = process.communicate(timeout=20)[1]
            assert "built without" in said
            pytest.skip(said)
        finally:
            process.kill()
            process.communicate()
