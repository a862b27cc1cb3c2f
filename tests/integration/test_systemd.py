"""The service manager: what it is told (sd_notify), and whether it likes the files in dist/."""

import pathlib
import re
import shutil
import socket
import subprocess
import time

import pytest
from tabella_server import Server

pytestmark = pytest.mark.ours

DIST = pathlib.Path(__file__).resolve().parents[2] / "dist"


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    """A socket in place of systemd's, and its name as the environment has it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
        name = str(tmp_path / "notify") if request.param == "path" else f"@{tmp_path}"
        peer.bind(name.replace("@", "\0", 1))
        peer.settimeout(20)
        yield peer, name


def told(peer):
    return dict(line.partition("=")[::2] for line in peer.recv(4096).decode().splitlines())


def test_the_manager_is_told(manager):
    peer, name = manager
    with Server() as server:
        server.init()
        server.start(wrapper=("env", f"NOTIFY_SOCKET={name}"))
        assert told(peer)["READY"] == "1"
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        server.reload()
        reloading = told(peer)
        assert reloading["RELOADING"] == "1"
        assert before <= int(reloading["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        assert told(peer)["READY"] == "1"
        server.config.write_text(server.config.read_text() + "\n[imap]\nno_such_option = 1\n")
        server.reload()
        assert told(peer)["RELOADING"] == "1"
        ready = told(peer)
        assert ready["READY"] == "1" and "failed" in ready["STATUS"]
        assert server.stop() == 0
        assert told(peer)["STOPPING"] == "1"


def test_the_watchdog_is_fed(manager):
    peer, name = manager
    with Server() as server:
        server.init()
        server.start(wrapper=("env", f"NOTIFY_SOCKET={name}", "WATCHDOG_USEC=1000000"))
        assert told(peer)["READY"] == "1"
        for _ in range(3):
            assert told(peer) == {"WATCHDOG": "1"}
        # of another process: not ours to feed
        assert server.stop() == 0
    with Server() as server:
        server.init()
        server.start(wrapper=("env", f"NOTIFY_SOCKET={name}", "WATCHDOG_USEC=1000000", "WATCHDOG_PID=1"))
        while "READY" not in told(peer):
            pass
        peer.settimeout(2)
        with pytest.raises(TimeoutError):
            peer.recv(4096)


def test_a_socket_that_is_not_there_is_said(tmp_path):
    with Server() as server:
        server.init()
        with pytest.raises(RuntimeError, match="NOTIFY_SOCKET"):
            server.start(wrapper=("env", f"NOTIFY_SOCKET={tmp_path}/none"))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_likes_the_unit(tmp_path):
    for unit in DIST.glob("tabella*.s[eo]*"):
        text = unit.read_text().replace("/usr/bin/tabella", "/bin/true").replace("User=tabella\nGroup=tabella\n", "")
        (tmp_path / unit.name).write_text(text)
    units = [str(path) for path in tmp_path.glob("*.s*")]
    assert len(units) >= 2
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not [line for line in done.stderr.splitlines() if "tabella" in line], done.stderr
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", DIST / "tabella.service"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    exposure = float(re.search(r"exposure level.*: ([\d.]+)", done.stdout)[1])
    assert exposure < 2.5, done.stdout
