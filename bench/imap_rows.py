"""What an IMAP client waits for, measured on one big INBOX: each row is a command, the time from sending it to the last
byte of its answer, and the CPU time that the server spent on it.

Rows that change something leave the mailbox as long as it was. The servers take turns, row by row, so that a slow minute of
the machine is everybody's.
"""

import os
import random
import time

from imap_client import Client
from mailboxes import USER
from servers import HOST

COPIED = 1000
BODIES = 200
SELECTS = 20
CHANGED = 10
OTHER = "Other"


class Subject:
    """A server with its client, and what the rows need to know of the mailbox."""

    def __init__(self, server, count):
        self.server, self.count = server, count
        self.client = None
        self.random = random.Random(count)

    def start(self):
        self.server.start()
        self.connect()
        return self

    def connect(self):
        self.client = Client(HOST, self.server.port("imap"), *self.server.login(USER))

    def stop(self):
        self.client.drop()
        self.server.stop()

    def cpu(self):
        return self.server.cpu_seconds()


def drop_caches():
    """What the system holds of files; True where that is allowed."""
    try:
        os.sync()
        with open("/proc/sys/vm/drop_caches", "w") as control:
            control.write("3")
    except OSError:
        return False
    return True


def measured(subject, run):
    """(seconds, CPU seconds) of run(), which returns its own seconds."""
    cpu = subject.cpu()
    seconds = run()
    return seconds, subject.cpu() - cpu


def select_cold(subject):
    """The server has just been started, and the system has nothing of its files in memory."""
    subject.stop()
    drop_caches()
    subject.start()
    return measured(subject, lambda: subject.client.command("SELECT INBOX").seconds)


def select_warm(subject):
    def run():
        total = 0
        for _ in range(SELECTS):
            total += subject.client.command("SELECT INBOX").seconds
            subject.client.command("UNSELECT")
        return total

    seconds, cpu = measured(subject, run)
    subject.client.command("SELECT INBOX")
    return seconds / SELECTS, cpu / SELECTS


def fetch(items):
    def row(subject):
        def run():
            answer = subject.client.command(f"FETCH 1:{subject.count} {items}")
            if answer.untagged < subject.count:
                raise RuntimeError(f"{subject.server.name}: FETCH {items}: {answer.untagged} of {subject.count}")
            return answer.seconds

        return measured(subject, run)

    return row


def one_body(subject):
    def run():
        total = 0
        for _ in range(BODIES):
            number = subject.random.randint(1, subject.count)
            total += subject.client.command(f"FETCH {number} BODY.PEEK[]").seconds
        return total

    seconds, cpu = measured(subject, run)
    return seconds / BODIES, cpu / BODIES


def store_all(subject):
    row = measured(
        subject, lambda: subject.client.command(f"STORE 1:{subject.count} +FLAGS.SILENT (\\Flagged)").seconds
    )
    subject.client.command(f"STORE 1:{subject.count} -FLAGS.SILENT (\\Flagged)")
    return row


def copy(subject):
    return measured(subject, lambda: subject.client.command(f"COPY 1:{min(COPIED, subject.count)} {OTHER}").seconds)


def expunge(subject):
    """The last thousand, which were copied there before."""
    copied, count = min(COPIED, subject.count), subject.count
    subject.client.command(f"COPY 1:{copied} INBOX")
    subject.client.command("NOOP")
    subject.client.command(f"STORE {count + 1}:{count + copied} +FLAGS.SILENT (\\Deleted)")
    return measured(subject, lambda: subject.client.command("EXPUNGE").seconds)


def search(key):
    return lambda subject: measured(subject, lambda: subject.client.command(f"SEARCH {key}").seconds)


def search_first(subject):
    """For a field that nobody has asked for yet."""
    field = f"X-No-Such-{time.time_ns()}"
    return measured(subject, lambda: subject.client.command(f'SEARCH HEADER {field} "no such words"').seconds)


def qresync(subject):
    """Ten flags were changed while the client was away."""
    client = subject.client
    answer = client.command("SELECT INBOX (CONDSTORE)", keep=True)
    validity, modseq = answer.number(r"UIDVALIDITY (\d+)"), answer.number(r"HIGHESTMODSEQ (\d+)")
    for number in subject.random.sample(range(1, subject.count + 1), CHANGED):
        client.command(f"STORE {number} +FLAGS.SILENT (\\Answered)")
    client.command("UNSELECT")
    subject.client.drop()
    subject.connect()
    subject.client.command("ENABLE QRESYNC")
    row = measured(subject, lambda: subject.client.command(f"SELECT INBOX (QRESYNC ({validity} {modseq}))").seconds)
    subject.client.drop()
    subject.connect()
    subject.client.command("SELECT INBOX")
    subject.client.command("STORE 1:* -FLAGS.SILENT (\\Answered)")
    return row


# In this order: the first one starts the server anew, the others find the mailbox selected.
ROWS = {
    "SELECT, cold": select_cold,
    "SELECT, warm": select_warm,
    "FETCH 1:* FLAGS": fetch("FLAGS"),
    "FETCH 1:* ENVELOPE": fetch("ENVELOPE"),
    "FETCH 1:* BODYSTRUCTURE": fetch("BODYSTRUCTURE"),
    "FETCH n BODY[]": one_body,
    "FETCH 1:* BODY[HEADER]": fetch("BODY.PEEK[HEADER]"),
    "STORE 1:* +FLAGS": store_all,
    "COPY 1,000": copy,
    "EXPUNGE 1,000": expunge,
    "SEARCH UNFLAGGED": search("UNFLAGGED"),
    "SEARCH SUBJECT": search('SUBJECT "no such words"'),
    "SEARCH HEADER, first": search_first,
    "SEARCH HEADER, again": search('HEADER X-No-Such-Field "no such words"'),
    "QRESYNC, 10 changes": qresync,
}


def run_rows(mailboxes, kinds, count, rounds, rows, say):
    """Row name to kind to a list of (seconds, CPU seconds)."""
    subjects = {kind: Subject(mailboxes.server(kind, count), count) for kind in kinds}
    results = {row: {kind: [] for kind in kinds} for row in rows}
    try:
        for subject in subjects.values():
            prepare(subject)
        for row in rows:
            for _ in range(rounds):
                for kind, subject in subjects.items():
                    seconds, cpu = ROWS[row](subject)
                    results[row][kind].append((seconds, cpu))
                    say(f"{count:,} messages, {row}, {kind}: {seconds * 1000:.2f} ms, CPU {cpu * 1000:.2f} ms")
    finally:
        for subject in subjects.values():
            subject.server.kill9()
            mailboxes.let_go(subject.server)
    return results


def prepare(subject):
    """Everything was looked at once: indexes are made, and what a server keeps of envelopes is there."""
    subject.start()
    client = subject.client
    try:
        client.command(f"CREATE {OTHER}")
    except RuntimeError:
        pass  # an earlier run has made it
    client.command("SELECT INBOX")
    for items in ("FLAGS", "ENVELOPE", "BODYSTRUCTURE"):
        client.command(f"FETCH 1:* ({items})")
    time.sleep(1)
