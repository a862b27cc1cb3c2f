"""Passwords for other programs: Dovecot's authentication protocol and saslauthd's, their sockets, and Cyrus's programs."""

import base64
import grp
import hashlib
import hmac
import json
import os
import pathlib
import re
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time

import pytest
from conftest import start_ours, stop_and_look
from tabella_server import Server, ports
from test_inherit import LAUNCHER

pytestmark = pytest.mark.ours

PASSWORD = "correct horse"
OPTIONS = {
    "auth.mechanisms": "SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN",
    "auth.scram_announce": "always",
    "auth.journal": "yes",
    "auth.throttle_except": "",
}


def b64(text):
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def plain(user, password, authzid=""):
    return b64(f"{authzid}\0{user}\0{password}")


class Asker:
    """A client of Dovecot's authentication protocol."""

    def __init__(self, where, handshake=True):
        self.socket = socket.socket(socket.AF_UNIX) if isinstance(where, (str, pathlib.Path)) else socket.socket()
        self.socket.settimeout(40)
        self.socket.connect(str(where) if self.socket.family == socket.AF_UNIX else where)
        self.file = self.socket.makefile("rwb")
        self.id = 0
        self.handshake = []
        while not self.handshake or self.handshake[-1] != "DONE":
            self.handshake.append(self.line())
        if handshake:
            self.send("VERSION\t1\t2", "CPID\t1")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.file.close()
        self.socket.close()

    def line(self):
        line = self.file.readline()
        if not line:
            raise EOFError
        return line.decode().rstrip("\n")

    def send(self, *lines):
        self.file.write("".join(line + "\n" for line in lines).encode())
        self.file.flush()

    def begin(self, mechanism, *parameters, service="smtp"):
        self.id += 1
        self.send("\t".join(["AUTH", str(self.id), mechanism, f"service={service}", *parameters]))
        return self.id

    def auth(self, mechanism, *parameters, service="smtp"):
        """The answer to a whole request, without its id."""
        number = self.begin(mechanism, *parameters, service=service)
        answer = self.line().split("\t")
        assert answer[1] == str(number)
        return [answer[0], *answer[2:]]

    def password(self, user, password, *parameters, service="smtp"):
        parameters = parameters or ("rip=192.0.2.9", "secured")
        return self.auth("PLAIN", *parameters, f"resp={plain(user, password)}", service=service)


def texts(*parts):
    return b"".join(struct.pack(">H", len(part)) + part for part in (p.encode() for p in parts))


def saslauthd(path, user, password, service="smtp", realm=""):
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(40)
        peer.connect(str(path))
        peer.sendall(texts(user, password, service, realm))
        answer = b""
        while more := peer.recv(1000):
            answer += more
    assert struct.unpack(">H", answer[:2])[0] == len(answer) - 2
    return answer[2:].decode()


def run(*command, **more):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, **more)


