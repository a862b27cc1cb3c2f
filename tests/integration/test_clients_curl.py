"""curl: APPEND, FETCH by UID, section and part, SEARCH, LIST, commands of one's own; every way in."""

import pytest
from clients import WAYS, as_text, by_subject, certificate, folders, needs, port, run
from mails import mail

pytestmark = [pytest.mark.ours, needs("curl")]


class Curl:
    def __init__(self, host, account, way):
        self.options = ["-sS", "-u", f"{account.user}:{account.password}", "--cacert", certificate(host)]
        self.options += ["--ssl-reqd"] if way == "starttls" else []
        self.base = f"{'imaps' if way == 'imaps' else 'imap'}://localhost:{port(host, way)}"

    def __call__(self, path, *options, **more):
        return run("curl", *self.options, f"{self.base}/{path}", *options, **more)


@pytest.fixture(params=WAYS)
def curl(request, host, account):
    return Curl(host, account, request.param)


def test_append_and_fetch(curl, account, tmp_path):
    message = mail(b"by curl \xc3\xa9\r\n.\r\n", "from curl")
    (tmp_path / "mail.eml").write_bytes(message)
    curl("INBOX", "-T", tmp_path / "mail.eml")
    assert account.bodies() == [message]
    assert by_subject(account) == {"from curl": (1, {"\\Seen"})}  # curl sends (\Seen) itself
    assert curl("INBOX;UID=1") == message
    assert curl("INBOX;MAILINDEX=1") == message
    assert curl("INBOX;UID=1;SECTION=TEXT") == b"by curl \xc3\xa9\r\n.\r\n"
    assert curl("INBOX;UID=1;SECTION=HEADER.FIELDS%20(SUBJECT)") == b"Subject: from curl\r\n\r\n"
    assert curl("INBOX;UID=1;SECTION=1.MIME") == b"\r\n" or b"MIME" not in curl("INBOX;UID=1;SECTION=1.MIME")
    assert curl("INBOX;UID=1;PARTIAL=0.5") == message[:5]
    # 78: "the resource referenced in the URL does not exist"
    curl("INBOX;UID=7", status=(78,))
    curl("INBOX;UIDVALIDITY=1;UID=1", status=(78,))
    curl("nowhere;UID=1", status=(67, 78, 9))


def test_a_large_message_comes_back_byte_for_byte(curl, account, tmp_path):
    message = mail(b"".join(b"line %d of many\r\n" % number for number in range(60_000)), "large")
    (tmp_path / "mail.eml").write_bytes(message)
    curl("INBOX", "-T", tmp_path / "mail.eml")
    assert curl("INBOX;UID=1") == message


def test_search_and_list(curl, account):
    with account.imap() as peer:
        for number in range(3):
            peer.append("INBOX", mail(subject=f"number {number}"))
        for name in ("Archive", "Archive/2026"):
            peer.ok(f"CREATE {name}")
    assert curl("INBOX?SUBJECT%20%22number%201%22") == b"* SEARCH 2\r\n"
    assert curl("INBOX?ALL") == b"* SEARCH 1 2 3\r\n"
    lines = curl("").decode().splitlines()
    assert all(line.startswith("* LIST (") for line in lines)
    names = sorted(line.rpartition(' "/" ')[2].strip('"') for line in lines)
    assert names == sorted(["INBOX", "Archive"]) or names == folders(account)
    # RFC 3501 6.3.8: the reference and % are the server's to join
    assert b"Archive/2026" in curl("", "-X", 'LIST "Archive/" "%"')


def test_commands_of_ones_own(curl, account):
    with account.imap() as peer:
        for number in range(4):
            peer.append("INBOX", mail(subject=f"number {number}"))
    curl("", "-X", "CREATE Kept")
    assert "Kept" in folders(account)
    assert b"FLAGS" in curl("INBOX", "-X", r"STORE 1 +FLAGS (\Deleted)")
    assert b"EXISTS" in curl("", "-X", "EXAMINE INBOX")
    assert b"MESSAGES 4" in curl("", "-X", "STATUS INBOX (MESSAGES UIDNEXT)")
    curl("INBOX", "-X", r"STORE 2 FLAGS.SILENT (\Flagged kept)")
    curl("INBOX", "-X", "UID COPY 3:4 Kept")
    assert b"* 1 EXPUNGE" in curl("INBOX", "-X", "EXPUNGE")
    assert by_subject(account) == {
        "number 1": (2, {"\\Flagged", "kept"}), "number 2": (3, set()), "number 3": (4, set())
    }
    assert sorted(by_subject(account, "Kept")) == ["number 2", "number 3"]
    # 21: a command of -X (QUOTE) was answered NO or BAD
    curl("INBOX", "-X", "STORE 9 +FLAGS (x)", status=(21,))
    curl("INBOX", "-X", "FROB", status=(21,))


def test_a_wrong_password_and_a_wrong_name(curl, host, account):
    curl.options[2] = f"{account.user}:wrong"
    curl("INBOX;UID=1", status=(67,))
    if curl.base.startswith("imaps") or "--ssl-reqd" in curl.options:
        curl.base = curl.base.replace("localhost", "vm.elsewhere.test")
        name = curl.base.split("//")[1]
        curl("INBOX;UID=1", "--resolve", f"{name}:127.0.0.1", status=(60,))  # not the certificate's name


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_mechanisms(curl, account, mechanism):
    with account.imap() as peer:
        peer.append("INBOX", mail(subject="one"))
    for initial in ([], ["--sasl-ir"]):
        said = curl("INBOX?ALL", "--login-options", f"AUTH={mechanism}", *initial)
        assert as_text(said) == "* SEARCH 1\r\n"
