"""Python's imaplib: every command that it has, over every way in."""

import imaplib
import socket
import ssl
import time

import pytest
import wire
from clients import WAYS, by_subject, certificate, folders, port
from mails import mail


def connect(host, way):
    """With the certificate's name and chain verified."""
    if not host.is_ours and way != "plain":
        pytest.skip("the certificate of this peer is not for localhost")
    if way == "plain":
        return imaplib.IMAP4(wire.HOST, host.port("imap"), timeout=20)
    context = ssl.create_default_context(cafile=certificate(host))
    if way == "imaps":
        return imaplib.IMAP4_SSL("localhost", host.port("imaps"), ssl_context=context, timeout=20)
    peer = imaplib.IMAP4("localhost", host.port("imap"), timeout=20)
    assert peer.starttls(context)[0] == "OK"
    return peer


@pytest.fixture(params=WAYS)
def peer(request, host, account):
    with connect(host, request.param) as peer:
        assert peer.login(account.user, account.password)[0] == "OK"
        yield peer


def test_every_day(host, account, peer):
    with host.lmtp() as lmtp:
        lmtp.deliver_all(account.address, mail(subject="by LMTP"))
    assert peer.select() == ("OK", [b"1"])
    assert peer.create("Sent")[0] == "OK"
    date = imaplib.Time2Internaldate(time.time())
    assert peer.append("Sent", r"(\Seen)", date, mail(subject="appended"))[0] == "OK"
    assert peer.search(None, "SUBJECT", '"by LMTP"') == ("OK", [b"1"])
    state, data = peer.fetch("1", "(RFC822.SIZE BODY[HEADER.FIELDS (SUBJECT)])")
    assert state == "OK" and data[0][1] == b"Subject: by LMTP\r\n\r\n"
    assert peer.store("1", "+FLAGS", r"(\Deleted)")[0] == "OK"
    assert peer.expunge() == ("OK", [b"1"])
    state, data = peer.status("Sent", "(MESSAGES UNSEEN)")
    assert state == "OK" and b"MESSAGES 1" in data[0] and b"UNSEEN 0" in data[0]
    assert peer.check()[0] == "OK"
    assert peer.noop()[0] == "OK"
    assert peer.close()[0] == "OK"


def test_folders(account, peer):
    assert peer.create("one")[0] == "OK"
    assert peer.create('"two words"')[0] == "OK"
    assert peer.create("one")[0] == "NO"
    assert peer.subscribe("one")[0] == "OK"
    assert peer.lsub() and b"one" in b" ".join(peer.lsub()[1])
    assert peer.rename("one", "three")[0] == "OK"
    assert sorted(folders(account)) == ["INBOX", "three", "two words"]
    assert peer.unsubscribe("three")[0] == "OK"  # the subscription went with the folder, as DBMail's do
    assert b"three" not in b" ".join(row or b"" for row in peer.lsub()[1])
    state, rows = peer.list('""', "t%")
    assert state == "OK" and len(rows) == 2
    assert peer.delete('"two words"')[0] == "OK"
    assert sorted(folders(account)) == ["INBOX", "three"]
    state, said = peer.namespace()
    assert state == "OK" and said[0].startswith(b'(("" "/"))')


def test_messages(account, peer):
    assert peer.create("other")[0] == "OK"
    for number in range(5):
        assert peer.append("INBOX", None, None, mail(subject=f"number {number}"))[0] == "OK"
    assert peer.select()[1] == [b"5"]
    assert peer.response("UIDVALIDITY")[1][0].isdigit()
    assert peer.copy("1:2", "other")[0] == "OK"
    assert peer.uid("COPY", "3", "other")[0] == "OK"
    assert peer.uid("STORE", "2", "FLAGS", r"(\Seen \Flagged)")[0] == "OK"
    assert peer.uid("SEARCH", None, "FLAGGED")[1] == [b"2"]
    assert peer.uid("FETCH", "2", "(UID FLAGS)")[1][0].startswith(b"2 (")
    state, rows = peer.partial("1", "BODY[TEXT]", "1", "3") if "PARTIAL" in peer.capabilities else ("OK", [])
    assert state == "OK"
    assert peer.select("other", readonly=True)[1] == [b"3"]
    assert peer.is_readonly
    assert peer.unselect()[0] == "OK"
    assert sorted(by_subject(account, "other")) == ["number 0", "number 1", "number 2"]
    assert by_subject(account)["number 1"] == (2, {"\\Seen", "\\Flagged"})
    with pytest.raises(imaplib.IMAP4.error):
        peer.fetch("1", "FLAGS")


