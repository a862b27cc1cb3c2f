"""A Galera cluster of Debian's mariadb-server and galera-4 on loopback, with high ports and folders of its own.

    with Guard() as guard:
        cluster = Galera(guard).start()
        cluster.nodes[1].kill()
        cluster.nodes[1].start()          # comes back by IST or, if it is far behind, by SST
        cluster.wait_synced()

As a script: starts one and shows how to reach it, until it is interrupted.
"""

import contextlib
import re
import signal
import sys

from guard import HOST, Guard, NotHere, ports, program, wait_for

USER = "mysql"
PROVIDER = "/usr/lib/galera/libgalera_smm.so"
START_SECONDS = 120
STOP_SECONDS = 60
UNKNOWN = "00000000-0000-0000-0000-000000000000:-1"

CONFIG = """\
[mysqld]
user = {user}
datadir = {data}
socket = {socket}
pid-file = {folder}/pid
port = {port}
bind-address = {host}
skip-name-resolve
skip-log-bin
character-set-server = utf8mb4
max_connections = 200
max_allowed_packet = 64M
innodb_buffer_pool_size = 96M
innodb_log_file_size = 32M
innodb_flush_log_at_trx_commit = {flush}
innodb_autoinc_lock_mode = 2
innodb_lock_wait_timeout = 10
binlog_format = ROW
default_storage_engine = InnoDB
performance_schema = OFF

wsrep_on = ON
wsrep_provider = {provider}
wsrep_cluster_name = tabella
wsrep_cluster_address = {address}
wsrep_node_name = node{number}
wsrep_node_address = {host}:{gcomm}
wsrep_node_incoming_address = {host}:{port}
wsrep_sst_method = rsync
wsrep_sst_receive_address = {host}:{sst}
wsrep_slave_threads = 2
wsrep_provider_options = "gmcast.listen_addr=tcp://{host}:{gcomm};ist.recv_addr={host}:{ist};gcache.size=64M;\
evs.suspect_timeout=PT3S;evs.inactive_timeout=PT6S;evs.install_timeout=PT3S"
{more}
"""


