"""What an idle connection costs: a thousand of them, in IDLE on INBOX, in clear and under TLS.

The cost is how much the proportional set size of the server grows, by connection. The peers are in this process, which
is another one, so that what they need is not counted; what the kernel keeps for the sockets is in neither.
"""

import contextlib
import pathlib
import resource
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import measure  # noqa: E402
from servers import ROOT  # noqa: E402

sys.path.insert(0, str(ROOT / "tests/integration"))

import wire  # noqa: E402

CONNECTIONS = 1000
# As often as an account may be connected.
ACCOUNTS = 20
# After the last command the server gives back what it lent.
SETTLE_SECONDS = 1.0

STAGES = ("before login", "logged in", "INBOX selected", "in IDLE")


def allow_descriptors(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count)), hard))


def growth(server, before):
    time.sleep(SETTLE_SECONDS)
    return (measure.pss_bytes(server.pid) - before) / CONNECTIONS


def login(server, peer, number):
    peer.login(*server.login(f"user{number % ACCOUNTS}"))


def measure_stages(server, tls):
    """Bytes of a connection at each stage."""
    port = server.port("imaps" if tls else "imap")
    # what the first sessions load and keep is not what another one costs
    warm = [wire.Imap(port, tls) for _ in range(32)]
    for number, peer in enumerate(warm):
        login(server, peer, number)
        peer.select()
        peer.logout()
    time.sleep(SETTLE_SECONDS)
    before = measure.pss_bytes(server.pid)
    found = []
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(wire.Imap(port, tls)) for _ in range(CONNECTIONS)]
        found.append(growth(server, before))
        for number, peer in enumerate(peers):
            login(server, peer, number)
        found.append(growth(server, before))
        for peer in peers:
            peer.select()
        found.append(growth(server, before))
        for peer in peers:
            peer.idle()
        found.append(growth(server, before))
    return found


def idle(bench, kind, tls):
    """Bytes of a connection at each stage, of a server that was never used."""
    allow_descriptors(2 * CONNECTIONS)
    server = bench.server(kind)
    if kind == "tabella":
        server.configure({"net.per_user_max": str(CONNECTIONS), "imap.login_timeout": "10m"})
    try:
        server.start()
        found = measure_stages(server, tls)
        server.stop()
    finally:
        server.kill9()
        bench.remove(server)
    return found
