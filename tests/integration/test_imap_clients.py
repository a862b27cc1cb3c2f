"""STARTTLS and IMAPS, and what strangers may do without TLS. Programs that people use: test_clients_*.py."""

import socket
import ssl

import pytest
import wire
from conftest import PASSWORD
from mails import mail
from test_lmtp import other_address


@pytest.fixture
def loose_tls():
    """The certificate is of the server's own making."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.mark.ours
def test_imaps(account):
    with account.imap(tls=True) as peer:
        assert peer.wire.socket.version() in ("TLSv1.2", "TLSv1.3")
        words = peer.capabilities()
        assert "STARTTLS" not in words and "LOGINDISABLED" not in words
        peer.append("INBOX", mail(b"x" * 500_000 + b"\r\n"))
        peer.select()
        assert len(peer.bodies()[0]) > 500_000
        peer.logout()


@pytest.mark.ours
def test_starttls(host, account):
    """RFC 3501 6.2.1."""
    with wire.Imap(host.port("imap")) as peer:
        assert "STARTTLS" in peer.capabilities()
        peer.ok("STARTTLS")
        peer.secure()
        assert "STARTTLS" not in peer.capabilities()
        assert peer.cmd("STARTTLS").status in ("BAD", "NO")
        peer.login(account.user, account.password)
        peer.select()


@pytest.mark.ours
def test_nothing_is_taken_over_from_before_tls(host):
    """RFC 3501 6.2.1, RFC 8314: what was sent behind STARTTLS in the clear is never run (command injection)."""
    with wire.Imap(host.port("imap")) as peer:
        peer.send(b"s1 STARTTLS\r\ns2 CAPABILITY\r\ns3 NOOP\r\n")
        assert peer.response()[:3] == ["tagged", "s1", "OK"]
        peer.secure()
        peer.noop()  # its answer is the first thing that is said


@pytest.mark.ours
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_old_versions_are_refused(host, loose_tls, version):
    """RFC 8996."""
    loose_tls.minimum_version = loose_tls.maximum_version = getattr(ssl.TLSVersion, version)
    loose_tls.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection((wire.HOST, host.port("imaps"))) as raw, pytest.raises((ssl.SSLError, ConnectionError)):
        loose_tls.wrap_socket(raw)


@pytest.mark.ours
def test_plain_text_on_the_tls_port(host):
    with wire.Wire.connect(host.port("imaps")) as raw:
        raw.send(b"a1 NOOP\r\n")
        assert raw.ended()
    with wire.Wire.connect(host.port("imaps")) as raw:
        raw.send(b"\x16\x03\x01\x02\x00" + b"\xff" * 3000)
        assert raw.ended()


@pytest.mark.ours
def test_a_handshake_cut_anywhere(host, account):
    for size in (0, 1, 5, 100):
        raw = wire.Wire.connect(host.port("imaps"))
        raw.send((b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(200))[:size])
        raw.abort() if size % 2 else raw.close()
    account.imap(tls=True).logout()


@pytest.mark.ours
def test_passwords_need_tls_unless_the_peer_is_local(make_host):
    """RFC 3501 6.2.3, 11.1: LOGINDISABLED; RFC 5530 PRIVACYREQUIRED."""
    address = other_address()
    if not address:
        pytest.skip("this machine has no address but loopback")
    host = make_host()
    account = host.account()
    host.server.stop()
    port = host.port("http")
    host.server.configure({"imap.listen": f"127.0.0.1:{host.port('imap')}, {address}:{port}"}).start()
    with wire.Imap((address, port)) as peer:
        words = peer.capabilities()
        assert "LOGINDISABLED" in words and "AUTH=PLAIN" not in words and "STARTTLS" in words
        assert peer.no(f"LOGIN {account.name} {PASSWORD}").code in (None, "PRIVACYREQUIRED")
        assert peer.cmd("AUTHENTICATE PLAIN").status == "NO"
        peer.ok("STARTTLS")
        peer.secure()
        assert "LOGINDISABLED" not in peer.capabilities()
        peer.login(account.name, PASSWORD)
    with wire.Imap(host.port("imap")) as peer:
        peer.login(account.name, PASSWORD)