@pytest.fixture(scope="module")
def sockets():
    """A short folder that the server's user may reach."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tabella-authd-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def server(sockets):
    port, http = ports.one(), ports.one()
    server = start_ours(
        {
            **OPTIONS,
            "authd.dovecot": f"unix:{sockets}/auth, 127.0.0.1:{port}",
            "authd.saslauthd": f"unix:{sockets}/mux",
            "http.listen": f"127.0.0.1:{http}",
        },
        services=("imap",),
    )
    server.tcp, server.http = ("127.0.0.1", port), http
    server.add_user("ann", PASSWORD)
    server.cli("user", "add", "plain", "--password", PASSWORD, "--scheme", "plaintext")
    server.cli("user", "add", "foo@bar.test", "--password", PASSWORD)
    server.cli("user", "add", "nosmtp", "--password", PASSWORD)
    server.cli("user", "set", "nosmtp", "--services", "imap,pop3")
    yield server
    stop_and_look(server)
    server.close()


# Dovecot's protocol


@pytest.mark.parametrize("way", ["unix", "tcp"])
def test_answers_who_knows_the_password(server, sockets, way):
    with Asker(sockets / "auth" if way == "unix" else server.tcp) as asker:
        assert asker.handshake[0] == "VERSION\t1\t2"
        said = dict(line.split("\t", 1) for line in asker.handshake if "\t" in line)
        assert 0 < int(said["SPID"]) < 1 << 32 and 0 <= int(said["CUID"]) < 1 << 32 and len(said["COOKIE"]) == 32
        assert "MECH\tPLAIN\tplaintext" in asker.handshake
        assert "MECH\tSCRAM-SHA-256\tmutual-auth" in asker.handshake
        assert not any("-PLUS" in line for line in asker.handshake)
        assert asker.password("ann", PASSWORD) == ["OK", "user=ann"]
        assert asker.password("ann", "wrong") == ["FAIL", "reason=wrong name or password"]
        assert asker.password("nosmtp", PASSWORD)[0] == "FAIL"
        assert asker.password("nosmtp", PASSWORD, service="pop3") == ["OK", "user=nosmtp"]


def test_a_client_elsewhere_needs_tls(server, sockets):
    with Asker(sockets / "auth") as asker:
        assert asker.password("ann", PASSWORD, "rip=192.0.2.9") == ["FAIL", "reason=passwords are taken with TLS only"]
        assert "asker-refused" in server.log.read_text()
        assert asker.password("ann", PASSWORD, "rip=127.0.0.1") == ["OK", "user=ann"]
    server.configure({"authd.plaintext_login": "yes"}).reload()
    with Asker(sockets / "auth") as asker:
        assert asker.password("ann", PASSWORD, "rip=192.0.2.9") == ["OK", "user=ann"]
    server.configure({"authd.plaintext_login": "no"}).reload()


def test_many_at_once_on_one_connection(server, sockets):
    with Asker(sockets / "auth") as asker:
        wanted = {}
        for i in range(100):
            good = i % 10 != 3
            message = plain("ann", PASSWORD if good else f"wrong{i}")
            number = asker.begin("PLAIN", "secured", f"rip=192.0.2.{i}", f"resp={message}")
            wanted[str(number)] = "OK" if good else "FAIL"
        got = {}
        for _ in range(100):
            word, number, *_ = asker.line().split("\t")
            got[number] = word
        assert got == wanted


@pytest.mark.skipif(not shutil.which("doveadm"), reason="no doveadm here: dovecot-core")
def test_dovecots_own_client_asks_us(server, sockets, tmp_path):
    """It looks at the handshake more closely than others do."""
    (tmp_path / "dovecot.conf").write_text(f"base_dir = {tmp_path}/run\nlog_path = /dev/stderr\nssl = no\nprotocols =\n")

    def ask(password, *more):
        words = ["doveadm", "-c", tmp_path / "dovecot.conf", "auth", "test", "-a", sockets / "auth", "-x", "service=imap"]
        return run(*words, *more, "ann", password)

    done = ask(PASSWORD, "-x", "secured", "-x", "rip=192.0.2.9")
    assert done.returncode == 0 and "auth succeeded" in done.stdout and "user=ann" in done.stdout, done
    done = ask("wrong", "-x", "secured", "-x", "rip=192.0.2.9")
    assert done.returncode == 77 and "reason=wrong name or password" in done.stdout, done
    assert ask(PASSWORD, "-x", "rip=192.0.2.9").returncode == 77
    server.sql("ALTER TABLE dbmail_users RENAME TO away")
    try:
        assert ask(PASSWORD, "-x", "secured").returncode == 75
    finally:
        server.sql("ALTER TABLE away RENAME TO dbmail_users")


@pytest.mark.parametrize("at_once", [False, True])
def test_more_than_it_may_come_again(server, sockets, at_once):
    """Who has never had two of them looked at is hung up on: Postfix does not say that a client has gone, nor know "temp"."""
    with Asker(sockets / "auth") as asker:
        if at_once:
            for i in (1001, 1002):
                asker.file.write(f"AUTH\t{i}\tPLAIN\tservice=smtp\tsecured\tresp={plain('ann', PASSWORD)}\n".encode())
            asker.file.flush()
            assert sorted(asker.line() for _ in range(2)) == ["OK\t1001\tuser=ann", "OK\t1002\tuser=ann"]
        for _ in range(128):
            asker.begin("LOGIN", "secured")
        for i in range(128):
            assert asker.line() == f"CONT\t{i + 1}\tVXNlcm5hbWU6"
        asker.send("CANCEL\t5")
        assert asker.auth("LOGIN", "secured") == ["CONT", "VXNlcm5hbWU6"]
        if at_once:
            assert asker.auth("LOGIN", "secured") == ["FAIL", "temp", "code=temp_fail", "reason=too many logins at once"]
        else:
            with pytest.raises(EOFError):
                asker.auth("LOGIN", "secured")


class Scram:
    """RFC 5802, the client's side, without channel binding."""

    def __init__(self, user, password):
        self.password = password.encode()
        self.bare = f"n={user},r=abcdefgh"
        self.first = b64("n,," + self.bare)

    def final(self, challenge):
        server = base64.b64decode(challenge).decode()
        given = dict(part.split("=", 1) for part in server.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", self.password, base64.b64decode(given["s"]), int(given["i"]))
        message = f"c=biws,r={given['r']}"
        whole = f"{self.bare},{server},{message}".encode()
        key = hmac.digest(salted, b"Client Key", "sha256")
        proof = hmac.digest(hashlib.sha256(key).digest(), whole, "sha256")
        self.signature = b64(hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), whole, "sha256"))
        return b64(message + ",p=" + b64(bytes(a ^ b for a, b in zip(key, proof))))


