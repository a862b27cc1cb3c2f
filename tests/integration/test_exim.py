"""
Debian's Exim asks us for passwords by Dovecot's protocol. Its package and Postfix's exclude each other, so this runs where EXIM names
a program (exim4 of exim4-daemon-heavy), or where Exim is what is installed.
"""

import base64
import hmac
import os
import re
import shutil
import subprocess

import pytest
from conftest import PASSWORD, start_ours, stop_and_look
from test_authd import OPTIONS, b64, plain

EXIM = os.environ.get("EXIM") or shutil.which("exim4")

pytestmark = [
    pytest.mark.ours,
    pytest.mark.skipif(not EXIM or os.getuid() != 0, reason="no Exim (EXIM=/path/of/exim4), or not root"),
]

CONFIG = """
primary_hostname = mx.exim.test
spool_directory = {folder}/spool
log_file_path = {folder}/%s.log
auth_advertise_hosts = *
acl_smtp_rcpt = relay
begin acl
relay:
  accept authenticated = *
  deny
begin authenticators
"""
AUTHENTICATOR = """
{name}:
  driver = dovecot
  public_name = {mechanism}
  server_socket = {folder}/auth
  server_set_id = $auth1
"""


class Exim:
    """One SMTP conversation with `exim -bh`, from this machine, which counts as safe for passwords."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [EXIM, "-C", str(folder / "exim.conf"), "-bh", "127.0.0.1.4000", "-oMi", "127.0.0.1.25"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        self.answer()
        assert self.said("EHLO client.test")[0] == 250

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

    def answer(self):
        while line := self.process.stdout.readline():
            if found := re.match(r"(\d{3})(?: (.*))?$", line.rstrip("\r\n")):
                return int(found[1]), found[2] or ""
        raise EOFError

    def said(self, line):
        self.process.stdin.write(line + "\r\n")
        self.process.stdin.flush()
        return self.answer()

    def codes(self, *lines):
        return [self.said(line)[0] for line in lines]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exim")
    for place in (folder, *folder.parents[:2]):
        place.chmod(0o755)
    text = CONFIG + "".join(
        AUTHENTICATOR.format(name=mechanism.replace("-", "_").lower(), mechanism=mechanism, folder="{folder}")
        for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5")
    )
    (folder / "exim.conf").write_text(text.format(folder=folder))
    server = start_ours(
        {**OPTIONS, "authd.dovecot": f"unix:{folder}/auth", "authd.dovecot_mode": "0666"}, services=("imap",)
    )
    server.add_user("ann", PASSWORD)
    server.cli("user", "add", "plain", "--password", PASSWORD, "--scheme", "plaintext")
    yield server, folder
    stop_and_look(server)
    server.close()


def test_each_mechanism(site):
    _, folder = site
    for lines in (
        [f"AUTH PLAIN {plain('ann', PASSWORD)}"],
        ["AUTH PLAIN", plain("ann", PASSWORD)],
        ["AUTH LOGIN", b64("ann"), b64(PASSWORD)],
        [f"AUTH LOGIN {b64('ann')}", b64(PASSWORD)],
    ):
        with Exim(folder) as exim:
            assert exim.codes(*lines) == [334] * (len(lines) - 1) + [235]
            assert exim.codes("MAIL FROM:<ann@example.test>", "RCPT TO:<x@elsewhere.test>") == [250, 250]
    with Exim(folder) as exim:
        code, challenge = exim.said("AUTH CRAM-MD5")
        digest = hmac.new(PASSWORD.encode(), base64.b64decode(challenge), "md5").hexdigest()
        assert (code, exim.said(b64(f"plain {digest}"))[0]) == (334, 235)


def test_wrong_and_given_up(site):
    _, folder = site
    with Exim(folder) as exim:
        assert exim.codes(f"AUTH PLAIN {plain('ann', 'wrong')}") == [535]
        assert exim.codes("AUTH LOGIN", "*") == [334, 501]
        assert exim.codes("AUTH LOGIN", b64("ann"), b64(PASSWORD)) == [334, 334, 235]


def test_a_password_that_cannot_be_looked_at_is_not_wrong(site):
    server, folder = site
    server.sql("ALTER TABLE dbmail_users RENAME TO away")
    try:
        with Exim(folder) as exim:
            assert exim.codes(f"AUTH PLAIN {plain('ann', PASSWORD)}") == [435]
    finally:
        server.sql("ALTER TABLE away RENAME TO dbmail_users")
    with Exim(folder) as exim:
        assert exim.codes(f"AUTH PLAIN {plain('ann', PASSWORD)}") == [235]
