"""Programs that people use: imaplib, curl, openssl, mbsync; STARTTLS and IMAPS; what strangers may do without TLS."""

import imaplib
import pathlib
import shutil
import socket
import ssl
import subprocess
import time

import pytest
import wire
from conftest import PASSWORD
from mails import mail
from test_lmtp import other_address


def needs(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"no {program} here")


@pytest.fixture
def loose_tls():
    """The certificate is of the server's own making."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


# TLS


@pytest.mark.ours
def test_imaps(account):
    with account.imap(tls=True) as peer:
        assert peer.wire.socket.version() in ("TLSv1.2", "TLSv1.3")
        words = peer.capabilities()
        assert "STARTTLS" not in words and "LOGINDISABLED" not in words
        peer.append("INBOX", mail(b"x" * 500_000 + b"\r\n"))
        peer.select()
        assert len(peer.bodies()[0]) > 500_000
        peer.logout()


@pytest.mark.ours
def test_starttls(host, account):
    """RFC 3501 6.2.1."""
    with wire.Imap(host.port("imap")) as peer:
        assert "STARTTLS" in peer.capabilities()
        peer.ok("STARTTLS")
        peer.secure()
        assert "STARTTLS" not in peer.capabilities()
        assert peer.cmd("STARTTLS").status in ("BAD", "NO")
        peer.login(account.user, account.password)
        peer.select()


@pytest.mark.ours
def test_nothing_is_taken_over_from_before_tls(host):
    """RFC 3501 6.2.1, RFC 8314: what was sent behind STARTTLS in the clear is never run (command injection)."""
    with wire.Imap(host.port("imap")) as peer:
        peer.send(b"s1 STARTTLS\r\ns2 CAPABILITY\r\ns3 NOOP\r\n")
        assert peer.response()[:3] == ["tagged", "s1", "OK"]
        peer.secure()
        peer.noop()  # its answer is the first thing that is said


@pytest.mark.ours
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_old_versions_are_refused(host, loose_tls, version):
    """RFC 8996."""
    loose_tls.minimum_version = loose_tls.maximum_version = getattr(ssl.TLSVersion, version)
    loose_tls.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection((wire.HOST, host.port("imaps"))) as raw, pytest.raises((ssl.SSLError, ConnectionError)):
        loose_tls.wrap_socket(raw)


@pytest.mark.ours
def test_plain_text_on_the_tls_port(host):
    with wire.Wire.connect(host.port("imaps")) as raw:
        raw.send(b"a1 NOOP\r\n")
        assert raw.ended()
    with wire.Wire.connect(host.port("imaps")) as raw:
        raw.send(b"\x16\x03\x01\x02\x00" + b"\xff" * 3000)
        assert raw.ended()


@pytest.mark.ours
def test_a_handshake_cut_anywhere(host, account):
    for size in (0, 1, 5, 100):
        raw = wire.Wire.connect(host.port("imaps"))
        raw.send((b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(200))[:size])
        raw.abort() if size % 2 else raw.close()
    account.imap(tls=True).logout()


@pytest.mark.ours
def test_passwords_need_tls_unless_the_peer_is_local(make_host):
    """RFC 3501 6.2.3, 11.1: LOGINDISABLED; RFC 5530 PRIVACYREQUIRED."""
    address = other_address()
    if not address:
        pytest.skip("this machine has no address but loopback")
    host = make_host()
    account = host.account()
    host.server.stop()
    port = host.port("http")
    host.server.configure({"imap.listen": f"127.0.0.1:{host.port('imap')}, {address}:{port}"}).start()
    with wire.Imap((address, port)) as peer:
        words = peer.capabilities()
        assert "LOGINDISABLED" in words and "AUTH=PLAIN" not in words and "STARTTLS" in words
        assert peer.no(f"LOGIN {account.name} {PASSWORD}").code in (None, "PRIVACYREQUIRED")
        assert peer.cmd("AUTHENTICATE PLAIN").status == "NO"
        peer.ok("STARTTLS")
        peer.secure()
        assert "LOGINDISABLED" not in peer.capabilities()
        peer.login(account.name, PASSWORD)
    with wire.Imap(host.port("imap")) as peer:
        peer.login(account.name, PASSWORD)


# imaplib


def test_imaplib(host, account):
    with host.lmtp() as lmtp:
        lmtp.deliver_all(account.address, mail(subject="by LMTP"))
    with imaplib.IMAP4(wire.HOST, host.port("imap"), timeout=20) as peer:
        assert peer.login(account.user, account.password)[0] == "OK"
        assert peer.select() == ("OK", [b"1"])
        assert peer.create("Sent")[0] == "OK"
        date = imaplib.Time2Internaldate(time.time())
        assert peer.append("Sent", r"(\Seen)", date, mail(subject="appended"))[0] == "OK"
        assert peer.search(None, "SUBJECT", '"by LMTP"') == ("OK", [b"1"])
        state, data = peer.fetch("1", "(RFC822.SIZE BODY[HEADER.FIELDS (SUBJECT)])")
        assert state == "OK" and data[0][1] == b"Subject: by LMTP\r\n\r\n"
        assert peer.store("1", "+FLAGS", r"(\Deleted)")[0] == "OK"
        assert peer.expunge() == ("OK", [b"1"])
        assert peer.status("Sent", "(MESSAGES UNSEEN)")[1] == [b"Sent (MESSAGES 1 UNSEEN 0)"] or b"MESSAGES 1" in (
            peer.status("Sent", "(MESSAGES UNSEEN)")[1][0]
        )
        assert peer.namespace()[0] == "OK"
        assert peer.close()[0] == "OK"


@pytest.mark.ours
def test_imaplib_over_tls(host, account, loose_tls):
    with imaplib.IMAP4_SSL(wire.HOST, host.port("imaps"), ssl_context=loose_tls, timeout=20) as peer:
        assert peer.login(account.user, account.password)[0] == "OK"
    with imaplib.IMAP4(wire.HOST, host.port("imap"), timeout=20) as peer:
        assert peer.starttls(loose_tls)[0] == "OK"
        assert peer.authenticate("PLAIN", lambda _: f"\0{account.user}\0{account.password}".encode())[0] == "OK"


# curl


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, timeout=60, **more)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stderr.decode(errors='replace')[-2000:]}"
    return done.stdout


@pytest.mark.ours
@needs("curl")
@pytest.mark.parametrize("scheme", ["imap", "imaps", "imap+starttls"])
def test_curl(host, account, tmp_path, scheme):
    message = mail(b"by curl \xc3\xa9\r\n.\r\n")
    (tmp_path / "mail.eml").write_bytes(message)
    options = ["-sS", "-k", "-u", f"{account.user}:{account.password}"]
    options += ["--ssl-reqd"] if scheme == "imap+starttls" else []
    scheme = scheme.partition("+")[0]
    url = f"{scheme}://{wire.HOST}:{host.port(scheme)}"
    run("curl", *options, "-T", tmp_path / "mail.eml", f"{url}/INBOX")
    assert run("curl", *options, f"{url}/INBOX;UID=1") == message
    assert run("curl", *options, f"{url}/INBOX;UID=1;SECTION=TEXT") == b"by curl \xc3\xa9\r\n.\r\n"
    assert b"* SEARCH 1" in run("curl", *options, f"{url}/INBOX?ALL")
    assert b"INBOX" in run("curl", *options, f"{url}/")
    run("curl", *options, f"{url}/INBOX", "-X", r"STORE 1 +Flags \Deleted")
    run("curl", *options, f"{url}/INBOX", "-X", "EXPUNGE")


# mbsync

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
        certificate = f"\nCertificateFile {next((host.server.data / 'tls').glob('cert*'))}" if tls else ""
        self.config.write_text(
            MBSYNCRC.format(
                host="localhost", port=host.port("imaps" if ssl_type == "IMAPS" else "imap"), user=account.user,
                password=account.password, ssl=ssl_type, certificate=certificate, folder=folder, mechanisms="PLAIN LOGIN",
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


@pytest.mark.ours
@needs("mbsync")
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


@pytest.mark.ours
@needs("mbsync")
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
    assert pathlib.Path(mbsync.folder / "mail" / "two words" / "cur").is_dir()
