"""What Python's email package makes of a message, to be held against ENVELOPE and BODYSTRUCTURE.

It is independent of the server, not always right: where it departs from the RFCs, or where they leave it open, the
message has a reason, and a difference in such a message is explained by it.
"""

import dataclasses
import email
import email.parser
import re

REASONS = {
    "bare CR": "the oracle ends lines at a bare CR; RFC 5322 2.1: only CRLF ends a line",
    "no separator": "a header block holds a line that is no field: the oracle begins the body there, "
    "RFC 5322 2.1 at the first empty line",
    "no parts": "a multipart whose boundary is missing or never comes: RFC 3501 cannot show it without a part",
    "no close": "a multipart that is never closed: the oracle takes the last line end off, which RFC 2046 5.1.1 gives "
    "to a boundary alone",
    "odd encoding": "Content-Transfer-Encoding is no token (RFC 2045 6.1): no right answer",
    "encoded composite": "a multipart or message with base64 or quoted-printable, against RFC 2045 6.4",
    "odd content type": "Content-Type does not follow RFC 2045 5.1: no right answer",
    "field twice": "a field stands twice, against RFC 5322 3.6",
    "boundary prefix": "a line begins with a boundary and goes on: RFC 2046 5.1.1 takes it, the oracle does not",
    "continued parameter": "RFC 2231 3: parameters in pieces may be shown joined",
    "header begins folded": "the first line of a header is a continuation of nothing",
    "digest": "RFC 2046 5.1.5: in a digest parts are messages; the oracle leaves their type untold",
    "boundary reused": "a part has the same boundary as what it stands in: RFC 2046 5.1.2 forbids it",
}

TOKEN = r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+"
STRICT_TYPE = re.compile(
    rf'\s*{TOKEN}/{TOKEN}(?:\s*;\s*{TOKEN}=(?:{TOKEN}|"(?:[^"\\\r\n\x80-\xff]|\\[^\r\n]|\r?\n(?=[ \t]))*"))*\s*;?\s*$'
)


@dataclasses.dataclass
class Node:
    """kind: multipart, message or leaf. data: the bytes of a leaf; None where the oracle has changed them."""

    kind: str
    type: str
    head: object
    data: bytes = None
    children: list = dataclasses.field(default_factory=list)


def raw_field(head, name):
    """The first field of that name as it was written, with its folding; None if there is none."""
    for key, value in head.raw_items():
        if key.lower().rstrip() == name.lower():
            return value
    return None


def field_count(head, name):
    return sum(key.lower().rstrip() == name.lower() for key, _ in head.raw_items())


def unfolded(value):
    return re.sub(r"\r?\n(?=[ \t])", "", value).strip()


def has_8_bit(value):
    return value is not None and any(ord(char) > 126 or char == "\0" for char in value)


def parse(message):
    """The tree of Nodes and the reasons that this message has."""
    reasons = set()
    root = email.parser.BytesParser().parsebytes(message)
    if re.search(rb"\r(?!\n)", message):
        reasons.add("bare CR")
    tree = node_of(root, reasons)
    note_boundaries(tree, message, reasons, ())
    return tree, reasons


def node_of(part, reasons):
    note_defects(part, reasons)
    kind = part.get_content_type()
    # not get_payload(): that decodes 8-bit text
    payload = part._payload
    if part.get_content_maintype() == "multipart":
        if not part.is_multipart():
            reasons.add("no parts")
            return Node("leaf", kind, part, as_bytes(payload))
        return Node("multipart", kind, part, None, [node_of(child, reasons) for child in payload])
    if kind in ("message/rfc822", "message/global") and part.is_multipart():
        return Node("message", kind, part, None, [node_of(payload[0], reasons)])
    return Node("leaf", kind, part, None if part.is_multipart() else as_bytes(payload))


def as_bytes(text):
    return text.encode("ascii", "surrogateescape")


