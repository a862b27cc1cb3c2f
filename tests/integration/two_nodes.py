"""Two Tabella servers on one database, of whatever engine. On SQLite they are two processes beside one file."""

import os
import shutil

from conftest import Host, start_ours, stop_and_look
from tabella_server import HOST, Server, engine_name, ports

IS_LEASED = engine_name() != "sqlite"


def join(first):
    """A second server for the site of a started one, in a folder of its own; not started."""
    second = Server(binary=first.binary, domain=first.domain)
    shutil.copytree(first.data, second.data, ignore=shutil.ignore_patterns("*.db*", "*.lock", "*.sock", "control*"))
    for path in [second.data, *second.data.rglob("*")]:
        there = first.data / path.relative_to(second.data)
        os.chown(path, there.stat().st_uid, there.stat().st_gid)
        path.chmod(there.stat().st_mode & 0o7777)
    text = second.config.read_text()
    for offset in ports.SERVICES.values():
        text = text.replace(f"localhost:{first.port_base + offset}", f"localhost:{second.port_base + offset}")
        text = text.replace(f"{HOST}:{first.port_base + offset}", f"{HOST}:{second.port_base + offset}")
    second.config.write_text(text)
    return second


class Nodes:
    """Context: `a` and `b` are hosts of one site, both started."""

    def __init__(self, options=None):
        self.options = options

    def __enter__(self):
        first = start_ours(self.options)
        second = join(first)
        self.a, self.b = Host(first, True), Host(second, True)
        # names of accounts are the site's
        self.b.numbers = self.a.numbers
        try:
            second.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind, *exception):
        try:
            if kind is None:
                for host in (self.b, self.a):
                    stop_and_look(host.server)
        finally:
            self.close()

    def close(self):
        self.b.server.close()
        self.a.server.close()
