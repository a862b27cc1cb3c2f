"""Messages of a mailbox: FETCH, STORE, SEARCH, COPY, EXPUNGE (RFC 3501 6.4, 7.4; 4315; 6851)."""

import os

import pytest
import wire
from mails import mail

NESTED = (
    b"From: =?utf-8?q?J=C3=B6rg?= Bach <joerg@elsewhere.test>\r\n"
    b"Sender: desk@elsewhere.test\r\n"
    b"Reply-To: A Group: one@a.test, Two <two@b.test>;, last@c.test\r\n"
    b'To: "Doe, Jane" <jane@example.test>, <only@example.test>\r\n'
    b"Cc:\r\n"
    b"Subject: A folded\r\n subject\r\n"
    b"Message-ID: <nested@integration.test>\r\n"
    b"In-Reply-To: <parent@integration.test>\r\n"
    b"Date: Sat, 21 Nov 2026 08:00:00 +0100\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="out"\r\n'
    b"\r\n"
    b"preamble\r\n"
    b"--out\r\n"
    b'Content-Type: multipart/alternative; boundary="in"\r\n'
    b"\r\n"
    b"--in\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n"
    b"\r\n"
    b"plain \xc3\xa9\r\ntwo lines\r\n"
    b"--in\r\n"
    b"Content-Type: text/html\r\n"
    b"\r\n"
    b"<p>html</p>\r\n"
    b"--in--\r\n"
    b"\r\n"
    b"--out\r\n"
    b"Content-Type: message/rfc822\r\n"
    b"Content-Description: forwarded\r\n"
    b"\r\n"
    b"From: inner@elsewhere.test\r\n"
    b"Subject: inner\r\n"
    b"\r\n"
    b"inner body\r\n"
    b"\r\n"
    b"--out\r\n"
    b'Content-Type: application/octet-stream; name="data.bin"\r\n'
    b"Content-Transfer-Encoding: base64\r\n"
    b"Content-ID: <cid@x>\r\n"
    b'Content-Disposition: attachment; filename="data.bin"\r\n'
    b"\r\n"
    b"AAECAw==\r\n"
    b"--out--\r\n"
    b"epilogue\r\n"
)


@pytest.fixture
def box(imap):
    """Five small messages and a nested one, selected."""
    for number in range(1, 6):
        imap.append("INBOX", mail(b"body %d\r\n" % number, f"number {number}"))
    imap.append("INBOX", NESTED)
    imap.select()
    return imap


def section(peer, number, name):
    """BODY[name], where the name may be followed by <first.count>."""
    name, _, window = name.partition("<")
    window = f"<{window}" if window else ""
    got = peer.ok(f"FETCH {number} BODY.PEEK[{name}]{window}").fetched()[number]
    return got[f"BODY[{name}]{window.partition('.')[0] + '>' if window else ''}"]


def refused(peer, line, answers=("BAD", "NO")):
    """A good command in between: servers end sessions that talk nonsense."""
    peer.noop()
    return peer.cmd(line).status in answers


