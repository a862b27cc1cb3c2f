"""mutt and neomutt in a terminal: open, read, flag, delete, save; a second run from the header cache."""

import shutil

import pytest
from clients import WAYS, as_text, by_subject, certificate, port, run_in_terminal
from mails import mail

pytestmark = pytest.mark.ours

CONFIG = """
set imap_user="{user}" imap_pass="{password}"
set folder="{url}" spoolfile="{url}INBOX" record="" postponed="{folder}/postponed" mbox="{folder}/mbox"
set ssl_starttls={starttls} ssl_force_tls={force}
set certificate_file="{certificate}"
set header_cache="{folder}/headers" message_cachedir="{folder}/bodies"
set {extensions}
set quit=yes delete=yes move=no mark_old=no confirmappend=no confirmcreate=no wait_key=no sleep_time=0 beep=no
set auto_tag=no pipe_split=no pipe_decode=no resolve=no sort=mailbox-order tmpdir="{folder}" editor=true
set alias_file="" mailcap_path="" query_command=""
"""


class Mutt:
    def __init__(self, program, host, account, folder, way="imaps", extensions=""):
        if not shutil.which(program):
            pytest.skip(f"no {program} here")
        self.program, self.folder = program, folder
        scheme = "imaps" if way == "imaps" else "imap"
        self.config = folder / "muttrc"
        more = f'ssl_ca_certificates_file="{certificate(host)}"'
        self.config.write_text(
            CONFIG.format(
                user=account.user, password=account.password, url=f"{scheme}://localhost:{port(host, way)}/",
                starttls="yes" if way == "starttls" else "no", force="no" if way == "plain" else "yes",
                certificate=folder / "accepted", folder=folder, extensions=f"{more} {extensions}",
            )
        )
        (folder / "headers").mkdir()
        (folder / "bodies").mkdir()

    def keys(self, text, mailbox="INBOX", answers=()):
        """Open the mailbox, press these keys, end."""
        config = self.folder / "with-keys"
        config.write_text(self.config.read_text() + (f"push '{text}'\n" if text else ""))
        env = {"HOME": str(self.folder), "PATH": "/usr/bin:/bin", "TERM": "xterm", "LC_ALL": "C.UTF-8"}
        command = [self.program, "-n", "-F", config, "-f", f"={mailbox}"]
        status, said = run_in_terminal(command, answers, env=env, cwd=self.folder)
        assert status == 0, f"{self.program}: {status}\n{said[-3000:].decode(errors='replace')}"
        return said

    def subjects(self, pattern="~A", before=""):
        """The subjects of the messages that it shows for a pattern, in its order."""
        out = self.folder / "out"
        out.unlink(missing_ok=True)
        keys = f"{before}<tag-pattern>{pattern}<enter><tag-prefix-cond><pipe-message>cat > {out}<enter><end-cond><exit>"
        self.keys(keys)
        if not out.exists():
            return []
        lines = out.read_bytes().splitlines()
        return [as_text(line[9:]) for line in lines if line.startswith(b"Subject: ")]


def at(number, *functions):
    return f"<jump>{number}<enter>" + "".join(f"<{function}>" for function in functions)


def fill(account, count=6):
    with account.imap() as peer:
        peer.ok("CREATE Archive")
        for number in range(1, count + 1):
            peer.append("INBOX", mail(b"number %d\r\n" % number, f"number {number}"))


PROGRAMS = pytest.mark.parametrize("program", ["mutt", "neomutt"])


@PROGRAMS
@pytest.mark.parametrize("way", WAYS)
def test_read_flag_delete_save(host, account, tmp_path, program, way):
    fill(account)
    mutt = Mutt(program, host, account, tmp_path, way)
    # reading shows the message with the (built-in) pager: <exit> goes back to the list
    keys = at(2, "display-message", "exit") + at(3, "flag-message") + at(4, "delete-message")
    keys += at(5, "save-message") + "=Archive<enter>" + at(6, "copy-message") + "=Archive<enter>"
    mutt.keys(keys + "<sync-mailbox><quit>")
    found = {subject: flags for subject, (_, flags) in by_subject(account).items()}
    assert sorted(found) == ["number 1", "number 2", "number 3", "number 6"]
    assert "\\Seen" not in found["number 1"] and "\\Seen" in found["number 2"]
    assert found["number 3"] == {"\\Flagged"}
    assert sorted(by_subject(account, "Archive")) == ["number 5", "number 6"]


@PROGRAMS
@pytest.mark.parametrize("extensions", ["", "imap_condstore=yes", "imap_condstore=yes imap_qresync=yes"])
def test_the_header_cache_is_never_behind(host, account, tmp_path, program, extensions):
    """What other sessions did between two runs is seen in the second: new, gone, flags."""
    fill(account)
    mutt = Mutt(program, host, account, tmp_path, extensions=extensions)
    assert mutt.subjects() == [f"number {number}" for number in range(1, 7)]
    assert any((tmp_path / "headers").rglob("*")), "there is no header cache"
    with account.imap("INBOX") as peer:
        peer.ok(r"STORE 2 +FLAGS (\Flagged \Seen)")
        peer.ok(r"STORE 1,4 +FLAGS (\Deleted)")
        peer.ok("EXPUNGE")
        peer.append("INBOX", mail(subject="number 7"))
    assert mutt.subjects() == [f"number {number}" for number in (2, 3, 5, 6, 7)]
    assert mutt.subjects("~F") == ["number 2"]
    assert mutt.subjects("~R") == ["number 2"]
    with account.imap("INBOX") as peer:
        peer.ok(r"STORE 1 -FLAGS (\Flagged)")
        peer.ok(r"STORE 5 +FLAGS (\Answered)")
        peer.ok("UID COPY 3 INBOX")
        peer.ok(r"UID STORE 3 +FLAGS (\Deleted)")
        peer.ok("UID EXPUNGE 3")
    assert mutt.subjects("~F") == []
    assert mutt.subjects("~Q") == ["number 7"]
    assert mutt.subjects() == [f"number {number}" for number in (2, 5, 6, 7, 3)]


@PROGRAMS
def test_a_folder_is_made_where_it_is_missing(host, account, tmp_path, program):
    """RFC 3501 6.4.7: TRYCREATE. And =b asks the server to search."""
    fill(account)
    mutt = Mutt(program, host, account, tmp_path)
    mutt.keys(at(5, "copy-message") + "=made/here<enter><exit>")
    assert list(by_subject(account, "made/here")) == ["number 5"]
    assert mutt.subjects('=b "number 4"') == ["number 4"]


@PROGRAMS
def test_a_certificate_of_nobody_is_refused(host, account, tmp_path, program):
    """The runs above do verify."""
    fill(account)
    mutt = Mutt(program, host, account, tmp_path)
    text = mutt.config.read_text()
    mutt.config.write_text(text.replace(str(certificate(host)), "/dev/null"))
    said = mutt.keys("", answers=[(b"(r)eject", b"r"), (b"", b"q")])
    assert b"(r)eject" in said
    assert not any("\\Seen" in flags for _, flags in by_subject(account).values())
