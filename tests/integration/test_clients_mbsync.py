"""mbsync: a maildir and an account that are kept alike; names of all kinds; every way in."""

import time

import pytest
import wire
from clients import certificate, needs, run
from mails import mail

pytestmark = [pytest.mark.ours, needs("mbsync")]

MBSYNCRC = """
IMAPAccount server
Host {host}
Port {port}
User {user}
Pass {password}
SSLType {ssl}{certificate}
AuthMechs {mechanisms}

IMAPStore far
Account server

MaildirStore near
Path {folder}/mail/
Inbox {folder}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
CopyArrivalDate yes
"""


class Mbsync:
    """A maildir beside an account."""

    def __init__(self, host, account, folder, ssl_type="IMAPS"):
        self.folder = folder
        self.config = folder / "mbsyncrc"
        (folder / "mail").mkdir()
        tls = ssl_type != "None"
        trusted = f"\nCertificateFile {certificate(host)}" if tls else ""
        self.config.write_text(
            MBSYNCRC.format(
                host="localhost", port=host.port("imaps" if ssl_type == "IMAPS" else "imap"), user=account.user,
                password=account.password, ssl=ssl_type, certificate=trusted, folder=folder, mechanisms="PLAIN LOGIN",
            )
        )
        self.config.chmod(0o600)

    def sync(self):
        return run("mbsync", "-c", self.config, "-a", "-V").decode(errors="replace")

    def box(self, name="INBOX"):
        return self.folder / "mail" / name

    def files(self, name="INBOX"):
        return sorted(path for part in ("cur", "new") for path in (self.box(name) / part).iterdir())

    def add(self, name, message, flags=""):
        path = self.box(name) / "cur" / f"{time.time_ns()}.test.here:2,{flags}"
        path.write_bytes(message.replace(b"\r\n", b"\n"))
        return path


@pytest.mark.parametrize("ssl_type", ["IMAPS", "STARTTLS", "None"])
def test_mbsync_both_ways(host, account, tmp_path, ssl_type):
    """What is new on a side comes to the other, flags and deletions too; a second run finds nothing to do."""
    messages = [mail(b"number %d\r\n" % i, f"number {i}") for i in range(12)]
    with account.imap() as peer:
        for message in messages:
            peer.append("INBOX", message)
        peer.ok("CREATE Archive/2026")
        peer.append("Archive/2026", mail(subject="old"), r"(\Seen)")
    mbsync = Mbsync(host, account, tmp_path, ssl_type)
    mbsync.sync()
    assert len(mbsync.files()) == 12
    assert [path.name.rpartition(",")[2] for path in mbsync.files("Archive/2026")] == ["S"]
    before = snapshot(mbsync, account)
    mbsync.sync()
    assert snapshot(mbsync, account) == before, "the second run changed something"
    # near: a new one with a flag, one read, one deleted
    mbsync.add("INBOX", mail(subject="from here"), "FS")
    change_flags(mbsync, b"number 3", "S")
    change_flags(mbsync, b"number 4", "T")
    # far: a new one, one flagged, one gone
    with account.imap("INBOX") as peer:
        peer.append("INBOX", mail(subject="from there"))
        number = peer.ok("SEARCH SUBJECT \"number 7\"").one("SEARCH")[0]
        peer.ok(rf"STORE {number} +FLAGS (\Flagged)")
        number = peer.ok("SEARCH SUBJECT \"number 8\"").one("SEARCH")[0]
        peer.ok(rf"STORE {number} +FLAGS (\Deleted)")
        peer.ok("EXPUNGE")
    mbsync.sync()
    with account.imap("INBOX") as peer:
        assert len(peer.uids()) == len(mbsync.files()) == 12
        assert len(peer.ok('SEARCH SUBJECT "from here" FLAGGED SEEN').one("SEARCH")) == 1
        assert len(peer.ok('SEARCH SUBJECT "number 3" SEEN').one("SEARCH")) == 1
        assert peer.ok('SEARCH SUBJECT "number 4"').one("SEARCH") == []
    assert flags_near(mbsync, b"number 7") == "F"
    assert flags_near(mbsync, b"from there") == ""
    assert flags_near(mbsync, b"number 8") is None
    before = snapshot(mbsync, account)
    mbsync.sync()
    assert snapshot(mbsync, account) == before


