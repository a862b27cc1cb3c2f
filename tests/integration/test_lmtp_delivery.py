"""Whom a message reaches, what stands in front of it, and how often it is stored (RFC 2033 4.2, RFC 5321 4.4)."""

import datetime
import email.parser
import email.utils
import re
import time

import pytest
import wire
from mails import mail, without_trace


def codes(replies):
    return [reply.code for reply in replies]


# an answer for each recipient


@pytest.mark.parametrize("exact", [False, True])
def test_unknown_recipients_harm_nobody(lmtp, host, exact):
    """RFC 2033 4.2: answers behind the data for the recipients that were taken, in order."""
    accounts = [host.account() for _ in range(2)]
    message = mail()
    assert lmtp.cmd("MAIL FROM:<a@b.test>").code == 250
    domain = accounts[0].address.split("@")[1]
    for rcpt, want in (
        (f"nobody-1@{domain}", 550),
        (accounts[0].address, 250),
        (f"nobody-2@{domain}", 550),
        (accounts[1].address, 250),
        (f"nobody-3@{domain}", 550),
    ):
        answer = lmtp.cmd(f"RCPT TO:<{rcpt}>")
        assert answer.code == want, answer
        assert want == 250 or answer.enhanced == "5.1.1"
    if exact:
        lmtp.bdat(message, last=True)
        assert codes(lmtp.replies(2)) == [250, 250]
    else:
        assert codes(lmtp.data(message, 2)) == [250, 250]
    assert lmtp.cmd("NOOP").code == 250
    for one in accounts:
        without_trace(one.bodies()[0], message)


@pytest.mark.ours
def test_relaying_is_refused(lmtp):
    """Nobody here has an address of a foreign domain: permanent, whatever digits say which."""
    assert lmtp.cmd("MAIL FROM:<a@b.test>").code == 250
    assert lmtp.cmd("RCPT TO:<someone@elsewhere.test>").code in (550, 551, 554)
    assert lmtp.cmd("RCPT TO:<example.test!user%host@elsewhere.test>").code in (550, 551, 553, 554)


@pytest.fixture
def bulk(host):
    """bulk(n): addresses of n new accounts, made as an administrator's SQL script makes them."""

    def make(count):
        assert count <= 40 * 40  # a recursion of a thousand is too deep for MariaDB
        model = host.account()
        prefix = f"bulk-{model.name}-"
        host.server.sql(
            f"""BEGIN;
            INSERT INTO dbmail_users (userid, passwd, encryption_type)
                WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 39)
                SELECT '{prefix}' || (a.i * 40 + b.i), u.passwd, u.encryption_type FROM n a, n b, dbmail_users u
                WHERE u.userid = '{model.name}' AND a.i * 40 + b.i < {count};
            INSERT INTO dbmail_aliases (alias, deliver_to)
                SELECT userid || '@{host.domain}', user_idnr FROM dbmail_users WHERE userid LIKE '{prefix}%';
            COMMIT;"""
        )
        made = []
        for i in range(count):
            account = type(model)(host, f"{prefix}{i}", f"{prefix}{i}@{host.domain}", f"{prefix}{i}", model.password)
            made.append(account)
        return made

    return make


@pytest.mark.ours
@pytest.mark.parametrize("count", [49, 50, 51, 120])
def test_as_many_recipients_as_a_transaction_holds_and_more(lmtp, bulk, count):
    accounts = bulk(count)
    message = mail()
    rcpts = [one.address for one in accounts]
    assert codes(lmtp.deliver(rcpts, message)) == [250] * count
    for one in (accounts[0], accounts[48], accounts[-1]):
        without_trace(one.bodies()[0], message)
        assert len(one.bodies()) == 1


@pytest.mark.ours
def test_1000_recipients_and_one_more(lmtp, bulk):
    """RFC 5321 4.5.3.1.8, .10: 452 for what is too many, the others are served."""
    accounts = bulk(1001)
    message = mail()
    lines = ["MAIL FROM:<>", *(f"RCPT TO:<{one.address}>" for one in accounts), "DATA"]
    lmtp.send("".join(line + "\r\n" for line in lines).encode())
    answers = lmtp.replies(len(lines))
    assert codes(answers) == [250] * 1001 + [452, 354]
    assert answers[-2].enhanced == "4.5.3"
    lmtp.send(message + b".\r\n")
    assert codes(lmtp.replies(1000)) == [250] * 1000
    assert len(accounts[999].bodies()) == 1
    assert accounts[1000].bodies() == []


