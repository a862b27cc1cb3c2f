"""What an idle connection costs: a thousand of them, in IDLE on INBOX, in clear and under TLS.

    from idle import idle; print(idle(bench))      a table, as the other parts of the report
    python3 bench/idle.py                          the same alone; TABELLA names the program

The cost is how much the proportional set size of the server grows, by connection. The peers are in this process, which
is another one, so that what they need is not counted; what the kernel keeps for the sockets is in neither.
"""

import argparse
import contextlib
import pathlib
import resource
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import measure  # noqa: E402
from servers import KINDS, PASSWORD, ROOT  # noqa: E402

sys.path.insert(0, str(ROOT / "tests/integration"))

import wire  # noqa: E402

CONNECTIONS = 1000
# As often as an account may be connected.
ACCOUNTS = 20
# What they may cost.
CLEAR_MAX, TLS_MAX = 16 * 1024, 32 * 1024
# After the last command the server gives back what it lent.
SETTLE_SECONDS = 1.0

STAGES = ("before login", "logged in", "INBOX selected", "in IDLE")


def allow_descriptors(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count)), hard))


def growth(server, before):
    time.sleep(SETTLE_SECONDS)
    return (measure.pss_bytes(server.pid) - before) / CONNECTIONS


def measure_stages(server, tls):
    """Bytes of a connection at each stage."""
    port = server.port("imaps" if tls else "imap")
    # what the first sessions load and keep is not what another one costs
    warm = [wire.Imap(port, tls) for _ in range(32)]
    for number, peer in enumerate(warm):
        peer.login(f"user{number % ACCOUNTS}", PASSWORD)
        peer.select()
        peer.logout()
    time.sleep(SETTLE_SECONDS)
    before = measure.pss_bytes(server.pid)
    found = []
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(wire.Imap(port, tls)) for _ in range(CONNECTIONS)]
        found.append(growth(server, before))
        for number, peer in enumerate(peers):
            peer.login(f"user{number % ACCOUNTS}", PASSWORD)
        found.append(growth(server, before))
        for peer in peers:
            peer.select()
        found.append(growth(server, before))
        for peer in peers:
            peer.idle()
        found.append(growth(server, before))
    return found


def table(rows):
    lines = ["| bytes a connection | " + " | ".join(STAGES) + " | at most |", "| --- |" + " ---: |" * 5]
    for name, found, limit in rows:
        lines.append(f"| {name} | " + " | ".join(f"{value:,.0f}" for value in found) + f" | {limit:,} |")
    return "\n".join(lines)


def idle_server(folder):
    server = KINDS["tabella"](folder / "idle", accounts=ACCOUNTS).prepare()
    server.configure({"net.per_user_max": str(CONNECTIONS), "imap.login_timeout": "10m"})
    return server


def idle(bench):
    """The table, measured with a server of its own in `bench.scratch`."""
    allow_descriptors(2 * CONNECTIONS)
    rows = []
    for name, tls, limit in (("in clear", False, CLEAR_MAX), ("TLS", True, TLS_MAX)):
        server = idle_server(pathlib.Path(bench.scratch))
        try:
            server.start()
            rows.append((name, measure_stages(server, tls), limit))
            server.stop()
        finally:
            server.kill9()
            bench.remove(server)
    return table(rows)


class Alone:
    """What idle() needs of a Bench."""

    def __init__(self, scratch):
        self.scratch = scratch

    @staticmethod
    def remove(server):
        shutil.rmtree(server.folder, ignore_errors=True)


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory(prefix="tabella-idle-") as scratch:
        pathlib.Path(scratch).chmod(0o755)
        print(idle(Alone(scratch)))


if __name__ == "__main__":
    main()
