"""Debian's Postfix, run from a scratch folder on a loopback port."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = "/usr/sbin/postfix"
SECONDS = 40

# As Debian's: what talks to the network is in the jail. An smtpd remembers what it has looked up; here each connection has
# one of its own.
MASTER = """
127.0.0.1:{port} inet  n       -       y       -       -  smtpd
  -o max_use=1
cleanup   unix  n       -       y       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       y       1000?   1       tlsmgr
rewrite   unix  -       -       y       -       -       trivial-rewrite
bounce    unix  -       -       y       -       0       bounce
defer     unix  -       -       y       -       0       bounce
trace     unix  -       -       y       -       0       bounce
verify    unix  -       -       y       -       1       verify
flush     unix  n       -       y       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
proxywrite unix -       -       n       -       1       proxymap
smtp      unix  -       -       y       -       -       smtp
relay     unix  -       -       y       -       -       smtp
showq     unix  n       -       y       -       -       showq
error     unix  -       -       y       -       -       error
retry     unix  -       -       y       -       -       error
discard   unix  -       -       y       -       -       discard
lmtp      unix  -       -       y       -       -       lmtp
anvil     unix  -       -       y       -       1       anvil
scache    unix  -       -       y       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
"""

MAIN = """
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.postfix.test
mydestination =
mynetworks =
alias_maps =
local_recipient_maps =
relay_domains =
smtpd_relay_restrictions = reject_unauth_destination
smtpd_peername_lookup = no
smtpd_authorized_xclient_hosts = 127.0.0.1
smtpd_error_sleep_time = 0
smtpd_delay_reject = yes
default_transport = smtp:[127.0.0.1]:{elsewhere}
relay_transport = smtp:[127.0.0.1]:{elsewhere}
smtp_destination_concurrency_limit = 5
minimal_backoff_time = 2s
maximal_backoff_time = 4s
queue_run_delay = 2s
maillog_file = /dev/stdout
service_throttle_time = 1s
unverified_recipient_defer_code = 450
"""


def why_not():
    """Why Postfix cannot be run here; empty if it can."""
    if os.getuid() != 0:
        return "Postfix's master has to be started by root"
    if not os.path.exists(PROGRAM):
        return "no Postfix: apt-get install postfix postfix-sqlite postfix-pgsql postfix-mysql"
    return ""


class Elsewhere:
    """The rest of the world: takes every message and keeps it as (recipients, bytes)."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.messages = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(peer,), daemon=True).start()

    def talk(self, peer):
        with peer, peer.makefile("rwb") as file:

            def say(text):
                file.write(text + b"\r\n")
                file.flush()

            recipients = []
            say(b"220 elsewhere.test")
            while line := file.readline():
                verb = line[:4].upper()
                if verb == b"RCPT":
                    recipients.append(re.search(rb"<(.*)>", line)[1].decode())
                if verb == b"DATA":
                    say(b"354 go on")
                    data = b""
                    while (part := file.readline()) != b".\r\n":
                        data += part
                    self.messages.append((recipients, data))
                    recipients = []
                say(b"221 bye" if verb == b"QUIT" else b"250 ok")
                if verb == b"QUIT":
                    return

    def close(self):
        self.socket.close()


class Postfix:
    """An instance of its own: configure(), write(), start(), and at the end close()."""

    def __init__(self, port):
        self.port = port
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pf-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.config, self.queue, self.data = (self.folder / name for name in ("etc", "queue", "data"))
        self.log = self.folder / "log"
        self.elsewhere = Elsewhere()
        self.process = None
        for place in (self.config, self.config / "sql", self.config / "sasl", self.queue, self.data):
            place.mkdir()
        shutil.chown(self.data, "postfix")
        values = {"port": port, "queue": self.queue, "data": self.data, "elsewhere": self.elsewhere.port}
        (self.config / "main.cf").write_text(MAIN.format(**values))
        (self.config / "master.cf").write_text(MASTER.format(**values))
        for name in ("dynamicmaps.cf", "dynamicmaps.cf.d"):
            (self.config / name).symlink_to(f"/etc/postfix/{name}")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def add(self, text):
        """Lines of main.cf; the last word about a parameter counts."""
        with open(self.config / "main.cf", "a") as file:
            file.write("\n" + text + "\n")

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "-c", str(self.config), "start-fg"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
            )
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"Postfix ended\n{self.said()}")
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as peer:
                    if peer.recv(4).startswith(b"220"):
                        return self
            except OSError:
                pass
            time.sleep(0.1)
        raise RuntimeError(f"Postfix does not greet\n{self.said()}")

    def said(self, begin=0):
        return self.log.read_bytes()[begin:].decode(errors="replace") if self.log.exists() else ""

    def mark(self):
        return self.log.stat().st_size

    def wait(self, pattern, begin=0, seconds=SECONDS):
        """Until the log has such a line behind `begin`; its match."""
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.said(begin))):
            if time.monotonic() > end:
                raise AssertionError(f"Postfix never said {pattern}\n{self.said(begin)[-6000:]}")
            time.sleep(0.05)
        return found

    def close(self):
        if self.process is not None and self.process.poll() is None:
            subprocess.run([PROGRAM, "-c", str(self.config), "stop"], capture_output=True, timeout=SECONDS)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                pass
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
        self.elsewhere.close()
        shutil.rmtree(self.folder, ignore_errors=True)
