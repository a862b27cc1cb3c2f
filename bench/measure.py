"""What the kernel knows about a server: CPU time, memory, flushes; and about the machine.

CPU time of a server is that of its processes, all threads, plus that of children which they have waited for. Live
processes are read from their CPU clock (nanoseconds), dead ones from cutime and cstime of who waited for them, so a
server that forks pays for its children as one that uses threads does for those. Work that the kernel does in threads
of its own (writing back, the journal) is nobody's.
"""

import contextlib
import os
import pathlib
import platform
import re
import shutil
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
FLUSH_CALLS = "fsync,fdatasync,sync_file_range,msync,sync,syncfs"


def children_of():
    """Process id to the ids of its children, for the whole machine."""
    tree = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = stat_fields(int(entry))
            if fields:
                tree.setdefault(int(fields[1]), []).append(int(entry))
    return tree


def stat_fields(pid):
    """/proc/PID/stat behind the name, which may hold anything: state is [0], parent [1]. None if it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text[text.rindex(")") + 2 :].split()


def process_tree(pid):
    tree, found, waiting = children_of(), [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += tree.get(found[-1], [])
    return found


def cpu_seconds(pid):
    """CPU time of the process, its live descendants, and the dead ones that were waited for."""
    total = 0.0
    for each in process_tree(pid):
        fields = stat_fields(each)
        if fields is None:
            continue
        with contextlib.suppress(OSError):
            # the clock id of another process's CPU time, as clock_getcpuclockid(3) makes it
            total += time.clock_gettime((~each << 3) | 2)
        total += (int(fields[13]) + int(fields[14])) / TICKS
    return total


def pss_bytes(pid):
    """Proportional set size of the whole process tree."""
    total = 0
    for each in process_tree(pid):
        with contextlib.suppress(OSError):
            rollup = pathlib.Path(f"/proc/{each}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.M).group(1)) * 1024
    return total


def thread_count(pid):
    return sum(len(os.listdir(f"/proc/{each}/task")) for each in process_tree(pid))


class FlushCounter:
    """strace around a server, from its start; count() says how many flushes there were since mark()."""

    def __init__(self, log):
        self.log = pathlib.Path(log)
        self.at = 0

    @staticmethod
    def available():
        return shutil.which("strace") is not None

    def wrapper(self):
        # with a seccomp filter only the traced calls stop, so the server keeps most of its pace
        return ["strace", "-f", "--seccomp-bpf", "-qq", "-o", str(self.log), "-e", f"trace={FLUSH_CALLS}"]

    def _lines(self):
        return self.log.read_text(errors="replace").splitlines()

    def mark(self):
        self.at = len(self._lines())

    def count(self):
        """Calls begun, by name."""
        found = {}
        for line in self._lines()[self.at :]:
            call = re.match(r"\d+\s+([a-z_]+)\(", line)
            if call:
                found[call.group(1)] = found.get(call.group(1), 0) + 1
        return found


def machine():
    """Words for the report: processor, cores, memory, disk, kernel."""
    cpu = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1))
    return {
        "cpu": cpu.group(1) if cpu else platform.processor(),
        "cores": os.cpu_count(),
        "memory": f"{memory / 1024 / 1024:.0f} GB",
        "kernel": platform.release(),
    }


def disk_of(folder):
    done = subprocess.run(
        ["findmnt", "-n", "-o", "SOURCE,FSTYPE", "-T", str(folder)], capture_output=True, text=True
    )
    return " ".join(done.stdout.split())


def flush_milliseconds(folder, count=200):
    """Mean time of appending 4 KB to a file and flushing it: what the disk itself allows."""
    path = pathlib.Path(folder) / "flush-probe"
    block = os.urandom(4096)
    with open(path, "wb", buffering=0) as probe:
        begun = time.monotonic()
        for _ in range(count):
            probe.write(block)
            os.fdatasync(probe.fileno())
        took = time.monotonic() - begun
    path.unlink()
    return took * 1000 / count
