"""Crowds of hostile peers: a bystander's NOOP stays quick, memory stays bounded, nothing is left behind."""

import contextlib
import pathlib
import random
import resource
import selectors
import socket
import ssl
import time
import urllib.parse

import pytest
import wire
from conftest import Host, start_ours, stop_and_look
from mails import mail
from test_bad_input import Bystander

pytestmark = pytest.mark.ours

STRANGERS = 2000
IDLERS = 500
HANDSHAKES = 400
MB = 1 << 20
# AddressSanitizer keeps what was freed for a while, and has shadows of it.
MEMORY_MAX, MEMORY_MAX_SANITIZED = 250 * MB, 1000 * MB
# How long it may take until what a peer left behind is cleaned up.
SECONDS_TO_CLEAN = 30


def is_sanitized(server):
    return b"__asan_init" in server.binary.read_bytes()


def descriptors(server):
    """Those of connections and spools: the database opens more connections when it needs them, and keeps them."""
    names = []
    for path in pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            name = str(path.readlink())
            # the sweeper takes its lock when there is time for it
            if not name.endswith(".lock"):
                names.append(name)
    if server.engine:
        connected = at_engine(server)
        return sum(inode_of(name) not in connected for name in names)
    return sum(server.database().name not in name for name in names)


def inode_of(name):
    return name.partition("[")[2].rstrip("]")


def at_engine(server):
    """The inodes of sockets that are connected to the port of the database server (proc(5), /proc/net/tcp)."""
    port = f"{urllib.parse.urlsplit(server.engine.admin_url).port:04X}"
    rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[9] for row in rows if row[2].endswith(f":{port}")}


