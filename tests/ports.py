"""Ports of loopback for servers of tests and benchmarks, below the ephemeral range.

A port that was found free may be another's by the time a server binds it, when several tests look for ports at once. So
each is held for who asked for it, by an abstract unix socket that has its number in its name: until it is released, or
the process is gone, however that ended.
"""

import contextlib
import random
import socket

HOST = "127.0.0.1"

# What a site adds to its base for each service (`tabella init --port-base`).
SERVICES = {
    "smtp": 25,
    "lmtp": 24,
    "pop3": 110,
    "imap": 143,
    "http": 80,
    "smtps": 465,
    "submission": 587,
    "imaps": 993,
    "pop3s": 995,
    "managesieve": 4190,
}
# No multiple of the step is the difference of two services: sites never have a port in common.
BASES = range(10000, 20000, 27)
SINGLES = range(24200, 32700)

held = {}  # first port to the socket that holds it


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def hold(first, offsets):
    """Whether all of them are free, and now ours."""
    mark = socket.socket(socket.AF_UNIX)
    with contextlib.suppress(OSError):
        mark.bind(f"\0tabella-test-port-{first}")
        if all(is_free(first + offset) for offset in offsets):
            held[first] = mark
            return True
    mark.close()
    return False


def take(choice, offsets):
    for first in random.sample(choice, len(choice)):
        if hold(first, offsets):
            return first
    raise RuntimeError("no free port")


def base():
    """For a site: the ports of all SERVICES above it are free."""
    return take(BASES, SERVICES.values())


def one():
    return take(SINGLES, [0])


def release(first):
    """Of base() or one(); one that was got elsewhere is left alone."""
    if first in held:
        held.pop(first).close()
