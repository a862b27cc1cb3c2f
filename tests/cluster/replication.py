"""PostgreSQL with one or two synchronous streaming standbys on loopback, with high ports and folders of its own.

    with Guard() as guard:
        pair = Replication(guard).start()
        pair.fail_over()                  # the primary is killed and fenced, the standby promoted
        pair.rejoin()                     # the old primary comes back as the standby, synchronous again

As a script: starts a pair and shows how to reach it, until it is interrupted.
"""

import contextlib
import pathlib
import shutil
import signal
import sys

from guard import HOST, Guard, ports, program, wait_for

USER = "postgres"
START_SECONDS = 60

CONFIG = """\
listen_addresses = '{host}'
port = {port}
unix_socket_directories = '{folder}'
max_connections = 200
shared_buffers = 64MB
dynamic_shared_memory_type = mmap
max_wal_senders = 10
max_replication_slots = 10
wal_level = replica
wal_log_hints = on
hot_standby = on
wal_keep_size = 256MB
wal_receiver_status_interval = 1s
wal_receiver_timeout = 10s
wal_sender_timeout = 10s
synchronous_commit = on
fsync = {fsync}
log_min_messages = warning
{more}
"""


class Server:
    """One of the two."""

    def __init__(self, pair, number):
        self.pair, self.guard, self.number = pair, pair.guard, number
        self.port = ports.one()
        self.folder = self.guard.own(self.guard.folder / f"{pair.name}{number}", USER)
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.name = f"server{number}"
        self.process = None

    def tool(self, name):
        return program(name, *sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))

    def run(self, name, *arguments):
        return self.guard.run([self.tool(name), *arguments], USER)

    def write_config(self):
        text = CONFIG.format(
            host=HOST,
            port=self.port,
            folder=self.folder,
            fsync="on" if self.pair.durable else "off",
            more="\n".join(f"{key} = '{value}'" for key, value in self.pair.options.items()),
        )
        (self.data / "postgresql.conf").write_text(text)
        (self.data / "pg_hba.conf").write_text(
            "local all all trust\n"
            f"host replication {USER} {HOST}/32 trust\n"
            f"host all {USER} {HOST}/32 trust\n"
            f"host all all {HOST}/32 scram-sha-256\n"
        )

    def install(self):
        self.run("initdb", "-D", self.data, "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync")
        self.write_config()

    def source(self, primary):
        return f"host={HOST} port={primary.port} user={USER} application_name={self.name}"

    def follow(self, primary):
        """What makes it a standby of that one at its next start."""
        self.write_config()
        with open(self.data / "postgresql.conf", "a") as config:
            config.write(f"primary_conninfo = '{self.source(primary)}'\nprimary_slot_name = '{self.name}'\n")
        # what was set for it as a primary
        (self.data / "postgresql.auto.conf").write_text("")
        (self.data / "standby.signal").touch()

    def copy_of(self, primary):
        """A base copy of the running primary."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.run("pg_basebackup", "-D", self.data, "-d", self.source(primary), "-X", "stream", "-c", "fast", "--no-sync")
        self.follow(primary)

    def rewind(self, primary):
        """Forget what the fenced primary had written and nobody had been told of."""
        self.run("pg_rewind", "-D", self.data, f"--source-server={self.source(primary)} dbname=postgres", "--no-sync")
        self.follow(primary)

    def start(self):
        self.process = self.guard.start([self.tool("postgres"), "-D", self.data], USER, self.log)
        wait_for(f"PostgreSQL {self.name}", START_SECONDS, self.answers, self.process, self.log)
        return self

    def answers(self):
        with contextlib.suppress(RuntimeError):
            return self.sql("SELECT 1") == [["1"]]
        return False

    def sql(self, text, database="postgres"):
        """Run SQL as the administrator; rows as lists of texts."""
        command = ["-h", self.folder, "-p", self.port, "-U", USER, "-d", database, "-AtqX", "-F", "\t", "-v", "ON_ERROR_STOP=1"]
        return [line.split("\t") for line in self.run("psql", *command, "-c", text).splitlines()]

    def received(self):
        """How far a standby has what its primary wrote, on disk."""
        return int(self.sql("SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')")[0][0])

    def set(self, name, value):
        self.sql(f"ALTER SYSTEM SET {name} = '{value}'")
        self.sql("SELECT pg_reload_conf()")

    def kill(self):
        """SIGKILL to the server and all its processes at once."""
        if self.process is not None:
            self.guard.kill(self.process)
            self.process = None

    def stop(self):
        """A fast stop: sessions are ended, what was written is sent to the standby."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        self.process.wait(START_SECONDS)
        self.guard.forget(self.process)
        self.process = None