def test_literals(account, peer):
    """A string of the client's as a literal, which imaplib sends once it was asked to."""
    assert peer.append("INBOX", None, None, mail(subject="h\u00e9llo".encode().decode("latin-1")))[0] == "OK"
    assert peer.select()[0] == "OK"
    peer.literal = "h\u00e9llo".encode()
    state, found = peer.search("UTF-8", "SUBJECT")
    assert state == "OK" and found[0] in (b"1", b"")
    peer.literal = b"Hello."
    assert peer.uid("SEARCH", "BODY") == ("OK", [b"1"])


def test_move_sort_thread(account, peer):
    """Commands of extensions, where the server announces them."""
    for subject in ("b", "a", "c"):
        peer.append("INBOX", None, None, mail(subject=subject))
    peer.create("other")
    peer.select()
    if "SORT" in peer.capabilities:
        assert peer.sort("(SUBJECT)", "UTF-8", "ALL") == ("OK", [b"2 1 3"])
        assert peer.uid("SORT", "(REVERSE SUBJECT)", "UTF-8", "ALL") == ("OK", [b"3 1 2"])
    if "THREAD=REFERENCES" in peer.capabilities:
        assert peer.thread("REFERENCES", "UTF-8", "ALL")[0] == "OK"
    if "MOVE" in peer.capabilities:
        assert peer.uid("MOVE", "1:2", "other")[0] == "OK"
        assert sorted(by_subject(account, "other")) == ["a", "b"]
        assert sorted(by_subject(account)) == ["c"]


def test_acl_and_quota(host, account, peer):
    other = host.account().user
    if "ACL" in peer.capabilities:
        assert peer.create("shared")[0] == "OK"
        assert peer.setacl("shared", other, "lrs")[0] == "OK"
        assert b"lrs" in peer.getacl("shared")[1][0]
        assert peer.myrights("shared")[0] == "OK"
        assert peer.deleteacl("shared", other)[0] == "OK"
        assert other.encode() not in peer.getacl("shared")[1][0]
    if "QUOTA" in peer.capabilities:
        state, (roots, _) = peer.getquotaroot("INBOX")
        assert state == "OK" and roots


def test_enable(peer):
    if "ENABLE" in peer.capabilities:
        assert peer.enable("CONDSTORE")[0] == "OK"


def test_authenticate(host, account):
    with connect(host, "plain") as peer:
        answer = f"\0{account.user}\0{account.password}".encode()
        assert peer.authenticate("PLAIN", lambda _: answer)[0] == "OK"
    with connect(host, "plain") as peer, pytest.raises(imaplib.IMAP4.error):
        peer.authenticate("PLAIN", lambda _: f"\0{account.user}\0wrong".encode())
    with connect(host, "plain") as peer:
        if "AUTH=CRAM-MD5" in peer.capabilities:
            pytest.skip("CRAM-MD5 asks for a password that is kept as it is")
        with pytest.raises(imaplib.IMAP4.error):
            peer.login_cram_md5(account.user, account.password)


@pytest.mark.ours
@pytest.mark.parametrize("way", ["starttls", "imaps"])
def test_only_the_right_certificate_is_taken(host, way):
    """The tests above do verify: a client that trusts nobody goes away, and the server carries on."""
    context = ssl.create_default_context(cafile=certificate(host))
    with socket.create_connection((wire.HOST, port(host, way))) as raw:
        if way == "starttls":
            raw.recv(1000)
            raw.sendall(b"a STARTTLS\r\n")
            raw.recv(1000)
        with pytest.raises(ssl.SSLCertVerificationError):
            context.wrap_socket(raw, server_hostname="elsewhere.test")
    connect(host, way).logout()
