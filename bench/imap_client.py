"""An IMAP client that measures: it sends a command, throws the answer away as fast as it comes, and counts."""

import re
import socket
import ssl
import time

CHUNK = 1 << 20
# A tagged answer is looked for in the end of what has come.
TAIL = 8192


class Failed(RuntimeError):
    """The server did not answer OK."""


class Answer:
    """What a command came to: seconds from sending to the last byte, bytes, untagged responses, the tagged line."""

    def __init__(self, seconds, size, untagged, line, data):
        self.seconds, self.size, self.untagged, self.line, self.data = seconds, size, untagged, line, data

    def number(self, pattern):
        """The number that a pattern finds in a short answer, or in its end."""
        return int(re.search(pattern.encode(), self.data).group(1))


class Client:
    """One connection, logged in."""

    def __init__(self, host, port, user, password, cafile=None):
        self.socket = socket.create_connection((host, port), timeout=3600)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if cafile:
            self.socket = ssl.create_default_context(cafile=cafile).wrap_socket(self.socket, server_hostname="localhost")
        self.serial = 0
        self.buffer = bytearray(CHUNK)
        self._greeting()
        self.command(f'LOGIN "{user}" "{password}"')

    def _greeting(self):
        data = b""
        while not data.endswith(b"\r\n"):
            got = self.socket.recv(4096)
            if not got:
                raise Failed("no greeting")
            data += got

    def command(self, text, keep=False):
        """`keep`: the whole answer is wanted; else only its end is looked at."""
        self.serial += 1
        tag = b"t%d" % self.serial
        begun = time.perf_counter()
        self.socket.sendall(tag + b" " + text.encode() + b"\r\n")
        size, untagged, tail, kept = 0, 0, b"\r\n", []
        view = memoryview(self.buffer)
        while True:
            got = self.socket.recv_into(self.buffer)
            if not got:
                raise Failed(f"{text}: the connection was closed")
            size += got
            block = bytes(view[:got])
            # the four bytes may stand across two blocks
            untagged += (tail[-3:] + block).count(b"\r\n* ")
            if keep:
                kept.append(block)
            tail = (tail + block)[-TAIL:]
            if tail.endswith(b"\r\n"):
                line = tail[tail.rfind(b"\r\n", 0, len(tail) - 2) + 2 :]
                if line.startswith(tag + b" "):
                    break
        seconds = time.perf_counter() - begun
        if not line.startswith(tag + b" OK"):
            raise Failed(f"{text}: {line.decode(errors='replace')}")
        return Answer(seconds, size, untagged, line.decode(errors="replace"), b"".join(kept) if keep else tail)

    def close(self):
        try:
            self.command("LOGOUT")
        finally:
            self.socket.close()

    def drop(self):
        self.socket.close()
