"""Logging in with real clients: every mechanism, keys that go stale, waiting after failures, the journal, services."""

import base64
import datetime
import hashlib
import hmac
import imaplib
import json
import re
import socket
import ssl
import subprocess
import time

import pytest
from conftest import start_ours, stop_and_look
from tabella_server import HOST

pytestmark = pytest.mark.ours

PASSWORD = "correct horse"
SCRAMS = ["SCRAM-SHA-256", "SCRAM-SHA-1"]


@pytest.fixture(scope="module")
def server():
    server = start_ours(
        {
            "auth.mechanisms": "SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN",
            "auth.scram_announce": "always",
            "auth.journal": "yes",
        },
        services=("imap",),
    )
    server.add_user("ann", PASSWORD)
    server.cli("user", "add", "plain", "--password", PASSWORD, "--scheme", "plaintext")
    yield server
    stop_and_look(server)
    server.close()


def gsasl(server, mechanism, user, password, *options):
    """GNU SASL's own client; True if it was let in."""
    command = ["gsasl", "--imap", "--connect", f"{HOST}:{server.port('imap')}", "--quiet", "-m", mechanism]
    command += ["-a", user, "-p", password, *options]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return done.returncode == 0 and "logged out" in done.stdout


def imap(server, tls=False):
    if not tls:
        return imaplib.IMAP4(HOST, server.port("imap"), timeout=60)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return imaplib.IMAP4_SSL(HOST, server.port("imaps"), ssl_context=context, timeout=60)


def logs_in(server, user, password, tls=False):
    peer = imap(server, tls)
    try:
        peer.login(user, password)
        peer.logout()
        return True
    except imaplib.IMAP4.error:
        return False


def said_since(server, begin):
    return server.log.read_bytes()[begin:].decode(errors="replace")


# Mechanisms


@pytest.mark.parametrize("user", ["ann", "plain"])
@pytest.mark.parametrize("mechanism", [*SCRAMS, "PLAIN", "LOGIN"])
def test_gsasl_logs_in(server, user, mechanism):
    assert gsasl(server, mechanism, user, PASSWORD, "--no-starttls")
    assert not gsasl(server, mechanism, user, PASSWORD + "!", "--no-starttls")


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"])
def test_gsasl_binds_the_channel(server, mechanism):
    ca = f"--x509-ca-file={server.data / 'tls/cert.pem'}"
    command = ["gsasl", "--imap", "--connect", f"localhost:{server.port('imap')}", "--quiet", "-m", mechanism]
    command += ["-a", "ann", "-p", PASSWORD, ca]
    begin = server.log.stat().st_size
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"mech={mechanism} " in said_since(server, begin)


def test_cram_md5_is_for_plain_text(server):
    assert imap(server).login_cram_md5("plain", PASSWORD)[0] == "OK"
    for user, password in (("plain", "wrong"), ("ann", PASSWORD), ("nobody", PASSWORD)):
        with pytest.raises(imaplib.IMAP4.error):
            imap(server).login_cram_md5(user, password)


def test_plain_with_and_without_an_initial_response(server):
    for authzid in ("", "ann"):
        message = f"{authzid}\0ann\0{PASSWORD}".encode()
        assert imap(server).authenticate("PLAIN", lambda _, m=message: m)[0] == "OK"
    url = f"imap://{HOST}:{server.port('imap')}/"
    for options in ("AUTH=PLAIN", "AUTH=LOGIN"):
        command = ["curl", "-sS", "--login-options", options, "--user", f"ann:{PASSWORD}", url]
        assert "INBOX" in subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_announces_what_the_connection_can(server):
    assert "AUTH=SCRAM-SHA-256" in imap(server).capabilities
    assert "AUTH=SCRAM-SHA-256-PLUS" not in imap(server).capabilities
    assert "AUTH=SCRAM-SHA-256-PLUS" in imap(server, tls=True).capabilities
    assert "AUTH=CRAM-MD5" in imap(server).capabilities


# SCRAM by hand


def scram_first(peer, user, nonce="c2FsdA"):
    """The server's first message to an exchange that goes no further: its salt and iterations."""
    message = base64.b64encode(f"n,,n={user},r={nonce}".encode()).decode()
    peer.send(f"x AUTHENTICATE SCRAM-SHA-256 {message}\r\n".encode())
    said = peer.readline().decode()
    assert said.startswith("+ "), said
    first = base64.b64decode(said[2:]).decode()
    peer.send(b"*\r\n")
    peer.readline()
    return re.sub(r"^r=[^,]*,", "", first)


