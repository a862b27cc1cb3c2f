"""What the tests with other people's programs share: how they are run, how they trust the server, what is there."""

import pathlib
import pty
import os
import select
import shutil
import subprocess
import time

import pytest

# how a client comes to the server
WAYS = ["plain", "starttls", "imaps"]


def needs(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"no {program} here")


def run(*command, seconds=60, status=(0,), **more):
    """What it printed; another exit status than those is a failure."""
    done = subprocess.run([str(word) for word in command], capture_output=True, timeout=seconds, **more)
    assert done.returncode in status, (
        f"{command}: {done.returncode}\n{done.stdout.decode(errors='replace')[-2000:]}\n{done.stderr.decode(errors='replace')[-3000:]}"
    )
    return done.stdout


def certificate(host):
    """The server's own certificate, for `localhost`: the file that a client is told to trust."""
    return host.server.data / "tls" / "cert.pem"


def port(host, way):
    return host.port("imaps" if way == "imaps" else "imap")


def by_subject(account, mailbox="INBOX"):
    """Subject to (uid, flags without \\Recent) of each message, read in a session that changes nothing."""
    with account.imap() as peer:
        peer.ok(f'EXAMINE "{mailbox}"')
        if not peer.uids():
            return {}
        found = peer.ok("FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])").fetched()
    rows = {}
    for items in found.values():
        subject = items["BODY[HEADER.FIELDS (SUBJECT)]"].decode().strip().partition(": ")[2]
        assert subject not in rows, f"{subject!r} is there twice"
        rows[subject] = (int(items["UID"]), set(items["FLAGS"]) - {"\\Recent"})
    return rows


def folders(account):
    with account.imap() as peer:
        return sorted(as_text(row[2]) for row in peer.ok('LIST "" *').of("LIST"))


def as_text(value):
    return value.decode() if isinstance(value, bytes) else value


def maildir(path):
    """Subject to (the letters of the flags, the bytes) of each message of a maildir."""
    rows = {}
    for part in ("cur", "new"):
        for file in pathlib.Path(path, part).iterdir():
            data = file.read_bytes()
            lines = data.partition(b"\n\n")[0].replace(b"\r", b"").split(b"\n")
            subject = next(line for line in lines if line.startswith(b"Subject: "))[9:].decode()
            assert subject not in rows, f"{subject!r} is there twice"
            rows[subject] = (file.name.partition(":2,")[2], data)
    return rows


def wait_until(is_so, seconds=30, process=None):
    """Poll until it is so; the process that is waited for must not end before."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"not within {seconds} s"
        assert process is None or process.poll() is None, f"it ended with {process.poll()}"
        time.sleep(0.05)


def run_in_terminal(command, answers=(), seconds=60, **more):
    """Run a program that wants a screen; (exit status, everything that it wrote). `answers`: pairs of what it asks and
    what is then typed, each once, in order."""
    answers = list(answers)
    keeper, terminal = pty.openpty()
    process = subprocess.Popen(
        [str(word) for word in command], stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True, **more
    )
    os.close(terminal)
    said, end = b"", time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            if select.select([keeper], [], [], 0.2)[0]:
                try:
                    said += os.read(keeper, 1 << 16)
                except OSError:  # the last of it has closed the terminal
                    break
                if answers and answers[0][0] in said:
                    os.write(keeper, answers.pop(0)[1])
            elif process.poll() is not None:
                break
        else:
            process.kill()
            raise AssertionError(f"{command[0]} did not end within {seconds} s: {said[-3000:].decode(errors='replace')}")
        return process.wait(10), said
    finally:
        os.close(keeper)
        if process.poll() is None:
            process.kill()
            process.wait()
