"""The command line, as people and their scripts use it."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from tabella_server import Server, find_binary, ports

pytestmark = pytest.mark.ours

OK, FAILED, USAGE, DATA = 0, 1, 64, 65


@pytest.fixture(scope="module")
def site():
    """One site without a running server, for what needs none."""
    with Server() as server:
        yield server.init()


@pytest.fixture
def folder():
    """A folder that any user of this machine can reach."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="tabella-cli-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def run(*args, stdin=None, **environment):
    env = {**os.environ, "TABELLA_CONF": "", **environment}
    return subprocess.run(
        [str(find_binary()), *map(str, args)], input=stdin, text=True, capture_output=True, env=env, timeout=120
    )


def init(folder, *args, **kwargs):
    return run("init", "--dir", folder, "--port-base", ports.base(), *args, **kwargs)


def owners(folder):
    """Of the files: the socket may be of the user who started the server."""
    return {path.stat().st_uid for path in folder.rglob("*") if not path.is_socket()}


def names(server):
    return [account["name"] for account in json.loads(server.cli("user", "list", "--json").stdout)]


# Without a site


def test_says_what_to_do_next():
    done = run(TABELLA_CONF="/nonexistent/tabella.conf")
    assert done.returncode == USAGE
    assert "tabella init" in done.stdout


def test_guesses_what_was_meant():
    assert "did you mean" in run("usr", "add", "x").stderr
    done = run("user", "add", "x", "--pasword", "y")
    assert done.returncode == USAGE
    assert "--password" in done.stderr


@pytest.mark.parametrize("words", [["help"], ["--help"], ["help", "user"], ["user", "add", "--help"], ["version"]])
def test_helps(words):
    done = run(*words)
    assert done.returncode == OK
    assert "tabella" in done.stdout
    assert not done.stderr


def test_names_the_missing_configuration():
    done = run("-c", "/nonexistent/tabella.conf", "status")
    assert done.returncode == FAILED
    assert "/nonexistent/tabella.conf" in done.stderr
    assert "tabella init" in done.stderr


# init


def test_init_makes_a_site_that_works(folder):
    done = init(folder / "mail", "--domain", "Example.test", "--user", "ann")
    assert done.returncode == OK, done.stderr
    password = done.stdout.split("shown only now:")[1].split()[0]
    assert len(password) >= 16
    conf = folder / "mail/tabella.conf"
    assert password not in conf.read_text()
    checked = run("-c", conf, "config", "check")
    assert checked.returncode == OK, checked.stderr
    shown = json.loads(run("-c", conf, "user", "show", "ann", "--json").stdout)
    assert shown["aliases"] == ["ann@example.test"]
    assert shown["folders"] == ["INBOX"]
    assert shown["password_scheme"] == "argon2id"
    assert oct((folder / "mail/tls/key.pem").stat().st_mode & 0o777) == "0o600"
    assert (folder / "mail").stat().st_mode & 0o007 == 0


def test_init_leaves_nothing_of_root(folder):
    if os.geteuid() != 0:
        pytest.skip("only root gives a folder away")
    assert init(folder / "mail").returncode == OK
    run("-c", folder / "mail/tabella.conf", "user", "add", "ann", "--password", "x")
    assert 0 not in owners(folder / "mail")


def test_init_refuses_a_folder_that_is_not_empty(folder):
    (folder / "note").write_text("mine")
    done = init(folder)
    assert done.returncode == FAILED
    assert "not empty" in done.stderr
    assert [path.name for path in folder.iterdir()] == ["note"]


def test_init_can_be_repeated_after_a_mistake(folder):
    done = init(folder / "mail", "--user", "ann", "--password", "", "--domain", "x.test")
    assert done.returncode == DATA
    assert not (folder / "mail").exists()
    done = init(folder / "mail", "--user", "ann", "--run-as", "no-such-user")
    if os.geteuid() == 0:
        assert done.returncode == FAILED
        assert "no-such-user" in done.stderr
        assert not (folder / "mail").exists()
        assert init(folder / "mail", "--user", "ann").returncode == OK


