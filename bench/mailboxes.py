"""Stores with one big INBOX, the same messages in each: filled into Tabella by LMTP, read back from it byte for byte, and
given to Dovecot as files (Maildir) and by doveadm (sdbox). Kept between runs if a folder is named for them."""

import os
import pathlib
import re
import shutil
import subprocess

from cells import Cell
from imap_client import Client
from servers import HOST, KINDS, OnEngine

USER = "one"
MESSAGE_BYTES = 2048
BATCH = 2000
FETCHED = re.compile(rb"\* \d+ FETCH \([^{]*\{(\d+)\}\r\n")


class Mailboxes:
    """Makes stores of `count` messages in `folder`, once."""

    def __init__(self, bench, folder):
        self.bench = bench
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)

    def server(self, kind, count):
        """The filled server, stopped."""
        folder = self.folder / f"{kind}-{count}"
        made = folder / "filled"
        server = KINDS[kind](folder, accounts=0)
        if made.exists():
            server.adopt()
            return server
        shutil.rmtree(folder, ignore_errors=True)
        server.prepare()
        getattr(self, f"fill_{kind}")(server, count)
        made.touch()
        return server

    def fill_tabella(self, server, count):
        server.start()
        try:
            self.bench.deliver(server, Cell(32 if count >= 32 else 1, MESSAGE_BYTES, 1), messages=count)
        finally:
            server.stop()

    fill_pgsql = fill_mariadb = fill_tabella

    def fill_dovecot(self, server, count):
        """Files with the names that Dovecot gives, so that it need not look into them for their sizes."""
        source = self.server("tabella", count)
        folder = server.folder / "mail" / USER
        for name in ("cur", "new", "tmp"):
            (folder / name).mkdir(parents=True)
        source.start()
        try:
            for number, message in enumerate(self.messages(source, count)):
                text = message.replace(b"\r\n", b"\n")
                name = f"{1700000000 + number}.M{number}P1.bench,S={len(text)},W={len(message)}:2,"
                with open(folder / "cur" / name, "wb", buffering=0) as file:
                    file.write(text)
        finally:
            source.stop()
        self.give(server)

    def fill_sdbox(self, server, count):
        source = self.server("dovecot", count)
        server.start()
        try:
            subprocess.run(
                ["doveadm", "-o", "mail_fsync=never", "-c", server.folder / "dovecot.conf"]
                + ["import", "-u", server.address(USER), f"maildir:{source.folder}/mail/{USER}", "", "ALL"],
                check=True,
            )
        finally:
            server.stop()
        self.give(server)

    @staticmethod
    def let_go(server):
        """A store over a database server goes with that; the others stay."""
        if isinstance(server, OnEngine):
            server.discard()

    @staticmethod
    def messages(server, count):
        """Every message of the INBOX, in order."""
        client = Client(HOST, server.port("imap"), *server.login(USER))
        client.command("EXAMINE INBOX")
        for first in range(1, count + 1, BATCH):
            last = min(first + BATCH - 1, count)
            data = client.command(f"FETCH {first}:{last} BODY.PEEK[]", keep=True).data
            at = 0
            for _ in range(first, last + 1):
                head = FETCHED.search(data, at)
                at = head.end() + int(head.group(1))
                yield data[head.end() : at]
        client.close()

    @staticmethod
    def give(server):
        """All files to the user as whom Dovecot reads them."""
        uid, gid = server.mail_owner()
        for place, _, names in os.walk(server.folder / "mail"):
            os.chown(place, uid, gid)
            for name in names:
                os.chown(os.path.join(place, name), uid, gid)

