#!/usr/bin/python3
"""PostgreSQL and MariaDB for tests and benchmarks: in scratch folders, on loopback and unix sockets, gone at the end.

    tests/engines.py [--durable] pgsql mariadb -- COMMAND...

runs the command with TABELLA_TEST_PGSQL and TABELLA_TEST_MARIADB set to urls of an administrator. Its status is ours.
Without a command the urls are printed, and the servers run until they are interrupted.

From Python: `with engines.Pgsql() as server:`, `with engines.MariaDB(durable=True) as server:`, or
`with engines.borrow("pgsql") as server:`, which takes the server that the environment names and starts one otherwise.

Both servers refuse to run as root: then they run as postgres and mysql. A guard, a process of its own, ends a server
and removes its folder when the process that started it is gone, however that ended.
"""

import argparse
import contextlib
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

import ports
from ports import HOST

ADMIN = "admin"
SITE_PASSWORD = "site-password"
START_SECONDS = 60
STOP_SECONDS = 20
# In memory, where there is such a folder.
QUICK_FOLDER = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()
ENVIRONMENT = {"pgsql": "TABELLA_TEST_PGSQL", "mariadb": "TABELLA_TEST_MARIADB"}

# Enough for a test, lost with the power; what --durable leaves as the engine has it.
PGSQL_QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    # files of its folder, and gone with that: others would outlive its kill
    "dynamic_shared_memory_type": "mmap",
}
PGSQL_DURABLE = {"fsync": "on", "synchronous_commit": "on", "shared_buffers": "512MB", "max_wal_size": "4GB"}
MARIADB_QUICK = {"innodb-flush-log-at-trx-commit": "0", "innodb-doublewrite": "0", "innodb-buffer-pool-size": "128M"}
MARIADB_DURABLE = {
    "innodb-flush-log-at-trx-commit": "1",
    "innodb-buffer-pool-size": "512M",
    "innodb-log-file-size": "512M",
}


class Missing(Exception):
    """The engine is not installed; the text says what to install."""


def newest_pgsql():
    """The folder of the newest PostgreSQL's programs."""
    found = [p for p in pathlib.Path("/usr/lib/postgresql").glob("*/bin") if (p / "initdb").exists()]
    if not found:
        raise Missing("no PostgreSQL at /usr/lib/postgresql/*/bin: apt-get install postgresql")
    return max(found, key=lambda path: int(path.parent.name))


def descendants(pid):
    """The process and all below it. PostgreSQL's are in sessions of their own, so a group is not enough."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def send(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def stands(pid):
    """Whether SIGSTOP has come to every thread of the process, or it is gone."""
    states = set()
    for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(OSError):
            states.add(stat.read_text().rpartition(")")[2].split()[0])
    return states <= {"T", "t", "Z", "X"}


def is_over(pid, seconds):
    """Whether the process, which need not be a child of ours, is gone within that time."""
    end = time.monotonic() + seconds
    while os.path.exists(f"/proc/{pid}"):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def forget_memory(data):
    """A PostgreSQL that was killed leaves the System V segment that keeps a second one from its folder. Its file names it."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        _key, number = (data / "postmaster.pid").read_text().splitlines()[6].split()
        subprocess.run(["ipcrm", "-m", str(int(number))], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Rows(list):
    def fetchone(self):
        return self[0] if self else None

    def fetchall(self):
        return self


class Connection:
    """What sqlite3's connections can: execute with ? and close; each statement is a transaction, unless BEGIN was said."""

    def __init__(self, base, begin):
        self.base, self.begin = base, begin

    def execute(self, text, values=()):
        with self.base.cursor() as cursor:
            if text == "BEGIN":
                text = self.begin
            cursor.execute(text.replace("?", "%s"), values)
            return Rows(cursor.fetchall() if cursor.description else [])

    def close(self):
        self.base.close()


class Engine:
    """A database server that is reached by the url of an administrator."""

    name = None  # as on the command line
    scheme = None

    def __init__(self, admin_url):
        self.admin_url = admin_url

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        pass

    def url(self, database="", user=None, password=None):
        """The url of a database, for the administrator or another user."""
        parts = urllib.parse.urlsplit(self.admin_url)
        who = parts.netloc.rpartition("@")[0] if user is None else user + (f":{password}" if password else "")
        return parts._replace(netloc=f"{who}@{parts.netloc.rpartition('@')[2]}", path=f"/{database}").geturl()

    def shell(self, database=""):
        """(command, environment) of the engine's own client, which reads SQL from its standard input."""
        raise NotImplementedError

    def sql(self, text, database=""):
        """Run SQL; what it printed: a line for each row, | between columns."""
        command, more = self.shell(database)
        done = subprocess.run(
            command, input=text, text=True, capture_output=True, env={**os.environ, **more}, timeout=120
        )
        if done.returncode != 0:
            raise RuntimeError(f"{self.name}: {text[:200]}: {done.stderr}")
        return done.stdout.strip()

    def session(self, database=""):
        """A client that stays: lines written to its stdin are run, what they print is read from its stdout."""
        command, more = self.shell(database)
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            env={**os.environ, **more},
        )

    def connect(self, database):
        """A Connection of the administrator, for a test that asks much."""
        raise NotImplementedError

    def create(self, database):
        raise NotImplementedError

    def drop(self, database):
        raise NotImplementedError

    def create_site(self, name):
        """An empty database and a user of the same name who owns it and nothing else; its url. drop() removes both."""
        raise NotImplementedError