@pytest.mark.ours
def test_a_recipient_named_twice_gets_one_copy(lmtp, host, account):
    host.server.cli("alias", "add", f"also-{account.address}", account.name)
    local, domain = account.address.split("@")
    rcpts = [account.address, account.address, f"also-{account.address}", account.address.upper(), f"{local}+x@{domain}"]
    assert codes(lmtp.deliver(rcpts, mail())) == [250] * 5
    assert len(account.bodies()) == 1


# quota


@pytest.mark.ours
def test_over_quota(host):
    """RFC 5321 4.2.3 552, RFC 3463 X.2.2; the others get theirs."""
    full, other = host.account("--quota", "20K"), host.account()
    message = mail(b"x" * 8000 + b"\r\n")
    with host.lmtp() as peer:
        for want in (250, 250, 552):
            answers = [peer.cmd("MAIL FROM:<a@b.test>")]
            answers += [peer.cmd(f"RCPT TO:<{one.address}>") for one in (full, other)]
            if codes(answers) == [250, 552, 250]:
                assert answers[1].enhanced == "5.2.2"
                assert want == 552
                assert codes(peer.data(message)) == [250]
                continue
            assert codes(answers) == [250, 250, 250]
            got = peer.data(message, 2)
            assert codes(got) == [want, 250], got
            assert want == 250 or got[0].enhanced == "5.2.2"
    assert len(full.bodies()) == 2
    assert len(other.bodies()) == 3
    # room again: at once
    with full.imap("INBOX") as peer:
        peer.ok(r"STORE 1 +FLAGS.SILENT (\Deleted)")
        peer.ok("EXPUNGE")
    with host.lmtp() as peer:
        peer.deliver_all(full.address, message)


@pytest.mark.ours
def test_a_quota_set_by_hand_counts_at_once(host, account):
    host.server.sql(f"UPDATE dbmail_users SET maxmail_size = 100 WHERE userid = '{account.name}'")
    with host.lmtp() as peer:
        peer.cmd("MAIL FROM:<a@b.test>")
        answer = peer.cmd(f"RCPT TO:<{account.address}>")
        answer = peer.data(mail())[0] if answer.code == 250 else answer
        assert (answer.code, answer.enhanced) == (552, "5.2.2")
        host.server.sql(f"UPDATE dbmail_users SET maxmail_size = 0 WHERE userid = '{account.name}'")
        peer.cmd("RSET")
        peer.deliver_all(account.address, mail())


@pytest.mark.ours
def test_over_quota_can_be_soft(make_host):
    host = make_host({"lmtp.over_quota": "soft"})
    full = host.account("--quota", "1K")
    with host.lmtp() as peer:
        peer.cmd("MAIL FROM:<a@b.test>")
        answer = peer.cmd(f"RCPT TO:<{full.address}>")
        answer = peer.data(mail(b"x" * 2000 + b"\r\n"))[0] if answer.code == 250 else answer
        assert (answer.code, answer.enhanced) == (452, "4.2.2")


@pytest.mark.ours
def test_who_has_room_gets_one_copy_while_others_have_none(make_host):
    """The queue in front of us sends it again and again, for all that the address stands for."""
    host = make_host({"lmtp.over_quota": "soft"})
    full, other = host.account("--quota", "1K"), host.account()
    group = f"group-{other.name}@{host.domain}"
    for one in (full, other):
        host.server.cli("alias", "add", group, one.name)
    message = mail(b"x" * 2000 + b"\r\n")
    with host.lmtp() as peer:
        assert codes(peer.deliver(group, message)) == [452]
    for _ in range(2):
        with host.lmtp() as peer:
            assert codes(peer.deliver(group, message)) == [452]
    assert (len(full.bodies()), len(other.bodies())) == (0, 1)
    host.server.sql(f"UPDATE dbmail_users SET maxmail_size = 0 WHERE userid = '{full.name}'")
    with host.lmtp() as peer:
        assert codes(peer.deliver(group, message)) == [250]
    assert (len(full.bodies()), len(other.bodies())) == (1, 1)


# addresses


@pytest.mark.ours
def test_aliases(lmtp, host):
    one, two = host.account(), host.account()
    host.server.cli("alias", "add", f"team-{one.name}@{host.domain}", one.name)
    host.server.cli("alias", "add", f"team-{one.name}@{host.domain}", two.name)
    host.server.cli("alias", "add", f"chain-{one.name}@{host.domain}", f"team-{one.name}@{host.domain}")
    assert codes(lmtp.deliver(f"Chain-{one.name}@{host.domain}", mail())) == [250]
    assert (len(one.bodies()), len(two.bodies())) == (1, 1)


