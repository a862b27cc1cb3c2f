"""Small messages for the tests, and what IMAP shows of what was sent."""

import itertools

numbers = itertools.count(1)


def mail(body=b"Hello.\r\n", subject="test", headers=b""):
    """A message with a Message-ID of its own."""
    return (
        b"From: Sender <sender@elsewhere.test>\r\n"
        b"To: someone@example.test\r\n"
        b"Subject: %s\r\n"
        b"Message-ID: <%d@integration.test>\r\n"
        b"Date: Fri, 20 Nov 2026 12:00:00 +0000\r\n%s\r\n%s"
        % (subject.encode(), next(numbers), headers, body)
    )


def as_shown(message):
    """RFC 3501 4.3.1: a literal that is no literal8 carries no NUL; 0x80 stands for it."""
    return message.replace(b"\0", b"\x80")


def without_trace(stored, sent):
    """The trace headers in front of what was sent; fails if `stored` does not end in `sent`."""
    sent = as_shown(sent)
    assert stored.endswith(sent), f"{len(stored)} bytes do not end in the {len(sent)} sent: {stored[:600]!r}"
    return stored[: len(stored) - len(sent)]
