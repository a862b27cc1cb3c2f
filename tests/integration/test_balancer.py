"""Two nodes behind HAProxy, as docs/scaling.md has it: who comes is spread, known by his address, and not sent to a node that
is down."""

import contextlib
import json
import re
import shutil
import subprocess
import time

import pytest
import wire
from mails import mail
from recipes import Recipe
from tabella_server import HOST, ports
from two_nodes import Nodes

pytestmark = pytest.mark.ours

SECTION = "Behind a balancer"
# the balancer's address, and a client's: others than the one that the health checks and the other tests come from
BALANCER, CLIENT = "127.0.0.2", "127.0.0.9"
SECONDS = 30


class Balancer:
    """HAProxy with the document's configuration, on ports of our own; `port` by the name of the section."""

    def __init__(self, nodes, folder):
        self.port = {}
        self.log = folder / "log"
        self.config = folder / "haproxy.cfg"
        self.config.write_text(self.fit(Recipe(SECTION, document="scaling.md").of("/etc/haproxy/haproxy.cfg"), nodes))
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["haproxy", "-db", "-f", self.config], stdout=log, stderr=log)

    def fit(self, text, nodes):
        hosts = {"node1": nodes.a, "node2": nodes.b}
        lines = []
        for line in text.splitlines():
            if found := re.match(r"listen (\w+)", line):
                service = found[1]
                self.port[service] = ports.one()
            line = re.sub(r"bind :\d+", f"bind {HOST}:{self.port.get(service, 0)}", line) if self.port else line
            if found := re.match(r"(\s+server (\w+)) \S+$", line):
                host = hosts[found[2]]
                line = f"{found[1]} {HOST}:{host.port(service)} port {checked(lines, host, service)} source {BALANCER}"
            lines.append(line)
        return "\n".join(lines) + "\n"

    def says(self, text):
        return text in self.log.read_text()

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        for port in self.port.values():
            ports.release(port)


def checked(before, host, service):
    """Where a node's health is asked for: at another port, if the recipe says so."""
    default = next(line for line in reversed(before) if "default-server" in line)
    return host.port("http" if " port " in default else service)


@pytest.fixture(scope="module")
def nodes():
    """Both configured as the document has it; the addresses are this machine's."""
    said = Recipe(SECTION, document="scaling.md").options()
    fits = {"imap.proxy_from": BALANCER, "lmtp.proxy_from": BALANCER, "lmtp.allow": CLIENT}
    assert set(fits) < set(said) and {"http.listen", "http.allow", "lmtp.listen"} <= set(said)
    with Nodes(fits) as both:
        for host in (both.a, both.b):
            assert host.server.stop() == 0
            host.server.configure({"http.listen": f"{HOST}:{host.port('http')}"}).start()
        yield both


@pytest.fixture(scope="module")
def balancer(nodes, tmp_path_factory):
    if not shutil.which("haproxy"):
        pytest.skip("haproxy is not installed")
    balancer = Balancer(nodes, tmp_path_factory.mktemp("haproxy"))
    try:
        until(lambda: names_of(balancer, nodes, 4) == ["a", "b"])
        yield balancer
    finally:
        balancer.close()


def until(what, seconds=SECONDS):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.2)


def come(balancer, count):
    """So many sessions that were greeted."""
    return [wire.Imap(balancer.port["imap"], source=(CLIENT, 0)) for _ in range(count)]


def sessions_at(host):
    said = json.loads(host.server.cli("sessions", "--json").stdout)
    return [session for session in said if session["peer"].startswith(f"{CLIENT}:")]


def names_of(balancer, nodes, count):
    """At which nodes new sessions land; nothing if one of them was not served."""
    with contextlib.ExitStack() as stack:
        try:
            for peer in come(balancer, count):
                stack.callback(peer.close)
        except (OSError, wire.Closed):
            return []
        running = [(name, host) for name, host in (("a", nodes.a), ("b", nodes.b)) if host.server.process]
        return [name for name, host in running if sessions_at(host)]


def test_sessions_are_spread_and_known_by_their_address(nodes, balancer):
    account = nodes.a.account()
    until(lambda: not sessions_at(nodes.a) and not sessions_at(nodes.b))
    peers = come(balancer, 6)
    try:
        for peer in peers:
            peer.login(account.user, account.password)
        assert len(sessions_at(nodes.a)) == len(sessions_at(nodes.b)) == 3
    finally:
        for peer in peers:
            peer.close()
    for host in (nodes.a, nodes.b):
        assert not re.search(rf"^\S+ \w+ imap .*peer={BALANCER}:", host.server.log.read_text(), re.M)


def test_tls_goes_through(nodes, balancer):
    account = nodes.a.account()
    with wire.Imap(balancer.port["imaps"], True, source=(CLIENT, 0)) as peer:
        peer.login(account.user, account.password)
        peer.noop()


def deliver(balancer, account):
    try:
        with wire.Lmtp(balancer.port["lmtp"], source=(CLIENT, 0)) as peer:
            peer.deliver_all([account.address], mail())
        return True
    except (OSError, wire.Closed):
        return False


def test_a_node_that_is_down_is_passed_over_and_comes_back(nodes, balancer):
    account = nodes.a.account()
    assert deliver(balancer, account) and deliver(balancer, account)
    for node, host, other in (("node1", nodes.a, "b"), ("node2", nodes.b, "a")):
        host.server.kill9()
        # at once, before its health was asked for
        until(lambda other=other: names_of(balancer, nodes, 4) == [other])
        until(lambda: deliver(balancer, account))
        for service in ("imap", "imaps", "lmtp"):
            until(lambda: balancer.says(f"Server {service}/{node} is DOWN"))
        assert names_of(balancer, nodes, 4) == [other] and deliver(balancer, account)
        host.server.start()
        for service in ("imap", "imaps", "lmtp"):
            until(lambda: balancer.says(f"Server {service}/{node} is UP"))
        assert names_of(balancer, nodes, 4) == ["a", "b"]
    assert len(account.bodies()) == 6
