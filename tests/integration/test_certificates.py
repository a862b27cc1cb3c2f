"""Certificates for several domains, chosen by the name that a client asks for, and read again on reload.

The client is openssl s_client, with TLS 1.3 and 1.2.
"""

import os
import re
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.ours

VERSIONS = ["-tls1_3", "-tls1_2"]


def make_pair(certificate, key, *names):
    """A self-signed certificate for DNS names; the key is its owner's alone."""
    certificate.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        + ["-subj", f"/CN={names[0]}", "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names)]
        + ["-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    key.chmod(0o600)


def visit(port, name=None, *options):
    """What s_client says of a visit to an IMAPS port."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-quiet", "-no_ign_eof", *options]
    command.remove("-quiet")
    command += ["-servername", name] if name else ["-noservername"]
    done = subprocess.run(command, input="a LOGOUT\r\n", capture_output=True, text=True, timeout=20)
    assert "BYE" in done.stdout or "CONNECTED" in done.stdout, done.stdout + done.stderr
    return done.stdout


def subject(port, name=None, *options):
    return re.search(r"subject=.*CN ?= ?(\S+)", visit(port, name, *options))[1]


@pytest.fixture
def host(make_host):
    """A server with a folder of certificates in both forms that it may have."""
    host = make_host()
    assert host.server.stop() == 0
    folder = host.server.data / "certs"
    make_pair(folder / "one.pem", folder / "one.key", "mail.one.test", "*.one.test")
    # as certbot does: a folder a name, with links to another place
    archive = host.server.data / "archive/two.test"
    make_pair(archive / "fullchain1.pem", archive / "privkey1.pem", "two.test")
    (folder / "two.test").mkdir()
    (folder / "two.test/fullchain.pem").symlink_to("../../archive/two.test/fullchain1.pem")
    (folder / "two.test/privkey.pem").symlink_to("../../archive/two.test/privkey1.pem")
    (folder / "README").write_text("no certificate\n")
    (folder / "chain-alone.pem").write_text("no pair\n")
    if os.getuid() != 0:
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o700)
    host.folder = folder
    host.server.configure({"tls.certificates": folder}).start()
    return host


@pytest.mark.parametrize("version", VERSIONS)
def test_each_name_gets_its_certificate(host, version):
    port = host.port("imaps")
    default = subject(port, None, version)
    assert subject(port, "unknown.test", version) == default
    assert subject(port, "mail.one.test", version) == "mail.one.test"
    assert subject(port, "IMAP.ONE.test", version) == "mail.one.test"
    assert subject(port, "two.test", version) == "two.test"
    assert subject(port, "sub.two.test", version) == default


def test_starttls_too(host):
    assert subject(host.port("imap"), "two.test", "-starttls", "imap") == "two.test"


def test_domains_come_and_go_on_reload(host):
    """The keys are readable by their owner only: started by root, the server is another user, and has a helper."""
    port = host.port("imaps")
    default = subject(port)
    assert subject(port, "three.test") == default
    make_pair(host.folder / "three.crt", host.folder / "three.key", "three.test")
    (host.folder / "one.pem").unlink()
    # a renewal: new files behind the links
    archive = host.server.data / "archive/two.test"
    make_pair(archive / "fullchain2.pem", archive / "privkey2.pem", "renewed.two.test", "two.test")
    for kind in ("fullchain", "privkey"):
        (host.folder / f"two.test/{kind}.pem").unlink()
        (host.folder / f"two.test/{kind}.pem").symlink_to(f"../../archive/two.test/{kind}2.pem")
    # and a name that was not there at the start, behind links
    new = host.server.data / "archive/four.test"
    make_pair(new / "fullchain1.pem", new / "privkey1.pem", "four.test")
    (host.folder / "four.test").mkdir()
    (host.folder / "four.test/fullchain.pem").symlink_to("../../archive/four.test/fullchain1.pem")
    (host.folder / "four.test/privkey.pem").symlink_to("../../archive/four.test/privkey1.pem")
    assert "reloaded" in host.server.reload()
    assert subject(port, "three.test") == "three.test"
    assert subject(port, "mail.one.test") == default
    assert subject(port, "two.test") == "renewed.two.test"
    assert subject(port, "four.test") == "four.test"


@pytest.mark.parametrize("kind", ["no-pem", "other-key", "default-gone"])
def test_a_broken_pair_changes_nothing_and_is_named(host, kind):
    port = host.port("imaps")
    make_pair(host.folder / "three.pem", host.folder / "three.key", "three.test")
    if kind == "no-pem":
        broken = host.folder / "one.key"
        broken.write_text("nothing\n")
    elif kind == "other-key":
        broken = host.folder / "one.key"
        shutil.copy(host.folder / "three.key", broken)
    else:
        broken = host.server.data / "tls/key.pem"
        broken.unlink()
    said = host.server.reload()
    assert "reload-failed" in said and str(broken) in said
    assert subject(port, "mail.one.test") == "mail.one.test"
    assert subject(port, "three.test") != "three.test"


@pytest.mark.parametrize("version", VERSIONS)
def test_clients_come_back_with_tickets(host, version, tmp_path):
    """Also after a reload."""
    port, ticket = host.port("imaps"), str(tmp_path / "ticket")
    # input stays open a moment: the ticket of TLS 1.3 comes with the first bytes
    first = subprocess.run(
        f"(sleep 0.5; printf 'a LOGOUT\\r\\n') | openssl s_client -connect 127.0.0.1:{port} {version}"
        f" -servername two.test -sess_out {ticket}",
        shell=True,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert "\nNew, " in first.stdout
    assert "\nReused, " in visit(port, "two.test", version, "-sess_in", ticket)
    assert "reloaded" in host.server.reload()
    assert "\nReused, " in visit(port, "two.test", version, "-sess_in", ticket)


@pytest.mark.skipif(os.getuid() != 0, reason="only root has a helper")
def test_the_helper_is_small_and_ends_with_the_server(host):
    pid = host.server.process.pid
    children = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    helper, name = children.split()
    assert name == "helper"
    status = open(f"/proc/{helper}/status").read()
    assert re.search(r"^Seccomp:\s+2$", status, re.M)
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.M)
    # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
    assert int(re.search(r"^CapPrm:\s+(\w+)$", status, re.M)[1], 16) == 0b110
    sockets = [os.readlink(f"/proc/{helper}/fd/{fd}") for fd in os.listdir(f"/proc/{helper}/fd")]
    assert sum(one.startswith("socket:") for one in sockets) == 1
    # a signal to the whole group is the server's to handle
    os.kill(int(helper), 15)
    assert "reloaded" in host.server.reload()
    assert host.server.stop() == 0
    assert not os.path.exists(f"/proc/{helper}")
    host.server.start()
    helper = subprocess.run(["ps", "-o", "pid=", "--ppid", str(host.server.process.pid)], capture_output=True, text=True)
    os.kill(int(helper.stdout), 9)
    said = host.server.reload()
    assert "reload-failed" in said and "helper" in said