def test_a_salt_does_not_tell_who_is_there(server):
    peer = imap(server)
    names = ["ann", "plain", "nobody", "somebody"]
    salts = [scram_first(peer, name) for name in names]
    assert [scram_first(imap(server), name) for name in names] == salts
    assert len(set(salts)) == len(names)
    assert {salt.rpartition(",")[2] for salt in salts} == {"i=10000"}
    # the same when the account comes and goes
    server.add_user("somebody", PASSWORD)
    assert scram_first(imap(server), "somebody") == salts[3]
    assert gsasl(server, "SCRAM-SHA-256", "somebody", PASSWORD, "--no-starttls")
    server.cli("user", "delete", "somebody")
    assert scram_first(imap(server), "SOMEBODY") == salts[3]


def test_the_server_proves_that_it_knows_the_password_too(server):
    peer = imap(server)
    bare = "n=ann,r=c2FsdA"
    peer.send(f"x AUTHENTICATE SCRAM-SHA-256 {base64.b64encode(f'n,,{bare}'.encode()).decode()}\r\n".encode())
    first = base64.b64decode(peer.readline()[2:]).decode()
    nonce, salt, count = re.fullmatch(r"r=([^,]+),s=([^,]+),i=(\d+)", first).groups()
    salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), base64.b64decode(salt), int(count))
    key = hmac.digest(salted, b"Client Key", "sha256")
    final = f"c=biws,r={nonce}"
    message = f"{bare},{first},{final}".encode()
    mask = hmac.digest(hashlib.sha256(key).digest(), message, "sha256")
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, mask))).decode()
    peer.send(base64.b64encode(f"{final},p={proof}".encode()) + b"\r\n")
    signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
    assert base64.b64decode(peer.readline()[2:]).decode() == "v=" + base64.b64encode(signature).decode()
    peer.send(b"\r\n")
    assert peer.readline().startswith(b"x OK ")


# Keys and the hash that they were made from


def keys_of(server, user):
    return json.loads(server.cli("user", "show", user, "--json").stdout)["login_keys"]


def wait_until(what, seconds=20):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_password_changed_by_sql_makes_keys_stale(server):
    server.add_user("carl", PASSWORD)
    assert gsasl(server, "SCRAM-SHA-256", "carl", PASSWORD, "--no-starttls")
    # sha256 of "new", as DBMail stores it
    digest = hashlib.sha256(b"new").hexdigest()
    server.sql(f"UPDATE dbmail_users SET passwd = '{digest}', encryption_type = 'sha256' WHERE userid = 'carl'")
    assert keys_of(server, "carl") == []
    assert not gsasl(server, "SCRAM-SHA-256", "carl", PASSWORD, "--no-starttls")
    assert not gsasl(server, "SCRAM-SHA-256", "carl", "new", "--no-starttls")
    # the next login with the password makes them again
    assert logs_in(server, "carl", "new")
    wait_until(lambda: len(keys_of(server, "carl")) == 2)
    for mechanism in SCRAMS:
        assert gsasl(server, mechanism, "carl", "new", "--no-starttls")
    # and so does the command
    assert server.cli("user", "password", "carl", "--password", "newer").stdout == ""
    assert gsasl(server, "SCRAM-SHA-1", "carl", "newer", "--no-starttls")
    made = server.cli("user", "password", "carl").stdout
    assert gsasl(server, "SCRAM-SHA-256", "carl", made.removeprefix("password: ").strip(), "--no-starttls")


