"""The same server over each engine: what an operation costs in statements and round trips, and how nodes share the work."""

import smtplib
import threading
import time

import readback
from cells import Cell
from imap_client import Client
from servers import DOMAIN, HOST

TIMES = 50
TURNS = 3
NAMES = ("statements", "round_trips", "commits")
USER = "user0"
MESSAGE = "From: a@example.net\r\nTo: u@example.net\r\nSubject: number {0}\r\nMessage-ID: <{0}@example.net>\r\n\r\ntext\r\n"


class Meter:
    """What a server counts, without what asking for it costs."""

    def __init__(self, server):
        self.server = server
        first = server.counters()
        time.sleep(0.3)
        second = server.counters()
        self.asking = {name: second[name] - first[name] for name in NAMES}

    def settled(self):
        """The counters once nothing moves them: what runs later in groups has run."""
        before = self.server.counters()
        for _ in range(20):
            time.sleep(0.3)
            now = self.server.counters()
            if all(now[name] - before[name] <= self.asking[name] for name in NAMES):
                break
            before = now
        return now

    def cost(self, run):
        """Name to count, for each of TIMES runs of run(number): the least of some turns, for housekeeping falls into others."""
        for number in range(3):
            run(-number)
        found = [self.turn(run) for _ in range(TURNS)]
        return {name: min(turn[name] for turn in found) for name in NAMES}

    def turn(self, run):
        before = self.settled()
        for number in range(TIMES):
            run(number)
        after = self.settled()
        return {name: (after[name] - before[name]) / TIMES for name in NAMES}


def operations(server):
    """Operation to its cost."""
    cost = Meter(server.start()).cost
    lmtp = smtplib.LMTP(HOST, server.port("lmtp"))
    lmtp.ehlo("bench")
    serial = iter(range(10**9))

    def deliver(_):
        text = MESSAGE.format(next(serial))
        lmtp.sendmail("a@example.net", [f"{USER}@{DOMAIN}"], text)

    found = {"LMTP delivery": cost(deliver)}
    imap = Client(HOST, server.port("imap"), *server.login(USER))

    def commands(*texts):
        def run(_):
            for text in texts:
                imap.command(text)

        return run

    found["SELECT, UNSELECT"] = cost(commands("SELECT INBOX", "UNSELECT"))
    imap.command("SELECT INBOX")
    found["NOOP"] = cost(commands("NOOP"))
    found["FETCH 1:50 (UID FLAGS)"] = cost(commands("FETCH 1:50 (UID FLAGS)"))
    found["FETCH 1:50 (ENVELOPE)"] = cost(commands("FETCH 1:50 (ENVELOPE)"))
    found["FETCH 1:50 (BODY.PEEK[])"] = cost(commands("FETCH 1:50 (BODY.PEEK[])"))
    found["STORE, one message, twice"] = cost(commands("STORE 1 +FLAGS (\\Flagged)", "STORE 1 -FLAGS (\\Flagged)"))
    found["STATUS"] = cost(commands("STATUS INBOX (MESSAGES UNSEEN)"))
    found["LIST"] = cost(commands('LIST "" *'))
    imap.close()
    lmtp.quit()
    server.stop()
    return found


def counts(bench, kinds, say):
    """Kind to operation to its cost."""
    results = {}
    for kind in kinds:
        server = bench.server(kind)
        try:
            results[kind] = operations(server)
        finally:
            server.kill9()
            server.discard()
        say(f"counts, {kind}: {results[kind]}")
    return results


def nodes(bench, kind, most, cell, seconds):
    """Deliveries a second, and whether all are there, by the number of nodes; each begins with a new database."""
    results = {}
    for count in range(1, most + 1):
        first = bench.server(kind)
        servers = [first]
        try:
            servers += [first.second(number) for number in range(1, count)]
            for server in servers:
                server.start()
            bench.warm_up(first, cell)
            runs = [None] * count
            share = Cell(cell.connections // count, cell.size, cell.accounts)

            def one(number):
                acks = bench.scratch / f"acks-{number}"
                runs[number] = bench.deliver(servers[number], share, seconds=seconds, acks=acks)

            threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            files = [bench.scratch / f"acks-{number}" for number in range(count)]
            tally = readback.read_back(HOST, servers[-1].port("imap"), files, first.login)
            results[count] = {
                "per_second": sum(run["per_second"] for run in runs),
                "p99": max(run["latency_ms"]["p99"] for run in runs),
                "readback": str(tally),
            }
        finally:
            for server in reversed(servers):
                server.kill9()
                server.discard()
    return results