@pytest.fixture(scope="module")
def crowded_host():
    """A server of its own, whose memory is looked at in the end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 3 * STRANGERS), hard))
    server = start_ours({"net.per_user_max": str(2 * IDLERS)})
    try:
        yield Host(server, True)
        high = server.memory_high()
        assert high < (MEMORY_MAX_SANITIZED if is_sanitized(server) else MEMORY_MAX), f"{high // MB} MB at the most"
        done = server.cli("verify", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        stop_and_look(server)
    finally:
        server.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def crowd(crowded_host):
    """The host, with a bystander beside whatever is done to it; in the end there are as many descriptors as before."""
    account = crowded_host.account()
    with account.imap("INBOX"):
        pass
    time.sleep(0.2)
    before = descriptors(crowded_host.server)
    with Bystander(account):
        yield crowded_host
    end = time.monotonic() + SECONDS_TO_CLEAN
    while descriptors(crowded_host.server) > before and time.monotonic() < end:
        time.sleep(0.1)
    after = descriptors(crowded_host.server)
    assert after <= before, f"{before} descriptors became {after}"


@contextlib.contextmanager
def connections(count, port):
    """Sockets that do not block."""
    peers = []
    try:
        for _ in range(count):
            sock = socket.socket()
            peers.append(sock)
            sock.connect((wire.HOST, port))
            sock.setblocking(False)
        yield peers
    finally:
        for sock in peers:
            sock.close()


def send_some(sock, data):
    """What the socket takes; False if the peer has hung up."""
    try:
        sock.send(data)
    except BlockingIOError:
        pass
    except OSError:
        return False
    return True


def test_two_thousand_strangers(crowd):
    """They cost a few KB each, and those who have something to say are served."""
    host, account = crowd, crowd.account()
    before = host.server.memory_high()
    with connections(STRANGERS // 2, host.port("imap")) as clear, connections(STRANGERS // 2, host.port("imaps")) as tls:
        time.sleep(0.5)
        with account.imap("INBOX") as peer, host.lmtp() as lmtp:
            lmtp.deliver_all(account.address, mail())
            peer.noop()
            assert peer.uids() == [1]
        with account.imap("INBOX", tls=True) as peer:
            assert peer.uids() == [1]
        assert len(clear) + len(tls) == STRANGERS
    grown = host.server.memory_high() - before
    assert grown < (400 if is_sanitized(host.server) else 60) * MB, f"{grown // MB} MB for {STRANGERS} strangers"


SLOW = {
    "imap": b"a1 LOGIN {20}\r\naaaaaaaaaaaaaaaaaaaaaaaa",
    "imaps": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 30,
    "lmtp": b"LHLO slow.example.test.and.so.on\r\nMAIL FROM:<>\r\n",
}


def test_three_hundred_slow_senders(crowd):
    """A byte now and then keeps a connection, and nobody waits for it."""
    with contextlib.ExitStack() as stack:
        crowds = [(text, stack.enter_context(connections(100, crowd.port(name)))) for name, text in SLOW.items()]
        for at in range(25):
            for text, peers in crowds:
                for sock in peers:
                    send_some(sock, text[at : at + 1])
            time.sleep(0.05)
        with crowd.account().imap("INBOX") as peer:
            peer.noop()


def test_readers_who_never_read(crowd):
    """Each asks for more than 100 MB; one at a time they want more than the machine has."""
    account = crowd.account()
    with account.imap() as peer:
        for _ in range(3):
            peer.append("INBOX", mail(b"0123456789" * 200_000))
    peers = [account.imap("INBOX") for _ in range(25)]
    for peer in peers:
        peer.send(b"".join(b"x%d FETCH 1:* (BODY.PEEK[] BODYSTRUCTURE)\r\n" % number for number in range(20)))
    time.sleep(2)
    # half of them leave politely, with everything unread
    for number, peer in enumerate(peers):
        (peer.abort if number % 2 else peer.close)()


def test_literals_of_four_gigabytes(crowd):
    account = crowd.account()
    for size in (2**32 - 1, 2**32, 2**32 + 5, 2**63, 2**64 - 1, 2**64, 10**40):
        for plus in ("", "+"):
            with wire.Imap(crowd.port("imap")) as stranger:
                stranger.send(f"x1 LOGIN {{{size}{plus}}}\r\n".encode())
                assert stranger.response()[0] in ("tagged", "BYE")
            with account.imap() as peer:
                peer.send(f"x1 APPEND INBOX {{{size}{plus}}}\r\n".encode())
                response = peer.response()
                assert response[0] == "BYE" or response[1:3] == ["x1", "NO"], response
                if not plus:
                    peer.noop()
    with crowd.lmtp() as peer:
        assert peer.cmd(f"MAIL FROM:<a@b.test> SIZE={2**40}").code == 552
        assert peer.cmd("MAIL FROM:<a@b.test>").code == 250
        assert peer.cmd(f"RCPT TO:<{account.address}>").code == 250
        peer.send(f"BDAT {2**32} LAST\r\n".encode() + b"x" * 100_000)
    assert account.bodies() == []


def dialogue_of(service, account, rng):
    """Something sensible, so that a cut may be anywhere."""
    if service == "lmtp":
        return (
            f"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<{account.address}>\r\nDATA\r\n".encode()
            + mail(b"x" * rng.randrange(5000))
            + b"\r\n.\r\nRSET\r\nQUIT\r\n"
        )
    return (
        f"a LOGIN {account.user} {account.password}\r\na SELECT INBOX\r\n".encode()
        + b"a APPEND INBOX {12+}\r\nA: b\r\n\r\nabcd\r\na FETCH 1:* (FLAGS BODY[])\r\na STORE 1:* +FLAGS (\\Deleted)\r\n"
        + b"a EXPUNGE\r\na IDLE\r\nDONE\r\na COPY 1:* INBOX\r\na LOGOUT\r\n"
    )


def test_hang_ups_in_the_middle_of_everything(crowd):
    """Reset, closed, closed by half, in TLS and without it; at any byte."""
    rng = random.Random(1)
    account = crowd.account()
    for number in range(250):
        service = ("imap", "imaps", "lmtp")[number % 3]
        text = dialogue_of(service, account, rng)
        text = text[: rng.randrange(len(text) + 1)]
        with contextlib.suppress(wire.Closed, OSError):
            peer = wire.Imap(crowd.port(service), tls=service == "imaps", greet=False).wire
            peer.send(text)
            ending = rng.randrange(4)
            if ending == 0:
                peer.abort()
            elif ending == 1 and service != "imaps":
                peer.socket.shutdown(socket.SHUT_WR)
                peer.socket.settimeout(0.5)
                peer.fill()
            elif ending == 2:
                peer.socket.settimeout(0.05)
                peer.fill()
            peer.close()


def test_half_closed_sockets(crowd):
    """Who has said all that he wants to say is answered, and then let go."""
    account = crowd.account()
    commands = f"a1 LOGIN {account.user} {account.password}\r\na2 SELECT INBOX\r\na3 FETCH 1:* FLAGS\r\na4 NOOP\r\n"
    with wire.Imap(crowd.port("imap")) as peer:
        peer.send(commands.encode())
        peer.wire.socket.shutdown(socket.SHUT_WR)
        tags = []
        with contextlib.suppress(wire.Closed):
            while True:
                response = peer.response()
                if response[0] == "tagged":
                    tags.append(response[1])
        assert tags == ["a1", "a2", "a3", "a4"]
    # and who half closes in the middle of a command, or without one, is let go at once
    for part in (b"", b"a1 LOGIN", b"a1 LOGIN {3}\r\n", b"a1 LOGIN {3+}\r\na"):
        with wire.Imap(crowd.port("imap")) as peer:
            peer.send(part)
            peer.wire.socket.shutdown(socket.SHUT_WR)
            assert peer.wire.ended()


def test_garbage_by_the_megabyte(crowd):
    """Whatever it is, it ends soon: a stranger is not listened to for long."""
    rng = random.Random(2)
    kinds = [rng.randbytes(65536), b"\0" * 65536, b"\xff" * 65536, b"a " * 32768, b"\r\n" * 32768, b"(" * 65536]
    kinds += [b"a NOOP\r\n" * 8192, b"a LOGIN {4000+}\r\n" * 4096, b"* OK hello\r\n" * 5000]
    chooser = selectors.DefaultSelector()
    with contextlib.ExitStack() as stack:
        for service in ("imap", "imaps", "lmtp"):
            for kind, sock in zip(kinds, stack.enter_context(connections(len(kinds), crowd.port(service)))):
                chooser.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE, [kind, 0])
        end = time.monotonic() + 3
        while chooser.get_map() and time.monotonic() < end:
            for key, _ in chooser.select(0.1):
                kind, sent = key.data
                key.data[1] += len(kind)
                with contextlib.suppress(OSError):
                    key.fileobj.recv(1 << 16)
                if sent > 8 * MB or not send_some(key.fileobj, kind):
                    chooser.unregister(key.fileobj)


def test_many_failed_logins(crowd):
    """Each costs a password hash; somebody else's login waits for a few of them, not for all."""
    account = crowd.account()
    peers = [wire.Imap(crowd.port("imap")) for _ in range(100)]
    try:
        for peer in peers:
            peer.send(f"a1 LOGIN {account.user} wrong\r\na2 LOGIN nobody wrong\r\na3 LOGOUT\r\n".encode())
        start = time.monotonic()
        with crowd.account().imap("INBOX") as peer:
            peer.noop()
        assert time.monotonic() - start < 15
    finally:
        for peer in peers:
            peer.abort()


