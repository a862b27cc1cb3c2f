"""Behind a proxy: the client that the PROXY protocol names is who counts, in limits, in logs, and in what is local."""

import contextlib
import shutil
import socket
import struct
import subprocess
import time

import pytest
import wire
from conftest import Host, start_ours, stop_and_look
from mails import mail
from tabella_server import ports
from test_lmtp import other_address

pytestmark = pytest.mark.ours

# The proxy is another address of loopback than the one that the tests come from.
PROXY = ("127.0.0.2", 0)
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
FAR, NEAR = "192.0.2.7", "127.0.0.9"


def v1(client):
    return b"PROXY TCP4 %s 192.0.2.1 4711 143\r\n" % client.encode()


def v2(client, extensions=b"", command=0x21):
    body = socket.inet_aton(client) + socket.inet_aton("192.0.2.1") + struct.pack(">HH", 4711, 143) + extensions
    return SIGNATURE + struct.pack(">BBH", command, 0x11, len(body)) + body


CLIENT_HAS_TLS = b"\x20\0\x0f\1\0\0\0\0\x21\0\x07TLSv1.3"


@pytest.fixture(scope="module")
def behind():
    """A server that trusts PROXY."""
    server = start_ours({"imap.proxy_from": f"{PROXY[0]}, 2001:db8::/32", "lmtp.proxy_from": PROXY[0]})
    try:
        yield Host(server, True)
        stop_and_look(server)
    finally:
        server.close()


def imap_by_proxy(host, header, tls=False):
    """An IMAP session whose connection begins with `header`."""
    return wire.Imap(host.port("imaps" if tls else "imap"), tls, source=PROXY, first=header)


def logged(host, text, seconds=10):
    """Is it in the log, or comes soon?"""
    end = time.monotonic() + seconds
    while text not in host.server.log.read_text() and time.monotonic() < end:
        time.sleep(0.02)
    return text in host.server.log.read_text()


@pytest.mark.parametrize("header", [v1, v2])
def test_a_far_client_may_not_send_passwords_in_clear(behind, header):
    account = behind.account()
    with imap_by_proxy(behind, header(FAR)) as peer:
        assert "LOGINDISABLED" in peer.cmd("CAPABILITY").one("CAPABILITY")
        assert peer.cmd(f"LOGIN {account.user} {account.password}").status == "NO"
    with imap_by_proxy(behind, header(FAR), tls=True) as peer:
        peer.login(account.user, account.password)
    with imap_by_proxy(behind, header(NEAR)) as peer:
        peer.login(account.user, account.password)
    assert logged(behind, f"peer={FAR}:4711")


def test_tls_at_the_proxy_is_tls(behind):
    account = behind.account()
    with imap_by_proxy(behind, v2(FAR, CLIENT_HAS_TLS)) as peer:
        capability = peer.cmd("CAPABILITY").one("CAPABILITY")
        assert "LOGINDISABLED" not in capability and "STARTTLS" not in capability
        peer.login(account.user, account.password)
    assert logged(behind, 'tls="TLSv1.3 proxy"')


def test_the_proxy_itself(behind):
    """A health check is local as the proxy is; a client that is not named is not."""
    with imap_by_proxy(behind, v2(FAR, command=0x20)) as peer:
        assert "LOGINDISABLED" not in peer.cmd("CAPABILITY").one("CAPABILITY")
    with imap_by_proxy(behind, b"PROXY UNKNOWN\r\n") as peer:
        assert "LOGINDISABLED" in peer.cmd("CAPABILITY").one("CAPABILITY")


@pytest.mark.parametrize("garbage", [b"a NOOP\r\n", b"PROXY TCP4 x y 1 2\r\n", SIGNATURE + b"\x21\x11\0\1\0", b"\x16\x03\x01"])
def test_a_proxy_without_a_header(behind, garbage):
    for service in ("imap", "imaps", "lmtp"):
        with wire.Wire.connect(behind.port(service), PROXY) as peer:
            peer.send(garbage)
            assert peer.ended()
    assert logged(behind, "proxy-failed")


def test_nobody_else_is_believed(behind):
    """Without trust the header is a bad command, and who one is does not change."""
    with wire.Imap(behind.port("imap")) as peer:
        peer.send(v1(FAR))
        assert peer.response()[:3][-1] == "BAD"
        assert "LOGINDISABLED" not in peer.cmd("CAPABILITY").one("CAPABILITY")


def test_mail_from_far_clients(behind):
    """LMTP serves this machine and named peers: whom the proxy names is none of them, near ones are."""
    account = behind.account()
    for client, wanted in ((FAR, 554), (NEAR, 220)):
        with wire.Lmtp(behind.port("lmtp"), greet=False, source=PROXY) as peer:
            peer.send(v2(client))
            assert peer.reply().code == wanted
            if wanted == 220:
                peer.lhlo()
                peer.deliver_all(account.address, mail())
    assert b"([127.0.0.9])" in account.bodies()[0]


def haproxy_conf(host, pem):
    """Frontends: version 1, version 2, TLS ended at the proxy, TLS passed through."""
    kinds = [
        ("v1", "imap", "", "send-proxy"),
        ("v2", "imap", "", "send-proxy-v2 proxy-v2-options crc32c,unique-id"),
        ("tls", "imap", f"ssl crt {pem}", "send-proxy-v2-ssl"),
        ("through", "imaps", "", "send-proxy-v2"),
        ("lmtp", "lmtp", "", "send-proxy-v2"),
    ]
    text = "global\n  stats timeout 5s\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n"
    chosen = {}
    for name, service, bind, send in kinds:
        chosen[name] = ports.one()
        text += f"listen {name}\n  bind 0.0.0.0:{chosen[name]} {bind}\n"
        text += f"  server s 127.0.0.1:{host.port(service)} {send} source {PROXY[0]}\n"
    return text, chosen


@pytest.fixture(scope="module")
def haproxy(behind, tmp_path_factory):
    """Debian's haproxy in front of the server; its ports by name."""
    if not shutil.which("haproxy"):
        pytest.skip("haproxy is not installed")
    folder = tmp_path_factory.mktemp("haproxy")
    pem = folder / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
        + ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )
    pem.write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())
    text, chosen = haproxy_conf(behind, pem)
    (folder / "haproxy.cfg").write_text(text)
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(["haproxy", "-db", "-f", folder / "haproxy.cfg"], stdout=log, stderr=log)
    try:
        end = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", chosen["v1"]), 1):
                break
            assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.05)
        yield chosen
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize("name", ["v1", "v2", "tls", "through"])
def test_haproxy(behind, haproxy, name):
    """A client beside it is local; one from elsewhere is known by its address, and needs TLS."""
    account = behind.account()
    tls = name in ("tls", "through")
    with wire.Imap(haproxy[name], tls) as peer:
        peer.login(account.user, account.password)
        peer.select()
        peer.append("INBOX", mail(b"x" * 200_000))
        assert len(peer.bodies()[0]) > 200_000
    address = other_address()
    if address:
        with wire.Imap((address, haproxy[name]), tls) as peer:
            assert ("LOGINDISABLED" in peer.cmd("CAPABILITY").one("CAPABILITY")) != tls
        assert logged(behind, f"peer={address}:")


def test_haproxy_in_front_of_lmtp(behind, haproxy):
    account = behind.account()
    with wire.Lmtp(haproxy["lmtp"]) as peer:
        peer.deliver_all(account.address, mail())
    assert len(account.bodies()) == 1
