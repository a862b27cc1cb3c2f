"""LMTP as a dialogue: greeting, commands, answers, pipelining, limits (RFC 2033, 5321, 2034, 1870, 2920, 6531)."""

import socket

import pytest
import wire
from mails import mail


def codes(replies):
    return [reply.code for reply in replies]


def test_greeting_names_the_server(lmtp):
    """RFC 5321 4.2: 220, then the domain."""
    assert lmtp.greeting.code == 220
    assert lmtp.greeting.text.split()[0].strip()


def test_lhlo_announces_what_rfc_2033_requires(lmtp):
    """RFC 2033 5: PIPELINING and ENHANCEDSTATUSCODES are a MUST, 8BITMIME is a SHOULD."""
    assert {"PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME"} <= set(lmtp.extensions)


@pytest.mark.ours
def test_lhlo_announces_ours(lmtp):
    assert {"SIZE", "SMTPUTF8", "CHUNKING"} <= set(lmtp.extensions)
    assert lmtp.extensions["SIZE"] == str(50 * 1024 * 1024)
    # RFC 3030 3: BINARYMIME only with CHUNKING; what is announced must be taken
    assert "STARTTLS" not in lmtp.extensions


@pytest.mark.parametrize("verb", ["HELO", "EHLO"])
def test_smtp_greetings_are_refused(host, verb):
    """RFC 2033 4.1: no positive answer to HELO and EHLO."""
    with host.lmtp(lhlo=None) as peer:
        assert peer.cmd(f"{verb} client.test").code in (500, 502)


def test_lhlo_needs_a_name(host):
    with host.lmtp(lhlo=None) as peer:
        assert peer.cmd("LHLO").code == 501
        assert peer.cmd("LHLO client.test").code == 250


def test_lhlo_takes_address_literals(host):
    for name in (b"[127.0.0.1]", b"[IPv6:::1]", b"client"):
        with host.lmtp(lhlo=name):
            pass


def test_nothing_but_lhlo_first(host):
    """RFC 5321 4.1.4: a transaction needs a greeting; NOOP, RSET, QUIT and so on do not."""
    with host.lmtp(lhlo=None) as peer:
        if host.is_ours:
            assert peer.cmd("MAIL FROM:<a@elsewhere.test>").code == 503
        assert peer.cmd("NOOP").code == 250
        assert peer.cmd("RSET").code == 250
        assert peer.cmd("QUIT").code == 221


def test_order_of_commands(lmtp, account):
    """RFC 5321 4.1.4: 503 for what comes out of order."""
    assert lmtp.cmd(f"RCPT TO:<{account.address}>").code == 503
    assert lmtp.cmd("DATA").code == 503
    assert lmtp.cmd("MAIL FROM:<a@elsewhere.test>").code == 250
    assert lmtp.cmd("MAIL FROM:<b@elsewhere.test>").code == 503
    assert lmtp.cmd("DATA").code == 503
    assert lmtp.cmd(f"RCPT TO:<{account.address}>").code == 250
    # none of that harmed the transaction
    assert codes(lmtp.data(mail())) == [250]
    assert lmtp.cmd("DATA").code == 503


@pytest.mark.ours  # Dovecot knows BODY=8BITMIME in capitals only
def test_verbs_and_keywords_ignore_case(lmtp, account):
    """RFC 5321 2.4."""
    assert lmtp.cmd("mail from:<a@elsewhere.test> size=100 body=8bitmime").code == 250
    assert lmtp.cmd(f"Rcpt To:<{account.address}>").code == 250
    assert lmtp.cmd("rSeT").code == 250
    assert lmtp.cmd("nOOp").code == 250


def test_rset_forgets_the_transaction(lmtp, account):
    lmtp.envelope([account.address])
    assert lmtp.cmd("RSET").code == 250
    assert lmtp.cmd("DATA").code == 503
    assert lmtp.cmd(f"RCPT TO:<{account.address}>").code == 503


