"""Servers, accounts and peers for the tests; a server that crashed or that a sanitizer complained of fails the test.

--engine pgsql and --engine mariadb run all but what is marked `sqlite` over a database server. --peer dovecot runs what
is not marked `ours` against Debian's Dovecot: a check of the tests themselves.
"""

import contextlib
import itertools
import os
import pathlib
import sys

import pytest
import wire
from mails import mail
from tabella_server import Server, engine_name

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

PASSWORD = "secret-of-tests"


def pytest_addoption(parser):
    parser.addoption("--peer", choices=["tabella", "dovecot"], default="tabella")
    parser.addoption("--engine", choices=["sqlite", "pgsql", "mariadb"], default=None)


def pytest_configure(config):
    if config.getoption("--engine"):
        os.environ["TABELLA_TEST_ENGINE"] = config.getoption("--engine")
    config.addinivalue_line("markers", "sqlite(reason): about SQLite's file, and skipped with other engines")
    config.addinivalue_line("markers", "ours: says what Tabella does, where the standards leave it open")


def pytest_collection_modifyitems(config, items):
    if engine_name() != "sqlite":
        for item in items:
            if marker := item.get_closest_marker("sqlite"):
                item.add_marker(pytest.mark.skip(reason=f"SQLite only: {marker.args[0]}"))
    if config.getoption("--peer") != "tabella":
        for item in items:
            if item.get_closest_marker("ours"):
                item.add_marker(pytest.mark.skip(reason="about Tabella"))


class Account:
    """Someone on a server: how mail reaches him and how he reads it."""

    def __init__(self, server, name, address, login, password):
        self.server, self.name, self.address = server, name, address
        self.user, self.password = login, password

    def imap(self, mailbox=None, tls=False):
        """A session that is logged in."""
        peer = wire.Imap(self.server.port("imaps" if tls else "imap"), tls)
        peer.login(self.user, self.password)
        if mailbox:
            peer.select(mailbox)
        return peer

    def bodies(self, mailbox="INBOX"):
        with self.imap(mailbox) as peer:
            return peer.bodies()


class Host:
    """A running server of either kind, and its accounts."""

    def __init__(self, server, is_ours):
        self.server, self.is_ours = server, is_ours
        self.numbers = itertools.count()
        self.made = []

    def port(self, service):
        return self.server.port(service)

    @property
    def domain(self):
        return self.server.domain

    def lmtp(self, **more):
        return wire.Lmtp(self.port("lmtp"), **more)

    def account(self, *options):
        """A new account with an empty INBOX."""
        name = f"user{next(self.numbers)}"
        if not self.is_ours:
            login, password = self.server.login(name)
            return Account(self, name, self.server.address(name), login, password)
        address = f"{name}@{self.domain}"
        self.server.cli("user", "add", name, "--password", PASSWORD, "--alias", address, *options)
        return Account(self, name, address, name, PASSWORD)


def start_ours(options=None, services=("lmtp", "imap"), wrapper=()):
    server = Server()
    try:
        server.init()
        if options:
            server.configure(options)
        server.start(services, wrapper)
    except BaseException:
        server.close()
        raise
    return server


def start_dovecot(folder):
    from servers import DOMAIN, Dovecot

    server = Dovecot(folder, accounts=400).prepare()
    server.domain = DOMAIN
    return server.start()


@pytest.fixture(scope="session")
def session_host(request, tmp_path_factory):
    """The server that all tests share which need no options."""
    if request.config.getoption("--peer") == "dovecot":
        folder = tmp_path_factory.mktemp("dovecot")
        for place in [folder, *folder.parents[:2]]:
            place.chmod(0o755)
        server = start_dovecot(folder)
        yield Host(server, False)
        server.stop()
        return
    server = start_ours()
    try:
        yield Host(server, True)
        stop_and_look(server)
    finally:
        server.close()


def stop_and_look(server):
    """A clean stop, with leaks looked for; whatever a sanitizer says is an error."""
    if server.process is None:
        return
    code = server.stop()
    assert code == 0, f"exit {code}\n{server.log_tail(60)}"
    assert not server.trouble(), server.trouble()


@contextlib.contextmanager
def big_inbox(messages):
    """An account of a server of its own, whose INBOX has so many messages."""
    server = start_ours()
    try:
        account = Host(server, True).account()
        with account.imap() as peer:
            there = 10
            for _ in range(there):
                peer.append("INBOX", mail())
            peer.select()
            while there < messages:
                more = min(there, messages - there, 5000)
                peer.ok(f"COPY 1:{more} INBOX")
                there += more
        yield account
        stop_and_look(server)
    finally:
        server.close()


@pytest.fixture
def host(session_host):
    """The shared server, looked at after each test."""
    yield session_host
    if session_host.is_ours:
        assert session_host.server.process.poll() is None, f"the server died\n{session_host.server.log_tail(60)}"
        assert not session_host.server.trouble(), session_host.server.trouble()


@pytest.fixture
def account(host):
    return host.account()


@pytest.fixture
def lmtp(host):
    with host.lmtp() as peer:
        yield peer


@pytest.fixture
def make_host(request):
    """make_host({"lmtp.message_max": "64K"}): another server, with options, for this test only."""
    made = []

    def make(options=None, services=("lmtp", "imap"), wrapper=()):
        made.append(start_ours(options, services, wrapper))
        return Host(made[-1], True)

    yield make
    try:
        for server in made:
            stop_and_look(server)
    finally:
        for server in made:
            server.close()


@pytest.fixture
def imap(account):
    """A session that is logged in, without a mailbox."""
    with account.imap() as peer:
        peer.account = account
        yield peer