def test_init_says_when_its_user_cannot_reach_the_folder(folder):
    if os.geteuid() != 0:
        pytest.skip("only root gives a folder away")
    (folder / "closed").mkdir(mode=0o700)
    done = init(folder / "closed/mail")
    assert done.returncode == FAILED
    assert "cannot reach" in done.stderr


def test_the_environment_names_the_configuration(folder):
    assert init(folder / "mail").returncode == OK
    done = run("status", TABELLA_CONF=str(folder / "mail/tabella.conf"))
    assert done.returncode == OK, done.stderr


# Accounts


def test_an_account_from_making_to_deleting(site):
    site.cli("user", "add", "bob", "--password", "x", "--alias", "bob@x.test", "--alias", "b@x.test", "--quota", "50M")
    shown = json.loads(site.cli("user", "show", "BOB", "--json").stdout)
    assert shown["quota_bytes"] == 50 * 1024 * 1024
    assert sorted(shown["aliases"]) == ["b@x.test", "bob@x.test"]
    site.cli("user", "change", "bob", "--name", "robert", "--disable", "--quota", "0")
    shown = json.loads(site.cli("user", "show", "robert", "--json").stdout)
    assert (shown["active"], shown["quota_bytes"]) == (False, 0)
    assert "robert" in names(site)
    assert "robert" in site.cli("user", "list").stdout
    site.cli("user", "delete", "robert")
    assert "robert" not in names(site)
    assert site.cli("user", "show", "robert", check=False).returncode == FAILED
    assert "b@x.test" not in site.cli("alias", "list").stdout


def test_passwords_come_from_standard_input_or_are_made(site):
    site.cli("user", "add", "carl", "--password-stdin", "--scheme", "plaintext", stdin="pass wört\nmore\n")
    assert site.sql("SELECT passwd FROM dbmail_users WHERE userid = 'carl'") == "pass wört"
    made = site.cli("user", "add", "dora").stdout
    assert len(made.split("password:")[1].strip()) >= 16
    assert site.sql("SELECT passwd FROM dbmail_users WHERE userid = 'dora'").startswith("$argon2id$")
    site.cli("user", "change", "dora", "--password", "y", "--scheme", "crypt")
    assert site.sql("SELECT encryption_type FROM dbmail_users WHERE userid = 'dora'") == "crypt"


@pytest.mark.parametrize(
    "words, status, says",
    [
        (["user", "add"], USAGE, "NAME"),
        (["user", "add", "a b", "--password", "x"], DATA, "space"),
        (["user", "add", "x", "--password", ""], DATA, "password"),
        (["user", "add", "x", "--quota", "much"], DATA, "much"),
        (["user", "add", "anyone", "--password", "x"], FAILED, "exists"),
        (["user", "delete", "anyone"], FAILED, "own"),
        (["user", "change", "anyone", "--enable"], FAILED, "own"),
        (["user", "show", "nobody-there"], FAILED, "nobody-there"),
        (["user", "list", "extra"], USAGE, "extra"),
        (["alias", "add", "a@x.test", "nobody-there"], FAILED, "nobody-there"),
        (["alias", "add", "a@x.test", "999999"], FAILED, "999999"),
        (["alias", "delete", "none@x.test"], FAILED, "none@x.test"),
        (["domain", "add", "-x"], USAGE, "-x"),
        (["domain", "add", "x..y"], DATA, "x..y"),
        (["domain", "delete", "none.test"], FAILED, "none.test"),
    ],
)
def test_mistakes_are_named(site, words, status, says):
    done = site.cli(*words, check=False)
    assert (done.returncode, says in done.stderr) == (status, True), done.stderr


def test_the_programs_own_accounts_are_shown_on_demand(site):
    assert "__public__" not in names(site)
    every = json.loads(site.cli("user", "list", "--json", "--all").stdout)
    assert {1, 2, 3} <= {account["id"] for account in every}


# Addresses and domains