# FETCH


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("", NESTED),
        ("HEADER", NESTED[: NESTED.index(b"\r\n\r\n") + 4]),
        ("TEXT", NESTED[NESTED.index(b"\r\n\r\n") + 4 :]),
        ("1.1", b"plain \xc3\xa9\r\ntwo lines"),
        ("1.2", b"<p>html</p>"),
        ("1.1.MIME", b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"),
        ("1.MIME", b'Content-Type: multipart/alternative; boundary="in"\r\n\r\n'),
        ("2", b"From: inner@elsewhere.test\r\nSubject: inner\r\n\r\ninner body\r\n"),
        ("2.HEADER", b"From: inner@elsewhere.test\r\nSubject: inner\r\n\r\n"),
        ("2.TEXT", b"inner body\r\n"),
        ("2.1", b"inner body\r\n"),
        ("2.HEADER.FIELDS (SUBJECT)", b"Subject: inner\r\n\r\n"),
        ("2.HEADER.FIELDS.NOT (SUBJECT)", b"From: inner@elsewhere.test\r\n\r\n"),
        ("3", b"AAECAw=="),
        ("HEADER.FIELDS (SUBJECT X-NONE)", b"Subject: A folded\r\n subject\r\n\r\n"),
        ("HEADER.FIELDS (X-NONE)", b"\r\n"),
        ("3<0.4>", b"AAEC"),
        ("3<4.100>", b"Aw=="),
        ("3<8.1>", b""),
        ("3<100.1>", b""),
        ("<0.4>", b"From"),
        ("TEXT<2.3>", b"eam"),
        ("HEADER.FIELDS (SUBJECT)<9.8>", b"A folded"),
    ],
)
def test_sections(nested_box, name, want):
    """RFC 3501 6.4.5."""
    assert section(nested_box, 1, name) == want


@pytest.fixture(scope="module")
def nested_box(session_host):
    account = session_host.account()
    with account.imap() as peer:
        peer.append("INBOX", NESTED)
        peer.select()
        yield peer


@pytest.mark.parametrize("name", ["4", "1.3", "2.2", "9.9.9", *(pytest.param(n, marks=pytest.mark.ours) for n in ("3.1", "1.1.1"))])
def test_sections_that_are_not_there(nested_box, name):
    """NIL or empty: RFC 3501 leaves it open, a BAD would cost a client the other items."""
    done = nested_box.ok(f"FETCH 1 (UID BODY.PEEK[{name}])")
    assert done.fetched()[1][f"BODY[{name}]"] in (None, b"")


@pytest.mark.parametrize("item", ["BODY[0]", "BODY[1.0]", "BODY[MIME]", "BODY[FNORD]", "BODY[", "BODY[1.]", "BODY[]<0.0>"])
@pytest.mark.ours  # Dovecot takes the zeros
def test_sections_of_bad_syntax(nested_box, item):
    assert refused(nested_box, f"FETCH 1 {item}")


def test_envelope(nested_box):
    """RFC 3501 7.4.2: raw texts, unfolded; groups begin and end with NIL hosts; an empty field is no list."""
    got = nested_box.ok("FETCH 1 ENVELOPE").fetched()[1]["ENVELOPE"]
    sender = [None, None, b"desk", b"elsewhere.test"]
    assert got[0] == b"Sat, 21 Nov 2026 08:00:00 +0100"
    assert got[1] == b"A folded subject"
    assert got[2] == [[b"=?utf-8?q?J=C3=B6rg?= Bach", None, b"joerg", b"elsewhere.test"]]
    assert got[3] == [sender]
    assert got[4] == [
        [None, None, b"A Group", None],
        [None, None, b"one", b"a.test"],
        [b"Two", None, b"two", b"b.test"],
        [None, None, None, None],
        [None, None, b"last", b"c.test"],
    ]
    assert got[5] == [[b"Doe, Jane", None, b"jane", b"example.test"], [None, None, b"only", b"example.test"]]
    assert got[6] is None
    assert got[7] is None
    assert got[8:] == [b"<parent@integration.test>", b"<nested@integration.test>"]


