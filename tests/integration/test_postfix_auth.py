"""Postfix's SMTP AUTH asks us: by Dovecot's protocol and by saslauthd's, as docs/postfix.md has it."""

import base64
import contextlib
import re
import shutil
import smtplib
import subprocess
import threading
import time

import postfix
import pytest
from conftest import PASSWORD
from recipes import Recipe
from test_authd import Scram
from test_postfix import Client, Site, a_postfix, wait_for

pytestmark = [
    pytest.mark.ours,
    pytest.mark.skipif(bool(postfix.why_not()), reason=postfix.why_not() or "it is there"),
]


AUTH_OPTIONS = {
    "auth.mechanisms": "SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN",
    "auth.scram_announce": "always",
    "auth.journal": "yes",
}


@contextlib.contextmanager
def sending(name, one_smtpd=False):
    """Postfix with SMTP AUTH by one of the recipes. `one_smtpd`: one process for all clients, as a busy one is used again."""
    site = Site(AUTH_OPTIONS)
    try:
        with a_postfix() as pf:
            site.set_up(pf, name)
            tls = site.server.data / "tls"
            for file in ("cert.pem", "key.pem"):
                shutil.copy(tls / file, pf.config / file)
            pf.add(
                f"smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {pf.config}/cert.pem\n"
                f"smtpd_tls_key_file = {pf.config}/key.pem"
            )
            if one_smtpd:
                master = (pf.config / "master.cf").read_text().replace("-  smtpd\n  -o max_use=1\n", "1  smtpd\n")
                (pf.config / "master.cf").write_text(master)
            pf.start()  # the jail has its folders
            site.adopt(Recipe(name), pf)
            site.server.cli("user", "add", "ann@example.test", "--password", PASSWORD)
            site.server.cli("user", "add", "clear@example.test", "--password", PASSWORD, "--scheme", "plaintext")
            site.server.cli("user", "add", "nosmtp@example.test", "--password", PASSWORD)
            site.server.cli("user", "set", "nosmtp@example.test", "--services", "imap")
            yield site, pf
        site.close()
    except BaseException:
        site.server.close()
        raise


@pytest.fixture(scope="module")
def by_dovecot():
    with sending("By Dovecot's protocol") as both:
        yield both


@pytest.fixture(scope="module")
def by_saslauthd():
    with sending("By saslauthd's") as both:
        yield both


def log_in(pf, mechanism, user, password, address=None):
    """(code, text) of one AUTH over TLS."""
    with Client(pf, address, tls=True) as client:
        client.user, client.password = user, password
        if mechanism.startswith("SCRAM"):
            scram = Scram(user, password)
            code, said = client.docmd("AUTH", f"{mechanism} {scram.first}")
            if code == 334:
                code, said = client.docmd(scram.final(said.decode()))
            if code == 334:
                assert base64.b64decode(said).decode() == f"v={scram.signature}"
                code, said = client.docmd("")
            return code, said.decode()
        try:
            code, said = client.auth(mechanism, getattr(client, "auth_" + mechanism.lower().replace("-", "_")))
        except smtplib.SMTPAuthenticationError as refused:
            code, said = refused.smtp_code, refused.smtp_error
        return code, said.decode()


def test_offers_what_we_have_under_tls_alone(by_dovecot):
    _, pf = by_dovecot
    with Client(pf) as client:
        assert not client.has_extn("auth")
    with Client(pf, tls=True) as client:
        assert set(client.esmtp_features["auth"].split()) == {
            "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN",
        }


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"])
def test_logs_in_by_dovecots_protocol(by_dovecot, mechanism):
    _, pf = by_dovecot
    user = "clear@example.test" if mechanism == "CRAM-MD5" else "ann@example.test"
    begin = pf.mark()
    assert log_in(pf, mechanism, user, PASSWORD) == (235, "2.7.0 Authentication successful")
    code, said = log_in(pf, mechanism, user, "wrong")
    assert code == 535 and "UGFz" not in said
    assert log_in(pf, mechanism, "nobody@example.test", PASSWORD)[0] == 535
    assert f"sasl_method={mechanism}" in pf.said(begin) or "SASL" in pf.said(begin)


def test_who_has_logged_in_may_send(by_dovecot):
    _, pf = by_dovecot
    with Client(pf, tls=True) as client:
        client.mail("ann@example.test")
        assert client.rcpt("x@elsewhere.test")[0] == 554
        client.rset()
        client.user, client.password = "ann@example.test", PASSWORD
        client.auth("PLAIN", client.auth_plain)
        client.sendmail("ann@example.test", ["x@elsewhere.test"], b"Subject: out\r\n\r\n")
    assert wait_for(lambda: any(to == ["x@elsewhere.test"] for to, _ in pf.elsewhere.messages))
    pf.wait(r"sasl_method=PLAIN, sasl_username=ann@example\.test", 0)


