"""IMAP as a client sees it: states, login, mailboxes, APPEND, STATUS (RFC 3501 6.1-6.3, 2342, 2971, 3348, 4315, 5161)."""

import base64
import re

import pytest
import wire
from mails import mail


@pytest.fixture
def stranger(host):
    with wire.Imap(host.port("imap")) as peer:
        yield peer


def names(done, kind="LIST"):
    """Mailbox names of LIST or LSUB responses as text, in order."""
    return [wire_text(row[2]) for row in done.of(kind)]


def wire_text(word):
    return word.decode() if isinstance(word, bytes) else word


# states


def test_greeting_and_capability(stranger):
    """RFC 3501 6.1.1: IMAP4rev1; 7.1: a greeting is OK, PREAUTH or BYE."""
    assert stranger.greeting[0] == "OK"
    words = stranger.capabilities()
    assert "IMAP4REV1" in words
    assert "LOGINDISABLED" in words or "AUTH=PLAIN" in words


@pytest.mark.ours
def test_what_we_announce(imap):
    words = imap.capabilities()
    assert {"LITERAL+", "IDLE", "NAMESPACE", "ID", "ENABLE", "UIDPLUS", "CHILDREN", "UNSELECT"} <= words
    assert {"MOVE", "MULTIAPPEND", "BINARY", "COMPRESS=DEFLATE"} <= words
    assert "STARTTLS" not in words  # already logged in (RFC 3501 6.2.1: only in the first state)


def test_noop_and_logout_in_every_state(host, account):
    with wire.Imap(host.port("imap")) as peer:
        peer.noop()
        peer.logout()
    with account.imap() as peer:
        peer.noop()
        peer.logout()
    with account.imap("INBOX") as peer:
        peer.noop()
        peer.logout()


@pytest.mark.parametrize(
    "line", ["SELECT INBOX", 'LIST "" *', "FETCH 1 FLAGS", "EXPUNGE", "IDLE", "STATUS INBOX (MESSAGES)", "CLOSE"]
)
def test_nothing_before_login(stranger, line):
    assert stranger.cmd(line).status in ("BAD", "NO")
    stranger.noop()


@pytest.mark.parametrize(
    "line", ["FETCH 1 FLAGS", "STORE 1 FLAGS ()", "COPY 1 INBOX", "SEARCH ALL", "EXPUNGE", "CLOSE", "CHECK"]
)
def test_nothing_of_a_mailbox_before_select(imap, line):
    assert imap.cmd(line).status in ("BAD", "NO")


@pytest.mark.parametrize(
    "line",
    [
        "FNORD",
        "SELECT",
        pytest.param("SELECT INBOX more", marks=pytest.mark.ours),
        'SELECT "INBOX',
        "LIST",
        'LIST ""',
        "STATUS INBOX",
        "STATUS INBOX ()",
        "STATUS INBOX (FNORD)",
        "APPEND INBOX",
        "UID",
        "UID FNORD",
        "CREATE",
        "LOGIN a b",
        "FETCH",
        pytest.param("NOOP extra", marks=pytest.mark.ours),
    ],
)
def test_bad_syntax_is_bad(imap, line):
    """RFC 3501 7.1.3, 2.2.2."""
    assert imap.cmd(line).status in ("BAD", "NO")
    imap.noop()


def test_tags_come_back_as_they_were(stranger, host):
    for tag in ("a", "A.1", "0000", "x-" + "y" * 30, *(["]"] if host.is_ours else [])):
        stranger.send(tag.encode() + b" NOOP\r\n")
        assert stranger.response()[:3] == ["tagged", tag, "OK"]


@pytest.mark.parametrize("line", [b"\r\n", b" \r\n", b"a1\r\n", b"+ NOOP\r\n", b"* NOOP\r\n", b"(a NOOP\r\n"])
def test_lines_without_a_tag_are_bad(stranger, line):
    """RFC 3501 2.2.1: tag = 1*<any ASTRING-CHAR except "+">."""
    stranger.send(line)
    raw = stranger.raw_response()
    assert re.match(rb"(\*|a1|\+|\(a) (BAD|BYE) ", raw), raw
    if b"BYE" not in raw:
        stranger.noop()