@pytest.mark.ours  # Dovecot keeps the transaction
def test_lhlo_again_is_rset(lmtp, account):
    """RFC 5321 4.1.4: a later EHLO clears everything as RSET does."""
    lmtp.envelope([account.address])
    assert lmtp.cmd("LHLO again.test").code == 250
    assert lmtp.cmd("DATA").code == 503


def test_noop_takes_a_string(lmtp):
    """RFC 5321 4.1.1.9: the parameter is ignored."""
    assert lmtp.cmd("NOOP").code == 250
    assert lmtp.cmd("NOOP hello").code == 250


def test_vrfy_help_expn(lmtp, account):
    assert lmtp.cmd(f"VRFY {account.name}").code in (250, 252, 502)
    assert lmtp.cmd("HELP").code in (211, 214, 500, 502)
    assert lmtp.cmd("EXPN list").code in (500, 502, 550)
    assert lmtp.cmd("NOOP").code == 250


@pytest.mark.ours
def test_vrfy_tells_nothing_and_help_helps(lmtp, account):
    """RFC 5321 3.5.3: 252 without looking; 4.1.1.8: servers SHOULD support HELP."""
    assert lmtp.cmd(f"VRFY {account.address}").code == 252
    assert lmtp.cmd("VRFY nobody").code == 252
    assert lmtp.cmd("HELP").code == 214
    assert lmtp.cmd("HELP MAIL").code in (214, 504)


def test_unknown_commands(lmtp):
    for line in ("FNORD", "STARTLS", "GET / HTTP/1.1", "MAILFROM:<a@b.test>"):
        assert lmtp.cmd(line).code in (500, 502)
    assert lmtp.cmd("NOOP").code == 250


@pytest.mark.parametrize(
    "line",
    [
        "MAIL",
        "MAIL FROM",
        "MAIL FROM:",
        "MAIL FROM:a@elsewhere.test",
        "MAIL FROM:<a@elsewhere.test",
        "MAIL TO:<a@elsewhere.test>",
        "MAIL FROM:<a@elsewhere.test> SIZE=many",
        "MAIL FROM:<a@elsewhere.test> SIZE=-1",
        "MAIL FROM:<a@elsewhere.test> BODY=9BIT",
        "MAIL FROM:<a@elsewhere.test> FNORD=1",
        "MAIL FROM:<a b@elsewhere.test>",
        pytest.param("MAIL FROM:<@>", marks=pytest.mark.ours),
    ],
)
def test_bad_mail_commands(lmtp, line):
    """RFC 5321 4.1.1.11, 4.2.2: 501 for the syntax, 555 (504) for parameters that are not known."""
    answer = lmtp.cmd(line)
    assert answer.code in (501, 555, 504, 553), answer
    assert lmtp.cmd("MAIL FROM:<a@elsewhere.test>").code == 250


@pytest.mark.parametrize(
    "line", ["RCPT", "RCPT TO:", "RCPT TO:<>", "RCPT TO:a@b.test", "RCPT FROM:<a@b.test>", "RCPT TO:<a@b.test> FNORD"]
)
def test_bad_rcpt_commands(lmtp, account, line):
    assert lmtp.cmd("MAIL FROM:<>").code == 250
    assert lmtp.cmd(line).code in (501, 550, 553, 555)
    assert lmtp.cmd(f"RCPT TO:<{account.address}>").code == 250


def test_sender_forms(lmtp, account):
    """RFC 5321 4.1.2: null path, quoted local part, source route, address literal."""
    for sender in ("<>", '<"a b"@elsewhere.test>', "<@one.test,@two.test:a@elsewhere.test>", "<a@[192.0.2.1]>"):
        assert lmtp.cmd(f"MAIL FROM:{sender}").code == 250, sender
        assert lmtp.cmd("RSET").code == 250