def test_swaks_logs_in(by_dovecot):
    _, pf = by_dovecot
    words = ["swaks", "--server", f"127.0.0.1:{pf.port}", "--tls", "--from", "ann@example.test", "--to",
             "swaks@elsewhere.test", "--auth-user", "ann@example.test", "--auth-password", PASSWORD]
    for mechanism in ("PLAIN", "LOGIN"):
        done = subprocess.run([*words, "--auth", mechanism], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("way", ["by_dovecot", "by_saslauthd"])
def test_accounts_that_may_not(way, request):
    site, pf = request.getfixturevalue(way)
    assert log_in(pf, "PLAIN", "nosmtp@example.test", PASSWORD)[0] == 535
    name = f"off-{way.replace('_', '-')}@example.test"
    site.server.cli("user", "add", name, "--password", PASSWORD)
    assert log_in(pf, "PLAIN", name, PASSWORD)[0] == 235
    site.server.cli("user", "change", name, "--disable")
    assert log_in(pf, "PLAIN", name, PASSWORD)[0] == 535
    site.server.cli("user", "change", name, "--enable", "--password", "another")
    assert log_in(pf, "PLAIN", name, PASSWORD)[0] == 535
    assert log_in(pf, "PLAIN", name, "another")[0] == 235


@pytest.mark.parametrize("way", ["by_dovecot", "by_saslauthd"])
def test_a_password_that_cannot_be_looked_at_is_not_wrong(way, request):
    """454: a client that is told 535 forgets its password."""
    site, pf = request.getfixturevalue(way)
    site.sql("ALTER TABLE dbmail_users RENAME TO away")
    try:
        for mechanism in ("PLAIN", "LOGIN"):
            assert log_in(pf, mechanism, "ann@example.test", PASSWORD)[0] == 454
    finally:
        site.sql("ALTER TABLE away RENAME TO dbmail_users")
    assert log_in(pf, "PLAIN", "ann@example.test", PASSWORD)[0] == 235


def test_logins_that_are_given_up_block_nobody():
    """Postfix does not say so, and its process keeps the connection for the clients after them."""
    with sending("By Dovecot's protocol", one_smtpd=True) as (_, pf):
        for _ in range(10):
            with Client(pf, tls=True) as client:
                for _ in range(16):
                    code, _ = client.docmd("AUTH", "LOGIN")
                    assert code == 454 or (code, client.docmd("*")[0]) == (334, 501)
        assert log_in(pf, "PLAIN", "ann@example.test", PASSWORD)[0] == 235
        assert len(set(re.findall(r"smtpd\[(\d+)\]", pf.said()))) == 1


def test_the_clients_address_counts(by_dovecot):
    site, pf = by_dovecot
    begin = site.server.log.stat().st_size
    said = []

    def fail(i):
        said.append(log_in(pf, "PLAIN", "ann@example.test", f"wrong{i}", "198.51.100.9"))

    started = time.monotonic()
    for i in range(6):
        fail(i)
    assert time.monotonic() - started > 2
    assert {code for code, _ in said} == {535} and all("wrong name or password" in text for _, text in said)
    # at once they stand in a row, and Postfix does not wait for ever
    threads = [threading.Thread(target=fail, args=(i,)) for i in range(10, 16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 12
    assert any("too many failed logins" in text for _, text in said)
    assert not any("Connection lost" in text for _, text in said)
    assert log_in(pf, "PLAIN", "ann@example.test", PASSWORD, "198.51.100.10")[0] == 235
    log = site.server.log.read_bytes()[begin:].decode()
    assert 'client="198.51.100.9"' in log and "login-throttled" in log
    query = "SELECT count(*) FROM dbmail_authlog WHERE src_ip = '%s' AND service = 'smtp' AND status = '%s'"
    assert wait_for(lambda: int(site.server.sql(query % ("198.51.100.9", "failed"))) > 3)
    assert wait_for(lambda: int(site.server.sql(query % ("198.51.100.10", "closed"))) == 1)


def test_a_restart_of_ours_is_not_noticed(by_dovecot):
    site, pf = by_dovecot
    with Client(pf, tls=True) as client:
        site.restart()
        client.user, client.password = "ann@example.test", PASSWORD
        assert client.auth("PLAIN", client.auth_plain)[0] == 235
    assert log_in(pf, "PLAIN", "ann@example.test", PASSWORD)[0] == 235


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_logs_in_by_saslauthds(by_saslauthd, mechanism):
    _, pf = by_saslauthd
    assert log_in(pf, mechanism, "ann@example.test", PASSWORD) == (235, "2.7.0 Authentication successful")
    assert log_in(pf, mechanism, "ann@example.test", "wrong")[0] == 535
    assert log_in(pf, mechanism, "ann", PASSWORD)[0] == 535
    with Client(pf, tls=True) as client:
        assert set(client.esmtp_features["auth"].split()) == {"PLAIN", "LOGIN"}


def test_the_realm_completes_a_login(by_saslauthd):
    _, pf = by_saslauthd
    pf.add("smtpd_sasl_local_domain = example.test")
    subprocess.run([postfix.PROGRAM, "-c", pf.config, "reload"], check=True, capture_output=True)
    assert wait_for(lambda: log_in(pf, "PLAIN", "ann", PASSWORD)[0] == 235)
    assert log_in(pf, "PLAIN", "ann@example.test", PASSWORD)[0] == 235