@pytest.mark.ours  # Dovecot answers otherwise
def test_pipelined_commands_are_answered_in_order(imap):
    """RFC 3501 5.5: without ambiguity commands may be sent together."""
    imap.send(b'x1 NOOP\r\nx2 SELECT INBOX\r\nx3 FETCH 1:* FLAGS\r\nx4 NOOP\r\nx5 LIST "" INBOX\r\nx6 CLOSE\r\n')
    done = []
    while len(done) < 6:
        answer = imap.response()
        if answer[0] == "tagged":
            done.append(answer[1])
    assert done == ["x1", "x2", "x3", "x4", "x5", "x6"]


def test_a_byte_at_a_time(imap):
    for byte in b'b1 STATUS "INBOX" (MESSAGES UIDNEXT)\r\nb2 LIST {0}\r\n':
        imap.send(bytes([byte]))
    assert imap.response()[0] == "STATUS"
    assert imap.response()[:3] == ["tagged", "b1", "OK"]
    assert imap.response()[0] == "+"
    for byte in b" {5}\r\n":
        imap.send(bytes([byte]))
    assert imap.response()[0] == "+"
    for byte in b"INBOX\r\n":
        imap.send(bytes([byte]))
    assert imap.response()[0] == "LIST"
    assert imap.response()[:3] == ["tagged", "b2", "OK"]


# login


@pytest.mark.parametrize("form", ["atom", "quoted", "literal", "literal+"])
def test_login_forms(stranger, account, form):
    user, password = account.user, account.password
    if form == "atom" and "@" not in user:
        stranger.ok(f"LOGIN {user} {password}")
    elif form == "literal":
        stranger.ok(["LOGIN ", user.encode(), " ", password.encode()])
    elif form == "literal+":
        stranger.ok(f"LOGIN {{{len(user)}+}}\r\n{user} {{{len(password)}+}}\r\n{password}")
    else:
        stranger.login(user, password)
    stranger.ok("SELECT INBOX")


def test_wrong_passwords(stranger, account):
    """RFC 5530: [AUTHENTICATIONFAILED], the same for those who do not exist."""
    wrong = stranger.no(f"LOGIN {wire.quote(account.user)} wrong")
    unknown = stranger.no("LOGIN nobody-there wrong")
    assert wrong.text == unknown.text
    assert wrong.code == "AUTHENTICATIONFAILED"


@pytest.mark.ours
def test_failures_are_counted(host, account):
    with wire.Imap(host.port("imap")) as peer:
        for _ in range(10):
            try:
                done = peer.cmd(f"LOGIN {account.user} wrong")
            except wire.Closed:
                break
            if done.of("BYE"):
                break
        else:
            pytest.fail("ten wrong passwords in one session")
        assert peer.wire.ended()
    # nobody else suffers
    account.imap().close()


def plain(user, password, authorize=""):
    return base64.b64encode(f"{authorize}\0{user}\0{password}".encode())


def test_authenticate_plain(host, account):
    """RFC 3501 6.2.2, RFC 4616."""
    with wire.Imap(host.port("imap")) as peer:
        tag = peer.begin("AUTHENTICATE PLAIN")
        assert peer.response()[0] == "+"
        peer.send(plain(account.user, account.password) + b"\r\n")
        assert peer.end(tag).status == "OK"
        peer.select()


def test_authenticate_with_an_initial_response(stranger, account):
    """RFC 4959."""
    if "SASL-IR" not in stranger.capabilities():
        pytest.skip("no SASL-IR")
    done = stranger.ok(b"AUTHENTICATE PLAIN " + plain(account.user, account.password))
    assert done.of("CAPABILITY") or done.code is None or done.code.startswith("CAPABILITY")


def test_authenticate_fails_well(stranger, account):
    tag = stranger.begin("AUTHENTICATE PLAIN")
    assert stranger.response()[0] == "+"
    stranger.send(b"*\r\n")
    assert stranger.end(tag).status == "BAD"  # RFC 3501 6.2.2: cancelled
    tag = stranger.begin("AUTHENTICATE PLAIN")
    assert stranger.response()[0] == "+"
    stranger.send(b"no base64!\r\n")
    assert stranger.end(tag).status in ("BAD", "NO")
    stranger.no("AUTHENTICATE FNORD")


