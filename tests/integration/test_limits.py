"""Limits of connections, time and size that the configuration sets; who the server runs as."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import time

import pytest
import wire
from mails import mail, without_trace
from test_bad_input import Bystander
from test_lmtp import other_address

pytestmark = pytest.mark.ours


def test_the_server_is_not_root(host):
    """Started by root it becomes another user, and cannot come back."""
    status = pathlib.Path(f"/proc/{host.server.process.pid}/status").read_text()
    if os.getuid() == 0:
        assert set(re.search(r"^Uid:\s+(.*)$", status, re.M)[1].split()).isdisjoint({"0"})
        assert set(re.search(r"^Gid:\s+(.*)$", status, re.M)[1].split()).isdisjoint({"0"})
        assert int(re.search(r"^CapEff:\s+(\w+)$", status, re.M)[1], 16) == 0
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.M)
    assert re.search(r"^CapPrm:\s+0+$", status, re.M)
    assert re.search(r"^CapAmb:\s+0+$", status, re.M)
    assert re.search(r"^Seccomp:\s+2$", status, re.M)


@pytest.mark.parametrize("mode, filters", [("on", 2), ("log", 2), ("off", 0)])
def test_the_lock_in_is_what_the_option_says_and_is_told(make_host, mode, filters):
    host = make_host({"sandbox": mode})
    status = pathlib.Path(f"/proc/{host.server.process.pid}/status").read_text()
    assert re.search(rf"^Seccomp:\s+{filters}$", status, re.M)
    said = host.server.log.read_text()
    assert ("locked-in" in said) == (mode == "on")
    assert (f"lock-in-missing reason=sandbox-{mode}" in said) == (mode != "on")
    account = host.account()
    with host.lmtp() as lmtp:
        lmtp.deliver_all(account.address, mail())
    assert len(account.bodies()) == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make itself somebody with one capability")
def test_a_capability_for_low_ports_is_given_up(make_host):
    """As a service manager starts it: a user who may bind port 143, and nothing else."""
    host = make_host()
    assert host.server.stop() == 0
    subprocess.run(["chown", "-R", "65534:65534", host.server.data], check=True)
    wrapper = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    caps = ("--inh-caps=-all,+net_bind_service", "--ambient-caps=+net_bind_service", "--bounding-set=-all,+net_bind_service")
    host.server.start(wrapper=(*wrapper, *caps))
    status = pathlib.Path(f"/proc/{host.server.process.pid}/status").read_text()
    for kind in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
        assert re.search(rf"^{kind}:\s+0+$", status, re.M), status
    assert "reloaded" in host.server.reload()


def test_too_many_connections_of_one_address(make_host):
    """Each is told so in its protocol; who goes makes room. This machine itself is not counted."""
    address = other_address()
    if not address:
        pytest.skip("this machine has no address but loopback")
    host = make_host({"net.per_address_max": "3"})
    account = host.account()
    host.server.stop()
    listen = {service: f"127.0.0.1:{host.port(service)}, {address}:{host.port(service)}" for service in ("imap", "lmtp")}
    host.server.configure({"imap.listen": listen["imap"], "lmtp.listen": listen["lmtp"], "lmtp.allow": address}).start()
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(wire.Imap((address, host.port("imap")))) for _ in range(3)]
        assert all(peer.greeting[0] == "OK" for peer in peers)
        with wire.Imap((address, host.port("imap"))) as peer:
            assert peer.greeting[0] == "BYE"
            assert peer.wire.ended()
        with wire.Lmtp((address, host.port("lmtp")), greet=False) as peer:
            assert peer.reply().code == 421
            assert peer.wire.ended()
        for _ in range(10):
            stack.enter_context(account.imap("INBOX"))
        peers[0].logout()
        time.sleep(0.2)
        with wire.Imap((address, host.port("imap"))) as peer:
            assert peer.greeting[0] == "OK"


def test_too_many_connections_of_one_user(make_host):
    host = make_host({"net.per_user_max": "3"})
    account, other = host.account(), host.account()
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(account.imap("INBOX"))
        with wire.Imap(host.port("imap")) as peer:
            assert peer.cmd(f"LOGIN {account.user} {account.password}").status == "NO"
        stack.enter_context(other.imap("INBOX"))


def test_strangers_have_a_minute(make_host):
    host = make_host({"imap.login_timeout": "5s"})
    account = host.account()
    with wire.Imap(host.port("imap")) as stranger, account.imap("INBOX") as friend:
        start = time.monotonic()
        stranger.noop()
        assert any(r[0] == "BYE" for r in stranger.wait_for(lambda response: response[0] == "BYE", 12))
        assert 4 < time.monotonic() - start < 10
        assert stranger.wire.ended()
        friend.noop()


def test_a_handshake_has_a_limit(make_host):
    host = make_host({"imap.login_timeout": "5s"})
    with wire.Wire.connect(host.port("imaps")) as peer:
        peer.socket.settimeout(40)
        assert peer.ended()


def test_a_stop_during_handshakes_and_logins(make_host):
    host = make_host({"net.stop_grace": "2s"})
    account = host.account()
    hello = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03"
    with contextlib.ExitStack() as stack:
        for part in (b"", hello[:3], hello):
            stack.enter_context(wire.Wire.connect(host.port("imaps"))).send(part)
        for part in (b"", b"a1 LOG", b"a1 LOGIN {5}\r\n", b"a1 AUTHENTICATE PLAIN\r\n"):
            stack.enter_context(wire.Imap(host.port("imap"))).send(part)
        checking = stack.enter_context(wire.Imap(host.port("imap")))
        checking.begin(f"LOGIN {account.user} {account.password}")
        busy = stack.enter_context(account.imap("INBOX"))
        busy.send(b"x1 APPEND INBOX {1000}\r\nhalf")
        start = time.monotonic()
        assert host.server.stop() == 0
        assert time.monotonic() - start < 8


def test_ipv6(make_host):
    host = make_host()
    account = host.account()
    host.server.stop()
    host.server.configure(
        {
            "lmtp.listen": f"127.0.0.1:{host.port('lmtp')}, [::1]:{host.port('lmtp')}",
            "imap.listen": f"127.0.0.1:{host.port('imap')}, [::1]:{host.port('imap')}",
        }
    ).start()
    message = mail()
    with wire.Lmtp(("::1", host.port("lmtp"))) as peer:
        peer.deliver_all(account.address, message)
    with wire.Imap(("::1", host.port("imap"))) as peer:
        peer.login(account.user, account.password)
        peer.select()
        front = without_trace(peer.bodies()[0], message)
    # RFC 5321 4.1.3: an IPv6 literal has its tag
    assert b"([IPv6:::1])" in front


def test_a_message_almost_as_large_as_allowed(make_host):
    """50 MB in and out, with a bystander, in memory that does not grow with every copy of it."""
    host = make_host()
    account = host.account()
    message = mail(os.urandom(1 << 20).hex().encode() * 22 + b"\r\n")
    with Bystander(host.account()):
        with host.lmtp() as peer:
            peer.wire.socket.settimeout(60)
            for _ in range(2):
                peer.deliver_all(account.address, message)
        high = host.server.memory_high()
        with account.imap("INBOX") as peer:
            peer.wire.socket.settimeout(60)
            for number in (1, 2):
                without_trace(peer.ok(f"FETCH {number} BODY.PEEK[]").fetched()[number]["BODY[]"], message)
            assert peer.ok("FETCH 1 BODY.PEEK[]<40000000.10>").fetched()
            peer.append("INBOX", message)
            peer.ok("COPY 1:3 INBOX")
    assert high < 700 << 20, f"{high >> 20} MB"
    assert host.server.memory_high() < 900 << 20, f"{host.server.memory_high() >> 20} MB"


def test_many_idle_sessions_cost_little(make_host):
    host = make_host({"net.per_user_max": "1000", "net.per_address_max": "1000"})
    account = host.account()
    account.imap("INBOX").logout()
    before = resident(host)
    peers = []
    for _ in range(300):
        peers.append(account.imap("INBOX"))
        peers[-1].idle()
    grown = resident(host) - before
    with host.lmtp() as lmtp:
        lmtp.deliver_all(account.address, mail())
    for peer in peers:
        peer.wait_for(lambda response: response[1:] == ["EXISTS"], 5)
        peer.close()
    assert grown < 300 * 400_000, f"{grown // 300} bytes a session"


def resident(host):
    status = pathlib.Path(f"/proc/{host.server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


def test_the_log_holds_no_secrets_and_one_line_an_event(host, account):
    """What peers say cannot leave its quotes, and passwords are never written."""
    for command in (
        ["LOGIN ", b'x" sid=0 user="forged', " ", b"pass\nword-in-the-log"],
        ["LOGIN ", b"line\r\n2026-01-01T00:00:00Z error forged", " ", b"y"],
        f'LOGIN {account.user} "wrong-secret"',
        ['ID ("name" ', b"evil\r\nerror forged", ")"],
        ['ID ("na\xffme" ', b"\x1b[2J", ")"],
    ):
        with wire.Imap(host.port("imap")) as peer:
            peer.cmd(command)
    with host.lmtp() as peer:
        peer.cmd(b'MAIL FROM:<"\\" forged=1"@elsewhere.test>')
        peer.cmd(f"RCPT TO:<{account.address}>")
        peer.data(mail())
    with account.imap() as peer:
        peer.noop()
    text = host.server.log.read_text(errors="replace")
    assert account.password not in text
    assert "wrong-secret" not in text and "word-in-the-log" not in text
    for line in text.splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warn|info|debug) ", line), line
        assert " forged" not in re.sub(r'"(?:[^"\\]|\\.)*"', '""', line), line


# the boundaries: at the limit, and one above


def answer_to(peer, data):
    """The status of what answers `data`, which is sent as it is; BYE if that came instead."""
    peer.send(data)
    while True:
        response = peer.response()
        if response[0] == "tagged":
            return response[2]
        if response[0] in ("BYE", "+"):
            return response[0]


def test_literals_of_strangers(host):
    """4 KB; what is larger is refused before it comes, and of LITERAL+ nothing is read."""
    for size, waits, wanted in ((4096, True, "+"), (4097, True, "NO"), (4096, False, "NO"), (4097, False, "NO")):
        with wire.Imap(host.port("imap")) as peer:
            if waits:
                assert answer_to(peer, b"a LOGIN {%d}\r\n" % size) == wanted
                continue
            literal = b"x" * size
            assert answer_to(peer, b"a LOGIN {%d+}\r\n%s x\r\n" % (size, literal)) == wanted
            assert peer.wire.silent() if size == 4096 else peer.wire.ended()


def test_lines_and_literals_of_people(account):
    """64 KB each, 192 KB a command; what is longer is refused, and the session goes on."""
    with account.imap("INBOX") as peer:
        for size, wanted in ((65535, "OK"), (65536, "OK"), (65537, "BAD")):
            head, end = b'a SEARCH TEXT "', b'"\r\n'
            assert answer_to(peer, head + b"x" * (size - len(head) - len(end)) + end) == wanted
        for size, wanted in ((65536, "+"), (65537, "NO")):
            assert answer_to(peer, b"a SEARCH TEXT {%d}\r\n" % size) == wanted
            if wanted == "+":
                assert answer_to(peer, b"y" * size + b"\r\n") == "OK"
        # three literals of 64 KB and their line are more than a command may be
        literal = b"{65536+}\r\n" + b"y" * 65536
        assert answer_to(peer, b"a SEARCH TEXT " + literal + b" TEXT " + literal + b"\r\n") == "OK"
        assert answer_to(peer, b"a SEARCH TEXT " + literal + b" TEXT " + literal + b" TEXT " + literal + b"\r\n") == "NO"
        peer.noop()


def test_the_largest_message(make_host):
    """At the limit it is stored; a byte more is refused by its announced size, and by its size without one."""
    host = make_host({"lmtp.message_max": "64K", "imap.message_max": "64K"})
    account = host.account()
    text = mail(b"x" * 65536)[:65534] + b"\r\n"
    with host.lmtp() as lmtp:
        assert lmtp.cmd("MAIL FROM:<a@b.test> SIZE=65537").code == 552
        assert lmtp.cmd("MAIL FROM:<a@b.test> SIZE=65536").code == 250
        assert lmtp.cmd("RSET").code == 250
        assert lmtp.deliver(account.address, text)[0].code == 250
        assert lmtp.deliver(account.address, text + b"y\r\n")[0].code == 552
        assert lmtp.deliver(account.address, text, exact=True)[0].code == 250
        assert lmtp.deliver(account.address, text + b"y", exact=True)[0].code == 552
    with account.imap("INBOX") as peer:
        peer.append("INBOX", text)
        assert answer_to(peer, b"a APPEND INBOX {65537}\r\n") == "NO"
        assert len(peer.bodies()) == 3


def test_many_recipients(make_host):
    """RFC 5321 4.5.3.1.10: the rest comes again."""
    host = make_host({"lmtp.recipients_max": "100"})
    account = host.account()
    with host.lmtp() as lmtp:
        lmtp.envelope([account.address] * 100)
        assert lmtp.cmd(f"RCPT TO:<{account.address}>").code == 452


def test_a_silent_client_of_lmtp(make_host):
    """RFC 5321 4.5.3.2.7"""
    host = make_host({"lmtp.timeout": "10s"})
    with host.lmtp() as silent, host.lmtp() as other:
        for _ in range(3):
            time.sleep(4)
            other.cmd("NOOP")
        assert silent.reply().code == 421
        assert silent.wire.ended()
        assert other.cmd("NOOP").code == 250


def test_three_wrong_passwords(host, account):
    with wire.Imap(host.port("imap")) as peer:
        for _ in range(2):
            assert answer_to(peer, f"a LOGIN {account.user} wrong\r\n".encode()) == "NO"
        peer.login(account.user, account.password)
    with wire.Imap(host.port("imap")) as peer:
        for _ in range(3):
            peer.send(f"a LOGIN {account.user} wrong\r\n".encode())
        assert peer.wire.ended()


def test_commands_of_a_minute(make_host):
    """Whoever is too fast waits for the minute to end, and nobody else does."""
    host = make_host({"imap.commands_per_minute": "60"})
    account, other = host.account(), host.account()
    with account.imap("INBOX") as peer, other.imap("INBOX") as beside:
        for _ in range(58):
            peer.noop()
        peer.send(b"late NOOP\r\n")
        assert peer.wire.silent(0.5)
        beside.noop()
    assert "slowed" in host.server.log.read_text()


# memory: what is announced is booked before it is sent


def begin_append(peer, size=20_000_000):
    return answer_to(peer, b"x APPEND INBOX {%d}\r\n" % size)


def refused(host, name):
    """How often a limit was the reason, as `tabella limits` says."""
    rows = json.loads(host.server.cli("limits", "--json").stdout)
    rows = rows["limits"] if isinstance(rows, dict) else rows
    return next(row["refused"] for row in rows if row["name"] == name)


def test_memory_of_all_sessions(make_host):
    """With room for one large message the second is told to come later; a small one fits; the room comes back."""
    host = make_host({"net.memory_max": "16M"})
    ann, bob = host.account(), host.account()
    text = mail(os.urandom(1 << 20).hex().encode() * 4 + b"\r\n")
    with bob.imap() as second, host.lmtp() as lmtp:
        with ann.imap() as first:
            assert begin_append(first) == "+"
            assert begin_append(second) == "NO"
            second.append("INBOX", mail())
            assert lmtp.deliver(bob.address, text)[0].code in (451, 452)
            lmtp.deliver_all(bob.address, mail())
            assert refused(host, "memory of all sessions") >= 2
            first.abort()
        end = time.monotonic() + 10
        while begin_append(second) != "+":
            assert time.monotonic() < end
            time.sleep(0.05)
    with host.lmtp() as lmtp:
        end = time.monotonic() + 10
        while lmtp.deliver(bob.address, text)[0].code != 250:
            assert time.monotonic() < end
            time.sleep(0.05)
    assert len(bob.bodies()) == 3


def test_memory_of_one_account(make_host):
    """Its own sessions are told, and nobody else's."""
    host = make_host({"net.account_memory_max": "16M"})
    ann, bob = host.account(), host.account()
    with ann.imap() as first, ann.imap() as second, bob.imap() as other:
        assert begin_append(first) == "+"
        assert begin_append(second) == "NO"
        assert begin_append(other) == "+"
        assert refused(host, "memory of one user") == 1
