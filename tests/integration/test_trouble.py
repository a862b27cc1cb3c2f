"""The world's trouble: a full disk, files that cannot be read or written, a database of another version, ports in use.

What is acknowledged is kept, what cannot be kept is answered 4xx or NO, and messages say what is wrong, where, and
what to do.
"""

import contextlib
import os
import pathlib
import socket
import subprocess
import tempfile
import time

import pytest
import wire
from conftest import Host, stop_and_look
from mails import mail, without_trace
from tabella_server import Server

pytestmark = pytest.mark.ours


def serve_and_fail(server):
    """What `serve` says before it ends; it must end by itself and with an error."""
    done = subprocess.run(server.command(), capture_output=True, text=True, timeout=30, cwd=server.folder)
    assert done.returncode not in (0, -6, -11), f"exit {done.returncode}\n{done.stderr}"
    text = done.stdout + done.stderr
    assert "Sanitizer" not in text, text
    assert text.strip(), "it ended without a word"
    return text


@pytest.fixture
def stopped():
    """A site that was made and does not run."""
    server = Server()
    try:
        server.init()
        server.add_user("one", "password")
        yield server
    finally:
        server.close()


@pytest.mark.sqlite("its version is a PRAGMA; test_database_trouble.py has the others'")
def test_a_database_newer_than_the_program(stopped):
    stopped.sql("PRAGMA user_version = 999")
    text = serve_and_fail(stopped)
    assert "newer" in text and "999" in text
    done = stopped.cli("user", "list", check=False)
    assert done.returncode != 0 and "newer" in done.stderr
    done = stopped.cli("db", "upgrade", check=False)
    assert done.returncode != 0 and "newer" in done.stderr
    assert stopped.sql("PRAGMA user_version") == "999"


@pytest.mark.sqlite("about its file")
def test_a_file_that_is_no_database(stopped):
    path = stopped.database()
    path.write_bytes(b"This is no database, whatever its name says.\n" * 500)
    text = serve_and_fail(stopped)
    assert str(path) in text


@pytest.mark.sqlite("about its file")
def test_a_database_of_another_program(stopped):
    path = stopped.database()
    path.unlink()
    subprocess.run(["sqlite3", path, "CREATE TABLE other (x); PRAGMA application_id = 77; PRAGMA user_version = 1"], check=True)
    text = serve_and_fail(stopped)
    assert str(path) in text


@pytest.mark.sqlite("about its file")
def test_no_database(stopped):
    path = stopped.database()
    path.unlink()
    text = serve_and_fail(stopped)
    assert str(path) in text
    assert not path.exists() or path.stat().st_size == 0


def test_no_configuration(stopped):
    stopped.config.unlink()
    assert str(stopped.config) in serve_and_fail(stopped)


@pytest.mark.parametrize(
    ("line", "words"),
    [("fnord = 1", ["fnord"]), ("[lmtp", []), ("hostname", []), ("[db]\nconnections = many", ["connections", "many"])],
)
def test_mistakes_in_the_configuration(stopped, line, words):
    """`config check` names the line."""
    text = stopped.config.read_text()
    number = text.count("\n") + 1 + line.count("\n")
    stopped.config.write_text(text + line + "\n")
    done = stopped.cli("config", "check", check=False)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert str(number) in said and all(word in said for word in words), said


def test_a_port_in_use(stopped):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((wire.HOST, stopped.port("imap")))
        taken.listen()
        assert str(stopped.port("imap")) in serve_and_fail(stopped)


def test_a_certificate_that_is_none(stopped):
    path = next((stopped.data / "tls").glob("cert*"))
    path.write_text("no certificate\n")
    assert path.name in serve_and_fail(stopped)


@pytest.mark.sqlite("about its file")
def test_a_database_that_cannot_be_written(stopped):
    """It says so when it starts, or mail is answered 4xx; never 250, never 5xx."""
    path = stopped.database()
    owner = path.stat()
    path.chmod(0o444)
    os.chown(path, 0, 0)
    path.parent.chmod(0o555)
    os.chown(path.parent, 0, 0)
    try:
        try:
            stopped.start()
        except RuntimeError as error:
            assert path.name in str(error)
            return
        with wire.Lmtp(stopped.port("lmtp")) as peer:
            peer.cmd("MAIL FROM:<a@b.test>")
            answer = peer.cmd("RCPT TO:<one@example.test>")
            if answer.code == 250:
                answer = peer.data(mail())[0]
            assert answer.code // 100 == 4, answer
        assert path.name in stopped.log_tail()
    finally:
        stopped.kill9()
        path.parent.chmod(0o750)
        os.chown(path.parent, owner.st_uid, owner.st_gid)
        os.chown(path, owner.st_uid, owner.st_gid)


@contextlib.contextmanager
def write_lock(server):
    """The write lock of the database file, held by a shell that forgot COMMIT."""
    holder = subprocess.Popen(["sqlite3", server.database()], stdin=subprocess.PIPE, text=True)
    try:
        holder.stdin.write("BEGIN IMMEDIATE;\n")
        holder.stdin.flush()
        time.sleep(0.3)
        yield
    finally:
        holder.stdin.close()
        holder.wait(10)