@pytest.mark.ours
def test_nobody_speaks_for_another(stranger, host, account):
    """RFC 4616: an authorization identity that is not one's own needs a right that nobody has."""
    other = host.account()
    stranger.no(b"AUTHENTICATE PLAIN " + plain(account.user, account.password, other.user))


def test_login_twice_is_refused(imap):
    assert imap.cmd(f"LOGIN {imap.account.user} x").status in ("BAD", "NO")


# SELECT


def test_select_says_what_it_must(imap):
    """RFC 3501 6.3.1: FLAGS, EXISTS, RECENT; UNSEEN, PERMANENTFLAGS, UIDNEXT, UIDVALIDITY."""
    imap.append("INBOX", mail())
    imap.append("INBOX", mail(), r"(\Seen)")
    done = imap.select()
    assert done.of("EXISTS") == [2]
    assert len(done.of("RECENT")) == 1
    flags = {flag.lower() for flag in done.one("FLAGS")[0]}
    assert {"\\answered", "\\flagged", "\\deleted", "\\seen", "\\draft"} <= flags
    assert int(done.code_of("UIDVALIDITY")) > 0
    assert int(done.code_of("UIDNEXT")) == 3
    assert done.code_of("UNSEEN") == "1"
    assert "\\Deleted" in done.code_of("PERMANENTFLAGS")
    assert done.code == "READ-WRITE"


@pytest.mark.ours  # Dovecot answers otherwise
def test_examine_is_read_only(imap):
    """RFC 3501 6.3.2: no changes, \\Seen and \\Recent stay."""
    imap.append("INBOX", mail())
    done = imap.ok("EXAMINE INBOX")
    assert done.code == "READ-ONLY"
    imap.ok("FETCH 1 BODY[]")
    assert imap.ok("FETCH 1 FLAGS").fetched()[1]["FLAGS"] in ([], ["\\Recent"])
    assert imap.cmd(r"STORE 1 +FLAGS (\Deleted)").status == "NO"
    assert imap.cmd("EXPUNGE").status == "NO"
    imap.ok("CLOSE")
    assert imap.ok("STATUS INBOX (UNSEEN)").one("STATUS")[1] == ["UNSEEN", "1"]


def test_a_failed_select_leaves_no_mailbox(imap):
    """RFC 3501 6.3.1: "if the SELECT fails no mailbox is selected"."""
    imap.select()
    imap.no("SELECT missing")
    assert imap.cmd("FETCH 1:* FLAGS").status in ("BAD", "NO")


def test_inbox_in_any_case(imap):
    """RFC 3501 5.1."""
    for name in ("inbox", "InBoX", '"iNBOX"'):
        imap.ok(f"SELECT {name}")
    assert [name.upper() for name in names(imap.ok('LIST "" inbox'))] == ["INBOX"]


def test_recent_is_told_once(account, host):
    """RFC 3501 2.3.2: the first session that is told, and it alone."""
    with host.lmtp() as peer:
        peer.deliver_all(account.address, mail())
    with account.imap() as one, account.imap() as two:
        assert one.ok("EXAMINE INBOX").of("RECENT") == [1]
        assert two.select().of("RECENT") == [1]
        assert one.select().of("RECENT") == [0]
        assert two.ok("FETCH 1 FLAGS").fetched()[1]["FLAGS"] == ["\\Recent"]
        assert one.ok("FETCH 1 FLAGS").fetched()[1]["FLAGS"] == []


def test_close_and_unselect(imap):
    """RFC 3501 6.4.2: CLOSE removes without a word; RFC 3691: UNSELECT does not."""
    imap.append("INBOX", mail(), r"(\Deleted)")
    imap.append("INBOX", mail())
    imap.select()
    imap.ok("UNSELECT")
    assert imap.select().of("EXISTS") == [2]
    assert imap.ok("CLOSE").of("EXPUNGE") == []
    assert imap.select().of("EXISTS") == [1]
    imap.ok("CHECK")


# mailboxes


