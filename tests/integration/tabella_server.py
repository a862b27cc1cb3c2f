"""A Tabella server for tests and benchmarks: a scratch folder, free loopback ports, start, stop, kill.

The program is the one that the environment variable TABELLA names, else build-address/tabella, else build/tabella. The
engine is sqlite or the one that TABELLA_TEST_ENGINE names: pgsql or mariadb, at the server of tests/engines.py.
"""

import atexit
import functools
import itertools
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

import engines  # noqa: E402
import ports  # noqa: E402
from ports import HOST  # noqa: E402

START_SECONDS = 30
STOP_SECONDS = 40


def find_binary():
    """The program to test, as a path; raises FileNotFoundError with what to do."""
    named = os.environ.get("TABELLA")
    places = [pathlib.Path(named)] if named else [ROOT / "build-address/tabella", ROOT / "build/tabella"]
    for place in places:
        if place.is_file():
            return place.resolve()
    raise FileNotFoundError(f"no program at {' or '.join(map(str, places))}: build it, or set TABELLA")


def engine_name():
    return os.environ.get("TABELLA_TEST_ENGINE") or "sqlite"


@functools.cache
def engine_of_tests():
    """The database server for every site of this process, at its first use; None: SQLite, which has none."""
    if engine_name() == "sqlite":
        return None
    engine = engines.borrow(engine_name())
    atexit.register(engine.close)
    return engine


numbers = itertools.count()


def port_answers(port):
    """Does something accept and greet on this port?"""
    try:
        with socket.create_connection((HOST, port), timeout=1) as peer:
            peer.settimeout(2)
            return peer.recv(1) != b""
    except OSError:
        return False


class Server:
    """
    One server and its folder. Use as a context manager, or call close() at the end. `engine`: a database server that is
    not that of all the tests.
    """

    def __init__(self, binary=None, folder=None, port_base=None, domain="example.test", engine=None):
        self.engine = engine or engine_of_tests()
        self.database_name = None  # at the engine
        self.binary = pathlib.Path(binary) if binary else find_binary()
        self._own_folder = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="tabella-test-"))
        # started by root, the server becomes another user, who must reach its data through this folder
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        self.config = self.data / "tabella.conf"
        self.log = self.folder / "server.log"
        self.port_base = port_base or ports.base()
        self.domain = domain
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    @property
    def engine_name(self):
        return self.engine.name if self.engine else "sqlite"

    def port(self, service):
        return self.port_base + ports.SERVICES[service]

    def cli(self, *args, stdin=None, check=True):
        """Run `tabella -c CONFIG args…`; returns the finished process, with text output."""
        return self._run([self.binary, "-c", self.config, *args], stdin, check)

    def _run(self, command, stdin=None, check=True):
        done = subprocess.run(
            [str(word) for word in command], input=stdin, text=True, capture_output=True, timeout=120
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def init(self, user=None):
        """Make configuration and database; `user` is the first account, without a domain."""
        command = [self.binary, "init", "--dir", self.data, "--port-base", self.port_base, "--domain", self.domain]
        if user:
            command += ["--user", user]
        if self.engine:
            self.database_name = f"site_{os.getpid()}_{next(numbers)}"
            command += ["--db", self.engine.create_site(self.database_name)]
        self._run(command)
        return self

    def configure(self, options):
        """Set options such as {"lmtp.message_max": "64K"} in the configuration file."""
        for name, value in options.items():
            section, _, key = name.rpartition(".")
            self._set_option(section, key, value)
        return self

    def _set_option(self, section, key, value):
        """Replace the key's line in its section (without a name: above the first one), or add it."""
        lines = self.config.read_text().splitlines()
        start = lines.index(f"[{section}]") + 1 if section and f"[{section}]" in lines else 0
        if section and not start:
            lines.append(f"[{section}]")
            start = len(lines)
        end = next((i for i in range(start, len(lines)) if lines[i].startswith("[")), len(lines))
        kept = [line for line in lines[start:end] if line.partition("=")[0].strip() != key]
        self.config.write_text("\n".join([*lines[:start], f"{key} = {value}", *kept, *lines[end:], ""]))

    def sql(self, text):
        """Run SQL in the engine's shell, as an administrator does; what it printed."""
        if self.engine:
            return self.engine.sql(text, self.database_name)
        done = self._run(["sqlite3", "-cmd", ".timeout 10000", self.database(), text])
        return done.stdout.strip()

    def database_url(self):
        if self.engine:
            return self.engine.url(self.database_name, self.database_name, engines.SITE_PASSWORD)
        return f"sqlite:{self.database()}"

    def connect(self):
        """A connection beside the server, as sqlite3 has them, whatever the engine."""
        if self.engine:
            return self.engine.connect(self.database_name)
        return sqlite3.connect(self.database(), timeout=20, isolation_level=None)

    def database(self):
        """The SQLite file that the configuration names."""
        found = re.search(r"sqlite:(\S+)", self.config.read_text())
        return self.data / found[1]

    def trouble(self):
        """What a sanitizer or a failed assertion said in the log; empty if nothing."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        found = re.search(r"^.*(Sanitizer|runtime error:|Assertion .* failed|stack smashing)", text, re.M)
        return text[found.start() : found.start() + 6000] if found else ""

    def memory_high(self):
        """The most resident memory that the server had so far, in bytes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024

    def add_user(self, name, password):
        """An account, and its address in the domain of the server."""
        self.cli("user", "add", name, "--password", password, "--alias", f"{name}@{self.domain}")

    def command(self):
        return [str(self.binary), "-c", str(self.config), "serve"]

    def start(self, services=("lmtp", "imap"), wrapper=()):
        """Run the server in a session of its own, and wait until the services greet. `wrapper`: such as strace."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*wrapper, *self.command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )
        end = time.monotonic() + START_SECONDS
        waiting = [self.port(service) for service in services]
        while waiting:
            code = self.process.poll()
            if code is not None:
                self.process = None
                raise RuntimeError(f"the server ended with {code}\n{self.log_tail()}")
            if time.monotonic() > end:
                self.kill9()
                raise RuntimeError(f"no greeting on ports {waiting}\n{self.log_tail()}")
            waiting = [port for port in waiting if not port_answers(port)]
            if waiting:
                time.sleep(0.02)
        return self

    def stop(self):
        """Ask it to end; returns its exit code. One that does not end is killed, and that is an error."""
        if self.process is None:
            return 0
        self.process.terminate()
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise RuntimeError(f"did not end within {STOP_SECONDS} s\n{self.log_tail()}") from None
        self.process = None
        return code

    def reload(self):
        """SIGHUP, and what the log says of it until it has taken effect or failed."""
        begin = self.log.stat().st_size
        self.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            said = self.log.read_bytes()[begin:].decode(errors="replace")
            if re.search(r"^\S+ \w+ \S+ (reloaded|reload-failed)\b.*\n", said, re.M):
                return said
            time.sleep(0.02)
        raise RuntimeError(f"no word about the reload\n{self.log_tail()}")

    def kill9(self):
        """SIGKILL to the server and its helpers at once: nothing of it runs when this returns."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None

    def log_tail(self, lines=30):
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def close(self):
        self.kill9()
        if self.database_name:
            self.engine.drop(self.database_name)
            self.database_name = None
        ports.release(self.port_base)
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)