def test_bodystructure(nested_box):
    """RFC 3501 7.4.2, in the order of its fields."""
    got = nested_box.ok("FETCH 1 (BODY BODYSTRUCTURE)").fetched()[1]
    alternative, forwarded, data, kind = got["BODYSTRUCTURE"][:4]
    assert kind.lower() == b"mixed"
    assert parameters(got["BODYSTRUCTURE"][4]) == {b"boundary": b"out"}
    plain, html = alternative[:2]
    assert [lower(item) for item in plain[:2]] == [b"text", b"plain"]
    assert parameters(plain[2]) == {b"charset": b"utf-8"}
    assert [lower(item) for item in plain[3:8]] == [None, None, b"8bit", "19", "1"]
    assert [lower(item) for item in html[:2]] == [b"text", b"html"]
    assert html[6:8] == ["11", "0"]
    assert [lower(item) for item in forwarded[:2]] == [b"message", b"rfc822"]
    assert forwarded[4] == b"forwarded"
    assert forwarded[6] == "58"
    assert forwarded[7][1] == b"inner"
    assert [lower(item) for item in forwarded[8][:2]] == [b"text", b"plain"]
    assert forwarded[8][6:8] == ["12", "1"]
    assert forwarded[9] == "4"
    assert [lower(item) for item in data[:2]] == [b"application", b"octet-stream"]
    assert data[3] == b"<cid@x>"
    assert [lower(item) for item in data[5:7]] == [b"base64", "8"]
    assert lower(data[8][0]) == b"attachment"
    assert parameters(data[8][1]) == {b"filename": b"data.bin"}
    assert got["BODY"][3].lower() == b"mixed" and len(got["BODY"]) == 4


def lower(item):
    return item.lower() if item is not None else None


def parameters(flat):
    return {key.lower(): value for key, value in zip(flat[::2], flat[1::2])}


def test_line_counts_of_parts_without_a_last_newline(nested_box):
    """RFC 3501: the size in text lines. What stands before a boundary has no newline of its own; both counts are seen."""
    plain = nested_box.ok("FETCH 1 BODYSTRUCTURE").fetched()[1]["BODYSTRUCTURE"][0][0]
    assert plain[7] in ("1", "2")


def test_macros(box):
    """RFC 3501 6.4.5."""
    fast = {"FLAGS", "INTERNALDATE", "RFC822.SIZE"}
    assert set(box.ok("FETCH 1 FAST").fetched()[1]) == fast
    assert set(box.ok("FETCH 1 ALL").fetched()[1]) == fast | {"ENVELOPE"}
    assert set(box.ok("FETCH 1 FULL").fetched()[1]) == fast | {"ENVELOPE", "BODY"}
    assert set(box.ok("FETCH 1 (FLAGS UID)").fetched()[1]) == {"FLAGS", "UID"}


def test_old_names(box):
    """RFC822, RFC822.HEADER, RFC822.TEXT answer under their own names; HEADER does not set \\Seen."""
    got = box.ok("FETCH 1 RFC822.HEADER").fetched()[1]
    assert got["RFC822.HEADER"].endswith(b"\r\n\r\n")
    assert "\\Seen" not in box.ok("FETCH 1 FLAGS").fetched()[1]["FLAGS"]
    assert box.ok("FETCH 1 RFC822.TEXT").fetched()[1]["RFC822.TEXT"] == b"body 1\r\n"
    assert "\\Seen" in box.ok("FETCH 1 FLAGS").fetched()[1]["FLAGS"]
    whole = box.ok("FETCH 2 RFC822").fetched()[2]["RFC822"]
    assert whole.endswith(b"body 2\r\n")
    assert box.ok("FETCH 2 RFC822.SIZE").fetched()[2]["RFC822.SIZE"] == str(len(whole))


def test_reading_sets_seen_and_tells(box):
    """RFC 3501 6.4.5: BODY[] sets \\Seen and says so in a FETCH response, BODY.PEEK[] does not."""
    box.ok("FETCH 1 BODY.PEEK[]")
    assert "\\Seen" not in box.ok("FETCH 1 FLAGS").fetched()[1]["FLAGS"]
    assert "\\Seen" in box.ok("FETCH 1 BODY[]").fetched()[1]["FLAGS"]
    assert box.ok("STATUS INBOX (UNSEEN)").one("STATUS")[1] == ["UNSEEN", "5"]


