"""getmail: mail from folders of an account into a maildir, with and without delete."""

import os
import pathlib
import shutil
import tempfile

import pytest
from clients import by_subject, certificate, maildir, needs, port, run
from mails import mail

pytestmark = [pytest.mark.ours, needs("getmail")]

CONFIG = """
[retriever]
type = {kind}
server = localhost
port = {port}
username = {user}
password = {password}
mailboxes = ({mailboxes},)
{tls}

[destination]
type = Maildir
path = {folder}/mail/

[options]
delete = {delete}
read_all = {read_all}
verbose = 2
delivered_to = false
received = false
"""


@pytest.fixture
def folder():
    """getmail does not deliver as root: it runs as nobody, in a folder that nobody reaches."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="tabella-getmail-"))
    yield path
    shutil.rmtree(path)


def as_nobody(folder):
    if os.getuid() != 0:
        return {}
    for path in [folder, *folder.rglob("*")]:
        shutil.chown(path, "nobody", "nogroup")
    return {"user": "nobody", "group": "nogroup", "extra_groups": [], "cwd": folder}


class Getmail:
    def __init__(self, host, account, folder, way="imaps", delete=False, read_all=True, mailboxes=("INBOX",)):
        self.folder = folder
        for part in ("cur", "new", "tmp"):
            (folder / "mail" / part).mkdir(parents=True)
        self.config = folder / "getmailrc"
        self.config.write_text(
            CONFIG.format(
                kind="SimpleIMAPSSLRetriever" if way == "imaps" else "SimpleIMAPRetriever", port=port(host, way),
                user=account.user, password=account.password, folder=folder, delete=delete, read_all=read_all,
                mailboxes=", ".join(f'"{name}"' for name in mailboxes),
                tls=f"ca_certs = {certificate(host)}\nssl_cert_hostname = localhost" if way == "imaps" else "",
            )
        )

    def get(self, status=(0,)):
        command = ["getmail", f"--getmaildir={self.folder}", f"--rcfile={self.config}"]
        return run(*command, status=status, **as_nobody(self.folder)).decode(errors="replace")

    def found(self):
        return sorted(maildir(self.folder / "mail"))


@pytest.mark.parametrize("way", ["plain", "imaps"])
def test_new_mail_is_fetched_once(host, account, folder, way):
    bodies = [b"number %d \xc3\xa9\r\n.\r\n" % number for number in range(4)]
    with account.imap() as peer:
        for number, body in enumerate(bodies):
            peer.append("INBOX", mail(body, f"number {number}"))
    client = Getmail(host, account, folder, way, read_all=False)
    client.get()
    assert client.found() == [f"number {number}" for number in range(4)]
    for number, body in enumerate(bodies):
        assert maildir(folder / "mail")[f"number {number}"][1].endswith(body.replace(b"\r\n", b"\n"))
    client.get()
    with account.imap() as peer:
        peer.append("INBOX", mail(subject="later"))
    client.get()
    assert client.found() == ["later", *(f"number {number}" for number in range(4))]
    assert len(by_subject(account)) == 5


def test_mail_of_several_folders_is_moved_out(host, account, folder):
    with account.imap() as peer:
        peer.ok("CREATE lists/one")
        peer.ok('CREATE "two words"')
        for name in ("INBOX", "lists/one", "two words"):
            peer.append(name, mail(subject=f"in {name}"))
    client = Getmail(host, account, folder, delete=True, mailboxes=("INBOX", "lists/one", "two words"))
    client.get()
    assert client.found() == ["in INBOX", "in lists/one", "in two words"]
    assert all(by_subject(account, name) == {} for name in ("INBOX", "lists/one", "two words"))


def test_another_certificate_is_refused(host, account, folder):
    with account.imap() as peer:
        peer.append("INBOX", mail(subject="one"))
    client = Getmail(host, account, folder)
    key, other = folder / "key.pem", folder / "other.pem"
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", other)
    client.config.write_text(client.config.read_text().replace(str(certificate(host)), str(other)))
    client.get(status=(127,))
    assert client.found() == []
    assert "\\Seen" not in by_subject(account)["one"][1]
