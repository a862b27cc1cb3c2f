#!/usr/bin/env python3
"""Is what was acknowledged there, once? Logs in to each account by IMAP and looks for every Message-ID.

bench/readback.py --port N --acks FILE [--password P] [--login full|local]
FILE is what lmtp_blast --acks wrote. Exits with 1 when something is missing or doubled.
"""

import argparse
import collections
import imaplib
import re
import sys

FIELDS = "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"
BATCH = 5000
MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>\r\n]*>)", re.I | re.M)


def read_acks(paths):
    """Address to the Message-IDs that were acknowledged for it."""
    wanted = collections.defaultdict(list)
    for path in paths:
        with open(path) as lines:
            for line in lines:
                address, message_id = line.split()
                wanted[address].append(message_id.encode())
    return wanted


def fetch_ids(host, port, user, password, mailbox="INBOX"):
    """How often each Message-ID stands in a mailbox, and the mailbox's EXISTS."""
    peer = imaplib.IMAP4(host, port, timeout=120)
    peer.login(user, password)
    state, data = peer.select(mailbox, readonly=True)
    if state != "OK":
        raise RuntimeError(f"{user}: SELECT: {data}")
    exists = int(data[0])
    found = collections.Counter()
    for first in range(1, exists + 1, BATCH):
        state, data = peer.fetch(f"{first}:{min(first + BATCH - 1, exists)}", FIELDS)
        if state != "OK":
            raise RuntimeError(f"{user}: FETCH: {data}")
        for item in data:
            if isinstance(item, tuple):
                match = MESSAGE_ID.search(item[1])
                found[match.group(1) if match else b"(none)"] += 1
    peer.logout()
    return found, exists


class Tally:
    """Counts over all accounts."""

    def __init__(self):
        self.acknowledged = self.present = self.missing = self.doubled = self.exists = 0

    def add(self, wanted, found, exists):
        self.acknowledged += len(wanted)
        self.exists += exists
        for message_id in wanted:
            times = found.get(message_id, 0)
            self.present += times == 1
            self.missing += times == 0
            self.doubled += times > 1

    def is_good(self):
        return self.missing == 0 and self.doubled == 0 and self.present == self.acknowledged

    def __str__(self):
        return (
            f"acknowledged={self.acknowledged} found_once={self.present} missing={self.missing} "
            f"doubled={self.doubled} in_mailboxes={self.exists}"
        )


def read_back(host, port, acks, login):
    """`login(name)` gives user and password for an address's local part."""
    tally = Tally()
    for address, wanted in read_acks(acks).items():
        found, exists = fetch_ids(host, port, *login(address.split("@")[0]))
        tally.add(wanted, found, exists)
    return tally


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--acks", action="append", required=True)
    parser.add_argument("--password", default="bench-password")
    parser.add_argument("--domain", default="bench.test")
    parser.add_argument("--login", choices=["full", "local"], default="full", help="with or without the domain")
    args = parser.parse_args()

    def login(name):
        return (f"{name}@{args.domain}" if args.login == "full" else name), args.password

    tally = read_back(args.host, args.port, args.acks, login)
    print(tally)
    return 0 if tally.is_good() else 1


if __name__ == "__main__":
    sys.exit(main())