def test_scram_is_announced_when_everybody_can_use_it():
    server = start_ours(services=())
    try:
        server.stop()
        server.add_user("ann", PASSWORD)
        server.start(services=("imap",))
        assert "AUTH=SCRAM-SHA-256" in imap(server).capabilities
        server.stop()
        digest = hashlib.md5(b"old").hexdigest()
        server.sql(f"INSERT INTO dbmail_users (userid, passwd, encryption_type) VALUES ('old', '{digest}', 'md5')")
        server.start(services=("imap",))
        assert "AUTH=PLAIN" in imap(server).capabilities
        assert not any("SCRAM" in word for word in imap(server).capabilities)
        # who insists may
        assert gsasl(server, "SCRAM-SHA-256", "ann", PASSWORD, "--no-starttls")
        assert logs_in(server, "old", "old")
        wait_until(lambda: len(keys_of(server, "old")) == 2)
        server.stop()
        server.start(services=("imap",))
        assert "AUTH=SCRAM-SHA-256" in imap(server).capabilities
        # a row made by hand meanwhile: the first who comes with it turns the announcement off
        server.sql(f"INSERT INTO dbmail_users (userid, passwd, encryption_type) VALUES ('late', '{digest}', 'md5')")
        assert not gsasl(server, "SCRAM-SHA-256", "late", "old", "--no-starttls")
        assert not any("SCRAM" in word for word in imap(server).capabilities)
        stop_and_look(server)
    finally:
        server.close()


def test_the_configuration_knows_its_words(server):
    text = server.config.read_text()
    try:
        for option, value in (
            ("auth.mechanisms", "PLAIN DIGEST-MD5"),
            ("imap.mechanisms", "PLAINER"),
            ("auth.throttle_except", "192.0.2.0/33"),
            ("auth.scram_iterations", "4095"),
            ("auth.scram_iterations", "1000001"),
        ):
            server.config.write_text(text)
            server.configure({option: value})
            done = server.cli("config", "check", check=False)
            assert done.returncode == 65 and "error" in done.stdout + done.stderr, option
        server.config.write_text(text)
        server.configure({"imap.mechanisms": "PLAIN", "auth.scram_iterations": "4096"})
        assert server.cli("config", "check").returncode == 0
    finally:
        server.config.write_text(text)


# Services


def test_an_account_logs_in_where_it_may(server):
    server.add_user("dora", PASSWORD)
    assert logs_in(server, "dora", PASSWORD)
    server.cli("user", "set", "dora", "--services", "smtp,pop3")
    assert not logs_in(server, "dora", PASSWORD)
    assert not gsasl(server, "SCRAM-SHA-256", "dora", PASSWORD, "--no-starttls")
    server.cli("user", "set", "dora", "--services", "all", "--tls", "required")
    assert not logs_in(server, "dora", PASSWORD)
    assert logs_in(server, "dora", PASSWORD, tls=True)
    server.cli("user", "set", "dora", "--tls", "optional", "--login", "off")
    assert not logs_in(server, "dora", PASSWORD, tls=True)
    server.cli("user", "set", "dora", "--login", "on")
    assert logs_in(server, "dora", PASSWORD)
    shown = json.loads(server.cli("user", "show", "dora", "--json").stdout)
    assert shown["login"] and not shown["tls_required"] and "imap" in shown["services"]
    assert server.cli("user", "set", "dora", "--services", "imaps", check=False).returncode == 65
    assert server.cli("user", "set", "dora", "--tls", "yes", check=False).returncode == 65
    assert server.cli("user", "set", "dora", check=False).returncode == 64


# The journal


def test_dbmail_authlog_has_every_login(server):
    server.add_user("emil", PASSWORD)
    peer = imap(server)
    with pytest.raises(imaplib.IMAP4.error):
        peer.login("emil", "wrong")
    peer.login("emil", PASSWORD)
    rows = "SELECT status FROM dbmail_authlog WHERE userid = 'emil' ORDER BY id"
    wait_until(lambda: server.sql(rows) == "failed\nactive")
    peer.logout()
    wait_until(lambda: server.sql(rows) == "failed\nclosed")
    plausible = "CASE WHEN bytes_rx > 20 AND bytes_tx > 100 AND login_time <= logout_time THEN 1 ELSE 0 END"
    columns = f"service, src_ip, dst_ip, dst_port, {plausible}"
    closed = server.sql(f"SELECT {columns} FROM dbmail_authlog WHERE userid = 'emil' AND status = 'closed'")
    assert closed == f"imap|{HOST}|{HOST}|{server.port('imap')}|1"
    failed = server.sql("SELECT bytes_rx, bytes_tx, src_port FROM dbmail_authlog WHERE status = 'failed' AND userid = 'emil'")
    received, sent, port = map(int, failed.split("|"))
    assert (received, sent) == (0, 0) and port > 0
    when = server.sql("SELECT login_time FROM dbmail_authlog WHERE userid = 'emil' LIMIT 1")
    age = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - datetime.datetime.fromisoformat(when)
    assert abs(age.total_seconds()) < 900
    # DBMail's recipe
    server.sql("DELETE FROM dbmail_authlog WHERE id < 1000000")
    assert server.sql("SELECT count(*) FROM dbmail_authlog") == "0"