@pytest.mark.ours
def test_recipient_forms(lmtp, account):
    """RFC 5321 4.1.1.3: a source route is to be ignored; 4.1.2: quoting changes nothing; domains ignore case."""
    local, domain = account.address.split("@")
    assert lmtp.cmd("MAIL FROM:<>").code == 250
    for rcpt in (f"@relay.test:{account.address}", f'"{local}"@{domain}', f"{local.upper()}@{domain.upper()}"):
        assert lmtp.cmd(f"RCPT TO:<{rcpt}>").code == 250, rcpt
    # one account: three answers, one copy
    assert codes(lmtp.data(mail(), 3)) == [250] * 3
    assert len(account.bodies()) == 1


@pytest.mark.ours
def test_postmaster_without_a_domain(lmtp, host, account):
    """RFC 5321 4.5.1: <Postmaster>, in any case, is an address."""
    host.server.cli("alias", "add", f"postmaster@{host.domain}", account.name, check=False)
    lmtp.envelope(["PostMaster"], sender="")
    assert codes(lmtp.data(mail())) == [250]


def test_enhanced_codes_fit(lmtp, account):
    """RFC 2034 4: the class of the enhanced code is the first digit of the reply."""
    local = account.address
    for line in ("RSET", "MAIL FROM:<a@b.test>", f"RCPT TO:<{local}>", "RSET", "DATA", "FNORD", "MAIL FNORD"):
        answer = lmtp.cmd(line)
        assert answer.enhanced, answer
        assert answer.enhanced[0] == str(answer.code)[0], answer


def test_replies_end_in_crlf_and_are_short(lmtp, account):
    """RFC 5321 4.5.3.1.5: at most 512 octets (Wire.line sees the CRLF)."""
    for line in ("LHLO x", "HELP", "NOOP", "X" * 200, f"MAIL FROM:<{'a' * 60}@{'b' * 60}.test>"):
        for text in lmtp.cmd(line).lines:
            assert len(text) <= 506


# pipelining (RFC 2920)


def test_envelope_and_data_in_one_packet(lmtp, account):
    """RFC 2920 3.1: MAIL, RCPT, DATA in a group, DATA last."""
    message = mail()
    lmtp.send(b"RSET\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<%s>\r\nDATA\r\n" % account.address.encode())
    assert codes(lmtp.replies(4)) == [250, 250, 250, 354]
    lmtp.send(message + b".\r\n" + b"MAIL FROM:<a@b.test>\r\nRCPT TO:<nobody-there@%s>\r\nDATA\r\nQUIT\r\n"
              % account.address.split("@")[1].encode())
    assert codes(lmtp.replies(5)) == [250, 250, 550, 503, 221]
    assert lmtp.wire.ended()


@pytest.mark.ours  # not what RFC 2920 allows, but nothing in it may break a server that reads commands in order
def test_the_whole_session_in_one_packet(host, account):
    first, second = mail(b".\r\n..\r\nend\r\n"), mail()
    with host.lmtp(greet=False) as peer:
        envelope = b"MAIL FROM:<a@b.test>\r\nRCPT TO:<%s>\r\n" % account.address.encode()
        peer.send(
            b"LHLO client.test\r\n"
            + envelope
            + b"DATA\r\n"
            + wire.stuffed(first)
            + b".\r\n"
            + envelope
            + b"BDAT %d LAST\r\n" % len(second)
            + second
            + b"NOOP\r\nQUIT\r\n"
        )
        assert codes(peer.replies(10)) == [220, 250, 250, 250, 354, 250, 250, 250, 250, 250]
        assert peer.reply().code == 221
    assert [body[-len(first) :] for body in account.bodies()[:1]] == [first]
    assert account.bodies()[1].endswith(second)


def test_a_byte_at_a_time(host, account):
    message = mail(b".one\r\n.\r\n..\r\n", "slow")
    text = b"LHLO client.test\r\nMAIL FROM:<>\r\nRCPT TO:<%s>\r\nDATA\r\n" % account.address.encode()
    with host.lmtp(lhlo=None) as peer:
        for byte in text:
            peer.send(bytes([byte]))
        assert codes(peer.replies(4)) == [250, 250, 250, 354]
        for byte in wire.stuffed(message) + b".\r\n":
            peer.send(bytes([byte]))
        assert peer.reply().code == 250
    assert account.bodies()[0].endswith(message)