class Replication:
    """`durable`: fsync, on all. `primary` and `standby` change places with each failover. `name`: of the folders. Of two
    standbys a commit waits for one."""

    def __init__(self, guard, durable=True, name="pgsql", standbys=1, **options):
        self.guard, self.durable, self.name, self.options = guard, durable, name, options
        self.servers = [Server(self, number) for number in range(1 + standbys)]
        self.primary, *self.standbys = self.servers
        for name in ("postgres", "initdb", "pg_basebackup", "pg_rewind", "psql"):
            self.primary.tool(name)

    def start(self):
        self.primary.install()
        self.primary.start()
        for standby in self.standbys:
            self.make_slot(standby)
            standby.copy_of(self.primary)
            standby.start()
        self.wait_synchronous()
        return self

    @property
    def standby(self):
        (standby,) = self.standbys
        return standby

    def make_slot(self, standby):
        if not self.primary.sql(f"SELECT 1 FROM pg_replication_slots WHERE slot_name = '{standby.name}'"):
            self.primary.sql(f"SELECT pg_create_physical_replication_slot('{standby.name}', true)")

    def wait_synchronous(self):
        """From here on a commit is acknowledged when a standby has flushed it."""
        names = ", ".join(f'"{standby.name}"' for standby in self.standbys)
        self.primary.set("synchronous_standby_names", f"{'FIRST' if len(self.standbys) == 1 else 'ANY'} 1 ({names})")
        for standby in self.standbys:
            wait_for(
                f"{standby.name} as a synchronous standby",
                START_SECONDS,
                lambda name=standby.name: self.sync_state(name) in ("sync", "quorum"),
                standby.process,
                standby.log,
            )

    def sync_state(self, name):
        rows = self.primary.sql(f"SELECT sync_state FROM pg_stat_replication WHERE application_name = '{name}'")
        return rows[0][0] if rows else ""

    def create(self, database, user, password):
        """A database and who owns it, from loopback."""
        self.primary.sql(f"CREATE ROLE {user} LOGIN PASSWORD '{password}'")
        self.primary.sql(f"CREATE DATABASE {database} OWNER {user} TEMPLATE template0 ENCODING 'UTF8'")

    def url(self, database, user, password, servers=None):
        """Both, in one url: whichever may write is taken."""
        hosts = ",".join(f"{HOST}:{server.port}" for server in (servers or self.servers))
        return f"postgresql://{user}:{password}@{hosts}/{database}?target_session_attrs=read-write&sslmode=disable"

    def fail_over(self, clean=False):
        """The primary ends (killed, or stopped), and stays ended; a standby becomes the primary: the one that has all that
        was acknowledged. Another one goes on following who is dead."""
        old = self.primary
        if clean:
            old.stop()
        else:
            old.kill()
        new = max(self.standbys, key=Server.received)
        # fenced: even a start by mistake makes it a standby that finds nobody
        (old.data / "standby.signal").touch()
        new.sql("SELECT pg_promote(true, 60)")
        wait_for("the promoted standby", START_SECONDS, lambda: new.sql("SELECT pg_is_in_recovery()") == [["f"]])
        # until there is a standby again nobody can be waited for
        new.set("synchronous_standby_names", "")
        self.primary, self.standbys = new, [*(server for server in self.standbys if server is not new), old]

    def rejoin(self):
        """The fenced server comes back as the standby, and commits wait for it."""
        self.make_slot(self.standby)
        self.primary.sql("CHECKPOINT")
        (self.standby.data / "standby.signal").unlink(missing_ok=True)
        self.standby.rewind(self.primary)
        self.standby.start()
        self.wait_synchronous()


def main():
    with Guard() as guard:
        pair = Replication(guard).start()
        pair.create("tabella", "tabella", "secret")
        print(pair.url("tabella", "tabella", "secret"))
        for server in pair.servers:
            print(f"{server.name}: port {server.port}   log {server.log}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