def test_create_delete(imap):
    imap.ok("CREATE Work")
    assert names(imap.ok('LIST "" Work')) == ["Work"]
    assert imap.no("CREATE Work").code in (None, "ALREADYEXISTS")
    imap.no("CREATE inbox")
    imap.no("DELETE INBOX")
    imap.ok("DELETE Work")
    assert imap.no("DELETE Work").code in (None, "NONEXISTENT")
    assert names(imap.ok('LIST "" Work')) == []


def separator(peer):
    """RFC 3501 6.3.8: LIST with an empty name asks for the delimiter."""
    rows = peer.ok('LIST "" ""').of("LIST")
    assert len(rows) == 1
    assert "\\Noselect" in rows[0][0]
    return wire_text(rows[0][1])


def test_create_makes_what_is_above(imap):
    """RFC 3501 6.3.3: SHOULD; a trailing delimiter is to be ignored."""
    sep = separator(imap)
    imap.ok(f"CREATE a{sep}b{sep}c")
    assert {"a", f"a{sep}b", f"a{sep}b{sep}c"} == set(names(imap.ok('LIST "" a*')))
    imap.ok(f"CREATE trailing{sep}")
    assert names(imap.ok('LIST "" trailing*'))[0].rstrip(sep) == "trailing"


def test_uidvalidity_differs_for_a_new_mailbox_of_an_old_name(imap):
    """RFC 3501 2.3.1.1: a name used again must not bring UIDs back."""
    seen = []
    for _ in range(3):
        imap.ok("CREATE again")
        imap.append("again", mail())
        seen.append(int(imap.select("again").code_of("UIDVALIDITY")))
        imap.ok("CLOSE")
        imap.ok("DELETE again")
    assert seen == sorted(set(seen)), "a UIDVALIDITY came twice or went back"


def test_uids_are_never_used_again(imap):
    imap.append("INBOX", mail())
    imap.append("INBOX", mail(), r"(\Deleted)")
    imap.select()
    assert imap.uids() == [1, 2]
    imap.ok("EXPUNGE")
    imap.append("INBOX", mail())
    imap.noop()
    assert imap.uids() == [1, 3]


@pytest.mark.ours
def test_delete_with_children(imap):
    """RFC 3501 6.3.4: the mail goes, the name stays as \\Noselect while there is something below."""
    imap.ok("CREATE top/below")
    imap.append("top", mail())
    imap.ok("DELETE top")
    rows = {wire_text(row[2]): {flag.lower() for flag in row[0]} for row in imap.ok('LIST "" top*').of("LIST")}
    assert set(rows) in ({"top", "top/below"}, {"top/below"})
    if "top" in rows:
        assert "\\noselect" in rows["top"] or "\\nonexistent" in rows["top"]
        imap.no("SELECT top")
        imap.no("DELETE top")
    imap.ok("DELETE top/below")


@pytest.mark.ours  # Dovecot answers otherwise
def test_rename(imap):
    """RFC 3501 6.3.5: with everything below, and its mail."""
    sep = separator(imap)
    imap.ok(f"CREATE old{sep}sub")
    imap.append(f"old{sep}sub", mail(subject="kept"))
    before = imap.ok(f"STATUS old{sep}sub (UIDVALIDITY UIDNEXT)").one("STATUS")[1]
    imap.ok("RENAME old new")
    assert set(names(imap.ok('LIST "" *'))) == {"INBOX", "new", f"new{sep}sub"}
    assert imap.ok(f"STATUS new{sep}sub (UIDVALIDITY UIDNEXT)").one("STATUS")[1][3] == before[3]
    assert imap.no("RENAME missing other").code in (None, "NONEXISTENT")
    imap.ok("CREATE there")
    assert imap.no("RENAME new there").code in (None, "ALREADYEXISTS")
    imap.no("RENAME new inbox")


@pytest.mark.ours
def test_rename_into_itself(imap):
    imap.ok("CREATE a")
    imap.ok("CREATE a/b")
    assert imap.cmd("RENAME a a").status == "NO"
    done = imap.cmd("RENAME a a/b/c")
    assert done.status == "NO"
    assert set(names(imap.ok('LIST "" *'))) == {"INBOX", "a", "a/b"}