DEFECTS = {
    "MissingHeaderBodySeparatorDefect": "no separator",
    "CloseBoundaryNotFoundDefect": "no close",
    "StartBoundaryNotFoundDefect": "no parts",
    "NoBoundaryInMultipartDefect": "no parts",
    "MultipartInvariantViolationDefect": "no parts",
    "InvalidMultipartContentTransferEncodingDefect": "encoded composite",
    "FirstHeaderLineIsContinuationDefect": "header begins folded",
    "MisplacedEnvelopeHeaderDefect": "no separator",
}


def note_defects(part, reasons):
    for defect in part.defects:
        name = type(defect).__name__
        if name in DEFECTS:
            reasons.add(DEFECTS[name])
    written = raw_field(part, "Content-Type")
    if written is not None and not STRICT_TYPE.match(unfolded(written)):
        reasons.add("odd content type")
    for name in ("Content-Type", "Content-Transfer-Encoding"):
        if field_count(part, name) > 1:
            reasons.add("field twice")
    if written is not None and re.search(r"\*\d*\*?\s*=", written):
        reasons.add("continued parameter")
    encoding = (raw_field(part, "Content-Transfer-Encoding") or "7bit").strip().lower()
    if not re.fullmatch(TOKEN, encoding):
        reasons.add("odd encoding")
    if part.get_content_maintype() in ("multipart", "message") and encoding in ("base64", "quoted-printable"):
        reasons.add("encoded composite")
    if part.get_content_type() == "multipart/digest":
        reasons.add("digest")


def note_boundaries(node, message, reasons, outer):
    boundary = node.head.get_boundary()
    if node.kind == "multipart" and boundary:
        if boundary in outer:
            reasons.add("boundary reused")
        text = re.escape(b"--" + boundary.encode("ascii", "surrogateescape"))
        if re.search(rb"^" + text + rb"(?!(--)?[ \t]*\r?$)", message, re.M):
            reasons.add("boundary prefix")
        outer = (*outer, boundary)
    for child in node.children:
        note_boundaries(child, message, reasons, outer)


# header and body, fields


def split_at(message):
    """RFC 5322 2.1: the header ends behind the first empty line."""
    found = re.search(rb"(?:^|\n)\r?\n", message)
    return found.end() if found else len(message)


def header_fields(header, names):
    """RFC 3501 6.4.5, HEADER.FIELDS: those lines with their folding, and the empty line."""
    found, keep = [], False
    for line in re.findall(rb"[^\n]*\n|[^\n]+$", header):
        if line[:1] not in b" \t" or line[:1] == b"":
            name = line.partition(b":")[0].rstrip(b" \t").lower()
            keep = b":" in line and name in names
        if keep and line.strip(b"\r\n"):
            found.append(line)
    return b"".join(found)


# addresses: strict RFC 5322 3.4 without comments and groups; anything else has no right answer here

ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
DOT_ATOM = rf"{ATEXT}(?:\.{ATEXT})*"
QUOTED = r'"(?:[^"\\\r\n\0\x80-\udfff]|\\[\x20-\x7e])*"'
WORD = rf"(?:[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]+|{QUOTED})"
PHRASE = rf"(?:{WORD}(?:[ \t]+{WORD})*[ \t]*)?"
MAILBOX = re.compile(
    rf"[ \t]*(?:(?P<name>{PHRASE})<(?P<local>{DOT_ATOM}|{QUOTED})@(?P<host>{DOT_ATOM})>"
    rf"|(?P<local2>{DOT_ATOM}|{QUOTED})@(?P<host2>{DOT_ATOM}))[ \t]*(?:,|$)"
)


def addresses(value):
    """[(name or None, mailbox, host)], or None where the field is not strictly right."""
    text, at, found = unfolded(value), 0, []
    if not text:
        return None
    while at < len(text):
        match = MAILBOX.match(text, at)
        if not match or match.end() == at:
            return None
        name = (match["name"] or "").strip()
        found.append((unquoted(name) or None, unquoted(match["local"] or match["local2"]), match["host"] or match["host2"]))
        at = match.end()
    return None if text.endswith(",") else found


def unquoted(text):
    words = re.findall(rf"{QUOTED}|[^\s\"]+", text)
    return " ".join(re.sub(r"\\(.)", r"\1", w[1:-1]) if w[0] == '"' else w for w in words)