class Node:
    """One server of the cluster."""

    def __init__(self, cluster, number):
        self.cluster, self.number = cluster, number
        self.port, self.gcomm, self.ist, self.sst = (ports.one() for _ in range(4))
        self.folder = cluster.guard.own(cluster.guard.folder / f"galera{number}", USER)
        self.data = self.folder / "data"
        self.socket = self.folder / "socket"
        self.config = self.folder / "my.cnf"
        self.log = self.folder / "log"
        self.process = None

    def write_config(self, address, durable, more):
        self.config.write_text(
            CONFIG.format(
                user=USER,
                host=HOST,
                provider=PROVIDER,
                flush=1 if durable else 2,
                address=address,
                more="\n".join(f"{key} = {value}" for key, value in more.items()),
                **{key: getattr(self, key) for key in "data socket folder port number gcomm ist sst".split()},
            )
        )
        self.config.chmod(0o644)

    def install(self):
        self.cluster.guard.own(self.data, USER)
        self.cluster.guard.run(
            [
                program("mariadb-install-db"),
                f"--defaults-file={self.config}",
                "--wsrep-on=OFF",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
            ],
            USER,
        )

    def position(self):
        """Where this node's data stand, as `cluster:number`; what Debian's galera_recovery asks for."""
        if not (self.data / "grastate.dat").exists():
            return UNKNOWN
        said = self.cluster.guard.run(
            [program("mariadbd"), f"--defaults-file={self.config}", "--wsrep-recover", "--log-error=/dev/stderr"], USER
        )
        found = re.search(r"WSREP: Recovered position: *(\S+)", said)
        return found[1] if found else UNKNOWN

    def start(self, bootstrap=False, wait=True):
        """Join the cluster (or make a new one of this node's data), and wait until the node is synced."""
        command = [program("mariadbd"), f"--defaults-file={self.config}"]
        if bootstrap:
            command.append("--wsrep-new-cluster")
            grastate = self.data / "grastate.dat"
            if grastate.exists():
                grastate.write_text(grastate.read_text().replace("safe_to_bootstrap: 0", "safe_to_bootstrap: 1"))
        position = self.position()
        if not position.endswith(":-1"):
            command.append(f"--wsrep-start-position={position}")
        self.cluster.guard.own(self.data, USER)
        self.process = self.cluster.guard.start(command, USER, self.log)
        if wait:
            self.wait_synced()
        return self

    def sql(self, text, database=""):
        """Run SQL as root by the socket; rows as lists of texts."""
        said = self.cluster.guard.run(
            [program("mariadb"), "--no-defaults", f"--socket={self.socket}", "-uroot", "-BN", "-e", text, database], USER
        )
        return [line.split("\t") for line in said.splitlines()]

    def status(self, name):
        """One of the cluster's values, such as wsrep_cluster_size; empty if the node does not answer."""
        with contextlib.suppress(RuntimeError):
            for row in self.sql(f"SHOW GLOBAL STATUS LIKE '{name}'"):
                return row[1] if len(row) > 1 else ""
        return ""

    def is_synced(self):
        return self.status("wsrep_local_state_comment") == "Synced" and self.status("wsrep_ready") == "ON"

    def wait_synced(self):
        wait_for(f"Galera node {self.number}", START_SECONDS, self.is_synced, self.process, self.log)

    def kill(self):
        """SIGKILL."""
        if self.process is not None:
            self.cluster.guard.kill(self.process)
            self.process = None

    def stop(self):
        """A clean stop, which leaves the cluster."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(STOP_SECONDS)
        self.cluster.guard.forget(self.process)
        self.process = None


class Galera:
    """`durable`: each commit is flushed on each node; without, it survives a killed server but no power cut."""

    def __init__(self, guard, nodes=3, durable=True, **options):
        if not guard.user(USER).get("user", True):
            raise NotHere(f"{USER} is root")
        for name in ("mariadbd", "mariadb-install-db", "mariadb", "rsync", "wsrep_sst_rsync"):
            program(name)
        try:
            open(PROVIDER, "rb").close()
        except OSError:
            raise NotHere("there is no galera-4") from None
        self.guard = guard
        self.nodes = [Node(self, number) for number in range(nodes)]
        address = "gcomm://" + ",".join(f"{HOST}:{node.gcomm}" for node in self.nodes)
        for node in self.nodes:
            node.write_config(address, durable, options)

    def start(self):
        self.nodes[0].install()
        self.nodes[0].start(bootstrap=True)
        for node in self.nodes[1:]:
            node.start()
        self.wait_synced()
        return self

    def create(self, database, user, password):
        """A database and who owns it, from loopback."""
        self.nodes[0].sql(
            f"CREATE DATABASE {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin; "
            f"CREATE USER '{user}'@'{HOST}' IDENTIFIED BY '{password}'; "
            f"GRANT ALL ON {database}.* TO '{user}'@'{HOST}'"
        )

    def url(self, number, database, user, password):
        return f"mysql://{user}:{password}@{HOST}:{self.nodes[number].port}/{database}"

    def wait_synced(self):
        """All nodes that run are synced members of one cluster."""
        running = [node for node in self.nodes if node.process is not None]
        for node in running:
            node.wait_synced()
            wait_for(
                f"Galera node {node.number} in a cluster of {len(running)}",
                START_SECONDS,
                lambda: node.status("wsrep_cluster_size") == str(len(running)),
                node.process,
                node.log,
            )

    def how_joined(self, number):
        """How the node got what it had missed the last time it started: IST, SST, or nothing was missed."""
        text = self.nodes[number].log.read_text(errors="replace")
        text = text[text.rfind("Starting MariaDB") :]
        found = re.findall(r"rsync (IST|SST) completed on joiner", text)
        return found[-1] if found else "nothing missed"


def main():
    with Guard() as guard:
        cluster = Galera(guard).start()
        cluster.create("tabella", "tabella", "secret")
        for node in cluster.nodes:
            print(f"node {node.number}: {cluster.url(node.number, 'tabella', 'tabella', 'secret')}   log {node.log}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