@pytest.mark.ours  # Dovecot answers otherwise
def test_rename_inbox_moves_its_mail(imap):
    """RFC 3501 6.3.5: INBOX stays, empty."""
    imap.append("INBOX", mail(), r"(\Flagged)")
    imap.append("INBOX", mail())
    done = imap.cmd("RENAME INBOX archive")
    assert done.status == "OK"
    assert imap.select("archive").of("EXISTS") == [2]
    assert "\\Flagged" in imap.ok("FETCH 1 FLAGS").fetched()[1]["FLAGS"]
    assert imap.select("INBOX").of("EXISTS") == [0]


LIST_MAILBOXES = ["a", "a/b", "a/b/c", "ab", "x/y", "Ünï"]


@pytest.mark.ours
@pytest.mark.parametrize(
    ("reference", "pattern", "want"),
    [
        ("", "*", "INBOX a a/b a/b/c ab x x/y &ANw-n&AO8-"),
        ("", "%", "INBOX a ab x &ANw-n&AO8-"),
        ("", "a", "a"),
        ("", "a*", "a a/b a/b/c ab"),
        ("", "a%", "a ab"),
        ("", "a/%", "a/b"),
        ("", "a/*", "a/b a/b/c"),
        ("", "%/%", "a/b x/y"),
        ("", "*c", "a/b/c"),
        ("", "%b", "ab"),
        ("", "*b", "a/b ab"),
        ("a/", "%", "a/b"),
        ("a/", "b*", "a/b a/b/c"),
        ("", "missing", ""),
        ("", "&ANw-n&AO8-", "&ANw-n&AO8-"),
        ("", "inbox", "INBOX"),
        ("", "INB%", "INBOX"),
        ("", "%%", "INBOX a ab x &ANw-n&AO8-"),
        ("", "*%", "INBOX a a/b a/b/c ab x x/y &ANw-n&AO8-"),
        ("", "**********************************************z", ""),
    ],
)
def test_list_patterns(list_box, reference, pattern, want):
    """RFC 3501 6.3.8: % stops at the delimiter, * does not."""
    assert sorted(names(list_box.ok(f'LIST "{reference}" "{pattern}"'))) == sorted(want.split())


@pytest.fixture(scope="module")
def list_box(session_host):
    account = session_host.account()
    with account.imap() as peer:
        for name in ("a", "a/b", "a/b/c", "ab", "x/y", "&ANw-n&AO8-"):
            peer.ok(f'CREATE "{name}"')
        yield peer


@pytest.mark.ours
def test_children_attributes(list_box):
    """RFC 3348."""
    rows = {wire_text(row[2]): row[0] for row in list_box.ok('LIST "" *').of("LIST")}
    assert {name for name, flags in rows.items() if "\\HasChildren" in flags} == {"a", "a/b", "x"}
    assert {name for name, flags in rows.items() if "\\HasNoChildren" in flags} == set(rows) - {"a", "a/b", "x"}


def test_list_inside_a_session_that_writes(imap):
    sep = separator(imap)
    imap.ok(f"CREATE p{sep}q")
    assert f"p{sep}q" in names(imap.ok('LIST "" *'))
    imap.ok(f"DELETE p{sep}q")
    assert f"p{sep}q" not in names(imap.ok('LIST "" *'))


@pytest.mark.parametrize("name", ["two words", 'quo"te', "back\\slash", "(paren)", "{5}", "NIL", "a.b]c"])
def test_names_of_all_kinds(imap, name):
    """RFC 3501 5.1: what needs quoting comes back quoted or as a literal."""
    imap.ok(f"CREATE {wire.quote(name)}")
    assert name in [("NIL" if row is None else wire_text(row)) for row in (r[2] for r in imap.ok('LIST "" *').of("LIST"))]
    imap.append(name, mail())
    assert imap.select(name).of("EXISTS") == [1]
    status = imap.ok(f"STATUS {wire.quote(name)} (MESSAGES)").one("STATUS")
    assert status[1] == ["MESSAGES", "1"]


@pytest.mark.ours
def test_names_that_mean_patterns(imap):
    """% and * in names are asked for trouble: refused, or taken literally."""
    for name in ("100%", "st*r"):
        if imap.cmd(f'CREATE "{name}"').status == "OK":
            assert name in names(imap.ok('LIST "" *'))


