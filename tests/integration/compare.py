"""BODYSTRUCTURE and ENVELOPE (RFC 3501 7.4.2) held against the bytes that they describe and against the oracle."""

import collections
import dataclasses
import re

import oracle


@dataclasses.dataclass
class Part:
    """A part that is no multipart, as BODYSTRUCTURE shows it; `data` is BODY[path] once it was fetched."""

    path: str
    body: list
    is_root: bool
    in_message: bool
    data: bytes = None

    @property
    def is_message(self):
        return is_message(self.body)

    def sections(self):
        names = [self.path]
        if not self.is_root and not self.in_message:
            names.append(f"{self.path}.MIME")
        if self.is_message:
            names += [f"{self.path}.HEADER", f"{self.path}.TEXT"]
        return names

    def take(self, got, whole):
        """Keep BODY[path]; yields what the bytes contradict."""
        self.data = got.get(f"BODY[{self.path}]")
        if self.data is None:
            yield f"BODY[{self.path}] is NIL, but BODYSTRUCTURE has it"
            return
        if len(self.data) != int(self.body[6]):
            yield f"BODY[{self.path}] has {len(self.data)} bytes, BODYSTRUCTURE says {self.body[6]}"
        if self.data not in whole:
            yield f"BODY[{self.path}] is nowhere in the message"
        lines = line_count(self.body)
        newlines = self.data.count(b"\n")
        if lines is not None and not newlines <= lines <= newlines + (not self.data.endswith(b"\n")):
            yield f"BODY[{self.path}] has {newlines} line ends, BODYSTRUCTURE says {lines}"
        yield from self.look_at_mime(got, whole)
        if self.is_message:
            halves = got[f"BODY[{self.path}.HEADER]"] + got[f"BODY[{self.path}.TEXT]"]
            if halves != self.data:
                yield f"BODY[{self.path}.HEADER] and TEXT are not BODY[{self.path}]"

    def look_at_mime(self, got, whole):
        """MIME is the header of the part: it stands right before it."""
        name = f"{self.path}.MIME"
        if name in self.sections():
            mime = got.get(f"BODY[{name}]")
            if mime is None or mime + self.data not in whole:
                yield f"BODY[{name}] does not stand before BODY[{self.path}]"


def is_multipart(body):
    return isinstance(body[0], list)


def is_message(body):
    kind = (body[0] + b"/" + body[1]).lower()
    return kind in (b"message/rfc822", b"message/global") and len(body) > 9 and isinstance(body[8], list)


def line_count(body):
    if body[0].lower() == b"text":
        return int(body[7])
    return int(body[9]) if is_message(body) else None


def children_of(body):
    if is_multipart(body):
        return [item for item in body[: first_string(body)]]
    return [body[8]] if is_message(body) else []


def first_string(body):
    return next(i for i, item in enumerate(body) if not isinstance(item, list))


def parts_of(body, path="", in_message=False):
    """All parts but multiparts, with the numbers of RFC 3501 6.4.5."""
    if is_multipart(body):
        found = []
        for number, child in enumerate(children_of(body), 1):
            found += parts_of(child, f"{path}.{number}" if path else str(number))
        return found
    is_root = not path
    path = path if path and not in_message else f"{path}.1" if path else "1"
    found = [Part(path, body, is_root, in_message)]
    for child in children_of(body):
        # the body of a message within is numbered below it: a multipart's children, or .1
        found += parts_of(child, path, in_message=True)
    return found


def without_extensions(body):
    """What BODY says of it; the fields that only BODYSTRUCTURE has are left out."""
    if is_multipart(body):
        return [*map(without_extensions, children_of(body)), body[first_string(body)]]
    if is_message(body):
        return [*body[:8], without_extensions(body[8]), body[9]]
    return body[: 8 if body[0].lower() == b"text" else 7]


def text_of(value):
    return None if value is None else value.decode("utf-8", "surrogateescape")


def parameters(flat):
    return {text_of(key).lower(): text_of(value) for key, value in zip((flat or [])[::2], (flat or [])[1::2])}


# structure


def differences(body, node, data):
    """Texts, empty if the server's body and the oracle's node say the same. `data`: path to the bytes of leaves."""
    found = []
    compare_bodies(body, node, "", False, data, found)
    return found


def compare_bodies(body, node, path, in_message, data, found):
    where = path or "the message"
    if is_multipart(body):
        got, kind = "multipart/" + text_of(body[first_string(body)]).lower(), "multipart"
    else:
        got, kind = text_of(body[0] + b"/" + body[1]).lower(), "message" if is_message(body) else "leaf"
        path = path if path and not in_message else f"{path}.1" if path else "1"
    if (got, kind) != (node.type, node.kind):
        found.append(f"{where} is {got} ({kind}), not {node.type} ({node.kind})")
        return
    compare_extensions(body, node, where, found)
    children = children_of(body)
    if len(children) != len(node.children):
        found.append(f"{where} has {len(children)} parts, not {len(node.children)}")
    for number, (child, other) in enumerate(zip(children, node.children), 1):
        below = path if kind == "message" else f"{path}.{number}" if path else str(number)
        compare_bodies(child, other, below, kind == "message", data, found)
    if kind == "leaf":
        compare_leaf(body, node, path, data, found)


