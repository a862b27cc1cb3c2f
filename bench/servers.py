"""The servers that are compared, behind one face: prepare, start, port, stop, kill9, discard, pid, address, login,
cpu_seconds, stored_bytes, counters."""

import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/integration"))
sys.path.insert(0, str(ROOT / "tests"))

import engines  # noqa: E402
import measure  # noqa: E402
import ports  # noqa: E402
from tabella_server import HOST, STOP_SECONDS, Server, port_answers  # noqa: E402

# What ./dev build leaves; TABELLA names another one.
RELEASE = pathlib.Path(__file__).resolve().parent.parent / "build/tabella"
DOMAIN = "bench.test"
PASSWORD = "bench-password"
LMTP, IMAP, IMAPS = 24, 143, 993
# Whose files the mail becomes: no entry in passwd is needed.
MAIL_UID = MAIL_GID = 5000


def account_names(accounts):
    return [f"user{i}" for i in range(accounts)] + ["one"]


def folder_bytes(folder):
    """Bytes of disk that a folder's files take."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return total


class Dovecot:
    """Debian's Dovecot with its own settings and Maildir, in a folder of its own on loopback ports.

    What differs from the package's configuration is where things lie (folders, ports, log file), who the users are
    (a passwd-file), Maildir as mail_location, memory enough for a mailbox of a million messages (the default of 256 MB a
    process is not), and as many connections as are measured, TLS ones in few processes. mail_fsync is the default,
    "optimized".
    """

    name = "dovecot"
    mail_location = "maildir:{folder}/mail/%n"

    def __init__(self, folder, port_base=None, accounts=100):
        self.folder = pathlib.Path(folder).resolve()
        self.port_base = port_base or ports.base()
        self.accounts = accounts
        self.process = None
        self.log = self.folder / "dovecot.log"

    def port(self, service):
        return self.port_base + {"lmtp": LMTP, "imap": IMAP, "imaps": IMAPS}[service]

    @property
    def pid(self):
        """The master's."""
        return int((self.folder / "run/master.pid").read_text())

    def address(self, name):
        return f"{name}@{DOMAIN}"

    def login(self, name):
        return f"{name}@{DOMAIN}", PASSWORD

    def prepare(self):
        for name in ("run", "state", "mail"):
            (self.folder / name).mkdir(mode=0o755, parents=True, exist_ok=True)
        uid, gid = self.mail_owner()
        os.chown(self.folder / "mail", uid, gid)
        (self.folder / "users").write_text(
            "".join(
                f"{name}@{DOMAIN}:{{PLAIN}}{PASSWORD}:{uid}:{gid}::{self.folder}/mail/{name}::\n"
                for name in account_names(self.accounts)
            )
        )
        self.make_certificate()
        (self.folder / "dovecot.conf").write_text(self.configuration())
        return self

    def make_certificate(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]
            + ["-subj", "/CN=localhost", "-keyout", self.folder / "key.pem", "-out", self.folder / "cert.pem"],
            check=True,
            capture_output=True,
        )

    def adopt(self):
        """A folder that an earlier run has prepared: only the ports are new."""
        self.make_certificate()
        (self.folder / "dovecot.conf").write_text(self.configuration())
        return self

    @staticmethod
    def mail_owner():
        return (MAIL_UID, MAIL_GID) if os.getuid() == 0 else (os.getuid(), os.getgid())

    def configuration(self):
        me = pwd.getpwuid(os.getuid()).pw_name
        not_root = f"""
default_internal_user = {me}
default_internal_group = {me}
default_login_user = {me}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
}}
"""
        return f"""# made by bench/dovecot
protocols = imap lmtp
listen = {HOST}
base_dir = {self.folder}/run
state_dir = {self.folder}/state
instance_name = bench
log_path = {self.log}
ssl = yes
ssl_cert = <{self.folder}/cert.pem
ssl_key = <{self.folder}/key.pem
mail_max_userip_connections = 0
disable_plaintext_auth = no
first_valid_uid = 1
default_vsz_limit = 4G
mail_location = {self.mail_location.format(folder=self.folder)}
namespace inbox {{
  inbox = yes
}}
passdb {{
  driver = passwd-file
  args = {self.folder}/users
}}
userdb {{
  driver = passwd-file
  args = {self.folder}/users
}}
service lmtp {{
  inet_listener lmtp {{
    address = {HOST}
    port = {self.port("lmtp")}
  }}
}}
service imap-login {{
  inet_listener imap {{
    address = {HOST}
    port = {self.port("imap")}
  }}
  inet_listener imaps {{
    address = {HOST}
    port = {self.port("imaps")}
  }}
  service_count = 0
  client_limit = 2000
}}
service imap {{
  process_limit = 4000
}}
service anvil {{
  client_limit = 20000
}}
service auth {{
  client_limit = 20000
}}
{"" if os.getuid() == 0 else not_root}"""

    def command(self):
        return ["dovecot", "-F", "-c", str(self.folder / "dovecot.conf")]

    def start(self, wrapper=()):
        with open(self.folder / "master.log", "ab") as log:
            self.process = subprocess.Popen(
                [*wrapper, *self.command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + 30
        while not (port_answers(self.port("lmtp")) and port_answers(self.port("imap"))):
            if self.process.poll() is not None or time.monotonic() > end:
                self.kill9()
                raise RuntimeError(f"dovecot did not start, see {self.folder}/master.log and {self.log}")
            time.sleep(0.05)
        return self

    def stop(self):
        if self.process is None:
            return
        subprocess.run(["doveadm", "-c", self.folder / "dovecot.conf", "stop"], check=False)
        self.process.wait(STOP_SECONDS)
        self.process = None

    def kill9(self):
        """SIGKILL to the master and every child: they are one process group."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, 9)
            except ProcessLookupError:
                pass
            self.process.wait()
            self.process = None
            (self.folder / "run/master.pid").unlink(missing_ok=True)

    def cpu_seconds(self):
        return measure.cpu_seconds(self.pid)

    def stored_bytes(self):
        return folder_bytes(self.folder / "mail")

    def counters(self):
        return {}

    def discard(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        ports.release(self.port_base)


class Sdbox(Dovecot):
    """The same with Dovecot's own format, a file a message and all else in its index."""

    name = "sdbox"
    mail_location = "sdbox:{folder}/mail/%n"


class Tabella(Server):
    """Tabella on SQLite, as `tabella init` makes it."""

    name = "tabella"

    def __init__(self, folder, port_base=None, accounts=100):
        super().__init__(os.environ.get("TABELLA") or RELEASE, folder, port_base, DOMAIN)
        self.accounts = accounts

    @property
    def pid(self):
        """The server's own: under a wrapper it is the wrapper's first child."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        wrapped = pathlib.Path(f"/proc/{self.process.pid}/comm").read_text().strip() != self.binary.name
        return int(children[0]) if wrapped else self.process.pid

    def address(self, name):
        return f"{name}@{DOMAIN}"

    def login(self, name):
        return name, PASSWORD

    def prepare(self):
        """Accounts cost a password hash each, so a folder made once is copied for later runs."""
        template = self.folder.parent / f"template-{self.accounts}"
        if not template.exists():
            maker = Server(self.binary, template.with_suffix(".new"), self.port_base, DOMAIN)
            maker.init()
            for name in account_names(self.accounts):
                maker.add_user(name, PASSWORD)
            maker.folder.rename(template)
        copy_folder(template / "data", self.data)
        moved = self.config.read_text().replace(str(template.with_suffix(".new")), str(self.folder))
        self.config.write_text(moved)
        return self.adopt()

    def adopt(self):
        """A folder that an earlier run has prepared: the ports are new, and perhaps the schema."""
        text = self.config.read_text()
        was = int(re.search(r"(?m)^\[lmtp\][^\[]*?^listen = \S+:(\d+)", text).group(1)) - LMTP
        for offset in ports.SERVICES.values():
            text = re.sub(rf":{was + offset}\b", f":{self.port_base + offset}", text)
        self.config.write_text(text)
        self.cli("db", "upgrade")
        return self

    def stop(self):
        if self.process is None or self.pid == self.process.pid:
            return super().stop()
        os.kill(self.pid, signal.SIGTERM)  # not the wrapper, which ends by itself
        code = self.process.wait(STOP_SECONDS)
        self.process = None
        return code

    def cpu_seconds(self):
        return measure.cpu_seconds(self.pid)

    def stored_bytes(self):
        return folder_bytes(self.data)

    def discard(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        ports.release(self.port_base)

    def counters(self):
        """What the server counted since it was started; empty where it cannot say."""
        done = self.cli("status", "--json", check=False)
        return json.loads(done.stdout)["server"] if done.returncode == 0 and done.stdout.startswith("{") else {}


class OnEngine(Tabella):
    """Tabella over a database server of its own, whose settings are the engine's but for memory and size of the log; it
    flushes at every commit. Its processes are counted as the server's."""

    engine_name = None

    def __init__(self, folder, port_base=None, accounts=100):
        super().__init__(folder, port_base, accounts)
        self.engine = None

    def prepare(self):
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.engine = engines.SERVERS[self.engine_name](durable=True, folder=self.folder.parent)
        self._run(
            [self.binary, "init", "--dir", self.data, "--db", self.engine.socket_url("bench")]
            + ["--port-base", self.port_base, "--domain", DOMAIN]
        )
        for name in account_names(self.accounts):
            self.add_user(name, PASSWORD)
        return self

    def second(self, number):
        """Another node on the same database."""
        folder = self.folder.parent / f"{self.folder.name}-{number}"
        other = type(self)(folder, ports.base(), self.accounts)
        copy_folder(self.data, other.data)
        other.config.write_text(other.config.read_text().replace(str(self.folder), str(folder)))
        text = other.config.read_text()
        for offset in ports.SERVICES.values():
            text = re.sub(rf":{self.port_base + offset}\b", f":{other.port_base + offset}", text)
        other.config.write_text(text)
        return other

    def cpu_seconds(self):
        return measure.cpu_seconds(self.pid) + (measure.cpu_seconds(self.engine.process.pid) if self.engine else 0)

    def stored_bytes(self):
        return folder_bytes(self.engine.folder)

    def discard(self):
        if self.engine:
            self.engine.close()
        super().discard()


class OnPgsql(OnEngine):
    name = "pgsql"
    engine_name = "pgsql"


class OnMariaDB(OnEngine):
    name = "mariadb"
    engine_name = "mariadb"


def copy_folder(source, target):
    """A copy that keeps the owners, whom shutil forgets."""
    shutil.copytree(source, target)
    for place, folders, names in os.walk(source):
        for name in [".", *folders, *names]:
            was = os.stat(os.path.join(place, name))
            os.chown(target / os.path.relpath(os.path.join(place, name), source), was.st_uid, was.st_gid)


KINDS = {"tabella": Tabella, "dovecot": Dovecot, "sdbox": Sdbox, "pgsql": OnPgsql, "mariadb": OnMariaDB}