def test_addresses_point_to_accounts_addresses_and_commands(site):
    site.cli("user", "add", "eve", "--password", "x")
    for target in ["eve", "eve@elsewhere.test", "|/usr/bin/command -x"]:
        site.cli("alias", "add", "desk@x.test", target)
    listed = json.loads(site.cli("alias", "list", "--json").stdout)
    mine = [alias for alias in listed if alias["address"] == "desk@x.test"]
    assert [alias["account"] for alias in mine] == ["eve", "", ""]
    assert [alias["target"] for alias in mine][1:] == ["eve@elsewhere.test", "|/usr/bin/command -x"]
    assert json.loads(site.cli("alias", "list", "--json", "--user", "eve").stdout) == [mine[0]]
    assert site.cli("alias", "add", "desk@x.test", "eve", check=False).returncode == FAILED
    site.cli("alias", "delete", "desk@x.test", "eve")
    site.cli("alias", "delete", "Desk@x.test")
    assert "desk@x.test" not in site.cli("alias", "list").stdout


def test_domains(site):
    site.cli("domain", "add", "Relay.test", "--kind", "relay", "--description", 'näh "x"')
    listed = {domain["name"]: domain for domain in json.loads(site.cli("domain", "list", "--json").stdout)}
    assert listed["relay.test"] == {
        "name": "relay.test",
        "kind": "relay",
        "active": True,
        "description": 'näh "x"',
    }
    site.cli("domain", "disable", "relay.TEST")
    assert "off" in site.cli("domain", "list").stdout
    site.cli("domain", "enable", "relay.test")
    site.cli("domain", "delete", "relay.test")
    assert "relay.test" not in site.cli("domain", "list").stdout


def test_rows_made_by_hand_count_at_once(site):
    site.sql("INSERT INTO dbmail_users (userid, passwd) VALUES ('hand', 'x')")
    shown = json.loads(site.cli("user", "show", "hand", "--json").stdout)
    assert (shown["password_scheme"], shown["folders"]) == ("plaintext", ["INBOX"])
    site.sql("INSERT INTO dbmail_aliases VALUES (9001, 'hand@x.test', '%d', 0)" % shown["id"])
    assert json.loads(site.cli("user", "show", "hand", "--json").stdout)["aliases"] == ["hand@x.test"]


# Configuration, database, status


def test_config_check_names_file_and_line(folder):
    assert init(folder / "mail").returncode == OK
    conf = folder / "mail/tabella.conf"
    conf.write_text(conf.read_text() + "\n[imap]\nidle_timeuot = 5m\n")
    line = len(conf.read_text().splitlines())
    done = run("-c", conf, "config", "check")
    assert done.returncode == DATA
    assert f"tabella.conf:{line}:" in done.stderr
    assert "idle_timeout" in done.stderr


def test_config_show_can_be_read_again(site, folder):
    shown = site.cli("config", "show").stdout
    copy = folder / "copy.conf"
    copy.write_text(shown)
    assert run("-c", copy, "config", "check").returncode == OK
    changed = site.cli("config", "show", "--changed").stdout
    assert "listen" in changed
    assert len(changed) < len(shown)


def test_status_without_a_server(site):
    status = json.loads(site.cli("status", "--json").stdout)
    assert status["running"] is False
    assert status["accounts"] == len(names(site))
    # of SQLite's file; what a server keeps is the server's business
    assert (status["database_bytes"] > 0) == (site.engine is None)
    assert "not running" in site.cli("status").stdout


def test_upgrade_has_nothing_to_do(site):
    done = site.cli("db", "upgrade")
    assert "as it should" in done.stdout


def test_verify_finds_nothing(site):
    done = site.cli("verify", "--json")
    assert json.loads(done.stdout)["problem_count"] == 0
    assert "0 problems" in site.cli("verify").stdout


def test_beside_a_running_server(folder):
    with Server() as server:
        server.init().start()
        server.cli("user", "add", "ann", "--password", "x", "--alias", "ann@x.test")
        status = json.loads(server.cli("status", "--json").stdout)
        assert status["running"] is True
        assert status["server"]["pid"] == server.process.pid
        assert "running" in server.cli("status").stdout
        if os.geteuid() == 0:
            assert 0 not in owners(server.data)
        assert server.stop() == 0


def test_ports_are_where_the_base_says(site):
    text = site.config.read_text()
    for service in ("imap", "imaps", "lmtp"):
        assert str(site.port_base + ports.SERVICES[service]) in text
