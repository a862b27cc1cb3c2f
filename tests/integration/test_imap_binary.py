"""FETCH BINARY (RFC 3516) of large parts, against what Python decodes."""

import base64
import quopri
import random

import pytest

pytestmark = pytest.mark.ours


def fetched(peer, item):
    """The bytes of the one literal of a FETCH of message 1, and whether it was a literal8."""
    peer.wire.send(b"f1 FETCH 1 %s\r\n" % item)
    while b"FETCH" not in (line := peer.wire.line()):
        pass
    at = line.rindex(b"{")
    body = peer.wire.exactly(int(line[at + 1 : -1]))
    assert peer.wire.line() == b")"
    assert peer.wire.line().startswith(b"f1 OK")
    return body, line[at - 1 : at] == b"~"


def number(peer, item):
    peer.wire.send(b"n1 FETCH 1 %s\r\n" % item)
    while b"FETCH" not in (line := peer.wire.line()):
        pass
    assert peer.wire.line().startswith(b"n1 OK")
    return int(line.rsplit(b" ", 1)[1][:-1])


@pytest.mark.parametrize("size", [0, 1, 32767, 32768, 32769, 1500000])
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "binary"])
def test_large_parts(account, size, encoding):
    maker = random.Random(size)
    # as text has them: lines that end in CRLF and no blank before their end
    data = bytes(maker.randrange(1, 256) for _ in range(min(size, 5000))).replace(b"\r", b"r").replace(b"\n", b"n")
    data = (data * (size // max(len(data), 1) + 1))[:size]
    if encoding == "base64" and size > 100:
        data = data[:50] + b"\0\r\n" + data[53:]
    coded = {
        "base64": lambda: base64.encodebytes(data).replace(b"\n", b"\r\n"),
        "quoted-printable": lambda: quopri.encodestring(data).replace(b"\n", b"\r\n"),
        "binary": lambda: data,
    }[encoding]()
    text = (
        b"Content-Type: multipart/mixed; boundary=never-in-it\r\n\r\n--never-in-it\r\n"
        b"Content-Transfer-Encoding: 7bit\r\n\r\nfirst\r\n--never-in-it\r\n"
        b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: %s\r\n\r\n%s\r\n--never-in-it--\r\n"
        % (encoding.encode(), coded)
    )
    with account.imap("INBOX") as peer:
        peer.wire.send(b"a1 APPEND INBOX ~{%d+}\r\n%s\r\n" % (len(text), text))
        while not (line := peer.wire.line()).startswith(b"a1 "):
            pass
        assert line.startswith(b"a1 OK")
        assert number(peer, b"BINARY.SIZE[2]") == len(data)
        if not data:
            return
        assert fetched(peer, b"BINARY.PEEK[2]") == (data, b"\0" in data)
        for _ in range(5):
            at, length = maker.randrange(size), maker.randrange(1, size + 2)
            want = data[at : at + length]
            assert fetched(peer, b"BINARY.PEEK[2]<%d.%d>" % (at, length)) == (want, b"\0" in want)