def test_idlers_on_one_mailbox(crowd):
    """All of them are told of one delivery, and of the next."""
    account = crowd.account()
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(account.imap("INBOX")) for _ in range(IDLERS)]
        for peer in peers:
            peer.idle()
        with crowd.lmtp() as lmtp:
            for number in (1, 2):
                lmtp.deliver_all(account.address, mail())
                for peer in peers:
                    peer.wait_for(lambda response: response == [str(number), "EXISTS"], 20)
        # and gone at once, all of them
        for peer in peers:
            peer.abort()


def client_hello():
    """The first flight of a handshake."""
    context = ssl._create_unverified_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()


def test_handshakes_that_are_left(crowd):
    """Whole first flights and halves of them: who comes after them is served all the same."""
    hello = client_hello()
    with connections(HANDSHAKES, crowd.port("imaps")) as peers:
        for number, sock in enumerate(peers):
            send_some(sock, hello if number % 2 else hello[: len(hello) // 2])
        account = crowd.account()
        with account.imap("INBOX", tls=True) as peer:
            peer.noop()


def test_proxy_headers_from_who_is_no_proxy(crowd):
    """They are garbage like any other."""
    header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x0f\xff" + b"x" * 4095
    for service in ("imap", "imaps", "lmtp"):
        with connections(20, crowd.port(service)) as peers:
            for sock in peers:
                send_some(sock, header * 8)
    with crowd.account().imap("INBOX") as peer:
        peer.noop()
