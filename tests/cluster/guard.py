"""Servers of a test: run as a user who may run them, and gone when the test is gone, however that ended.

A guard, a process of its own, is told of every server and folder; when the test's end of its pipe closes (a return, an
exception, SIGKILL), it kills the servers and removes the folders.
"""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import ports  # noqa: E402,F401: for who uses this module
from engines import forget_memory  # noqa: E402
from ports import HOST  # noqa: E402,F401


class NotHere(Exception):
    """Something of the system that a test needs is missing: the text says what."""


def program(name, *folders):
    """The path of a program; raises NotHere."""
    found = shutil.which(name, path=os.pathsep.join([*map(str, folders), "/usr/sbin", "/usr/bin", "/usr/local/bin"]))
    if not found:
        raise NotHere(f"there is no {name} (tools/packages says which package has it)")
    return found


class Guard:
    """The scratch folder of a test and the servers in it."""

    def __init__(self, parent=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tabella-cluster-", dir=parent))
        self.folder.chmod(0o755)
        self.running = []
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(self.folder)], stdin=subprocess.PIPE, start_new_session=True
        )

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def user(self, name):
        """Servers refuse to run as root: who they run as, for subprocess; nothing if this is not root."""
        if os.geteuid() != 0:
            return {}
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            raise NotHere(f"there is no user {name}") from None
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def own(self, path, name):
        """Make a folder of that user."""
        path = pathlib.Path(path)
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
        who = self.user(name)
        if who:
            os.chown(path, who["user"], who["group"])
        path.chmod(0o700)
        return path

    def run(self, command, name, **more):
        """A command of that user, to its end; returns its output. A failure is a RuntimeError with it."""
        done = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            timeout=180,
            **self.user(name),
            **more,
        )
        text = done.stdout.decode(errors="replace")
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{text}")
        return text

    def start(self, command, name, log):
        """A server of that user in a process group of its own."""
        with open(log, "ab") as out:
            process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.folder,
                start_new_session=True,
                **self.user(name),
            )
        self.watch(process)
        return process

    def watch(self, process):
        """A server that was started elsewhere, as the leader of its group."""
        self.running.append(process)
        self.process.stdin.write(f"{process.pid}\n".encode())
        self.process.stdin.flush()

    def forget(self, process):
        """It was waited for: its number may be another's from now on."""
        if process in self.running:
            self.running.remove(process)
            self.process.stdin.write(f"-{process.pid}\n".encode())
            self.process.stdin.flush()

    def kill(self, process):
        """SIGKILL to the server and what it started; it runs no more when this returns."""
        children = children_of(process.pid)
        kill_group(process.pid)
        # PostgreSQL's processes lead groups of their own
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        process.wait()
        self.forget(process)

    def close(self):
        for process in self.running[:]:
            self.kill(process)
        self.process.stdin.close()
        self.process.wait()


def kill_group(leader):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def children_of(parent):
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # the name may hold anything, a bracket too
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def wait_for(what, seconds, look, process=None, log=None):
    """Ask `look` until it is true; RuntimeError with the log's end when it never is, or the process ended."""
    end = time.monotonic() + seconds
    while True:
        answer = look()
        if answer:
            return answer
        dead = process is not None and process.poll() is not None
        if dead or time.monotonic() > end:
            tail = pathlib.Path(log).read_text(errors="replace")[-4000:] if log else ""
            raise RuntimeError(f"{what}: {'it ended' if dead else f'not within {seconds} s'}\n{tail}")
        time.sleep(0.1)


def main():
    """The guard itself: lines with a process to kill, or not to, until the test is gone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    leaders = set()
    for line in sys.stdin:
        leader = int(line)
        if leader > 0:
            leaders.add(leader)
        else:
            leaders.discard(-leader)
    for leader in leaders:
        kill_group(leader)
    folder = pathlib.Path(sys.argv[1])
    for data in folder.glob("*/data"):
        forget_memory(data)
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


if __name__ == "__main__":
    main()
