"""The shortest way through the whole program, for builds other than the one that all integration tests run against."""

import imaplib
import pathlib
import smtplib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "integration"))

from tabella_server import HOST, Server  # noqa: E402

LINES = b"A line of some length, to be read again.\r\n" * 3000


@pytest.fixture(name="server")
def running_server():
    with Server() as server:
        server.init()
        server.add_user("ann@example.test", "secret")
        yield server.start()


def deliver(server, subject):
    mail = b"From: me@example.org\r\nSubject: " + subject + b"\r\n\r\n" + LINES
    with smtplib.LMTP(HOST, server.port("lmtp")) as client:
        assert client.sendmail("me@example.org", ["ann@example.test"], mail) == {}
    return mail


def bodies(server):
    with imaplib.IMAP4(HOST, server.port("imap")) as client:
        client.login("ann@example.test", "secret")
        client.select("INBOX", readonly=True)
        _, answer = client.fetch("1:*", "(BODY.PEEK[])")
        return [part[1] for part in answer if isinstance(part, tuple)]


def test_what_is_delivered_is_read_byte_for_byte(server):
    mail = deliver(server, b"hello")
    (body,) = bodies(server)
    assert body.endswith(mail)


def test_mail_outlives_a_kill(server):
    deliver(server, b"before")
    server.kill9()
    server.start()
    deliver(server, b"after")
    assert len(bodies(server)) == 2


def test_it_ends_when_it_is_asked_to(server):
    assert server.stop() == 0
