"""Programs that speak LMTP: swaks, Python's smtplib."""

import shutil
import smtplib
import subprocess

import pytest
import wire
from mails import mail, without_trace


@pytest.mark.skipif(not shutil.which("swaks"), reason="no swaks here")
def test_swaks(host, account):
    message = mail(b".\r\nby swaks\r\n")
    done = subprocess.run(
        ["swaks", "--protocol", "LMTP", "--server", wire.HOST, "--port", str(host.port("lmtp")), "--pipeline"]
        + ["--from", "sender@elsewhere.test", "--to", account.address, "--data", "-"],
        input=message.decode().replace("\r\n", "\n"),
        text=True,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"\r\n.\r\nby swaks\r\n" in account.bodies()[0]


def test_smtplib(host, account):
    message = mail(b".\r\nby smtplib\r\n")
    with smtplib.LMTP(wire.HOST, host.port("lmtp"), local_hostname="client.test") as peer:
        assert peer.sendmail("sender@elsewhere.test", [account.address], message) == {}
        unknown = "nobody-there@" + account.address.split("@")[1]
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            peer.sendmail("sender@elsewhere.test", [unknown], message)
        assert refused.value.recipients[unknown][0] == 550
    without_trace(account.bodies()[0], message)
