"""`tabella trace`: one message from its connection to the mailboxes where it lies."""

import imaplib
import json
import re
import subprocess

import pytest
from tabella_server import HOST, Server
from wire import Lmtp

pytestmark = pytest.mark.ours


def deliver(server, msgid, *users):
    """Who is not there is refused, the others get it."""
    with Lmtp((HOST, server.port("lmtp"))) as lmtp:
        lmtp.cmd("MAIL FROM:<x@example.org>")
        taken = sum(lmtp.cmd(f"RCPT TO:<{user}@{server.domain}>").code == 250 for user in users)
        lmtp.data(f"Message-ID: <{msgid}>\r\nSubject: x\r\n\r\nhello\r\n".encode(), taken)
        lmtp.quit()


@pytest.fixture(params=["text", "json"])
def server(request):
    with Server() as server:
        server.init()
        for user in ("ann", "bob"):
            server.add_user(user, "secret")
        server.configure({"log.file": server.folder / "mail.log", "log.format": request.param, "log.level": "debug"})
        (server.folder / "mail.log").touch()
        (server.folder / "mail.log").chmod(0o666)
        server.start()
        yield server
        assert server.stop() == 0
        assert not server.trouble()


def trace(server, *args):
    return json.loads(server.cli("trace", "--json", *args).stdout)


def test_follows_a_message_into_every_mailbox(server):
    deliver(server, "one@example.org", "ann", "nobody", "bob")
    deliver(server, "two@example.org", "ann")
    found = trace(server, "<one@example.org>")
    events = " ".join(found["log"])
    assert re.search("connect.*rcpt-refused.*deliver.*deliver.*disconnect", events)
    assert "two@example.org" not in events
    assert {(place["user"], place["folder"], place["uid"], place["expunged"]) for message in found["objects"] for place in message["places"]} == {
        ("ann", "INBOX", 1, 0),
        ("bob", "INBOX", 1, 0),
    }
    assert {message["message_id"] for message in found["objects"]} == {"one@example.org"}

    # by each of its other names
    (one, _) = found["objects"]
    by_object = trace(server, one["object"])
    assert [message["object"] for message in by_object["objects"]] == [one["object"]]
    sid = re.search(r'sid"?[=:]"?(\w+)', found["log"][-1])[1]
    assert trace(server, sid)["log"] == found["log"]
    qid = re.search(r'qid"?[=:]"(\w+)', events)[1]
    assert trace(server, qid)["objects"] == found["objects"]

    text = server.cli("trace", "one@example.org").stdout
    assert f"object {one['object']}" in text and "lies with ann, folder INBOX, uid 1, ()" in text


def test_knows_copies_flags_and_what_was_expunged(server):
    deliver(server, "three@example.org", "ann")
    with imaplib.IMAP4(HOST, server.port("imap")) as client:
        client.login("ann", "secret")
        client.create("Work")
        client.select("INBOX")
        client.copy("1", "Work")
        client.store("1", "+FLAGS", "\\Deleted \\Seen")
        client.expunge()
    (message,) = trace(server, "three@example.org")["objects"]
    places = {place["folder"]: place for place in message["places"]}
    assert places["Work"]["expunged"] == 0 and places["INBOX"]["expunged"] > 0
    assert places["INBOX"]["flags"] == "\\Seen \\Deleted"
    assert "was with ann, folder INBOX" in server.cli("trace", "three@example.org").stdout


def test_reads_rotated_files_and_standard_input(server):
    deliver(server, "four@example.org", "ann")
    log = server.folder / "mail.log"
    log.rename(server.folder / "mail.log.1")
    log.touch()
    log.chmod(0o666)
    server.process.send_signal(1)
    found = trace(server, "four@example.org")
    assert any("four@example.org" in line for line in found["log"]) and len(found["objects"]) == 1
    assert trace(server, server.folder / "mail.log.1", "four@example.org")["log"] == found["log"]
    with open(server.folder / "mail.log.1") as piped:
        command = [server.binary, "-c", server.config, "trace", "--json", "-", "four@example.org"]
        done = subprocess.run(command, stdin=piped, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and json.loads(done.stdout)["log"] == found["log"]


def test_says_when_there_is_nothing(server):
    done = server.cli("trace", "nothing@example.org", check=False)
    assert done.returncode == 1 and "Nothing of nothing@example.org" in done.stdout
    assert server.cli("trace", check=False).returncode == 64
    assert server.cli("trace", "/nonexistent/log", "a@b", check=False).returncode == 1


def test_finds_without_a_log_what_is_in_the_database():
    with Server() as server:
        server.init()
        server.add_user("ann", "secret")
        server.start()
        deliver(server, "five@example.org", "ann")
        done = server.cli("trace", "<five@example.org>")
        assert "lies with ann" in done.stdout and "journalctl" in done.stderr
        assert server.stop() == 0
