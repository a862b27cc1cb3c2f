"""The bytes of a message by LMTP: end of data, dots, chunks, sizes, what is kept (RFC 5321 4.5.2, 3030, 1870, 2033)."""

import time

import pytest
import wire
from mails import mail, without_trace

# Each stands in the middle of a body: none is the end of data (RFC 5321 2.3.8, 4.1.1.4), all are kept.
NO_END_OF_DATA = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r.\r",
    b"\r.\r\n",
    b"\n.\r",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\r\n.\rx\n",
    b"\n\n.\r\n",
    b"\r\r\n.\n",
    b"\r\n.\0\r\n",
    b"\r\n.\r\r\n",
    b"\0.\r\n",
]


def codes(replies):
    return [reply.code for reply in replies]


def only_body(account):
    bodies = account.bodies()
    assert len(bodies) == 1, [body[:200] for body in bodies]
    return bodies[0]


def stays_the_same(account, message, **how):
    with account.server.lmtp() as peer:
        peer.deliver_all(account.address, message, **how)
        assert peer.cmd("NOOP").code == 250
    without_trace(only_body(account), message)


@pytest.mark.ours  # Dovecot takes LF for CRLF and stores LF
@pytest.mark.parametrize("ending", NO_END_OF_DATA)
def test_only_crlf_dot_crlf_ends_the_data(lmtp, account, ending):
    """A second message behind the wrong ending must stay text (SMTP smuggling)."""
    inner = b"MAIL FROM:<evil@x.test>\r\nRCPT TO:<%s>\r\nDATA\r\nevil\r\n" % account.address.encode()
    raw = mail(b"before") + ending + inner
    lmtp.envelope([account.address])
    assert lmtp.cmd("DATA").code == 354
    lmtp.send(raw)
    assert lmtp.wire.silent(0.1)
    lmtp.send(b".\r\n")
    assert lmtp.reply().code == 250
    assert lmtp.cmd("NOOP").code == 250
    # as a receiver reads it: lines end at CRLF, and one dot at their begin goes (4.5.2)
    without_trace(only_body(account), raw.replace(b"\r\n.", b"\r\n"))


@pytest.mark.parametrize(
    "body",
    [
        b".\r\n",
        b"..\r\n",
        b"...\r\n.x\r\nx.\r\n",
        b"\r\n.\r\n\r\n.\r\n",
        b".hidden\r\n.\r\n..\r\n",
        b"",
        b"\r\n",
        b"\r\n\r\n\r\n",
        b"no dots\r\n",
    ],
)
def test_dots_come_back_as_they_were(account, body):
    stays_the_same(account, mail(body))


@pytest.mark.ours
def test_dots_that_were_not_doubled(lmtp, account):
    """RFC 5321 4.5.2: the first of a line's dots is removed whatever follows."""
    lmtp.envelope([account.address])
    assert lmtp.cmd("DATA").code == 354
    head = mail(b"")
    lmtp.send(head + b".one\r\n...two\r\n.\r\n")
    assert lmtp.reply().code == 250
    without_trace(only_body(account), head + b"one\r\n..two\r\n")


@pytest.mark.parametrize("message", [b"", b"\r\n", b"\r\n\r\n", b"no header at all\r\n", b": no name\r\n\r\n"])
@pytest.mark.ours
def test_messages_that_are_hardly_any(account, message):
    stays_the_same(account, message)


@pytest.mark.ours
def test_every_byte_is_kept(account):
    every = bytes(range(256))
    stays_the_same(account, mail(every * 3 + b"\r\n" + every[::-1] + b"\r\n"))


@pytest.mark.ours
def test_8_bit_in_headers_is_kept(account):
    stays_the_same(account, mail(headers=b"X-Raw: caf\xe9 \x80\xff\r\nX-NUL: a\0b\r\n"), options=" BODY=8BITMIME")


@pytest.mark.parametrize("size", [998, 1000, 5000, 70_000, 3_000_000])
def test_long_lines(account, size):
    """RFC 5321 4.5.3.1.6 asks for 1000; nothing is cut or folded."""
    stays_the_same(account, mail(b"x" * (size - 2) + b"\r\n"))