def test_a_stop_closes_the_rows_of_the_journal():
    server = start_ours({"DBMAIL.authlog": "yes"}, services=("imap",))
    try:
        server.add_user("ann", PASSWORD)
        peer = imap(server)
        peer.login("ann", PASSWORD)
        stop_and_look(server)
        assert server.sql("SELECT userid, status FROM dbmail_authlog") == "ann|closed"
    finally:
        server.close()


# Waiting after failures


class Proxied:
    """A session that comes from another address, as a proxy of ours says it."""

    def __init__(self, server, address):
        self.socket = socket.create_connection((HOST, server.port("imap")), timeout=60)
        self.file = self.socket.makefile("rb")
        self.socket.sendall(f"PROXY TCP4 {address} 192.0.2.1 4000 143\r\n".encode())
        assert self.file.readline().startswith(b"* OK")

    def login(self, user, password):
        """The answer's beginning, and how long it took."""
        begin = time.monotonic()
        self.socket.sendall(f'x LOGIN {user} "{password}"\r\n'.encode())
        said = self.file.readline().decode()
        return said, time.monotonic() - begin

    def close(self):
        self.file.close()
        self.socket.close()


@pytest.fixture
def proxied():
    server = start_ours(
        {
            "auth.throttle_delay_max": "3s",
            "auth.throttle_except": "198.51.100.0/24",
            "imap.proxy_from": HOST,
            "imap.plaintext_login": "yes",
        },
        services=("lmtp",),
    )
    server.add_user("ann", PASSWORD)
    server.add_user("bob", PASSWORD)
    yield server
    stop_and_look(server)
    server.close()


def attempt(server, address, user, password):
    peer = Proxied(server, address)
    said, seconds = peer.login(user, password)
    peer.close()
    return said, seconds


def test_failures_are_counted_across_sessions_and_let_others_in(proxied):
    attacker, home, webmail = "192.0.2.7", "203.0.113.5", "198.51.100.9"
    for n in range(3):
        said, _ = attempt(proxied, attacker, "ann", f"guess {n}")
        assert said.startswith("x NO [AUTHENTICATIONFAILED]"), said
    # the fourth waits, in whatever session; the right password too
    said, seconds = attempt(proxied, attacker, "ann", "guess 3")
    assert said.startswith("x NO [AUTHENTICATIONFAILED]") and seconds >= 0.4
    said, seconds = attempt(proxied, attacker, "ann", "guess 4")
    assert seconds >= 0.9
    # many at once: most are refused without a look
    peers = [Proxied(proxied, attacker) for _ in range(20)]
    for n, peer in enumerate(peers):
        peer.socket.sendall(f'x LOGIN ann "guess {n + 5}"\r\n'.encode())
    answers = [peer.file.readline().decode() for peer in peers]
    assert sum(answer.startswith("x NO [LIMIT]") for answer in answers) >= 15
    for peer in peers:
        peer.close()
    assert "login-throttled" in proxied.log.read_text()
    # ann at home, and a trusted webmail
    said, seconds = attempt(proxied, home, "ann", PASSWORD)
    assert said.startswith("x OK")
    for n in range(12):
        said, _ = attempt(proxied, webmail, "bob", f"guess {n}")
        assert said.startswith("x NO [AUTHENTICATIONFAILED]"), said
    said, _ = attempt(proxied, webmail, "ann", PASSWORD)
    assert said.startswith("x OK")


def test_a_right_password_clears_what_was_before(proxied):
    for n in range(2):
        attempt(proxied, "192.0.2.8", "bob", f"guess {n}")
    assert attempt(proxied, "192.0.2.8", "bob", PASSWORD)[0].startswith("x OK")
    for n in range(2):
        said, _ = attempt(proxied, "192.0.2.8", "bob", f"guess {n}")
        assert said.startswith("x NO [AUTHENTICATIONFAILED]"), said
    assert attempt(proxied, "192.0.2.8", "bob", PASSWORD)[0].startswith("x OK")