class PgsqlClient(Engine):
    name = "pgsql"
    scheme = "postgresql"

    def url(self, database="", user=None, password=None):
        return super().url(database or "postgres", user, password)

    def shell(self, database=""):
        return (
            ["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.url(database)],
            {"PGOPTIONS": "-c client_min_messages=warning"},
        )

    def connect(self, database):
        import psycopg2

        base = psycopg2.connect(self.url(database))
        base.autocommit = True
        return Connection(base, "BEGIN ISOLATION LEVEL REPEATABLE READ")

    def create(self, database, template=""):
        self.sql(f'CREATE DATABASE "{database}"' + (f' TEMPLATE "{template}"' if template else ""))

    def drop(self, database):
        self.sql(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        self.sql(f'DROP ROLE IF EXISTS "{database}"')

    def create_site(self, name):
        self.sql(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{SITE_PASSWORD}'")
        self.sql(f'CREATE DATABASE "{name}" OWNER "{name}"')
        return self.url(name, name, SITE_PASSWORD)


class MariaDBClient(Engine):
    name = "mariadb"
    scheme = "mysql"

    def shell(self, database=""):
        parts = urllib.parse.urlsplit(self.admin_url)
        where = [f"--host={parts.hostname}", f"--port={parts.port or 3306}", "--protocol=tcp"]
        command = ["mariadb", "--no-defaults", *where, f"--user={parts.username}", "--batch", "--skip-column-names", "--unbuffered"]
        # || joins texts, as it does elsewhere
        command.append("--init-command=SET SESSION sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT')")
        password = urllib.parse.unquote(parts.password or "")
        return command + ([database] if database else []), {"MYSQL_PWD": password}

    def sql(self, text, database=""):
        return super().sql(text, database).replace("\t", "|")

    def connect(self, database):
        import pymysql

        parts = urllib.parse.urlsplit(self.admin_url)
        base = pymysql.connect(
            host=parts.hostname,
            port=parts.port or 3306,
            user=parts.username,
            password=urllib.parse.unquote(parts.password or ""),
            database=database,
            charset="utf8mb4",
            autocommit=True,
        )
        return Connection(base, "START TRANSACTION WITH CONSISTENT SNAPSHOT")

    def create(self, database):
        self.sql(f"CREATE DATABASE `{database}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")

    def drop(self, database):
        self.sql(f"DROP DATABASE IF EXISTS `{database}`; DROP USER IF EXISTS '{database}'@'%'")

    def create_site(self, name):
        self.create(name)
        self.sql(f"CREATE USER '{name}'@'%' IDENTIFIED BY '{SITE_PASSWORD}'; GRANT ALL ON `{name}`.* TO '{name}'@'%'")
        return self.url(name, name, SITE_PASSWORD)


class Started:
    """What both servers have in common when we run them: a folder, a user, a port, start, stop, pause, kill.

    `options`: more settings, as the engine names them. `durable`: nothing acknowledged is lost with the power, and the
    folder is on a disk instead of in memory. `folder`: where to make it (default: in /dev/shm, or /tmp).
    """

    account = None  # whose the server is when we are root
    admin_database = ""
    stop_signal = signal.SIGTERM
    end_signal = signal.SIGKILL  # where nobody wants it any more

    def __init__(self, durable=False, options=None, folder=None):
        self.durable = durable
        self.options = dict(options or {})
        parent = folder or (tempfile.gettempdir() if durable else QUICK_FOLDER)
        self.user = self._user() if os.geteuid() == 0 else None
        self.password = secrets.token_hex(8)
        self.port = ports.one()
        self.process = None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"engine-{self.name}-", dir=parent))
        self.folder.chmod(0o755)
        self.data, self.log, self.pid_file = self.folder / "data", self.folder / "log", self.folder / "guarded"
        self.guard = self._start_guard()
        if self.user:
            shutil.chown(self.folder, self.user, pwd.getpwnam(self.user).pw_gid)
        super().__init__(f"{self.scheme}://{ADMIN}:{self.password}@{HOST}:{self.port}/{self.admin_database}")
        try:
            self._make_certificate()
            self.prepare()
            self.start()
        except BaseException:
            self.close()
            raise

    def _user(self):
        for name in (self.account, "nobody"):
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(name).pw_name
        raise Missing(f"no user {self.account}: it refuses to run as root")

    def _start_guard(self):
        return subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), "--guard", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _as_user(self, command, **more):
        """How a program is run as the user of the server."""
        if self.user:
            more.update(user=self.user, group=pwd.getpwnam(self.user).pw_gid, extra_groups=[])
        return {"args": [str(word) for word in command], "cwd": self.folder, "stdin": subprocess.DEVNULL, **more}

    def run(self, command):
        done = subprocess.run(
            **self._as_user(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command}: exit {done.returncode}\n{done.stdout}")

    def _make_certificate(self):
        """server.pem and server.key, signed by themselves, for localhost and 127.0.0.1."""
        self.run(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost "
            "-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout server.key -out server.pem".split()
        )

    @property
    def certificate(self):
        return self.folder / "server.pem"

    def start(self):
        """Run it and wait until it answers."""
        if self.process:
            return self
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                **self._as_user(self.command(), stdout=log, stderr=log, start_new_session=True)
            )
        # the guard is told before anything else can go wrong
        self.pid_file.write_text(f"{self.process.pid}\n")
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} did not start\n{self.log_tail()}")
            time.sleep(0.05)
        return self

    def answers(self):
        try:
            self.sql("SELECT 1")
        except RuntimeError:
            return False
        return True

    def stop(self):
        """An orderly end, as an administrator asks for it; sessions are cut."""
        if self.process:
            self.resume()
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
                raise RuntimeError(f"{self.name} did not stop\n{self.log_tail()}") from None
            self.process = None

    def kill(self):
        """SIGKILL to all of its processes: a crash."""
        if self.process:
            send(descendants(self.process.pid), signal.SIGKILL)
            self.process.wait()
            self.process = None

    def end(self):
        """As fast as it goes without leaving anything behind."""
        if self.process:
            self.resume()
            self.process.send_signal(self.end_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
            self.kill()
        forget_memory(self.data)

    def pause(self):
        """SIGSTOP to all of its processes, and until every thread stands: a machine that hangs, whose connections stay."""
        pids = descendants(self.process.pid)
        send(pids, signal.SIGSTOP)
        end = time.monotonic() + 10
        while not all(stands(pid) for pid in pids) and time.monotonic() < end:
            time.sleep(0.01)

    def resume(self):
        send(descendants(self.process.pid), signal.SIGCONT)

    def log_tail(self, lines=30):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def close(self):
        """Nothing of it is left when this returns."""
        self.end()
        if self.guard:
            self.guard.stdin.close()
            self.guard.wait()
            self.guard = None
        ports.release(self.port)


class Pgsql(Started, PgsqlClient):
    """PostgreSQL, Debian's newest."""

    account = "postgres"
    admin_database = "postgres"
    stop_signal = signal.SIGINT  # the "fast" shutdown
    end_signal = signal.SIGQUIT  # the "immediate" one, which gives its shared memory back

    def prepare(self):
        programs = newest_pgsql()
        self.programs = programs
        password = self.folder / "password"
        password.write_text(self.password + "\n")
        password.chmod(0o644)
        self.run(
            [programs / "initdb", "-D", self.data, "-U", ADMIN, "--no-sync", "-E", "UTF8", "--no-locale"]
            + ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={password}"]
        )
        password.unlink()

    def socket_url(self, database=""):
        who = self.url(database).split("@")[0]
        return f"{who}@{urllib.parse.quote(str(self.folder), safe='')}:{self.port}/{database or 'postgres'}"

    def command(self):
        settings = {
            "port": self.port,
            "listen_addresses": HOST,
            "unix_socket_directories": self.folder,
            "max_connections": 200,
            "ssl": "on",
            "ssl_cert_file": self.certificate,
            "ssl_key_file": self.folder / "server.key",
            **(PGSQL_DURABLE if self.durable else PGSQL_QUICK),
            **self.options,
        }
        return [self.programs / "postgres", "-D", self.data] + [w for k, v in settings.items() for w in ("-c", f"{k}={v}")]


class MariaDB(Started, MariaDBClient):
    """MariaDB, Debian's."""

    account = "mysql"

    def prepare(self):
        server, install = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
        if not server or not install:
            raise Missing("no mariadbd: apt-get install mariadb-server")
        self.server = server
        self.run(
            [install, "--no-defaults", f"--datadir={self.data}", "--skip-test-db", "--skip-log-bin"]
            + ["--auth-root-authentication-method=normal"]
        )
        # run once, by a server that nobody can reach yet
        grant = f"GRANT ALL ON *.* TO '{ADMIN}'@'%' IDENTIFIED BY '{self.password}' WITH GRANT OPTION;"
        clean = "DROP USER IF EXISTS 'root'@'localhost';"
        done = subprocess.run(
            **{
                **self._as_user([server, "--no-defaults", f"--datadir={self.data}", "--bootstrap", "--skip-log-bin"]),
                "stdin": None,
            },
            input=f"FLUSH PRIVILEGES;\n{grant}\n{clean}\n".encode(),
            capture_output=True,
            timeout=60,
        )
        if done.returncode != 0:
            raise RuntimeError(f"mariadbd --bootstrap: {done.stderr.decode(errors='replace')}")

    @property
    def socket(self):
        """The path of its socket."""
        return self.folder / "socket"

    def socket_url(self, database=""):
        return f"{self.url(database).split('@')[0]}@localhost/{database}?socket={urllib.parse.quote(str(self.socket))}"

    def command(self):
        settings = {
            "datadir": self.data,
            "socket": self.socket,
            "port": self.port,
            "bind-address": HOST,
            "pid-file": self.folder / "pid",
            "tmpdir": self.folder,
            "max-connections": 300,
            "ssl-cert": self.certificate,
            "ssl-key": self.folder / "server.key",
            **(MARIADB_DURABLE if self.durable else MARIADB_QUICK),
            **self.options,
        }
        plain = ["--no-defaults", "--skip-log-bin", "--skip-name-resolve"]
        return [self.server, *plain] + [f"--{key}={value}" for key, value in settings.items()]


SERVERS = {"pgsql": Pgsql, "mariadb": MariaDB}
CLIENTS = {"pgsql": PgsqlClient, "mariadb": MariaDBClient}


def borrow(name):
    """The server that the environment names, to be used beside others; or one of our own. A context manager."""
    url = os.environ.get(ENVIRONMENT[name])
    return CLIENTS[name](url) if url else SERVERS[name]()


def guard(folder):
    """Wait for the end of who started us, then end the server in the folder and remove that."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    with contextlib.suppress(OSError, ValueError):
        pid = int((folder / "guarded").read_text())
        # the number may be another's by now: a server of ours has its folder on its command line
        line = pathlib.Path(f"/proc/{pid}/cmdline").read_text()
        if str(folder) in line:
            send(descendants(pid), signal.SIGCONT)
            if "/postgres\0" in line:
                send([pid], Pgsql.end_signal)
                is_over(pid, STOP_SECONDS)
            send(descendants(pid), signal.SIGKILL)
            is_over(pid, STOP_SECONDS)
    forget_memory(folder / "data")
    for _ in range(100):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            break
        time.sleep(0.05)


def end_by_signal(number, _frame):
    sys.exit(128 + number)


def run_command(command, servers):
    """The command's status; it ends with us."""
    if not command:
        for server in servers:
            print(f"{ENVIRONMENT[server.name]}={server.admin_url}", flush=True)
        while True:
            signal.pause()
    urls = {ENVIRONMENT[server.name]: server.admin_url for server in servers}
    # killed outright, we can end it no more: the kernel does
    process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command], env={**os.environ, **urls})
    try:
        status = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    return status if status >= 0 else 128 - status


def main():
    words = sys.argv[1:]
    if words[:1] == ["--guard"]:
        guard(pathlib.Path(words[1]))
        return
    cut = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0], usage="%(prog)s [--durable] ENGINE... [-- COMMAND...]")
    parser.add_argument("--durable", action="store_true", help="nothing acknowledged may be lost: for benchmarks")
    parser.add_argument("engine", nargs="+", choices=sorted(SERVERS))
    options = parser.parse_args(words[:cut])
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, end_by_signal)
    try:
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(SERVERS[name](durable=options.durable)) for name in options.engine]
            status = run_command(words[cut + 1 :], servers)
    except Missing as missing:
        sys.exit(f"engines: {missing}")
    sys.exit(status)


if __name__ == "__main__":
    main()