@pytest.mark.parametrize("together", [False, True])
def test_scram_with_the_last_word_alone_or_with_the_outcome(server, sockets, together):
    more = ["final-resp-ok"] if together else []
    with Asker(sockets / "auth") as asker:
        for password, word in ((PASSWORD, "OK"), ("wrong", "FAIL")):
            scram = Scram("ann", password)
            answer = asker.auth("SCRAM-SHA-256", "rip=192.0.2.77", *more, f"resp={scram.first}")
            assert answer[0] == "CONT"
            asker.send(f"CONT\t{asker.id}\t{scram.final(answer[1])}")
            answer = asker.line().split("\t")
            if word == "OK" and not together:
                assert answer[0] == "CONT"
                assert base64.b64decode(answer[2]).decode() == f"v={scram.signature}"
                asker.send(f"CONT\t{asker.id}\t")
                answer = asker.line().split("\t")
                assert answer == ["OK", str(asker.id), "user=ann"]
            elif word == "OK":
                assert answer[:3] == ["OK", str(asker.id), "user=ann"]
                assert base64.b64decode(answer[3].removeprefix("resp=")).decode() == f"v={scram.signature}"
            else:
                assert answer[0] == "FAIL"


def test_cram_md5_of_a_password_that_is_kept(server, sockets):
    with Asker(sockets / "auth") as asker:
        for user, password, word in (("plain", PASSWORD, "OK"), ("plain", "no", "FAIL"), ("ann", PASSWORD, "FAIL")):
            answer = asker.auth("CRAM-MD5", "rip=192.0.2.80")
            assert answer[0] == "CONT"
            digest = hmac.new(password.encode(), base64.b64decode(answer[1]), "md5").hexdigest()
            asker.send(f"CONT\t{asker.id}\t{b64(f'{user} {digest}')}")
            assert asker.line().split("\t")[0] == word


def test_a_switched_off_account_and_a_new_password_count_at_once(server, sockets):
    server.add_user("eve", PASSWORD)
    with Asker(sockets / "auth") as asker:
        assert asker.password("eve", PASSWORD)[0] == "OK"
        server.cli("user", "change", "eve", "--disable")
        assert asker.password("eve", PASSWORD)[0] == "FAIL"
        server.cli("user", "change", "eve", "--enable", "--password", "another")
        assert asker.password("eve", PASSWORD)[0] == "FAIL"
        assert asker.password("eve", "another")[0] == "OK"


