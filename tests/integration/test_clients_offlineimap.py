"""offlineimap: a maildir beside an account, twice; every way in."""

import pytest
from clients import WAYS, by_subject, certificate, folders, maildir, needs, port, run
from mails import mail

pytestmark = [pytest.mark.ours, needs("offlineimap")]

CONFIG = """
[general]
accounts = test
metadata = {folder}/meta
ui = basic
socktimeout = 10

[Account test]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = {folder}/mail
sep = /
utf8 = yes

[Repository far]
type = IMAP
remotehost = localhost
remoteport = {port}
remoteuser = {user}
remotepass = {password}
auth_mechanisms = PLAIN, LOGIN
maxconnections = 3
ssl = {ssl}
starttls = {starttls}
sslcacertfile = {certificate}
"""


# imaplib2 reads in one thread and writes in another, on one SSL object and without a lock. Behind STARTTLS the first command is
# written while the handshake's last messages come: it is now and then never sent (6 of 300 times also against a server of
# Python's ssl module), or the client's process dies of it (SIGSEGV in Python's ssl). TLS 1.2, whose session ticket is a part of
# the handshake, makes that rarer. Behind IMAPS the greeting comes first. So a run behind STARTTLS that did not come to its end
# is begun again.
STARTTLS_VERSION = "ssl_version = tls1_2"
STARTTLS_RUNS = 6
FINISHED = "*** Finished account"
SEGMENTATION_FAULT = -11


class Offlineimap:
    def __init__(self, host, account, folder, way):
        self.folder, self.home = folder, folder / "home"
        self.home.mkdir()
        self.config = folder / "offlineimaprc"
        self.config.write_text(
            CONFIG.format(
                folder=folder, port=port(host, way), user=account.user, password=account.password,
                ssl="yes" if way == "imaps" else "no", starttls="yes" if way == "starttls" else "no",
                certificate=certificate(host),
            )
        )
        self.way = way
        if way == "starttls":
            with self.config.open("a") as config:
                config.write(f"{STARTTLS_VERSION}\n")

    def sync(self):
        """It says ERROR and may go on; what it says must not have one."""
        said = self.run()
        for _ in range(STARTTLS_RUNS - 1 if self.way == "starttls" else 0):
            if FINISHED in said and "ERROR" not in said:
                break
            said = self.run()
        assert FINISHED in said and "ERROR" not in said, said

    def run(self):
        env = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        command = 'exec offlineimap -o -c "$0" 2>&1'
        return run("sh", "-c", command, self.config, env=env, seconds=120, status=(0, 1, 100, SEGMENTATION_FAULT)).decode(errors="replace")

    def box(self, name="INBOX"):
        return self.folder / "mail" / name

    def set_flags(self, subject, flags):
        for part in ("cur", "new"):
            for path in (self.box() / part).iterdir():
                if f"Subject: {subject}\n".encode() in path.read_bytes().replace(b"\r", b""):
                    return path.rename(self.box() / "cur" / (path.name.partition(":2,")[0] + f":2,{flags}"))
        raise AssertionError(f"{subject} is not there")

    def state(self):
        return {
            str(path.relative_to(self.folder)): sorted((row[0], subject) for subject, row in maildir(path).items())
            for path in [self.box(), *(one.parent for one in self.folder.glob("mail/**/cur"))]
        }


@pytest.mark.parametrize("way", WAYS)
def test_both_ways_twice(host, account, tmp_path, way):
    with account.imap() as peer:
        for number in range(8):
            peer.append("INBOX", mail(b"number %d\r\n" % number, f"number {number}"))
        peer.ok("CREATE Archive/2026")
        peer.append("Archive/2026", mail(subject="old"), r"(\Seen)")
    client = Offlineimap(host, account, tmp_path, way)
    client.sync()
    assert sorted(maildir(client.box())) == [f"number {number}" for number in range(8)]
    assert maildir(client.box("Archive/2026"))["old"][0] == "S"
    before = client.state(), by_subject(account)
    client.sync()
    assert (client.state(), by_subject(account)) == before, "the second run changed something"
    # near: one read, one deleted, a new one
    client.set_flags("number 3", "FS")
    client.set_flags("number 4", "ST")
    (client.box() / "cur" / "1.2.here:2,S").write_bytes(mail(subject="from here").replace(b"\r\n", b"\n"))
    # far: a new one, one flagged, one gone
    with account.imap("INBOX") as peer:
        peer.append("INBOX", mail(subject="from there"))
        peer.ok(r"STORE 8 +FLAGS (\Flagged)")
        peer.ok(r"STORE 7 +FLAGS (\Deleted)")
        peer.ok("EXPUNGE")
    client.sync()
    far = by_subject(account)
    near = {subject: row[0] for subject, row in maildir(client.box()).items() if "T" not in row[0]}
    want = {f"number {number}" for number in (0, 1, 2, 3, 5, 7)} | {"from here", "from there"}
    assert set(near) == want and {subject for subject, row in far.items() if "\\Deleted" not in row[1]} == want
    assert far["number 3"][1] == {"\\Seen", "\\Flagged"} and far["from here"][1] == {"\\Seen"}
    assert near["number 7"] == "F"
    before = client.state(), by_subject(account)
    client.sync()
    assert (client.state(), by_subject(account)) == before


def test_folders_are_made_on_both_sides(host, account, tmp_path):
    with account.imap() as peer:
        peer.ok('CREATE "two words"')
        peer.ok("CREATE Entw&APw-rfe")
        peer.append("Entw&APw-rfe", mail(subject="a draft"), r"(\Draft)")
    client = Offlineimap(host, account, tmp_path, "imaps")
    client.sync()
    assert client.box("two words").is_dir()
    assert "a draft" in maildir(next(client.folder.glob("mail/Entw*")))
    for place in ("made", "made/here"):  # what is no maildir itself offlineimap takes for none
        for part in ("cur", "new", "tmp"):
            (client.box(place) / part).mkdir(parents=True)
    (client.box("made/here") / "cur" / "1.2.here:2,F").write_bytes(mail(subject="deep").replace(b"\r\n", b"\n"))
    client.sync()
    assert "made/here" in folders(account)
    assert by_subject(account, "made/here")["deep"][1] == {"\\Flagged"}