@pytest.mark.parametrize("size", [16_000, 65_535, 65_536, 65_537, 262_143, 262_145, 2_000_000])
def test_sizes_around_buffers(account, size):
    head = mail(b"")
    line = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n"
    body = (line * (size // len(line) + 1))[: size - len(head) - 2] + b"\r\n"
    stays_the_same(account, head + body)


@pytest.mark.ours
def test_data_in_odd_pieces(lmtp, account):
    """CRLF.CRLF cut at every place."""
    end = b"\r\n.\r\n"
    for cut in range(1, len(end)):
        lmtp.envelope([account.address])
        assert lmtp.cmd("DATA").code == 354
        lmtp.send(mail(b"cut") + end[:cut])
        time.sleep(0.02)
        lmtp.send(end[cut:])
        assert lmtp.reply().code == 250
    assert [body[-5:] for body in account.bodies()] == [b"cut\r\n"] * 4


# what is not finished is not stored


@pytest.mark.parametrize("abort", [False, True])
def test_a_session_cut_in_the_data_stores_nothing(host, account, abort):
    message = mail(b"x" * 5000 + b"\r\n")
    whole = wire.stuffed(message) + b".\r\n"
    for end in (0, 10, 300, len(whole) - 3, len(whole) - 2, len(whole) - 1):
        peer = host.lmtp()
        peer.envelope([account.address])
        assert peer.cmd("DATA").code == 354
        peer.send(whole[:end])
        peer.abort() if abort else peer.close()
    time.sleep(0.3)
    assert account.bodies() == []


@pytest.mark.ours
def test_a_session_cut_in_a_chunk_stores_nothing(host, account):
    message = mail(b"x" * 5000 + b"\r\n")
    for sent in (b"BDAT 6000 LAST\r\n" + message, b"BDAT %d\r\n" % len(message) + message, b"BDAT 10"):
        peer = host.lmtp()
        peer.envelope([account.address])
        peer.send(sent)
        peer.close()
    time.sleep(0.3)
    assert account.bodies() == []


def test_the_session_goes_on_after_a_message(lmtp, account):
    for number in range(5):
        lmtp.deliver_all(account.address, mail(subject=str(number)))
    assert len(account.bodies()) == 5


# BDAT (RFC 3030; RFC 2033 4.3)


def test_one_chunk(account):
    stays_the_same(account, mail(), exact=True)


@pytest.mark.ours
@pytest.mark.parametrize("end", [b"", b"\r", b"\n", b"x", b"\r\n.", b"\r\n.\r\n", b"\r\n.\r\n\r\n", b"\0"])
def test_chunks_keep_the_end(account, end):
    """RFC 3030 2: the bytes are not looked at; no dot is special, no line end is added."""
    stays_the_same(account, mail(b"text") + end, exact=True)


@pytest.mark.ours
def test_chunks_that_cut_lines_and_dots(lmtp, account):
    message = mail(b"one\r\n.two\r\n..\r\n.\r\nend\r\n" * 20)
    lmtp.envelope([account.address])
    for at in range(0, len(message), 7):
        lmtp.bdat(message[at : at + 7])
        assert lmtp.reply().code == 250
    lmtp.bdat(b"", last=True)
    assert lmtp.reply().code == 250
    without_trace(only_body(account), message)


@pytest.mark.ours
def test_chunks_in_one_packet(lmtp, account):
    """RFC 3030 4.2 with PIPELINING."""
    message = mail(b"pipelined\r\n")
    lmtp.send(
        b"MAIL FROM:<>\r\nRCPT TO:<%s>\r\nBDAT 10\r\n%sBDAT 0\r\nBDAT %d LAST\r\n%sNOOP\r\n"
        % (account.address.encode(), message[:10], len(message) - 10, message[10:])
    )
    assert codes(lmtp.replies(6)) == [250] * 6
    without_trace(only_body(account), message)


@pytest.mark.ours
def test_bdat_answers_each_recipient_once(lmtp, host):
    """RFC 2033 4.3: one reply for a chunk, one per recipient for the last."""
    accounts = [host.account() for _ in range(3)]
    message = mail()
    lmtp.envelope([one.address for one in accounts])
    lmtp.bdat(message)
    assert lmtp.reply().code == 250
    assert lmtp.wire.silent(0.1)
    lmtp.bdat(b"", last=True)
    assert codes(lmtp.replies(3)) == [250] * 3
    assert lmtp.cmd("NOOP").code == 250
    for one in accounts:
        without_trace(only_body(one), message)


@pytest.mark.ours
def test_bdat_out_of_order_consumes_its_bytes(lmtp, host, account):
    """RFC 3030 2: a chunk that is refused is still read; 503 where there is no recipient (RFC 2033 4.3)."""
    evil = b"MAIL FROM:<evil@x.test>\r\nRCPT TO:<%s>\r\n" % account.address.encode()
    lmtp.bdat(evil)
    assert lmtp.reply().code == 503
    lmtp.bdat(evil, last=True)
    assert lmtp.reply().code == 503
    assert lmtp.cmd("MAIL FROM:<a@b.test>").code == 250
    lmtp.bdat(evil, last=True)
    assert lmtp.reply().code == 503
    assert lmtp.cmd(f"RCPT TO:<nobody-there@{host.domain}>").code == 550
    lmtp.bdat(evil, last=True)
    assert lmtp.reply().code == 503
    assert lmtp.cmd("RSET").code == 250
    assert lmtp.wire.silent(0.1)
    assert account.bodies() == []


@pytest.mark.ours
def test_data_behind_bdat_is_503(lmtp, account):
    """RFC 3030 2: DATA and BDAT cannot be mixed; RSET clears it."""
    lmtp.envelope([account.address])
    lmtp.bdat(b"Subject: x\r\n")
    assert lmtp.reply().code == 250
    assert lmtp.cmd("DATA").code == 503
    assert lmtp.cmd("RSET").code == 250
    lmtp.deliver_all(account.address, mail())
    assert len(account.bodies()) == 1


@pytest.mark.ours
@pytest.mark.parametrize("line", ["BDAT", "BDAT x", "BDAT -1 LAST", "BDAT 1e3", "BDAT 0x10", "BDAT 5 FIRST"])
def test_bdat_that_cannot_be_read(lmtp, account, line):
    """The bytes that follow cannot be counted: the peer is told, and nothing is delivered by accident."""
    lmtp.envelope([account.address])
    lmtp.send(line.encode() + b"\r\n")
    answer = lmtp.reply()
    assert answer.code in (421, 500, 501, 555)
    assert account.bodies() == []


@pytest.mark.ours
def test_bdat_of_twenty_digits(lmtp, account):
    """A size no server can count to: refused, never wrapped round to a small one."""
    lmtp.envelope([account.address])
    lmtp.send(b"BDAT 18446744073709551620 LAST\r\nMAIL FROM:<evil@x.test>\r\n")
    assert lmtp.reply().code in (421, 501, 552)
    assert account.bodies() == []


@pytest.mark.ours
def test_last_ignores_case(lmtp, account):
    message = mail()
    lmtp.envelope([account.address])
    lmtp.send(b"bdat %d last\r\n" % len(message) + message)
    assert lmtp.reply().code == 250


@pytest.mark.ours
def test_rset_between_chunks(lmtp, account):
    lmtp.envelope([account.address])
    lmtp.bdat(b"Subject: gone\r\n\r\n")
    assert lmtp.reply().code == 250
    assert lmtp.cmd("RSET").code == 250
    message = mail()
    lmtp.deliver_all(account.address, message, exact=True)
    without_trace(only_body(account), message)


# SIZE (RFC 1870)

SMALL = 65536


@pytest.fixture(scope="module")
def small_host():
    from conftest import Host, start_ours, stop_and_look

    server = start_ours({"lmtp.message_max": "64K"})
    try:
        yield Host(server, True)
        stop_and_look(server)
    finally:
        server.close()


@pytest.mark.ours
class TestSize:
    def test_announced(self, small_host):
        with small_host.lmtp() as peer:
            assert peer.extensions["SIZE"] == str(SMALL)

    @pytest.mark.parametrize(("size", "code"), [(0, 250), (SMALL - 1, 250), (SMALL, 250), (SMALL + 1, 552)])
    def test_declared(self, small_host, size, code):
        """RFC 1870 6.1: 552 at MAIL, before a byte is sent."""
        with small_host.lmtp() as peer:
            answer = peer.cmd(f"MAIL FROM:<a@b.test> SIZE={size}")
            assert answer.code == code
            assert code == 250 or answer.enhanced == "5.3.4"

    def test_declared_with_twenty_digits(self, small_host):
        with small_host.lmtp() as peer:
            assert peer.cmd("MAIL FROM:<a@b.test> SIZE=99999999999999999999").code in (501, 552)
            assert peer.cmd("MAIL FROM:<a@b.test> SIZE=18446744073709551617").code in (501, 552)

    @pytest.mark.parametrize("exact", [False, True])
    @pytest.mark.parametrize(("more", "code"), [(-1, 250), (0, 250), (1, 552), (300_000, 552)])
    def test_sent(self, small_host, exact, more, code):
        """RFC 1870 6.3: a message that turns out too large is refused behind its last byte, for each recipient."""
        one, two = small_host.account(), small_host.account()
        message = mail(b"")
        message += b"x" * (SMALL + more - len(message) - 2) + b"\r\n"
        with small_host.lmtp() as peer:
            answers = peer.deliver([one.address, two.address], message, exact=exact)
            assert codes(answers) == [code, code]
            assert code == 250 or {answer.enhanced for answer in answers} == {"5.3.4"}
            assert peer.cmd("NOOP").code == 250
        assert len(one.bodies()) == len(two.bodies()) == (code == 250)

    def test_dots_that_are_removed_do_not_count(self, small_host):
        """RFC 1870 5: the size is that of the message, without transparency's dots."""
        account = small_host.account()
        message = mail(b"")
        message += b".\r\n" * ((SMALL - len(message)) // 3)
        with small_host.lmtp() as peer:
            peer.deliver_all(account.address, message)
        without_trace(only_body(account), message)

    def test_many_small_chunks(self, small_host):
        """The sum counts; what comes behind the refusal is read and forgotten."""
        account = small_host.account()
        with small_host.lmtp() as peer:
            peer.envelope([account.address])
            refused = False
            for _ in range(20):
                peer.bdat(b"x" * 5000)
                code = peer.reply().code
                refused = refused or code == 552
                assert code == 250 or refused
            peer.bdat(b"", last=True)
            answer = peer.reply()
            assert refused or answer.code == 552
            assert answer.code in (552, 503)
            assert peer.cmd("RSET").code == 250
            peer.deliver_all(account.address, mail())
        assert len(account.bodies()) == 1

    def test_one_huge_chunk(self, small_host):
        account = small_host.account()
        with small_host.lmtp() as peer:
            peer.envelope([account.address])
            peer.bdat(b"RSET\r\n" * 200_000, last=True)
            assert peer.reply().code == 552
            assert peer.cmd("NOOP").code == 250
        assert account.bodies() == []