def test_failures_of_an_address_make_it_wait(server, sockets):
    begin = server.log.stat().st_size
    with Asker(sockets / "auth") as asker:
        started = time.monotonic()
        answers = [
            asker.password("nobody", f"wrong{i}", "secured", "rip=198.51.100.5") for i in range(8)
        ]
        assert time.monotonic() - started > 1
        assert {answer[0] for answer in answers} == {"FAIL"}
        # what would have to wait longer than Postfix waits is told so at once
        for _ in range(6):
            asker.begin("PLAIN", "secured", "rip=198.51.100.5", f"resp={plain('nobody', 'x')}")
        said = [asker.line() for _ in range(6)]
        assert any("too many failed logins" in line and "\ttemp\t" in line for line in said)
        # another client does not
        assert asker.password("ann", PASSWORD, "secured", "rip=198.51.100.6")[0] == "OK"
    log = server.log.read_bytes()[begin:].decode()
    assert re.search(r'login-failed .*for=smtp client="198\.51\.100\.5" user="nobody" mech=PLAIN', log)
    assert "login-throttled" in log


def test_the_journal_has_the_client(server, sockets):
    with Asker(sockets / "auth") as asker:
        asker.password("ann", PASSWORD, "secured", "rip=203.0.113.7", "rport=4000", "lip=203.0.113.1", "lport=587")
    end = time.monotonic() + 20
    query = "SELECT userid,service,src_port,dst_ip,dst_port,status FROM dbmail_authlog WHERE src_ip='203.0.113.7'"
    while not (row := server.sql(query)).endswith("closed") and time.monotonic() < end:
        time.sleep(0.2)
    assert row == "ann|smtp|4000|203.0.113.1|587|closed"


def test_what_is_no_address_is_in_the_journal_too(server, sockets):
    """On engines whose columns have a length, and take UTF-8 alone."""
    with Asker(sockets / "auth") as asker:
        message = plain("ann", PASSWORD).encode()
        for number, address in enumerate((b"x" * 3000, b"\xff\xfe", b"1\0", b"\001t\001l", b"192.0.2.1"), 1):
            line = b"AUTH\t%d\tPLAIN\tservice=xmpp\tsecured\trip=%s\tlip=%s\tresp=%s\n"
            asker.file.write(line % (number, address, address, message))
            asker.file.flush()
            assert asker.line() == f"OK\t{number}\tuser=ann"
    query = "SELECT src_ip FROM dbmail_authlog WHERE service = 'other' AND dst_ip = src_ip ORDER BY id"
    end = time.monotonic() + 20
    while len(rows := server.sql(query).split("\n")) < 5 and time.monotonic() < end:
        time.sleep(0.2)
    assert sorted(row[:9] for row in rows) == ["192.0.2.1", "1?", "??", "??", "xxxxxxxxx"]


def test_breaking_the_protocol_ends_the_connection(server, sockets):
    for lines in (["CPID\t1"], ["VERSION\t9\t0"], ["VERSION\t1\t1", "CPID\t1", "AUTH\tx"], ["x" * 20000]):
        with Asker(sockets / "auth", handshake=False) as asker:
            asker.send(*lines)
            with pytest.raises((EOFError, ConnectionError)):
                asker.line()


def test_shows_in_sessions_and_metrics(server, sockets):
    with Asker(sockets / "auth") as asker:
        asker.password("ann", PASSWORD)
        shown = json.loads(server.cli("sessions", "--json").stdout)
        assert any(row["service"] == "dovecot-auth" and row["state"] == "ready" for row in shown)
    saslauthd(sockets / "mux", "ann", PASSWORD)
    page = run("curl", "-sS", f"http://127.0.0.1:{server.http}/metrics").stdout
    assert re.search(r'^tabella_logins_total\{service="dovecot-auth",mechanism="PLAIN",result="ok"\} [1-9]', page, re.M)
    assert re.search(r'^tabella_logins_total\{service="saslauthd",mechanism="saslauthd",result="ok"\} [1-9]', page, re.M)
    assert re.search(r'^tabella_command_seconds_count\{service="dovecot-auth",verb="AUTH"\} [1-9]', page, re.M)


