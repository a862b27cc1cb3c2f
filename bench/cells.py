"""One measurement each: deliver for some seconds, count flushes, look at memory, fill a mailbox."""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import time

import measure
import readback
from servers import HOST, KINDS, ROOT

# After the last answer a server may still have work that belongs to the messages.
SETTLE_SECONDS = 1.0
MESSAGES_MAX = 2_000_000
ENOUGH_FLUSHES_FROM = 1000


@dataclasses.dataclass(frozen=True)
class Cell:
    """A load: connections at the same time, bytes a message, accounts (1: all of it to one mailbox)."""

    connections: int
    size: int
    accounts: int

    def __str__(self):
        where = "one mailbox" if self.accounts == 1 else f"{self.accounts} accounts"
        return f"{self.connections} connections, {self.size // 1024} KB, {where}"


class Bench:
    """Where things are: the load generator, a scratch folder on the disk to be measured."""

    def __init__(self, scratch, blast=None, accounts=100):
        self.blast = pathlib.Path(blast or ROOT / "build/bench/lmtp_blast")
        self.scratch = pathlib.Path(scratch)
        self.accounts = accounts
        if not self.blast.is_file():
            raise FileNotFoundError(f"{self.blast}: build it (ninja -C build bench/lmtp_blast) or name it with --blast")
        self.scratch.mkdir(mode=0o755, parents=True, exist_ok=True)

    def server(self, kind):
        """A server that was never used, prepared but not started."""
        folder = self.scratch / f"run-{kind}"
        shutil.rmtree(folder, ignore_errors=True)
        os.sync()  # what the last one left to be written is not this one's
        return KINDS[kind](folder, accounts=self.accounts).prepare()

    def remove(self, server):
        server.discard()

    def deliver(self, server, cell, messages=MESSAGES_MAX, seconds=0, to=None, acks=None, block=0):
        """Run the load generator; returns what it says. A failed delivery is an error."""
        command = [self.blast, "--host", HOST, "--port", server.port("lmtp"), "--json"]
        command += ["--connections", cell.connections, "--size", cell.size, "--messages", messages]
        command += ["--seconds", seconds, "--seed", time.monotonic_ns() % 2**32, "--block", block]
        if to is None and cell.accounts == 1:
            to = "one"
        command += ["--to", server.address(to)] if to else ["--accounts", cell.accounts]
        command += ["--acks", acks] if acks else []
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{server.name}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def warm_up(self, server, cell):
        """One message for each account over as many connections: mailboxes are made, processes forked."""
        self.deliver(server, cell, messages=max(cell.accounts, cell.connections * 2))

    def throughput(self, kind, cell, seconds):
        """Deliveries a second, CPU a message, bytes on disk, counters, and whether everything is there."""
        server = self.server(kind)
        acks = self.scratch / "acks"
        server.start()
        try:
            self.warm_up(server, cell)
            before = server.cpu_seconds(), server.stored_bytes(), server.counters()
            result = self.deliver(server, cell, seconds=seconds, acks=acks)
            time.sleep(SETTLE_SECONDS)
            after = server.cpu_seconds(), server.stored_bytes(), server.counters()
            tally = readback.read_back(HOST, server.port("imap"), [acks], server.login)
            server.stop()
            result["stored_bytes"] = server.stored_bytes() - before[1]
        finally:
            server.kill9()
        result["cpu_us"] = (after[0] - before[0]) * 1e6 / result["deliveries"]
        result["counters"] = counters_per_message(before[2], after[2], result["deliveries"])
        result["readback"] = str(tally)
        result["readback_good"] = tally.is_good()
        self.remove(server)
        return result

    def flushes(self, kind, cell, messages=ENOUGH_FLUSHES_FROM):
        """Calls that flush, a message, by name; None where strace cannot be had."""
        if not measure.FlushCounter.available():
            return None
        server = self.server(kind)
        counter = measure.FlushCounter(self.scratch / "strace")
        server.start(wrapper=counter.wrapper())
        try:
            self.warm_up(server, cell)
            time.sleep(SETTLE_SECONDS)
            counter.mark()
            result = self.deliver(server, cell, messages=messages)
            calls = counter.count()
            server.stop()
        finally:
            server.kill9()
        self.remove(server)
        return {name: count / result["deliveries"] for name, count in calls.items()}

    def memory(self, kind, steps, idle_seconds):
        """PSS of the whole server: idle, then after so many deliveries altogether."""
        server = self.server(kind)
        cell = Cell(32, 4096, self.accounts)
        server.start()
        found = {}
        try:
            time.sleep(idle_seconds)
            found["idle"] = measure.pss_bytes(server.pid)
            done = 0
            for step in steps:
                self.deliver(server, cell, messages=step - done)
                done = step
                time.sleep(10 * SETTLE_SECONDS)
                found[step] = measure.pss_bytes(server.pid)
            server.stop()
        finally:
            server.kill9()
        self.remove(server)
        return found

    def big_mailbox(self, kind, messages, seconds, rounds):
        """Fill a mailbox, then deliver in turns to an empty and to the full one."""
        server = self.server(kind)
        server.start()
        try:
            filled = self.deliver(server, Cell(32, 1024, 1), messages=messages, block=max(messages // 10, 1))
            runs = {"empty": [], "full": []}
            for turn in range(rounds):
                for name, to in (("empty", f"user{turn}"), ("full", "one")):
                    runs[name].append(self.one_mailbox(server, to, seconds))
            server.stop()
        finally:
            server.kill9()
        runs["fill"] = filled
        runs["stored_bytes"] = server.stored_bytes()
        self.remove(server)
        return runs

    def one_mailbox(self, server, to, seconds):
        before = server.cpu_seconds()
        result = self.deliver(server, Cell(32, 4096, 1), seconds=seconds, to=to)
        time.sleep(SETTLE_SECONDS)
        result["cpu_us"] = (server.cpu_seconds() - before) * 1e6 / result["deliveries"]
        return result


def counters_per_message(before, after, deliveries):
    """The difference of each counter that is a number, by message; names as the server gives them."""
    return {
        name: (after[name] - before.get(name, 0)) / deliveries
        for name, value in after.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }
