"""Debian's PgBouncer in transaction mode in front of PostgreSQL: each transaction may get another server connection."""

import socket

from guard import HOST, ports, program, wait_for

USER = "postgres"

CONFIG = """\
[databases]
* = host={host} port={target}

[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {pool}
max_client_conn = 500
ignore_startup_parameters = extra_float_digits,options
server_tls_sslmode = disable
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pid
"""


class Pooler:
    """`pool`: how many connections PostgreSQL sees."""

    def __init__(self, guard, target, user, password, pool=4):
        self.guard, self.program = guard, program("pgbouncer")
        self.port = ports.one()
        self.folder = guard.own(guard.folder / "pgbouncer", USER)
        self.config = self.folder / "pgbouncer.ini"
        self.log = self.folder / "log"
        self.config.write_text(CONFIG.format(host=HOST, target=target, port=self.port, folder=self.folder, pool=pool))
        self.config.chmod(0o644)
        users = self.folder / "users"
        users.write_text(f'"{user}" "{password}"\n')
        users.chmod(0o644)
        self.process = None

    def start(self):
        self.process = self.guard.start([self.program, "-q", self.config], USER, self.log)
        wait_for("PgBouncer", 20, self.answers, self.process, self.log)
        return self

    def answers(self):
        try:
            socket.create_connection((HOST, self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def url(self, database, user, password):
        return f"postgresql://{user}:{password}@{HOST}:{self.port}/{database}?prepare=off&sslmode=disable"
