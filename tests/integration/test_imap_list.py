"""Mailboxes and searches by extensions: LIST with options (RFC 5258, 5819, 6154), ESEARCH (RFC 4731), saved results (RFC 5182),
QUOTA (RFC 9208), ACL (RFC 4314). What is not marked `ours` holds for Dovecot too."""

import imaplib
import json

import pytest
from mails import mail


def listed(done):
    """Name to attributes (lower case) and extended data of LIST responses."""
    found = {}
    for row in done.of("LIST"):
        name = row[2].decode() if isinstance(row[2], bytes) else row[2]
        assert name not in found, f"{name} twice"
        found[name] = ({word.lower() for word in row[0]}, row[3] if len(row) > 3 else None)
    return found


def statuses(done):
    """Name to a dictionary of STATUS responses."""
    found = {}
    for name, pairs in done.of("STATUS"):
        name = name.decode() if isinstance(name, bytes) else name
        found[name] = dict(zip(pairs[::2], map(int, pairs[1::2])))
    return found


def esearch(done):
    """The items of an ESEARCH response, and whether it is about UIDs; the tag is looked at."""
    row = done.one("ESEARCH")
    assert row[0][0].upper() == "TAG"
    rest = row[1:]
    uid = bool(rest) and rest[0] == "UID"
    rest = rest[1:] if uid else rest
    return {str(key): value for key, value in zip(rest[::2], rest[1::2])}, uid


@pytest.fixture
def tree(account):
    with account.imap() as peer:
        sep = peer.ok('LIST "" ""').one("LIST")[1].decode()
        for name in ("foo2", "foo2/bar1", "foo2/bar2", "baz2", "baz2/bar2", "eps2", "eps2/mamba"):
            peer.ok(f"CREATE {name.replace('/', sep)}")
        for name in ("foo2/bar1", "foo2/bar2", "baz2/bar2", "eps2", "eps2/mamba"):
            peer.ok(f"SUBSCRIBE {name.replace('/', sep)}")
        peer.sep = sep
        yield peer


def test_selection_options(tree):
    """RFC 5258 section 5, examples 5 and 8."""
    sep = tree.sep
    found = listed(tree.ok('LIST (SUBSCRIBED) "" "*2*"'))
    assert set(found) == {f"foo2{sep}bar1", f"foo2{sep}bar2", f"baz2{sep}bar2", "eps2", f"eps2{sep}mamba"}
    assert all("\\subscribed" in attributes for attributes, _ in found.values())
    found = listed(tree.ok('LIST "" "%2" RETURN (SUBSCRIBED CHILDREN)'))
    assert {name for name, (attributes, _) in found.items() if "\\subscribed" in attributes} == {"eps2"}
    assert all("\\haschildren" in attributes for attributes, _ in found.values())


def test_recursivematch_tells_of_what_is_below(tree):
    """RFC 5258 3.5 and section 5, example 9."""
    found = listed(tree.ok('LIST (RECURSIVEMATCH SUBSCRIBED) "" "%2"'))
    assert set(found) == {"foo2", "baz2", "eps2"}
    assert "\\subscribed" in found["eps2"][0] and "\\subscribed" not in found["foo2"][0]
    for _, extended in found.values():
        assert str(extended[0], "ascii") == "CHILDINFO" if isinstance(extended[0], bytes) else extended[0] == "CHILDINFO"
    assert tree.bad('LIST (RECURSIVEMATCH) "" "*"')


def test_several_patterns(tree):
    found = listed(tree.ok('LIST "" (INBOX "eps%" eps2)'))
    assert set(found) == {"INBOX", "eps2"}


def test_list_status(tree):
    """RFC 5819: a STATUS for each selectable mailbox, with the numbers that STATUS gives."""
    tree.append("eps2", mail(b"one"))
    tree.append("eps2", mail(b"two"), "(\\Seen)")
    done = tree.ok('LIST "" "%" RETURN (STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY))')
    found = statuses(done)
    assert set(found) == {"INBOX", "foo2", "baz2", "eps2"} == set(listed(done))
    assert found["eps2"]["MESSAGES"] == 2 and found["eps2"]["UNSEEN"] == 1
    for name, numbers in found.items():
        assert statuses(tree.ok(f"STATUS {name} (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)"))[name] == numbers


def test_status_size(tree):
    """RFC 8438: the sum of RFC822.SIZE."""
    message = mail(b"one")
    tree.append("eps2", message)
    tree.append("eps2", message)
    assert statuses(tree.ok("STATUS eps2 (SIZE)"))["eps2"]["SIZE"] == 2 * len(message)


def test_esearch(account):
    with account.imap() as peer:
        for number in range(6):
            peer.append("INBOX", mail(b"%d" % number), "(\\Flagged)" if number in (1, 2, 4) else "")
        peer.select()
        peer.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        peer.ok("EXPUNGE")
        assert esearch(peer.ok("SEARCH RETURN (MIN MAX COUNT ALL) FLAGGED")) == (
            {"MIN": "1", "MAX": "4", "COUNT": "3", "ALL": "1:2,4"},
            False,
        )
        assert esearch(peer.ok("UID SEARCH RETURN () FLAGGED")) == ({"ALL": "2:3,5"}, True)
        assert esearch(peer.ok("SEARCH RETURN (MIN ALL COUNT) DRAFT")) == ({"COUNT": "0"}, False)
        peer.bad("SEARCH RETURN (FNORD) ALL")