# saslauthd's


def test_saslauthd_joins_the_realm(server, sockets):
    mux = sockets / "mux"
    assert saslauthd(mux, "ann", PASSWORD) == "OK Success."
    assert saslauthd(mux, "ann", "wrong") == "NO authentication failed"
    assert saslauthd(mux, "foo", PASSWORD, realm="bar.test") == "OK Success."
    assert saslauthd(mux, "foo@bar.test", PASSWORD, realm="bar.test") == "OK Success."
    assert saslauthd(mux, "foo", PASSWORD) == "NO authentication failed"
    assert saslauthd(mux, "nosmtp", PASSWORD, "smtp") == "NO authentication failed"
    assert saslauthd(mux, "nosmtp", PASSWORD, "pop") == "OK Success."


def test_a_hundred_at_once(server, sockets):
    answers = []

    def ask(i):
        answers.append(saslauthd(sockets / "mux", "ann", PASSWORD if i % 5 else f"wrong{i}", "imap"))

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 100
    assert answers.count("OK Success.") == 80 or "NO too many failed logins, try again later" in answers


def test_cyrus_testsaslauthd_asks_us(server, sockets):
    words = ["testsaslauthd", "-f", sockets / "mux", "-s", "smtp", "-p", PASSWORD]
    good = run(*words, "-u", "foo", "-r", "bar.test")
    assert (good.returncode, good.stdout) == (0, '0: OK "Success."\n'), good.stderr
    bad = run(*words, "-u", "foo", "-r", "other.test")
    assert (bad.returncode != 0, bad.stdout) == (True, '0: NO "authentication failed"\n')


def test_our_testsaslauthd(server, sockets):
    words = ["testsaslauthd", "--user", "foo", "--realm", "bar.test", "--service", "smtp"]
    good = server.cli(*words, "--password", PASSWORD, "--repeat", "2")
    assert good.stdout == '0: OK "Success."\n1: OK "Success."\n'
    good = server.cli(*words, "--password-stdin", "--socket", sockets / "mux", stdin=PASSWORD + "\n")
    assert good.stdout == '0: OK "Success."\n'
    bad = server.cli(*words, "--password", "wrong", check=False)
    assert (bad.returncode, bad.stdout) == (1, '0: NO "authentication failed"\n')
    nobody = server.cli(*words, "--password", "x", "--socket", sockets / "nothing", check=False)
    assert nobody.returncode != 0 and "no server runs at" in nobody.stderr
    assert server.cli("testsaslauthd", "--user", "foo", check=False).returncode == 64