@pytest.mark.ours
def test_an_alias_typed_in_sql_works_at_once(lmtp, host, account):
    name = f"sql-{account.address}"
    assert lmtp.cmd("MAIL FROM:<>").code == 250
    assert lmtp.cmd(f"RCPT TO:<{name}>").code == 550
    host.server.sql(
        f"INSERT INTO dbmail_aliases (alias, deliver_to) SELECT '{name}', user_idnr FROM dbmail_users "
        f"WHERE userid = '{account.name}'"
    )
    assert lmtp.cmd(f"RCPT TO:<{name}>").code == 250
    assert codes(lmtp.data(mail())) == [250]
    host.server.sql(f"DELETE FROM dbmail_aliases WHERE alias = '{name}'")
    assert lmtp.cmd("MAIL FROM:<>").code == 250
    assert lmtp.cmd(f"RCPT TO:<{name}>").code == 550


@pytest.mark.ours
def test_aliases_in_a_circle(lmtp, host):
    """RFC 3463 X.4.6 or unknown; never a loop, never 250."""
    host.server.cli("alias", "add", f"ring-a@{host.domain}", f"ring-b@{host.domain}")
    host.server.cli("alias", "add", f"ring-b@{host.domain}", f"ring-a@{host.domain}")
    assert lmtp.cmd("MAIL FROM:<>").code == 250
    assert lmtp.cmd(f"RCPT TO:<ring-a@{host.domain}>").code // 100 in (4, 5)
    assert lmtp.cmd("NOOP").code == 250


@pytest.mark.ours
def test_catch_all(lmtp, host):
    one, two = host.account(), host.account()
    host.server.cli("domain", "add", "catch.test")
    host.server.cli("alias", "add", "@catch.test", one.name)
    host.server.cli("alias", "add", "known@catch.test", two.name)
    message = mail()
    lmtp.deliver_all("whoever@catch.test", message)
    lmtp.deliver_all("known@catch.test", message)
    without_trace(one.bodies()[0], message)
    assert (len(one.bodies()), len(two.bodies())) == (1, 1)


@pytest.mark.ours
def test_forwards_outside_wait_for_a_queue(lmtp, host, account):
    """There is no queue yet: 4xx, so that nothing is lost, and nothing is stored for the part that is local."""
    host.server.cli("alias", "add", f"away-{account.address}", "friend@outside.test")
    host.server.cli("alias", "add", f"both-{account.address}", "friend@outside.test")
    host.server.cli("alias", "add", f"both-{account.address}", account.name)
    assert lmtp.cmd("MAIL FROM:<a@b.test>").code == 250
    for rcpt in (f"away-{account.address}", f"both-{account.address}"):
        answer = lmtp.cmd(f"RCPT TO:<{rcpt}>")
        assert answer.code // 100 == 4, answer
        assert answer.enhanced and answer.enhanced[0] == "4"
    assert lmtp.cmd("DATA").code == 503
    assert account.bodies() == []


@pytest.mark.ours
def test_inactive_accounts(lmtp, host, account):
    """RFC 3463 X.2.1: mailbox disabled, not accepting messages."""
    host.server.sql(f"UPDATE dbmail_users SET active = 0 WHERE userid = '{account.name}'")
    assert lmtp.cmd("MAIL FROM:<a@b.test>").code == 250
    answer = lmtp.cmd(f"RCPT TO:<{account.address}>")
    assert (answer.code, answer.enhanced) == (550, "5.2.1")
    with wire.Imap(host.port("imap")) as peer:
        peer.no(f"LOGIN {account.user} {account.password}")
    host.server.sql(f"UPDATE dbmail_users SET active = 1 WHERE userid = '{account.name}'")
    assert lmtp.cmd(f"RCPT TO:<{account.address}>").code == 250
    assert codes(lmtp.data(mail())) == [250]


@pytest.mark.ours
def test_deleted_accounts(lmtp, host, account):
    lmtp.envelope([account.address])
    host.server.sql(f"DELETE FROM dbmail_users WHERE userid = '{account.name}'")
    # deleted between RCPT and the data: told there, for good or for now, but never 250
    assert lmtp.data(mail())[0].code // 100 in (4, 5)
    assert lmtp.cmd("MAIL FROM:<>").code == 250
    assert lmtp.cmd(f"RCPT TO:<{account.address}>").code == 550


