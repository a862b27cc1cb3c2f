"""APPEND of several messages (RFC 3502), with NUL (RFC 3516), and what a client sends without waiting (RFC 7888)."""

import pytest
import wire


def messages(count, size=20):
    """`count` literals that do not wait, and their bytes, as the rest of an APPEND."""
    out = bytearray()
    for number in range(count):
        text = b"Subject: %08d\r\n\r\n" % number
        text += b"x" * (size - len(text))
        out += b" {%d+}\r\n" % len(text) + text
    return bytes(out)


def answer(peer, tag):
    while True:
        line = peer.wire.line()
        if line.startswith(tag + b" "):
            return line[len(tag) + 1 :]


@pytest.mark.ours
def test_as_many_messages_as_a_command_may_have(account):
    with account.imap("INBOX") as peer:
        peer.wire.send(b"m1 APPEND INBOX" + messages(1000, 24) + b"\r\n")
        assert answer(peer, b"m1").startswith(b"OK [APPENDUID ")
        peer.wire.send(b"m2 APPEND INBOX" + messages(1001, 24) + b"\r\n")
        assert answer(peer, b"m2").startswith(b"NO [LIMIT]")
        # the rest was read, and nothing of it stored
        peer.wire.send(b"m3 STATUS INBOX (MESSAGES UIDNEXT)\r\n")
        assert b"* STATUS INBOX (MESSAGES 1000 UIDNEXT 1001)" in [peer.wire.line(), peer.wire.line()]


@pytest.mark.ours
def test_every_cut_of_a_multiappend(account):
    """The connection breaks off anywhere: nothing is stored unless the command was complete."""
    whole = b"m1 APPEND INBOX" + messages(2, 30) + b"\r\n"
    for cut in range(len(whole) - 1):
        with account.imap() as peer:
            peer.wire.send(whole[:cut])
    with account.imap("INBOX") as peer:
        assert peer.uids() == []
        peer.wire.send(whole)
        assert answer(peer, b"m1").startswith(b"OK [APPENDUID ")


@pytest.mark.ours
def test_a_large_part_of_any_bytes_comes_back(account):
    """literal8, larger than what is kept in memory."""
    body = bytes(range(256)) * 4096
    head = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    with account.imap("INBOX") as peer:
        peer.wire.send(b"m1 APPEND INBOX ~{%d+}\r\n" % len(head + body) + head + body + b" (\\Seen) {3}\r\n")
        assert peer.wire.line().startswith(b"+ ")
        peer.wire.send(b"abc\r\n")
        assert answer(peer, b"m1").startswith(b"OK [APPENDUID ")
        peer.wire.send(b"m2 FETCH 1 BODY.PEEK[]\r\n")
        while b"FETCH" not in (line := peer.wire.line()):
            pass
        size = int(line[line.rindex(b"{") + 1 : -1])
        assert peer.wire.exactly(size) == (head + body).replace(b"\0", b"\x80")
        assert peer.wire.line() == b")"


def test_what_is_too_big_before_login_ends_the_connection(host):
    with wire.Imap(host.port("imap")) as peer:
        peer.wire.send(b"a1 LOGIN {5000+}\r\n" + b"x" * 100)
        assert peer.wire.ended()


def test_large_messages_that_share_a_part(account):
    """Blobs that are stored before the transaction, the same in several messages of one command."""
    part = bytes(range(33, 127)) * 6000

    def message(number):
        return (
            b"Subject: %d\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext %d\r\n--b\r\n"
            b"Content-Type: application/octet-stream\r\n\r\n%s\r\n--b--\r\n" % (number, number, part)
        )

    with account.imap("INBOX") as peer:
        peer.wire.send(b"m1 APPEND INBOX")
        for number in range(4):
            peer.wire.send(b" {%d+}\r\n%s" % (len(message(number)), message(number)))
        peer.wire.send(b"\r\n")
        assert answer(peer, b"m1").startswith(b"OK [APPENDUID ")
        assert peer.bodies() == [message(number) for number in range(4)]