@pytest.mark.sqlite("it has one write lock")
def test_mail_waits_for_the_write_lock(host, account):
    """Readers are served meanwhile, and the mail is taken when the lock is free. (SELECT writes: it takes \\Recent.)"""
    with host.lmtp() as peer, account.imap() as reader:
        peer.envelope([account.address])
        assert peer.cmd("DATA").code == 354
        with write_lock(host.server):
            peer.send(mail() + b".\r\n")
            for _ in range(5):
                assert reader.ok("EXAMINE INBOX").of("EXISTS") == [0]
                reader.ok('LIST "" *')
            assert peer.wire.silent(0.5)
        assert peer.reply().code == 250
        assert int(reader.noop().of("EXISTS")[-1]) == 1


@pytest.mark.sqlite("it has one write lock")
@pytest.mark.skipif("LONG_TESTS" not in os.environ, reason="takes half a minute; set LONG_TESTS")
def test_the_write_lock_is_never_free(host, account):
    """4xx in the end, and nothing is stored."""
    with host.lmtp() as peer, write_lock(host.server):
        peer.envelope([account.address])
        peer.wire.socket.settimeout(60)
        answer = peer.data(mail())[0]
        assert answer.code // 100 == 4, answer
    assert account.bodies() == []


@contextlib.contextmanager
def small_disk(megabytes):
    """A file system of so many megabytes, or a skip where none can be mounted."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tabella-disk-"))
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", folder], capture_output=True)
    if done.returncode:
        folder.rmdir()
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


@pytest.mark.sqlite("the disk is that of its file")
def test_a_full_disk():
    """RFC 3463 X.3.1, RFC 5530: 452 and NO while it is full; everything acknowledged stays; it goes on by itself."""
    with small_disk(12) as folder, Server(folder=folder) as server:
        server.log = pathlib.Path(tempfile.mkdtemp(prefix="tabella-log-")) / "server.log"
        server.init()
        server.configure({"db.wal_limit": "1M", "spool": tempfile.gettempdir()})
        host = Host(server.start(), True)
        account = host.account()
        kept = []
        with host.lmtp() as peer, account.imap() as reader:
            refused = fill(peer, account, kept)
            assert refused.code // 100 == 4, refused
            assert refused.enhanced in ("4.3.1", "4.3.0", "4.2.2"), refused
            done = reader.cmd(["APPEND INBOX ", os.urandom(500_000).hex().encode()])
            assert done.status == "NO", done
            assert peer.cmd("NOOP").code == 250
            assert reader.select().of("EXISTS") == [len(kept)]
        assert server.process.poll() is None
        for stored, sent in zip(account.bodies(), kept):
            without_trace(stored, sent)
        subprocess.run(["mount", "-o", "remount,size=60m", folder], check=True)
        with host.lmtp() as peer:
            message = mail()
            peer.deliver_all(account.address, message)
            kept.append(message)
            peer.quit()
        server.stop()
        server.start()
        assert len(account.bodies()) == len(kept)
        assert server.cli("verify", check=False).returncode == 0
        stop_and_look(server)


def fill(peer, account, kept):
    """Deliver what cannot be compressed until something else than 250 comes; that answer."""
    for _ in range(200):
        message = mail(os.urandom(100_000).hex().encode() + b"\r\n")
        answer = peer.deliver(account.address, message)[0]
        if answer.code != 250:
            return answer
        kept.append(message)
    pytest.fail("the disk is never full")


def test_a_clean_stop_finishes_what_runs(make_host):
    """No new connections; a message in its data phase is finished and answered; idle sessions hear BYE and 421."""
    host = make_host()
    account = host.account()
    message = mail()
    idle = account.imap("INBOX")
    quiet = host.lmtp()
    busy = host.lmtp()
    busy.envelope([account.address])
    assert busy.cmd("DATA").code == 354
    busy.send(message[:50])
    time.sleep(0.1)
    host.server.process.terminate()
    assert any(response[0] == "BYE" for response in idle.wait_for(lambda response: response[0] == "BYE", 5))
    assert quiet.reply().code == 421
    time.sleep(0.3)
    with pytest.raises(OSError):
        socket.create_connection((wire.HOST, host.port("imap")), timeout=2).close()
    busy.send(message[50:] + b".\r\n")
    assert busy.reply().code == 250
    busy.close()
    assert host.server.stop() == 0
    host.server.start()
    without_trace(account.bodies()[0], message)


def test_reload_and_status(make_host):
    """SIGHUP keeps everything; `status` answers beside a running server."""
    host = make_host()
    account = host.account()
    with account.imap("INBOX") as peer:
        assert "reloaded" in host.server.reload()
        peer.noop()
        with host.lmtp() as lmtp:
            lmtp.deliver_all(account.address, mail())
    assert host.server.process.poll() is None
    assert host.server.cli("status").stdout.strip()