def test_data_without_recipients_is_503_in_a_group(lmtp, host):
    """RFC 2033 4.2: DATA after no successful RCPT is 503, the peer must not see 354."""
    lmtp.send(b"MAIL FROM:<a@b.test>\r\nRCPT TO:<nobody-there@%s>\r\nDATA\r\nRSET\r\n" % host.domain.encode())
    assert codes(lmtp.replies(4)) == [250, 550, 503, 250]


def test_two_sessions_at_once(host, account):
    """Neither waits for the other, in whatever order their parts come."""
    messages = [mail(b"number %d\r\n" % i) for i in range(2)]
    with host.lmtp() as one, host.lmtp() as two:
        one.envelope([account.address])
        two.envelope([account.address])
        assert one.cmd("DATA").code == 354
        assert two.cmd("DATA").code == 354
        one.send(messages[0][:40])
        two.send(messages[1] + b".\r\n")
        assert two.reply().code == 250
        one.send(messages[0][40:] + b".\r\n")
        assert one.reply().code == 250
    assert sorted(body[-9:] for body in account.bodies()) == [b"umber 0\r\n", b"umber 1\r\n"]


# limits


@pytest.mark.ours
def test_too_many_errors_end_the_session(lmtp):
    for number in range(60):
        answer = lmtp.cmd("FNORD")
        if answer.code == 421:
            assert number >= 5
            assert lmtp.wire.ended()
            return
        assert answer.code == 500
    pytest.fail("60 unknown commands, and the session goes on")


@pytest.mark.ours
def test_a_good_command_forgives(lmtp):
    for _ in range(40):
        assert lmtp.cmd("FNORD").code == 500
        assert lmtp.cmd("MAIL FROM:<a@b.test>").code == 250
        assert lmtp.cmd("RSET").code == 250


@pytest.mark.parametrize("size", [600, 2000])
def test_lines_that_extensions_may_make(lmtp, size):
    """RFC 5321 4.5.3.1.4 asks for 512; SIZE, SMTPUTF8 and others raise it."""
    assert lmtp.cmd("NOOP " + "x" * (size - 7)).code == 250


@pytest.mark.parametrize("size", [70_000, 1_000_000])
def test_a_line_too_long_is_500(host, size):
    """RFC 5321 4.5.3.1.9: 500 Line too long; the session may go on or end."""
    with host.lmtp() as peer:
        peer.send(b"NOOP " + b"x" * size + b"\r\n")
        assert peer.reply().code in (500, 421)
        try:
            assert peer.cmd("NOOP").code in (250, 421)
        except wire.Closed:
            pass


@pytest.mark.ours
@pytest.mark.parametrize(("size", "code"), [(4095, 250), (4096, 250), (4097, 500)])
def test_the_line_limit_is_4096_with_crlf(lmtp, size, code):
    assert lmtp.cmd("NOOP " + "x" * (size - 7)).code == code
    assert lmtp.cmd("NOOP").code == 250


def test_a_line_without_end_costs_no_memory(host):
    with host.lmtp() as peer:
        try:
            for _ in range(200):
                peer.send(b"x" * 65536)
        except wire.Closed:
            return
        peer.send(b"\r\n")
        assert peer.reply().code in (500, 421)


def test_nul_and_8_bit_in_commands(lmtp):
    """RFC 5321 2.3.1, 4.1.2: commands are ASCII; nothing else may be taken for a sender."""
    assert lmtp.cmd(b"NOOP\0").code in (250, 500, 501)
    assert lmtp.cmd(b"MAIL FROM:<a\0b@elsewhere.test>").code in (500, 501, 553)
    assert lmtp.cmd(b"MAIL FROM:<\xff@elsewhere.test>").code in (500, 501, 550, 553)


