"""fetchmail: mail from an account into a program, with and without --keep, and while it waits in IDLE."""

import os
import signal
import subprocess

import pytest
from clients import WAYS, by_subject, certificate, needs, port, run, wait_until
from mails import mail

pytestmark = [pytest.mark.ours, needs("fetchmail")]

MDA = """#!/bin/sh
cat > "{folder}/got/$$"
"""


class Fetchmail:
    def __init__(self, host, account, folder, way, options=""):
        self.folder = folder
        (folder / "got").mkdir()
        mda = folder / "mda"
        mda.write_text(MDA.format(folder=folder))
        mda.chmod(0o700)
        tls = {"plain": 'sslproto ""', "starttls": 'sslproto "TLS1.2+" sslcertck', "imaps": "ssl sslcertck"}[way]
        if way != "plain":
            tls += f' sslcertfile "{certificate(host)}"'
        self.config = folder / "fetchmailrc"
        self.config.write_text(
            f"poll localhost protocol imap service {port(host, way)} auth password\n"
            f'    user "{account.user}" password "{account.password}" {tls} mda "{mda}" {options}\n'
        )
        self.config.chmod(0o600)
        # without a file of its own root's would refuse to run beside one another
        own = ["-i", str(folder / "ids"), "--pidfile", str(folder / "pid")]
        self.command = ["fetchmail", "--nosyslog", "-f", str(self.config), *own]
        self.env = {**os.environ, "FETCHMAILHOME": str(folder), "HOME": str(folder)}

    def poll(self, *options, status=0):
        return run(*self.command, *options, status=(status,), env=self.env).decode(errors="replace")

    def subjects(self):
        found = []
        for path in (self.folder / "got").iterdir():
            lines = path.read_bytes().splitlines()
            found += [line[9:].decode() for line in lines if line.startswith(b"Subject: ")][:1]
        return sorted(found)


def fill(account, count=4):
    with account.imap() as peer:
        for number in range(count):
            peer.append("INBOX", mail(b"number %d\r\n.\r\nend\r\n" % number, f"number {number}"))


@pytest.mark.parametrize("way", WAYS)
def test_fetched_and_deleted(host, account, tmp_path, way):
    fill(account)
    fetchmail = Fetchmail(host, account, tmp_path, way)
    fetchmail.poll()
    assert fetchmail.subjects() == [f"number {number}" for number in range(4)]
    assert by_subject(account) == {}
    assert all(b"\n.\nend\n" in path.read_bytes().replace(b"\r", b"") for path in (tmp_path / "got").iterdir())
    fetchmail.poll(status=1)  # 1: there was no mail
    assert len(fetchmail.subjects()) == 4


def test_kept_and_fetched_once(host, account, tmp_path):
    fill(account)
    fetchmail = Fetchmail(host, account, tmp_path, "imaps", "keep")
    fetchmail.poll()
    assert len(fetchmail.subjects()) == 4
    found = by_subject(account)
    assert len(found) == 4 and all("\\Seen" in flags for _, flags in found.values())
    fetchmail.poll(status=1)  # what was seen is not asked for again
    assert len(fetchmail.subjects()) == 4
    fetchmail.poll("--all")
    assert len(fetchmail.subjects()) == 8


def test_another_folder(host, account, tmp_path):
    with account.imap() as peer:
        peer.ok("CREATE lists/one")
        peer.append("lists/one", mail(subject="there"))
        peer.append("INBOX", mail(subject="here"))
    fetchmail = Fetchmail(host, account, tmp_path, "imaps", 'folder "lists/one"')
    fetchmail.poll()
    assert fetchmail.subjects() == ["there"]
    assert list(by_subject(account)) == ["here"]


def test_what_comes_while_it_idles(host, account, tmp_path):
    fill(account, 1)
    fetchmail = Fetchmail(host, account, tmp_path, "imaps", "idle")
    with open(tmp_path / "said", "wb") as said:
        process = subprocess.Popen([*fetchmail.command, "-v", "-v"], env=fetchmail.env, stdout=said, stderr=said, stdin=subprocess.DEVNULL)
    try:
        wait_until(lambda: fetchmail.subjects() == ["number 0"], process=process)
        wait_until(lambda: b"IMAP> A" in (text := (tmp_path / "said").read_bytes()) and b" IDLE" in text, process=process)
        with host.lmtp() as lmtp:
            lmtp.deliver_all(account.address, mail(subject="pushed"))
        wait_until(lambda: "pushed" in fetchmail.subjects(), process=process)
        wait_until(lambda: by_subject(account) == {}, process=process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def test_another_certificate_is_refused(host, account, tmp_path):
    fill(account, 1)
    fetchmail = Fetchmail(host, account, tmp_path, "imaps")
    key, other = tmp_path / "key.pem", tmp_path / "other.pem"
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", other)
    fetchmail.config.write_text(fetchmail.config.read_text().replace(str(certificate(host)), str(other)))
    fetchmail.poll(status=2)
    assert fetchmail.subjects() == [] and len(by_subject(account)) == 1
