"""`tabella sessions` and `tabella limits`: what the running server says of its connections."""

import imaplib
import json
import os
import socket

import pytest
from tabella_server import HOST, Server

pytestmark = pytest.mark.ours


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        server.init()
        server.add_user("ann", "secret")
        server.add_user("bob", "secret")
        yield server.start()
        assert server.stop() == 0
        assert not server.trouble()


def log_in(server, user):
    client = imaplib.IMAP4(HOST, server.port("imap"))
    client.login(user, "secret")
    return client


def sessions(server, *args):
    return json.loads(server.cli("sessions", "--json", *args).stdout)


def test_says_who_is_where_and_does_what(server):
    ann = log_in(server, "ann")
    ann.select("INBOX")
    (seen,) = sessions(server, "--user", "ann")
    assert seen["service"] == "imap" and seen["user"] == "ann" and seen["mailbox"] == "INBOX"
    assert seen["state"] == "selected" and seen["verb"] == "" and seen["tls"] == ""
    host, port = ann.sock.getsockname()[:2]
    assert seen["peer"] == f"{host}:{port}"
    assert seen["in"] > 0 and seen["out"] > 0
    ann.send(b"x IDLE\r\n")
    ann.readline()
    (seen,) = sessions(server, "--user", "ann")
    assert seen["verb"] == "IDLE"
    table = server.cli("sessions").stdout.splitlines()
    assert table[0].split()[:3] == ["SID", "SERVICE", "USER"]
    assert any("ann" in line and "IDLE" in line for line in table[1:])
    ann.shutdown()


def test_chooses_by_user_and_address(server):
    ann, bob = log_in(server, "ann"), log_in(server, "bob")
    assert {seen["user"] for seen in sessions(server, "--user", "bob")} == {"bob"}
    assert {"ann", "bob"} <= {seen["user"] for seen in sessions(server, "--address", HOST)}
    assert sessions(server, "--address", "192.0.2.1") == []
    assert sessions(server, "--user", 'o\'"% nobody') == []
    ann.shutdown()
    bob.shutdown()


def test_disconnects_one_or_all_of_a_user(server):
    ann, bob = log_in(server, "ann"), log_in(server, "bob")
    others = log_in(server, "bob")
    (seen,) = sessions(server, "--user", "ann")
    assert server.cli("sessions", "disconnect", seen["sid"]).stdout == "1 disconnected\n"
    assert ann.readline() == b"* BYE disconnected by the administrator\r\n"
    assert ann.readline() == b""
    assert server.cli("sessions", "disconnect", "--user", "bob").stdout == "2 disconnected\n"
    for client in (bob, others):
        assert client.readline().startswith(b"* BYE ")
    assert sessions(server, "--user", "bob") == []
    assert server.cli("sessions", "disconnect", "--user", "bob", check=False).returncode == 1
    assert server.cli("sessions", "disconnect", check=False).returncode == 64
    assert "reason=kicked" in server.log.read_text()


def test_shows_limits_with_what_is_used(server):
    ann = log_in(server, "ann")
    rows = {row["name"]: row for row in json.loads(server.cli("limits", "--json").stdout)}
    assert rows["connections"]["limit"] == 10000 and rows["connections"]["used"] >= 1
    assert rows["connections of one user"]["used"] >= 1
    assert rows["connections"]["option"] == "net.connections_max"
    assert "net.connections_max" in server.cli("limits").stdout
    ann.shutdown()


def test_says_when_no_server_runs(server):
    with Server() as other:
        other.init()
        done = other.cli("sessions", check=False)
        assert done.returncode != 0 and "no server runs" in done.stderr


@pytest.mark.parametrize("line", [b"", b"nonsense\n", b"sessions user\n", b"x" * 5000 + b"\n", b"status"])
def test_refuses_what_is_no_request(server, line):
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(20)
        peer.connect(str(server.data / "control"))
        peer.sendall(line)
        peer.shutdown(socket.SHUT_WR)
        answer = b""
        while block := peer.recv(4096):
            answer += block
    assert "error" in json.loads(answer)


@pytest.mark.sqlite("it asks whose the file is")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts a server of another user")
def test_leaves_its_socket_to_the_user_that_it_becomes(server):
    control = server.data / "control"
    assert control.stat().st_uid == server.database().stat().st_uid != 0
    assert control.stat().st_mode & 0o777 == 0o600