@pytest.mark.ours
@pytest.mark.parametrize("name", ["&", "&A", "&AAA-", "&ZeVnLIqe", "a&b", "&Jjo!", "&2AA-", "\xff"])
def test_names_in_bad_utf_7(imap, name):
    """RFC 3501 5.1.3: what is no modified UTF-7 names nothing."""
    done = imap.cmd(b'CREATE "' + name.encode("latin-1") + b'"')
    assert done.status in ("NO", "BAD")
    assert names(imap.ok('LIST "" *')) == ["INBOX"]


@pytest.mark.ours
def test_utf_7_has_one_form(imap):
    """RFC 3501 5.1.3: the same name, told in the one right form."""
    imap.ok('CREATE "&AOk-t&AOk-"')
    assert names(imap.ok('LIST "" "&AOk-*"')) == ["&AOk-t&AOk-"]
    imap.no('CREATE "&AOk-t&AOk-"')
    imap.ok("CREATE &-")
    assert "&-" in names(imap.ok('LIST "" *'))


def test_subscriptions(imap):
    """RFC 3501 6.3.6, 6.3.9: LSUB tells what was subscribed, % shows what is above as \\Noselect."""
    sep = separator(imap)
    imap.ok(f"CREATE s{sep}t")
    imap.ok("SUBSCRIBE INBOX")
    imap.ok(f"SUBSCRIBE s{sep}t")
    assert set(names(imap.ok('LSUB "" *'), "LSUB")) == {"INBOX", f"s{sep}t"}
    rows = {wire_text(row[2]): row[0] for row in imap.ok('LSUB "" %').of("LSUB")}
    assert set(rows) == {"INBOX", "s"}
    assert "\\Noselect" in rows["s"]
    imap.ok(f"UNSUBSCRIBE s{sep}t")
    assert names(imap.ok('LSUB "" *'), "LSUB") == ["INBOX"]


def test_status(imap):
    """RFC 3501 6.3.10."""
    imap.ok("CREATE st")
    for flags in ("", r"(\Seen)", r"(\Seen \Deleted)"):
        imap.append("st", mail(), flags)
    pairs = imap.ok("STATUS st (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)").one("STATUS")[1]
    got = dict(zip(pairs[::2], pairs[1::2]))
    assert (got["MESSAGES"], got["UIDNEXT"], got["UNSEEN"]) == ("3", "4", "1")
    assert int(got["UIDVALIDITY"]) > 0 and int(got["RECENT"]) in (0, 3)
    assert imap.no("STATUS missing (MESSAGES)").code in (None, "NONEXISTENT")
    imap.select("st")
    assert imap.ok("STATUS st (MESSAGES)").one("STATUS")[1] == ["MESSAGES", "3"]


# APPEND


def test_append_keeps_flags_and_date(imap):
    """RFC 3501 6.3.11, RFC 4315 3."""
    date = '"17-Jul-1996 02:44:25 -0700"'
    done = imap.append("INBOX", mail(subject="dated"), rf"(\Seen \Flagged $Label1) {date}")
    validity = imap.select().code_of("UIDVALIDITY")
    assert done.code == f"APPENDUID {validity} 1"
    got = imap.ok("FETCH 1 (FLAGS INTERNALDATE)").fetched()[1]
    assert set(got["FLAGS"]) - {"\\Recent"} == {"\\Seen", "\\Flagged", "$Label1"}
    assert internal_seconds(got["INTERNALDATE"]) == 837596665


def internal_seconds(value):
    import imaplib
    import time

    return int(time.mktime(imaplib.Internaldate2tuple(b'INTERNALDATE "' + value + b'"')))


@pytest.mark.ours
def test_append_keeps_the_zone_of_the_date(imap):
    imap.append("INBOX", mail(), '"17-Jul-1996 02:44:25 -0700"')
    imap.select()
    value = imap.ok("FETCH 1 INTERNALDATE").fetched()[1]["INTERNALDATE"]
    assert re.fullmatch(rb"[ 0-3]\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d [+-]\d{4}", value)
    assert internal_seconds(value) == 837596665