@pytest.mark.ours
def test_subaddress(lmtp, host, account):
    """user+folder: to the folder if it is there, else to INBOX; a folder is never made."""
    local, domain = account.address.split("@")
    with account.imap() as peer:
        peer.ok("CREATE Lists")
        peer.ok("CREATE Lists/Work")
    for detail in ("Lists", "Lists/Work", "Missing", "", "INBOX", "inbox"):
        lmtp.deliver_all(f"{local}+{detail}@{domain}", mail(subject=detail or "none"))
    with account.imap() as peer:
        names = {row[2] for row in peer.ok('LIST "" *').of("LIST")}
        counts = {}
        for folder in ("Lists", "Lists/Work", "INBOX"):
            peer.select(folder)
            counts[folder] = len(peer.uids())
    assert counts == {"Lists": 1, "Lists/Work": 1, "INBOX": 4}
    assert not {str(name) for name in names} & {"Missing", "b'Missing'"}


@pytest.mark.ours
def test_subaddress_may_make_folders(make_host):
    host = make_host({"deliver.create_folder": "yes"})
    account = host.account()
    local, domain = account.address.split("@")
    with host.lmtp() as peer:
        peer.deliver_all(f"{local}+New@{domain}", mail())
    assert len(account.bodies("New")) == 1
    assert account.bodies() == []


@pytest.mark.ours
def test_route_explains(host, account):
    done = host.server.cli("route", account.address)
    assert account.name in done.stdout
    assert host.server.cli("route", f"nobody-there@{host.domain}", check=False).returncode != 0


# trace headers


def trace_of(account, message, index=0):
    """The headers in front of the message, as a list of (name, unfolded value)."""
    front = without_trace(account.bodies()[index], message)
    assert front.endswith(b"\r\n")
    parsed = email.parser.BytesParser().parsebytes(front, headersonly=True)
    assert not parsed.defects and not parsed.get_payload()
    for line in front.split(b"\r\n"):
        assert len(line) <= 998
        assert not line or re.match(rb"[\x21-\x39\x3b-\x7e]+:|[ \t]+\S", line), line
    return [(name, re.sub(r"\s*\r\n\s+", " ", value)) for name, value in parsed.items()]


@pytest.mark.ours
def test_trace_headers(lmtp, account):
    """RFC 5321 4.4: Return-Path first, at final delivery; then Received with from, by, with, id, for, date."""
    message = mail()
    before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    lmtp.deliver_all(account.address, message, sender="Bounce-1@elsewhere.test")
    trace = trace_of(account, message)
    assert [name for name, _ in trace] == ["Return-Path", "Delivered-To", "Received"]
    assert trace[0][1] == "<Bounce-1@elsewhere.test>"
    assert trace[1][1] == account.address
    found = re.match(
        r"from client\.test \((?P<tcp>[^)]*)\) by (?P<by>\S+)(?: \([^)]*\))? with (?P<with>LMTP) id (?P<id>\S+)"
        r"(?: for <(?P<for>[^>]*)>)?; (?P<date>.+)$",
        trace[2][1],
    )
    assert found, trace[2][1]
    assert "[127.0.0.1]" in found["tcp"]
    assert found["for"] == account.address
    when = email.utils.parsedate_to_datetime(found["date"])
    now = datetime.datetime.now(datetime.timezone.utc)
    assert when.tzinfo and before <= when <= now + datetime.timedelta(seconds=1)


@pytest.mark.ours
def test_the_null_return_path(lmtp, account):
    """RFC 5321 4.5.5."""
    message = mail()
    lmtp.deliver_all(account.address, message, sender="")
    assert trace_of(account, message)[0] == ("Return-Path", "<>")


@pytest.mark.ours
def test_received_does_not_tell_recipients_of_each_other(lmtp, host):
    """RFC 5321 7.2, 7.6: blind copies stay blind, whatever the order."""
    accounts = [host.account() for _ in range(3)]
    message = mail()
    lmtp.deliver_all([one.address for one in accounts], message)
    for one in accounts:
        front = without_trace(one.bodies()[0], message).decode()
        for other in accounts:
            assert other is one or other.address not in front
        assert dict(trace_of(one, message))["Delivered-To"] == one.address


@pytest.mark.ours
def test_older_trace_headers_stay(lmtp, account):
    """What was received is kept, a Return-Path of somebody else too; ours stand above it."""
    message = b"Return-Path: <old@x.test>\r\nReceived: from a by b; Fri, 20 Nov 2026 12:00:00 +0000\r\n" + mail()
    lmtp.deliver_all(account.address, message)
    assert [name for name, _ in trace_of(account, message)] == ["Return-Path", "Delivered-To", "Received"]


