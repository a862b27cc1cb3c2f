"""Several Tabella servers on one database."""

import contextlib
import json
import os
import shutil
import time

from tabella_server import Server, ports

SERVICES = ("lmtp", "imap")


class Node(Server):
    """A Tabella server that the test's guard knows of."""

    def __init__(self, guard, name, number, domain):
        super().__init__(folder=guard.folder / f"{name}{number}", domain=domain)
        self.guard, self.number = guard, number

    def start(self, services=SERVICES, wrapper=()):
        super().start(services, wrapper)
        self.guard.watch(self.process)
        return self

    def kill9(self):
        process = self.process
        super().kill9()
        if process:
            self.guard.forget(process)

    def stop(self):
        process = self.process
        code = super().stop()
        if process:
            self.guard.forget(process)
        return code

    def sessions(self):
        """What its sessions are doing, but for the one that asks."""
        return [session for session in json.loads(self.cli("sessions", "--json").stdout) if session["service"] != "control"]


class Site:
    """`urls`: the database's, as each node reaches it. The first node makes the site, the others are copies of it.
    `name`: of the folders."""

    def __init__(self, guard, urls, accounts=4, domain="cluster.test", options=None, name="node"):
        self.domain = domain
        self.nodes = []
        for number in range(len(urls)):
            self.nodes.append(Node(guard, name, number, domain))
        first = self.nodes[0]
        first._run(
            [first.binary, "init", "--dir", first.data, "--port-base", first.port_base, "--domain", domain, "--db", urls[0]]
        )
        self.accounts = {}
        for number in range(accounts):
            user, password = f"user{number}", f"password{number}"
            first.add_user(user, password)
            self.accounts[f"{user}@{domain}"] = (user, password)
        for node, url in zip(self.nodes, urls):
            if node is not first:
                copy_folder(first.data, node.data)
            node.configure(
                {
                    "db.url": url,
                    "imap.listen": f"localhost:{node.port('imap')}",
                    "imap.listen_tls": f"localhost:{node.port('imaps')}",
                    "lmtp.listen": f"localhost:{node.port('lmtp')}",
                    **(options or {}),
                }
            )

    def start(self):
        for node in self.nodes:
            node.start()
        return self

    def running(self):
        return [node for node in self.nodes if node.process is not None]

    def close(self):
        for node in self.nodes:
            node.kill9()
            ports.release(node.port_base)

    def trouble(self):
        """What sanitizers said, of all nodes."""
        return "\n".join(filter(None, (node.trouble() for node in self.nodes)))

    def stuck(self, seconds=20):
        """Sessions that are still there so long after their clients have left."""
        end = time.monotonic() + seconds
        while True:
            left = {node.number: sessions for node in self.running() if (sessions := node.sessions())}
            if not left or time.monotonic() > end:
                return left
            time.sleep(0.2)



def copy_folder(source, target):
    """Configuration and certificates with their owners; what a process leaves behind stays there."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.lock", "control", "*.db*"))
    for copied in [target, *target.rglob("*")]:
        status = (source / copied.relative_to(target)).stat()
        with contextlib.suppress(PermissionError):
            os.chown(copied, status.st_uid, status.st_gid)