def compare_leaf(body, node, path, data, found):
    if node.data is not None and data[path] != node.data:
        found.append(f"BODY[{path}] has {len(data[path])} bytes, not {len(node.data)}")


def compare_extensions(body, node, where, found):
    first = first_string(body) if is_multipart(body) else 0
    rest = body[first + 1 :] if first else body[2:]
    compare_parameters(parameters(rest[0] if rest else None), node, where, found)
    if first:
        return
    for name, value, default in (
        ("Content-ID", body[3], None),
        ("Content-Description", body[4], None),
        ("Content-Transfer-Encoding", body[5], "7bit"),
    ):
        written = oracle.raw_field(node.head, name)
        compare_value(name, text_of(value), written, default, where, found)


def compare_parameters(got, node, where, found):
    for name in ("charset", "boundary", "name"):
        want = node.head.get_param(name)
        if isinstance(want, tuple) or oracle.has_8_bit(want):
            continue
        want = re.sub(r"\r?\n[ \t]*", " ", want) if want else want
        have = re.sub(r"\r?\n[ \t]*", " ", got[name]) if got.get(name) else got.get(name)
        # RFC 3501 7.4.2 gives no default, but servers may tell the one of RFC 2045 5.2
        if name == "charset" and have and want:
            have, want = have.lower(), want.lower()
        if have != want and not (name == "charset" and want is None and (have or "").lower() == "us-ascii"):
            found.append(f"{where}: {name} is {got.get(name)!r}, not {want!r}")


def compare_value(name, got, written, default, where, found):
    if written is None or oracle.has_8_bit(written) or "(" in written:
        if written is None and (got or "").lower() != (default or ""):
            found.append(f"{where}: {name} is {got!r}, not {default!r}")
        return
    want = re.sub(r"\s+", " ", oracle.unfolded(written))
    got = re.sub(r"\s+", " ", got or "").strip()
    if got.lower() != (want or default or "").lower() and got.lower() != want.lower():
        found.append(f"{where}: {name} is {got!r}, not {want!r}")


# envelope

TEXTS = {"Date": 0, "Subject": 1, "In-Reply-To": 8, "Message-ID": 9}
LISTS = {"From": 2, "Sender": 3, "Reply-To": 4, "To": 5, "Cc": 6, "Bcc": 7}


def envelope(got, head):
    """Counts by kind, and texts of what is wrong."""
    counts, faults = collections.Counter(), []
    if len(got) != 10:
        return counts, [f"an ENVELOPE of {len(got)} members"]
    for name, at in TEXTS.items():
        envelope_text(name, text_of(got[at]), head, counts, faults)
    for name, at in LISTS.items():
        envelope_list(name, got[at], got, head, counts, faults)
    return counts, faults


def envelope_text(name, got, head, counts, faults):
    """RFC 3501 7.4.2: NIL if the field is absent, "" if it is empty."""
    written = oracle.raw_field(head, name)
    if written is None or oracle.field_count(head, name) > 1:
        if written is None and got is not None:
            faults.append(f"{name} is {got!r}, but there is none")
        return
    if oracle.has_8_bit(written):
        counts["8 bit"] += 1
        if got is None:
            faults.append(f"{name} is NIL, not {written[:60]!r}")
        return
    want = re.sub(r"\s+", " ", oracle.unfolded(written))
    if got is None or re.sub(r"\s+", " ", got).strip() != want:
        if name == "Message-ID" and got is not None and got in want:
            return
        faults.append(f"{name} is {got!r}, not {want!r}")


def envelope_list(name, got, whole, head, counts, faults):
    """RFC 3501 7.4.2: four members each; Sender and Reply-To default to From."""
    if got is not None and not all(isinstance(one, list) and len(one) == 4 for one in got):
        faults.append(f"{name} is no list of addresses: {got!r}")
        return
    written = oracle.raw_field(head, name)
    if name in ("Sender", "Reply-To") and (written is None or not written.strip()):
        if got != whole[LISTS["From"]]:
            faults.append(f"{name} is {got!r}, not that of From")
        return
    if written is None:
        if got is not None:
            faults.append(f"{name} is {got!r}, but there is none")
        return
    if oracle.field_count(head, name) > 1:
        return
    want = oracle.addresses(written)
    if want is None:
        counts["loose"] += 1
        return
    have = [(squeezed(text_of(one[0])), text_of(one[2]), text_of(one[3])) for one in got or []]
    if have != [(squeezed(one[0]), *one[1:]) for one in want]:
        faults.append(f"{name} is {have!r}, not {want!r}")
    else:
        counts["equal"] += 1


def squeezed(text):
    return re.sub(r"\s+", " ", text).strip() or None if text else None
