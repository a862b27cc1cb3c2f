"""Socket activation: sockets that systemd, or anybody who follows sd_listen_fds(3), has opened before the start."""

import contextlib
import os
import pathlib
import shutil
import socket
import sys
import time

import pytest
import wire
from mails import mail
from tabella_server import ports

pytestmark = pytest.mark.ours

# Opens what its arguments name, NAME=HOST:PORT or NAME=/path, and becomes the command behind "--".
LAUNCHER = """
import os, socket, sys
at = sys.argv.index("--")
names = []
for fd, word in enumerate(sys.argv[1:at], 3):
    name, _, where = word.partition("=")
    if where.startswith("/"):
        made = socket.socket(socket.AF_UNIX)
        made.bind(where)
        os.chmod(where, 0o666)
    else:
        host, _, port = where.rpartition(":")
        made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host.strip("[]"), int(port)))
    made.listen(100)
    moved = made.detach()
    if moved != fd:
        os.dup2(moved, fd)
        os.close(moved)
    os.set_inheritable(fd, True)
    names.append(name)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(names)), LISTEN_FDNAMES=":".join(names))
os.execv(sys.argv[at + 1], sys.argv[at + 1:])
"""


def launched(host, sockets):
    """Start the server of `host` with inherited sockets."""
    host.server.stop()
    host.server.start(wrapper=[sys.executable, "-c", LAUNCHER, *sockets, "--"])
    return host


def inode(where):
    """Of the listening socket at a port of 127.0.0.1."""
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == f"0100007F:{where:04X}" and fields[3] == "0A":
            return fields[9]
    return None


def open_files(pid):
    """What a process has open; files that it closes meanwhile may be missing."""
    found = set()
    for path in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(path))
    return found


def test_sockets_by_address(make_host):
    """What the configuration would bind is bound already: it is used as it is, and nothing else is opened there."""
    host = make_host()
    account = host.account()
    control = host.server.data / "control"
    launched(
        host,
        [f"=127.0.0.1:{host.port('imap')}", f"unknown=127.0.0.1:{host.port('lmtp')}", f"some.socket={control}"],
    )
    assert f"socket:[{inode(host.port('imap'))}]" in open_files(host.server.process.pid)
    with host.lmtp() as lmtp:
        lmtp.deliver_all(account.address, mail())
    assert len(account.bodies()) == 1
    with account.imap(tls=True) as peer:  # that one was bound as ever
        peer.noop()
    assert '"connections"' in host.server.cli("status", "--json").stdout
    # whoever made the socket's file keeps it
    host.server.stop()
    assert control.exists()
    control.unlink()


def test_sockets_by_name(make_host):
    """They are where their service is, whatever the configuration says."""
    host = make_host()
    account = host.account()
    plain, tls, unknown = ports.one(), ports.one(), ports.one()
    was = dict(imap=host.port("imap"))
    host.server.configure({"imap.listen": "192.0.2.99:1"})
    # the fixture waits for a greeting at the usual ports
    launched(
        host,
        [
            f"imap=127.0.0.1:{was['imap']}",
            f"imap=127.0.0.1:{plain}",
            f"imaps=127.0.0.1:{tls}",
            f"lmtp={host.server.folder / 'lmtp.socket'}",
            f"lmtp=127.0.0.1:{host.port('lmtp')}",
            f"nobody=127.0.0.1:{unknown}",
        ],
    )
    with wire.Lmtp(host.server.folder / "lmtp.socket") as lmtp:
        lmtp.deliver_all(account.address, mail())
    for port, is_tls in ((plain, False), (tls, True)):
        with wire.Imap(port, is_tls) as peer:
            peer.login(account.user, account.password)
            peer.select()
            assert peer.uids() == [1]
    assert 'socket-unused name="nobody"' in host.server.log.read_text()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", unknown), timeout=5)


def test_systemd_socket_activate(make_host):
    """systemd's own tool: the first connection starts the server, and is served."""
    tool = shutil.which("systemd-socket-activate")
    if not tool:
        pytest.skip("systemd-socket-activate is not installed")
    host = make_host()
    account = host.account()
    host.server.stop()
    host.server.start(wrapper=[tool, "-l", f"127.0.0.1:{host.port('imap')}", f"--fdname=imap"])
    with account.imap("INBOX") as peer:
        peer.append("INBOX", mail())
        assert len(peer.bodies()) == 1
    time.sleep(0.1)
    assert "socket-unused" not in host.server.log.read_text()