def find_near(mbsync, subject):
    return next((path for path in mbsync.files() if b"Subject: " + subject + b"\n" in path.read_bytes()), None)


def flags_near(mbsync, subject):
    path = find_near(mbsync, subject)
    return path and path.name.rpartition(",")[2] if path is None or ":2," in path.name else ""


def change_flags(mbsync, subject, flags):
    path = find_near(mbsync, subject)
    target = mbsync.box() / "cur" / (path.name.partition(":2,")[0] + f":2,{flags}")
    path.rename(target)


def snapshot(mbsync, account):
    near = sorted(str(path.relative_to(mbsync.folder)) for path in mbsync.folder.rglob("mail/**/*") if path.is_file()
                  and not path.name.startswith(".mbsync"))
    with account.imap("INBOX") as peer:
        far = peer.ok("FETCH 1:* (UID FLAGS)").fetched() if peer.uids() else {}
    return near, {number: (got["UID"], sorted(set(got["FLAGS"]) - {"\\Recent"})) for number, got in far.items()}


def test_mbsync_moves_names_of_all_kinds(host, account, tmp_path):
    with account.imap() as peer:
        for name in ("two words", "&ANw-n&AO8-", "a&-b", "INBOX/below"):
            peer.ok(f"CREATE {wire.quote(name)}")
            peer.append(name, mail())
        before = sorted(str(row[2]) for row in peer.ok('LIST "" *').of("LIST"))
    mbsync = Mbsync(host, account, tmp_path)
    mbsync.sync()
    mbsync.sync()
    with account.imap() as peer:
        assert sorted(str(row[2]) for row in peer.ok('LIST "" *').of("LIST")) == before
    assert (mbsync.folder / "mail" / "two words" / "cur").is_dir()


def test_mbsync_expunges_what_was_deleted_on_a_side(host, account, tmp_path):
    """Flags of both sides are merged, deletions win; the deleted are gone for good on both."""
    with account.imap() as peer:
        for number in range(6):
            peer.append("INBOX", mail(subject=f"number {number}"), r"(\Flagged)" if number % 2 else "")
    mbsync = Mbsync(host, account, tmp_path)
    mbsync.sync()
    for number, flags in enumerate(("S", "FS", "T", "FT", "R", "D")):
        change_flags(mbsync, b"number %d" % number, flags)
    with account.imap("INBOX") as peer:
        peer.ok(r"STORE 1 +FLAGS (\Answered)")
        peer.ok(r"STORE 3 +FLAGS (\Seen)")
    mbsync.sync()
    with account.imap("INBOX") as peer:
        found = peer.ok("FETCH 1:* (UID FLAGS)").fetched()
        flags = {items["UID"]: set(items["FLAGS"]) - {"\\Recent"} for items in found.values()}
    assert flags == {
        "1": {"\\Seen", "\\Answered"}, "2": {"\\Flagged", "\\Seen"}, "5": {"\\Answered"}, "6": {"\\Draft"}
    }
    assert flags_near(mbsync, b"number 0") == "RS"
    assert flags_near(mbsync, b"number 2") is None
    before = snapshot(mbsync, account)
    mbsync.sync()
    assert snapshot(mbsync, account) == before


def test_mbsync_begins_anew_when_a_folder_was_replaced(host, account, tmp_path):
    """RFC 3501 2.3.1.1: another UIDVALIDITY. mbsync refuses to match what may be other mail, and changes nothing."""
    with account.imap() as peer:
        peer.ok("CREATE box")
        peer.append("box", mail(subject="before"))
        mbsync = Mbsync(host, account, tmp_path)
        mbsync.sync()
        peer.ok("DELETE box")
        peer.ok("CREATE box")
        peer.append("box", mail(subject="after"))
    near = [path.name for path in mbsync.files("box")]
    run("mbsync", "-c", mbsync.config, "-a", "-V", status=(1,))
    assert [path.name for path in mbsync.files("box")] == near


def test_mbsync_with_many_messages(host, account, tmp_path):
    with account.imap() as peer:
        for number in range(400):
            peer.append("INBOX", mail(b"x" * number + b"\r\n", subject=f"number {number}"))
    mbsync = Mbsync(host, account, tmp_path)
    mbsync.sync()
    sizes = sorted(len(path.read_bytes()) for path in mbsync.files())
    assert len(sizes) == 400 and sizes[-1] - sizes[0] > 300