def test_saved_results_follow_their_messages(account):
    """RFC 5182."""
    with account.imap() as peer, account.imap() as other:
        for number in range(8):
            peer.append("INBOX", mail(b"%d" % number), "(\\Flagged)" if number % 2 else "")
        peer.ok("CREATE copies")
        peer.select()
        assert not peer.ok("SEARCH RETURN (SAVE) FLAGGED").of("ESEARCH")
        other.select()
        other.ok("STORE 1:2 +FLAGS.SILENT (\\Deleted)")
        other.ok("EXPUNGE")
        peer.ok("NOOP")
        assert [row[1][1] for row in peer.ok("FETCH $ (UID)").of("FETCH")] == ["4", "6", "8"]
        peer.ok("UID STORE $ +FLAGS.SILENT (\\Answered)")
        assert esearch(peer.ok("UID SEARCH RETURN (ALL) ANSWERED"))[0]["ALL"] in ("4,6,8",)
        peer.ok("COPY $ copies")
        assert statuses(peer.ok("STATUS copies (MESSAGES)"))["copies"]["MESSAGES"] == 3
        peer.select("copies")
        assert esearch(peer.ok("SEARCH RETURN (COUNT) $"))[0] == {"COUNT": "0"}


@pytest.mark.ours
def test_special_use(account):
    with account.imap() as peer:
        peer.ok("CREATE Entw (USE (\\Drafts))")
        peer.ok("CREATE Sent")
        found = listed(peer.ok('LIST (SPECIAL-USE) "" "*"'))
        assert {name: attributes - {"\\hasnochildren"} for name, (attributes, _) in found.items()} == {
            "Entw": {"\\drafts"},
            "Sent": {"\\sent"},
        }
        assert peer.no("CREATE x (USE (\\All))").code == "USEATTR"
        peer.no("SELECT x")


@pytest.mark.ours
def test_list_status_of_many_folders_costs_few_statements(account):
    """The cost is that of the answer, not a statement a folder."""

    def statements():
        shown = json.loads(account.server.server.cli("status", "--json").stdout)
        return shown["server"]["statements"]

    with account.imap() as peer:
        for number in range(300):
            peer.ok(f"CREATE many/{number}")
        least = None
        for _ in range(5):  # housekeeping falls into some
            before = statements()
            done = peer.ok('LIST "" "*" RETURN (STATUS (MESSAGES UNSEEN UIDNEXT SIZE))')
            cost = statements() - before
            least = cost if least is None else min(least, cost)
            assert len(statuses(done)) == 302
        assert least < 60


@pytest.mark.ours
def test_quota_by_imaplib(host):
    account = host.account("--quota", "1M")
    client = imaplib.IMAP4("127.0.0.1", host.port("imap"))
    client.login(account.user, account.password)
    assert "QUOTA" in client.capabilities and "QUOTA=RES-STORAGE" in client.capabilities
    status, (roots, quotas) = client.getquotaroot("INBOX")
    assert status == "OK" and roots == [b'INBOX ""'] and quotas == [b'"" (STORAGE 0 1024)']
    client.append("INBOX", None, None, mail(b"x" * 5000))
    status, (quota,) = client.getquota('""')
    assert status == "OK" and 5 <= int(quota.split()[2]) <= 6
    assert client.setquota('""', "(STORAGE 2048)")[0] == "NO"
    status, (answer,) = client.append("INBOX", None, None, mail(b"x" * 1100000))
    assert status == "NO" and b"[OVERQUOTA]" in answer
    client.logout()


@pytest.mark.ours
def test_rights_by_imaplib(host):
    """RFC 4314: what one gives, another has at once."""
    ann, bob = host.account(), host.account()
    one, two = (imaplib.IMAP4("127.0.0.1", host.port("imap")) for _ in range(2))
    one.login(ann.user, ann.password)
    two.login(bob.user, bob.password)
    one.create("team")
    shared = f"#Users/{ann.name}/team"
    assert two.select(shared)[0] == "NO"
    assert one.setacl("team", bob.name, "lrsi")[0] == "OK"
    assert two.myrights(shared) == ("OK", [f"{shared} lrsi".encode()])
    assert two.append(shared, None, None, mail(b"from bob"))[0] == "OK"
    assert two.select(shared) == ("OK", [b"1"])
    assert two.store("1", "+FLAGS", "\\Seen")[0] == "OK"
    assert two.store("1", "+FLAGS", "\\Deleted")[0] == "NO" or b"Deleted" not in two.fetch("1", "FLAGS")[1][0]
    assert one.getacl("team")[1] == [f'team "{ann.name}" lrswipkxteacd "{bob.name}" lrsi'.encode()]
    assert one.deleteacl("team", bob.name)[0] == "OK"
    assert two.select(shared)[0] == "NO"
    one.logout()
    two.logout()