@pytest.mark.ours
def test_a_lone_lf_ends_no_command(host):
    """RFC 5321 2.3.8: CRLF alone terminates lines. What is behind a bare LF must not become a command."""
    with host.lmtp() as peer:
        peer.send(b"NOOP\nRSET\r\nNOOP\r\n")
        first = peer.reply()
        assert first.code in (250, 500, 501)
        assert peer.reply().code == 250
        assert peer.wire.silent()


def test_quit_in_every_state(host, account):
    lines = ["MAIL FROM:<a@b.test>", f"RCPT TO:<{account.address}>"]
    for count in range(len(lines) + 1):
        with host.lmtp() as peer:
            for line in lines[:count]:
                assert peer.cmd(line).code == 250
            peer.quit()


def test_quit_takes_no_argument_but_answers(lmtp):
    """RFC 5321 4.1.1.10: no parameters; a server may be lenient."""
    assert lmtp.cmd("QUIT now").code in (221, 501)


def test_eof_between_commands_ends_the_session(host):
    with host.lmtp() as peer:
        peer.wire.socket.shutdown(socket.SHUT_WR)
        assert peer.wire.ended()


# SMTPUTF8 (RFC 6531)


@pytest.mark.ours
def test_smtputf8_addresses(lmtp, account):
    assert lmtp.cmd("MAIL FROM:<jörg@münchen.test> SMTPUTF8").code == 250
    assert lmtp.cmd(f"RCPT TO:<{account.address}>").code == 250
    message = mail(b"Gr\xc3\xbc\xc3\x9fe\r\n", "Grüße")
    assert codes(lmtp.data(message)) == [250]
    body = account.bodies()[0]
    assert body.startswith("Return-Path: <jörg@münchen.test>\r\n".encode())
    assert b" with UTF8LMTP" in body.replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ")
    assert body.endswith(message)


@pytest.mark.ours
def test_utf8_needs_the_parameter(lmtp):
    """RFC 6531 3.3: without SMTPUTF8 the address is not valid."""
    assert lmtp.cmd("MAIL FROM:<jörg@münchen.test>").code in (501, 550, 553)
    assert lmtp.cmd("MAIL FROM:<a@b.test> SMTPUTF8=1").code in (501, 555)
    assert lmtp.cmd("MAIL FROM:<a@b.test> SMTPUTF8").code == 250
    # an unknown address is told like any other
    assert lmtp.cmd("RCPT TO:<jörg@example.test>").code == 550


# who may speak


@pytest.mark.ours
def test_unix_socket(make_host):
    host = make_host()
    account = host.account()
    host.server.stop()
    path = host.server.data / "lmtp.sock"
    host.server.configure({"lmtp.listen": f"127.0.0.1:{host.port('lmtp')}, unix:{path}"}).start()
    message = mail()
    with wire.Lmtp(path) as peer:
        peer.deliver_all(account.address, message)
        peer.quit()
    assert account.bodies()[0].endswith(message)


def other_address():
    """An address of this machine that is not loopback, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.99", 9))
            address = probe.getsockname()[0]
        except OSError:
            return None
    return None if address.startswith("127.") else address


@pytest.mark.ours
def test_strangers_are_refused_and_named_peers_are_served(make_host):
    """LMTP asks for no password: over TCP, loopback and `lmtp.allow` alone may speak."""
    address = other_address()
    if not address:
        pytest.skip("this machine has no address but loopback")
    host = make_host()
    host.server.stop()
    listen = {"lmtp.listen": f"127.0.0.1:{host.port('lmtp')}, {address}:{host.port('smtp')}"}
    host.server.configure(listen).start()
    with wire.Lmtp((address, host.port("smtp")), greet=False) as peer:
        assert peer.reply().code in (421, 550, 554)
        assert peer.wire.ended()
    host.server.stop()
    host.server.configure({"lmtp.allow": f"198.51.100.7, {address}/32"}).start()
    with wire.Lmtp((address, host.port("smtp"))) as peer:
        assert peer.cmd("NOOP").code == 250