@pytest.mark.skipif(os.getuid() != 0, reason="Cyrus's saslauthd wants to be root")
def test_our_testsaslauthd_asks_cyrus(server, sockets, tmp_path):
    """Cyrus's daemon with rimap against our IMAP: both directions at once."""
    folder = sockets / "cyrus"
    folder.mkdir()
    daemon = subprocess.Popen(
        ["saslauthd", "-d", "-a", "rimap", "-O", f"127.0.0.1/{server.port('imap')}", "-m", folder, "-n", "1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,  # it kills its whole group
    )
    try:
        end = time.monotonic() + 10
        while not (folder / "mux").exists() and time.monotonic() < end:
            time.sleep(0.05)
        words = ["testsaslauthd", "--user", "ann", "--socket", folder / "mux"]
        assert server.cli(*words, "--password", PASSWORD).stdout == '0: OK "Success."\n'
        bad = server.cli(*words, "--password", "wrong", check=False)
        assert (bad.returncode, bad.stdout) == (1, '0: NO "authentication failed"\n')
    finally:
        daemon.terminate()
        daemon.wait(10)


# The sockets themselves


def start_one(folder, options):
    server = Server()
    server.init()
    server.configure({**OPTIONS, **options})
    server.start(services=("imap",))
    server.add_user("ann", PASSWORD)
    return server


@pytest.mark.skipif(os.getuid() != 0, reason="gives a socket to another group, and is another user")
def test_mode_and_group_of_a_socket(sockets):
    group = grp.getgrnam("mail")
    with start_one(sockets, {
        "authd.dovecot": f"unix:{sockets}/grouped",
        "authd.dovecot_group": "mail",
        "authd.saslauthd": f"unix:{sockets}/open",
        "authd.saslauthd_mode": "0666",
    }) as server:
        grouped, opened = os.stat(sockets / "grouped"), os.stat(sockets / "open")
        assert (stat.S_IMODE(grouped.st_mode), grouped.st_gid) == (0o660, group.gr_gid)
        assert stat.S_IMODE(opened.st_mode) == 0o666
        connect = f"import socket; socket.socket(socket.AF_UNIX).connect('{sockets}/%s')"

        def may(name, *groups):
            who = {"user": 65534, "group": 65534, "extra_groups": groups}
            return run(sys.executable, "-c", connect % name, **who).returncode == 0

        assert may("grouped", group.gr_gid) and not may("grouped")
        assert may("open")
        stop_and_look(server)


def test_a_group_that_is_not_there_is_said(sockets):
    server = Server()
    with server:
        server.init().configure({"authd.dovecot": f"unix:{sockets}/none", "authd.dovecot_group": "no-such-group"})
        done = run(server.binary, "-c", server.config, "serve")
        said = done.stdout + done.stderr
        assert done.returncode != 0 and "there is no group" in said and "no-such-group" in said


def test_a_socket_that_is_left_over_makes_room(sockets):
    path = sockets / "stale"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with start_one(sockets, {"authd.dovecot": f"unix:{path}"}) as server:
        with Asker(path) as asker:
            assert asker.password("ann", PASSWORD)[0] == "OK"
        stop_and_look(server)


def test_what_is_no_left_over_stays(sockets):
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(sockets / "live"))
        other.listen(1)
        (sockets / "file").write_text("not a socket")
        for name, reason in (("live", "another process listens there"), ("file", "no socket")):
            with Server() as server:
                server.init().configure({"authd.saslauthd": f"unix:{sockets}/{name}"})
                done = run(server.binary, "-c", server.config, "serve")
                assert done.returncode != 0 and reason in done.stdout + done.stderr
                assert (sockets / name).exists()


@pytest.mark.skipif(os.getuid() != 0, reason="another user's socket")
def test_a_socket_of_another_user_is_named(sockets):
    """Started by a user that may not even look whether it is in use."""
    path = sockets / "roots"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    path.chmod(0o600)
    with Server() as server:
        server.init().configure({"authd.dovecot": f"unix:{path}", "run_as": ""})
        os.chown(server.folder, 65534, 65534)
        for place in [server.data, *server.data.rglob("*")]:
            os.chown(place, 65534, 65534)
        done = run(server.binary, "-c", server.config, "serve", user=65534, group=65534, extra_groups=[])
        said = done.stdout + done.stderr
        assert done.returncode != 0 and "a socket of another user (uid 0)" in said and "remove it" in said
    path.unlink()


@pytest.mark.parametrize("named", [False, True])
def test_is_locked_in_and_can_be_inherited(sockets, named):
    """Socket activation: the sockets are opened by others, by their names; as dist/ has it, the configuration names one too."""
    with Server() as server:
        server.init().configure(OPTIONS)
        if named:
            server.configure({"authd.dovecot": f"unix:{sockets}/inherited", "authd.dovecot_group": "mail"})
        names = [f"dovecot-auth={sockets}/inherited", f"saslauthd={sockets}/inherited-mux"]
        server.start(services=("imap",), wrapper=[sys.executable, "-c", LAUNCHER, *names, "--"])
        server.add_user("ann", PASSWORD)
        with Asker(sockets / "inherited") as asker:
            assert asker.password("ann", PASSWORD)[0] == "OK"
        assert saslauthd(sockets / "inherited-mux", "ann", PASSWORD) == "OK Success."
        assert "locked-in" in server.log.read_text()
        stop_and_look(server)
        for name in ("inherited", "inherited-mux"):  # whoever has made them keeps them
            (sockets / name).unlink()