@pytest.mark.parametrize(
    ("numbers", "want"),
    [
        ("1", [1]),
        ("2:4", [2, 3, 4]),
        ("4:2", [2, 3, 4]),
        ("*", [6]),
        ("5:*", [5, 6]),
        ("*:5", [5, 6]),
        ("1,3,5", [1, 3, 5]),
        ("5,1,3:4,3", [1, 3, 4, 5]),
        ("1:*", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_sequence_sets(set_box, numbers, want):
    assert sorted(set_box.ok(f"FETCH {numbers} FLAGS").fetched()) == want
    assert sorted(set_box.ok(f"UID FETCH {numbers} FLAGS").fetched()) == want


@pytest.fixture(scope="module")
def set_box(session_host):
    account = session_host.account()
    with account.imap() as peer:
        for _ in range(6):
            peer.append("INBOX", mail())
        peer.select()
        yield peer


@pytest.mark.parametrize("numbers", ["0", "1:0", "-1", "1,,2", "1:2:3", "a", "4294967296", "1:", ",1"])
def test_bad_sequence_sets(set_box, numbers):
    assert refused(set_box, f"FETCH {numbers} FLAGS", ("BAD",))


def test_numbers_beyond_the_end(set_box):
    """A message number that does not exist is a client's error; a UID that does not exist is none (RFC 3501 6.4.8)."""
    assert refused(set_box, "FETCH 7 FLAGS")
    assert set_box.ok("UID FETCH 700 FLAGS").fetched() == {}
    # RFC 3501 6.4.8: "*" is always the highest UID, so n:* has it even above it
    assert list(set_box.ok("UID FETCH 700:* FLAGS").fetched()) == [6]


def test_uid_fetch_always_tells_the_uid(set_box):
    """RFC 3501 6.4.8."""
    assert all("UID" in got for got in set_box.ok("UID FETCH 1:* FLAGS").fetched().values())
    assert set_box.ok("UID FETCH 2 (UID FLAGS)").fetched()[2]["UID"] == "2"


def test_fetch_in_an_empty_mailbox(imap):
    imap.select()
    assert imap.cmd("FETCH 1:* FLAGS").status in ("OK", "BAD", "NO")
    assert imap.ok("UID FETCH 1:* FLAGS").fetched() == {}
    assert imap.ok("SEARCH ALL").one("SEARCH") == []
    assert imap.ok("UID SEARCH 1:*").one("SEARCH") == []


# STORE


def flags_of(peer, number=1):
    return set(peer.ok(f"FETCH {number} FLAGS").fetched()[number]["FLAGS"]) - {"\\Recent"}


def test_store(box):
    """RFC 3501 6.4.6."""
    done = box.ok(r"STORE 1 FLAGS (\Seen \Flagged)")
    assert set(done.fetched()[1]["FLAGS"]) - {"\\Recent"} == {"\\Seen", "\\Flagged"}
    box.ok(r"STORE 1 -FLAGS (\Seen)")
    assert flags_of(box) == {"\\Flagged"}
    box.ok(r"STORE 1 +FLAGS \Answered")
    assert flags_of(box) == {"\\Flagged", "\\Answered"}
    assert box.ok(r"STORE 1 +FLAGS.SILENT (\Draft)").fetched() == {}
    assert flags_of(box) == {"\\Flagged", "\\Answered", "\\Draft"}
    box.ok("STORE 1 FLAGS ()")
    assert flags_of(box) == set()
    done = box.ok(r"UID STORE 2:3 +FLAGS (\Deleted)")
    assert {number: "UID" in got for number, got in done.fetched().items()} == {2: True, 3: True}


def test_flags_ignore_case(box):
    box.ok(r"STORE 1 FLAGS (\sEEn \FLAGGED)")
    assert flags_of(box) == {"\\Seen", "\\Flagged"}


def test_recent_cannot_be_set(box):
    """RFC 3501 2.3.2: \\Recent is the server's; refused or ignored."""
    before = box.ok("FETCH 1 FLAGS").fetched()[1]["FLAGS"]
    box.cmd(r"STORE 1 -FLAGS (\Recent)")
    after = box.ok("FETCH 1 FLAGS").fetched()[1]["FLAGS"]
    assert ("\\Recent" in before) == ("\\Recent" in after)


def test_keywords(box):
    """RFC 3501 2.3.2: told in FLAGS before they are used, kept as they were written first."""
    done = box.ok("STORE 1 +FLAGS ($Forwarded NonJunk custom-1)")
    assert any("$Forwarded" in flags[0] for flags in done.of("FLAGS"))
    assert flags_of(box) == {"$Forwarded", "NonJunk", "custom-1"}
    box.ok("STORE 2 +FLAGS (nonjunk)")
    assert {flag.lower() for flag in flags_of(box, 2)} == {"nonjunk"}
    assert box.ok("SEARCH KEYWORD NONJUNK").one("SEARCH") == ["1", "2"]
    box.ok("CLOSE")
    assert "NonJunk" in box.select().one("FLAGS")[0]


@pytest.mark.ours
def test_seventy_keywords_on_one_message(box):
    """More than fit into a word of 64 bits."""
    words = [f"keyword{i}" for i in range(70)]
    for first in range(0, 70, 10):
        box.ok(f"STORE 1 +FLAGS.SILENT ({' '.join(words[first : first + 10])})")
    box.ok("STORE 2 +FLAGS.SILENT (keyword69)")
    assert flags_of(box) == set(words)
    assert box.ok("SEARCH KEYWORD keyword69").one("SEARCH") == ["1", "2"]
    box.ok("STORE 1 -FLAGS.SILENT (keyword68)")
    assert flags_of(box) == set(words) - {"keyword68"}
    box.ok("CREATE copy")
    box.ok("COPY 1 copy")
    box.select("copy")
    assert flags_of(box) == set(words) - {"keyword68"}


@pytest.mark.parametrize(
    "line", ["STORE 1", r"STORE 1 FNORD (\Seen)", pytest.param("STORE 1 +FLAGS", marks=pytest.mark.ours), r"STORE 0 FLAGS (\Seen)", "STORE 1 FLAGS (\\Seen"]
)
def test_bad_store(box, line):
    assert box.cmd(line).status in ("BAD", "NO")
    assert flags_of(box) == set()


# EXPUNGE


def test_expunge_numbers(box):
    """RFC 3501 7.4.1: each response lowers the numbers above it."""
    uids = box.uids()
    box.ok(r"STORE 2:4 +FLAGS.SILENT (\Deleted)")
    numbers = [int(number) for number in box.ok("EXPUNGE").of("EXPUNGE")]
    left = list(uids)
    for number in numbers:
        del left[number - 1]
    assert left == box.uids() == [uids[0], uids[4], uids[5]]
    assert box.ok("EXPUNGE").of("EXPUNGE") == []


def test_uid_expunge(box):
    """RFC 4315 2.1: only what is both named and \\Deleted."""
    box.ok(r"STORE 1:3 +FLAGS.SILENT (\Deleted)")
    assert [int(number) for number in box.ok("UID EXPUNGE 2,5").of("EXPUNGE")] == [2]
    assert box.uids() == [1, 3, 4, 5, 6]


# COPY, MOVE


def test_copy(box):
    """RFC 3501 6.4.7, RFC 4315 3: flags and date are kept, both sets of UIDs told."""
    box.ok("CREATE target")
    box.ok(r"STORE 2 +FLAGS.SILENT (\Flagged mark)")
    date = box.ok("FETCH 2 INTERNALDATE").fetched()[2]["INTERNALDATE"]
    done = box.ok("COPY 2:3,5 target")
    validity, source, target = done.code_of("COPYUID").split(" ")
    assert (numbers_of(source), numbers_of(target)) == ([2, 3, 5], [1, 2, 3])
    assert box.select("target").code_of("UIDVALIDITY") == validity
    assert box.uids() == [1, 2, 3]
    got = box.ok("FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[TEXT])").fetched()[1]
    assert {"\\Flagged", "mark"} <= set(got["FLAGS"])
    assert got["INTERNALDATE"] == date
    assert got["BODY[TEXT]"] == b"body 2\r\n"


def numbers_of(text):
    found = []
    for word in text.split(","):
        first, _, last = word.partition(":")
        found += range(int(first), int(last or first) + 1)
    return found


def test_copy_to_nowhere_copies_nothing(box):
    """RFC 3501 6.4.7: NO [TRYCREATE]."""
    assert box.no("COPY 1 missing").code == "TRYCREATE"
    done = box.ok("UID COPY 900 INBOX")
    assert done.code_of("COPYUID") is None


def test_copy_into_itself(box):
    box.ok("COPY 1:2 INBOX")
    box.noop()
    assert len(box.uids()) == 8


def test_move(box):
    """RFC 6851: EXPUNGE for what went, COPYUID before it."""
    if "MOVE" not in box.capabilities():
        pytest.skip("no MOVE")
    box.ok("CREATE target")
    done = box.ok("MOVE 2:3 target")
    assert done.code_of("COPYUID") is not None
    assert len(done.of("EXPUNGE")) == 2
    assert box.uids() == [1, 4, 5, 6]
    assert box.select("target").of("EXISTS") == [2]


# SEARCH

SEARCH_MAILS = [
    # flags, internal date, message
    (r"(\Seen)", '"01-Jan-2020 12:00:00 +0000"', b"From: ann@a.test\r\nTo: bob@b.test\r\nSubject: Apples and pears\r\n"
     b"Date: Wed, 01 Jan 2020 12:00:00 +0000\r\n\r\nfirst body with alpha\r\n"),
    (r"(\Answered)", '"15-Jun-2021 12:00:00 +0000"', b"From: bob@b.test\r\nTo: ann@a.test\r\nCc: carl@c.test\r\n"
     b"Subject: =?utf-8?q?=C3=84pfel?=\r\nDate: Tue, 15 Jun 2021 12:00:00 +0000\r\n\r\nsecond BETA body\r\n"),
    (r"(\Flagged $Work)", '"15-Jun-2021 23:30:00 +0000"', b"From: Carl <carl@c.test>\r\nBcc: dora@d.test\r\nX-Tag: yes\r\n"
     b"Subject: none\r\nDate: Mon, 14 Jun 2021 12:00:00 +0000\r\n\r\nthird\r\n" + b"x" * 5000 + b"\r\n"),
    (r"(\Deleted \Draft)", '"02-Feb-2024 12:00:00 +0000"', b"From: dora@d.test\r\nX-Tag:\r\nMIME-Version: 1.0\r\n"
     b"Date: Fri, 02 Feb 2024 12:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n"
     b"Content-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZSBhdXMgQmVybGlu\r\n"),
]


@pytest.fixture(scope="module")
def search_box(session_host):
    account = session_host.account()
    with account.imap() as peer:
        for flags, date, message in SEARCH_MAILS:
            peer.append("INBOX", message, f"{flags} {date}")
        peer.select()
        yield peer


@pytest.mark.parametrize(
    ("criteria", "want"),
    [
        ("ALL", "1 2 3 4"),
        ("2", "2"),
        ("2:*", "2 3 4"),
        ("UID 3:4", "3 4"),
        ("UID 900", ""),
        ("SEEN", "1"),
        ("UNSEEN", "2 3 4"),
        ("ANSWERED", "2"),
        ("UNANSWERED", "1 3 4"),
        ("FLAGGED", "3"),
        ("UNFLAGGED", "1 2 4"),
        ("DELETED", "4"),
        ("UNDELETED", "1 2 3"),
        ("DRAFT", "4"),
        ("UNDRAFT", "1 2 3"),
        ("KEYWORD $Work", "3"),
        ("KEYWORD $work", "3"),
        ("UNKEYWORD $Work", "1 2 4"),
        ("KEYWORD never", ""),
        ("OLD", None),
        ("BEFORE 15-Jun-2021", "1"),
        ("ON 15-Jun-2021", "2 3"),
        ("SINCE 15-Jun-2021", "2 3 4"),
        ("SINCE 2-Feb-2024", "4"),
        ('SINCE "02-Feb-2024"', "4"),
        ("SENTBEFORE 15-Jun-2021", "1 3"),
        ("SENTON 15-Jun-2021", "2"),
        ("SENTSINCE 15-Jun-2021", "2 4"),
        ("LARGER 4000", "3"),
        ("SMALLER 4000", "1 2 4"),
        ("FROM ann", "1"),
        ("FROM ANN@A", "1"),
        ("TO ann", "2"),
        ("CC carl", "2"),
        ("BCC dora", "3"),
        ('SUBJECT "apples and"', "1"),
        ("SUBJECT Pear", "1"),
        ("BODY alpha", "1"),
        ("BODY beta", "2"),
        ("TEXT carl", "2 3"),
        ("TEXT beta", "2"),
        ("BODY ann", ""),
        ("HEADER X-Tag yes", "3"),
        ('HEADER X-Tag ""', "3 4"),
        ("HEADER Subject none", "3"),
        ("NOT SEEN", "2 3 4"),
        ("NOT NOT SEEN", "1"),
        ("OR SEEN FLAGGED", "1 3"),
        ("OR SEEN OR FLAGGED DRAFT", "1 3 4"),
        ("SEEN FLAGGED", ""),
        ("(SEEN)", "1"),
        ("(NOT (OR SEEN FLAGGED)) UNDELETED", "2"),
        ("1:3 SINCE 1-Jan-2021 NOT KEYWORD $Work", "2"),
        ("UNSEEN UNDELETED LARGER 10 SMALLER 100000", "2 3"),
        ("CHARSET US-ASCII SUBJECT apples", "1"),
        ("CHARSET UTF-8 FROM bob", "2"),
    ],
)
def test_search(search_box, criteria, want):
    """RFC 3501 6.4.4."""
    got = search_box.ok(f"SEARCH {criteria}").one("SEARCH")
    if want is not None:
        assert got == want.split()
        assert search_box.ok(f"UID SEARCH {criteria}").one("SEARCH") == want.split()


@pytest.mark.parametrize(
    ("key", "text", "want"), [("SUBJECT", "äpfel", "2"), ("BODY", "grüße", "4"), ("TEXT", "Grüße aus", "4"), ("FROM", "ä", "")]
)
def test_search_in_utf_8(search_box, key, text, want):
    """RFC 3501 6.4.4: encoded words and transfer encodings are read."""
    done = search_box.ok([f"SEARCH CHARSET UTF-8 {key} ", text.encode()])
    assert done.one("SEARCH") == want.split()


@pytest.mark.parametrize(
    "criteria",
    ["", "FNORD", "FROM", "SINCE yesterday", pytest.param("SINCE 32-Jan-2020", marks=pytest.mark.ours), "LARGER x", "OR SEEN", "NOT", "(SEEN", "ON 1-Foo-2020", "HEADER X"],
)
def test_bad_search(search_box, criteria):
    assert refused(search_box, f"SEARCH {criteria}", ("BAD",))


def test_unknown_charset(search_box):
    """RFC 3501 6.4.4: NO, with [BADCHARSET]."""
    done = search_box.cmd("SEARCH CHARSET X-FNORD SUBJECT a")
    assert done.status in ("NO", "BAD")
    assert done.code is None or done.code.startswith("BADCHARSET")


@pytest.mark.ours
def test_deep_and_long_searches_are_bounded(search_box):
    assert refused(search_box, "SEARCH " + "NOT " * 500 + "SEEN")
    assert refused(search_box, "SEARCH " + "(" * 500 + "SEEN" + ")" * 500)
    assert search_box.ok("SEARCH " + "OR SEEN " * 50 + "FLAGGED").one("SEARCH") == ["1", "3"]
    assert search_box.ok("SEARCH " + ",".join(["1"] * 4000)).one("SEARCH") == ["1"]


def test_large_answers(imap):
    """More than an output buffer holds, to a client that reads slowly."""
    body = b"0123456789abcdef" * 64 * 1024 + b"\r\n"
    for _ in range(3):
        imap.append("INBOX", mail(body))
    imap.select()
    tag = imap.begin("FETCH 1:* BODY.PEEK[]")
    with wire.Imap(imap.account.server.port("imap")) as other:
        other.noop()
    got = imap.end(tag).fetched()
    assert all(got[number]["BODY[]"].endswith(body) for number in (1, 2, 3))


# windows and numbers at the edges


@pytest.mark.ours
@pytest.mark.parametrize(
    ("window", "want"),
    [
        ("<0.1>", NESTED[:1]),
        (f"<0.{len(NESTED)}>", NESTED),
        (f"<0.{len(NESTED) + 1}>", NESTED),
        (f"<{len(NESTED) - 1}.10>", NESTED[-1:]),
        (f"<{len(NESTED)}.10>", b""),
        ("<4294967295.1>", b""),
        ("<1.4294967295>", NESTED[1:]),
    ],
)
def test_windows_at_the_edges(nested_box, window, want):
    assert section(nested_box, 1, window) == want


@pytest.mark.ours
def test_windows_put_together_are_the_message(nested_box):
    """As clients fetch large messages: piece by piece."""
    for size in (1, 7, 100):
        pieces = [section(nested_box, 1, f"<{at}.{size}>") for at in range(0, len(NESTED), size)][:120]
        assert b"".join(pieces) == NESTED[: size * len(pieces)]


def test_windows_of_a_message_in_chunks(imap):
    """Larger than what is stored in one piece; cut where a store may have cut it."""
    body = b"\r\n".join(os.urandom(36).hex().encode() for _ in range(12_000)) + b"\r\n"
    message = mail(b"", headers=b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n")
    message += b"--b\r\n\r\n" + body + b"--b\r\nContent-Type: application/x-a\r\n\r\n" + body.upper() + b"--b--\r\n"
    imap.append("INBOX", message)
    imap.select()
    assert section(imap, 1, "") == message
    assert section(imap, 1, "1") == body[:-2]
    assert section(imap, 1, "2") == body.upper()[:-2]
    for at in (0, 1, 16_383, 16_384, 32_767, 32_768, 65_535, 65_536, 262_143, 262_144, 524_288, 1_048_575, 1_048_576, len(message) - 3):
        assert section(imap, 1, f"<{at}.5>") == message[at : at + 5], at
        assert section(imap, 1, f"2<{at}.70000>") == body.upper()[:-2][at : at + 70_000], at


@pytest.mark.ours
def test_the_same_attachment_in_many_messages(imap):
    """Stored once, shown everywhere, gone nowhere when one of them goes."""
    attachment = os.urandom(60_000).hex().encode()
    messages = [
        mail(b"--b\r\n\r\n%d\r\n--b\r\nContent-Type: application/x-a\r\n\r\n%s\r\n--b--\r\n" % (i, attachment),
             headers=b"Content-Type: multipart/mixed; boundary=b\r\n")
        for i in range(4)
    ]
    for message in messages:
        imap.append("INBOX", message)
    imap.select()
    imap.ok(r"STORE 1,3 +FLAGS.SILENT (\Deleted)")
    imap.ok("EXPUNGE")
    assert imap.bodies() == [messages[1], messages[3]]
    assert section(imap, 2, "2") == attachment