def test_append_to_nowhere(imap):
    """RFC 3501 6.3.11: NO [TRYCREATE], told before the literal or behind it."""
    tag = imap.begin("APPEND missing {5+}\r\nhello")
    done = imap.end(tag)
    assert (done.status, done.code) == ("NO", "TRYCREATE")
    imap.noop()


@pytest.mark.ours
def test_append_without_bytes(imap):
    """RFC 3502 4: a zero-length literal aborts; nothing is stored."""
    assert imap.cmd(["APPEND INBOX ", b""]).status in ("NO", "BAD")
    assert imap.select().of("EXISTS") == [0]


@pytest.mark.ours
@pytest.mark.parametrize("more", ["(\\Fnord) ", '"32-Jul-1996 02:44:25 -0700" ', '"17-Jul-1996" ', "(\\Recent) "])
def test_append_with_bad_arguments(imap, more):
    """What is wrong is told; nothing is stored unless the server may read it leniently."""
    status = imap.end(imap.begin(f"APPEND INBOX {more}{{5+}}\r\nhello")).status
    assert status in ("BAD", "NO", "OK")
    assert imap.select().of("EXISTS") == [int(status == "OK")]


@pytest.mark.ours
def test_append_over_quota(host):
    """RFC 5530, 9208: NO [OVERQUOTA]."""
    account = host.account("--quota", "10K")
    with account.imap() as peer:
        peer.append("INBOX", mail(b"x" * 8000))
        done = peer.end(peer.begin("APPEND INBOX {8000+}\r\n" + "x" * 8000))
        assert (done.status, done.code) == ("NO", "OVERQUOTA")
        peer.select()
        assert len(peer.uids()) == 1


def test_append_to_the_selected_mailbox_is_told(imap):
    """RFC 3501 6.3.11: "the server SHOULD notify the client immediately via an untagged EXISTS"."""
    imap.select()
    assert imap.append("INBOX", mail()).of("EXISTS") == [1]


def test_messages_of_one_second(imap):
    for _ in range(20):
        imap.append("INBOX", mail())
    assert imap.select().of("EXISTS") == [20]
    assert imap.uids() == list(range(1, 21))


# small extensions


def test_namespace(imap):
    """RFC 2342."""
    personal, others, shared = imap.ok("NAMESPACE").one("NAMESPACE")
    assert personal[0] == [b"", separator(imap).encode()]
    assert others is None or isinstance(others[0], list)
    assert shared is None or isinstance(shared[0], list)


def test_id(stranger):
    """RFC 2971: in any state, NIL or pairs."""
    for line in ("ID NIL", 'ID ("name" "test" "version" "1")', "ID ()", 'ID ("name" NIL)'):
        pairs = stranger.ok(line).one("ID")[0]
        assert pairs is None or len(pairs) % 2 == 0


@pytest.mark.ours  # Dovecot answers otherwise
def test_enable(imap):
    """RFC 5161: unknown names are ignored; the answer lists what was enabled."""
    done = imap.cmd("ENABLE X-FNORD")
    assert done.status == "OK"
    assert done.of("ENABLED") == [[]]


@pytest.mark.ours
def test_enable_needs_a_name(imap):
    imap.bad("ENABLE")


# limits of literals


@pytest.mark.ours
def test_a_literal_too_large_for_a_stranger(host):
    """RFC 7888 4: what was not asked for is refused; the connection may have to end."""
    with wire.Imap(host.port("imap")) as peer:
        peer.send(b"a1 LOGIN {100000}\r\n")
        raw = peer.raw_response()
        assert re.match(rb"(a1 (BAD|NO)|\* BYE) ", raw), raw
    with wire.Imap(host.port("imap")) as peer:
        peer.send(b"a1 LOGIN {4294967296+}\r\n")
        raw = peer.raw_response()
        assert re.match(rb"(a1 (BAD|NO)|\* BYE) ", raw), raw


@pytest.mark.ours
def test_append_over_the_limit(imap):
    """RFC 4469, 7889: [TOOBIG] before a byte of it was sent."""
    imap.send(b"t1 APPEND INBOX {99999999999}\r\n")
    answer = imap.response()
    assert answer[:3] == ["tagged", "t1", "NO"] or answer[:3] == ["tagged", "t1", "BAD"], answer
    imap.noop()