@pytest.mark.ours
def test_what_peers_say_cannot_forge_headers(host, account):
    """The LHLO name and the paths stand in headers: no line break, no bracket gets in."""
    message = mail()
    with host.lmtp(lhlo=None) as peer:
        answer = peer.cmd(b"LHLO evil) by x;\tX-Evil: 1")
        if answer.code != 250:
            peer.lhlo()
        answer = peer.cmd(b'MAIL FROM:<"a>\tX-Evil: 1"@elsewhere.test>')
        if answer.code != 250:
            assert peer.cmd("MAIL FROM:<>").code == 250
        assert peer.cmd(f"RCPT TO:<{account.address}>").code == 250
        assert codes(peer.data(message)) == [250]
    assert [name for name, _ in trace_of(account, message)] == ["Return-Path", "Delivered-To", "Received"]


@pytest.mark.ours
def test_a_detour_names_the_recipient_as_it_was_given(lmtp, host, account):
    """Delivered-To is what loop detection and people look at: the address that the peer named."""
    host.server.cli("alias", "add", f"via-{account.address}", account.name)
    message = mail()
    lmtp.deliver_all(f"via-{account.address}", message)
    assert dict(trace_of(account, message))["Delivered-To"] == f"via-{account.address}"


# once, twice


@pytest.mark.parametrize("exact", [False, True])
def test_identical_messages_are_stored_twice(host, account, exact):
    """Two sessions, and twice in one: whoever sends the same bytes twice on purpose means it."""
    message = mail()
    with host.lmtp() as peer:
        peer.deliver_all(account.address, message, exact=exact)
        peer.deliver_all(account.address, message, exact=exact)
        peer.quit()
    with host.lmtp() as peer:
        peer.deliver_all(account.address, message, exact=exact)
        peer.quit()
    assert len(account.bodies()) == 3


@pytest.mark.ours
def test_identical_messages_pipelined(lmtp, account):
    message = mail()
    group = b"MAIL FROM:<>\r\nRCPT TO:<%s>\r\nBDAT %d LAST\r\n" % (account.address.encode(), len(message)) + message
    lmtp.send(group * 3)
    assert codes(lmtp.replies(9)) == [250] * 9
    lmtp.quit()
    assert len(account.bodies()) == 3


def deliver_and_hang_up(host, account, message, abort):
    """Everything up to the last dot, and no look at the answer."""
    peer = host.lmtp()
    peer.envelope([account.address])
    assert peer.cmd("DATA").code == 354
    peer.send(wire.stuffed(message) + b".\r\n")
    if abort:
        wait_for_mail(account, 1)
        peer.abort()
    else:
        peer.close()
        wait_for_mail(account, 1)
    time.sleep(0.5)


def wait_for_mail(account, count):
    end = time.monotonic() + 10
    while len(account.bodies()) < count:
        assert time.monotonic() < end, "not delivered"
        time.sleep(0.05)


@pytest.mark.ours
@pytest.mark.parametrize("abort", [False, True])
def test_a_repeat_after_a_lost_answer_is_stored_once(host, account, abort):
    """The sender must repeat what was not answered (RFC 1047); its recipient must not see it twice."""
    message = mail()
    deliver_and_hang_up(host, account, message, abort)
    with host.lmtp() as peer:
        peer.deliver_all(account.address, message)
        peer.quit()
    assert len(account.bodies()) == 1
    # that answer was read: the same bytes again are another message
    with host.lmtp() as peer:
        peer.deliver_all(account.address, message)
        peer.quit()
    assert len(account.bodies()) == 2


@pytest.mark.ours
def test_a_repeat_with_another_envelope_is_another_message(host, account):
    message = mail()
    deliver_and_hang_up(host, account, message, abort=False)
    with host.lmtp() as peer:
        peer.deliver_all(account.address, message, sender="other@elsewhere.test")
        peer.quit()
    assert len(account.bodies()) == 2


# other ways in


@pytest.mark.ours
def test_deliver_from_standard_input(host, account):
    message = mail(b".dot\r\n")
    done = host.server.cli("deliver", account.address, stdin=message.decode(), check=False)
    assert done.returncode == 0, done.stderr
    assert account.bodies()[0].replace(b"\r\n", b"\n").endswith(message.replace(b"\r\n", b"\n"))
    unknown = host.server.cli("deliver", f"nobody-there@{host.domain}", stdin=message.decode(), check=False)
    assert unknown.returncode == 67, "EX_NOUSER of sysexits.h, which MTAs understand"
