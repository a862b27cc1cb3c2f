"""Every message of tests/data and of the corpus by LMTP and back by IMAP: bit for bit, its structure against another parser.

TABELLA_CORPUS names the folder of the corpus; else it is shared/corpus beside the repository's parent, if that is there.
One file a message.
"""

import collections
import os
import pathlib
import re
import threading

import compare
import oracle
import pytest
from conftest import Host, start_ours, stop_and_look
from mails import without_trace

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = pathlib.Path(os.environ.get("TABELLA_CORPUS", ROOT.parent / "shared/corpus"))
SAMPLES = ROOT / "tests/data"
LANES = 4
BATCH = 25


def corpus_files():
    if not CORPUS.is_dir():
        print(f"\nno corpus at {CORPUS}: tests/data alone")
    return sorted(SAMPLES.glob("*.eml")) + sorted(CORPUS.glob("**/*.eml"))


class Lane:
    """An account, the messages that it gets in order, and what went wrong."""

    def __init__(self, account, files):
        self.account = account
        self.files = files
        self.failure = None


def in_lanes(lanes, job):
    """Run job(lane) of all lanes at once."""

    def run(lane):
        try:
            job(lane)
        except BaseException as error:
            lane.failure = error

    threads = [threading.Thread(target=run, args=(lane,)) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for lane in lanes:
        if lane.failure:
            raise lane.failure


@pytest.fixture(scope="module")
def corpus_host(request, tmp_path_factory):
    if request.config.getoption("--peer") == "dovecot":
        yield request.getfixturevalue("session_host")
        return
    server = start_ours()
    try:
        yield Host(server, True)
        stop_and_look(server)
    finally:
        server.close()


@pytest.fixture(scope="module")
def contents(corpus_host):
    """Path to bytes. Dovecot takes LF for CRLF, so it gets lines that end in CRLF."""
    found = {path: path.read_bytes() for path in corpus_files()}
    if not corpus_host.is_ours:
        found = {path: re.sub(rb"\r?\n|\r(?!\n)", b"\r\n", data).rstrip(b"\0") for path, data in found.items()}
    return found


def new_lanes(host, files):
    return [Lane(host.account(), files[i::LANES]) for i in range(LANES)]


@pytest.fixture(scope="module")
def exact_lanes(corpus_host, contents):
    """All messages delivered by BDAT, which carries any end."""

    def deliver(lane):
        with corpus_host.lmtp() as peer:
            for path in lane.files:
                peer.deliver_all(lane.account.address, contents[path], exact=True)
            peer.quit()

    lanes = new_lanes(corpus_host, list(contents))
    in_lanes(lanes, deliver)
    return lanes


def fetch_in_batches(peer, count, items):
    """Yields (index from 0, attributes) in order."""
    for first in range(1, count + 1, BATCH):
        found = peer.ok(f"FETCH {first}:{min(first + BATCH - 1, count)} ({items})").fetched()
        for number in sorted(found):
            yield number - 1, found[number]


def check_bytes(lane, contents, endings=b""):
    """BODY[] and RFC822.SIZE of each message; returns how many were right."""
    with lane.account.imap() as peer:
        assert int(peer.ok("EXAMINE INBOX").of("EXISTS")[0]) == len(lane.files)
        for index, got in fetch_in_batches(peer, len(lane.files), "RFC822.SIZE BODY.PEEK[]"):
            sent = contents[lane.files[index]]
            sent += b"" if not endings or sent.endswith(endings) else endings
            without_trace(got["BODY[]"], sent)
            assert int(got["RFC822.SIZE"]) == len(got["BODY[]"]), lane.files[index]


@pytest.mark.ours
def test_bdat_keeps_every_byte(exact_lanes, contents):
    """Law 3: what was received is read back bit for bit."""
    in_lanes(exact_lanes, lambda lane: check_bytes(lane, contents))
    nuls = sum(b"\0" in data for data in contents.values())
    print(f"\n{len(contents)} messages, {len(contents)} byte for byte ({nuls} with NULs, shown as 0x80)")


def test_data_keeps_every_byte(corpus_host, contents):
    """By DATA a message that does not end in CRLF gets it from the protocol (RFC 5321 4.1.1.4)."""

    def deliver(lane):
        with corpus_host.lmtp() as peer:
            for path in lane.files:
                data = contents[path]
                peer.deliver_all(lane.account.address, data if data.endswith(b"\r\n") else data + b"\r\n")
            peer.quit()
        check_bytes(lane, contents, b"\r\n")

    in_lanes(new_lanes(corpus_host, list(contents)), deliver)


def test_append_keeps_every_byte(corpus_host, contents):
    """RFC 3501 6.3.11: the literal is the message; nothing is added in front."""
    files = [path for path, data in list(contents.items())[::4] if b"\0" not in data]
    account = corpus_host.account()
    with account.imap() as peer:
        for path in files:
            peer.append("INBOX", contents[path])
        peer.select()
        for index, got in fetch_in_batches(peer, len(files), "RFC822.SIZE BODY.PEEK[]"):
            if corpus_host.is_ours:
                assert got["BODY[]"] == contents[files[index]], files[index]
            assert int(got["RFC822.SIZE"]) == len(got["BODY[]"])


ITEMS = (
    "UID BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)] "
    "BODYSTRUCTURE BODY ENVELOPE"
)


class Findings:
    """Differences by message, and what explains them."""

    def __init__(self):
        self.lock = threading.Lock()
        self.equal = self.explained = 0
        self.by_reason = collections.Counter()
        self.envelopes = collections.Counter()
        self.unexplained = []

    def note(self, path, differences, reasons):
        with self.lock:
            if not differences:
                self.equal += 1
            elif reasons:
                self.explained += 1
                self.by_reason.update(reasons)
            else:
                self.unexplained.append(f"{path.parent.name}/{path.name}: {'; '.join(differences)[:600]}")

    def fault(self, path, text):
        """What no reason excuses: the server contradicts itself or the standard."""
        with self.lock:
            self.unexplained.append(f"{path.parent.name}/{path.name}: {text}")


def test_structure_and_envelope(exact_lanes, contents):
    findings = Findings()
    in_lanes(exact_lanes, lambda lane: look_at_lane(lane, findings))
    reasons = "".join(f"\n  {count:4} {name}: {oracle.REASONS[name]}" for name, count in findings.by_reason.most_common())
    print(
        f"\n{len(contents)} messages, {findings.equal} structures equal, {findings.explained} explained{reasons}"
        f"\n  address fields: {findings.envelopes['equal']} equal, {findings.envelopes['loose']} that RFC 5322 does "
        f"not allow, {findings.envelopes['8 bit']} values with 8 bits"
    )
    assert not findings.unexplained, f"{len(findings.unexplained)} unexplained:\n" + "\n".join(findings.unexplained)


def look_at_lane(lane, findings):
    with lane.account.imap() as peer:
        peer.ok("EXAMINE INBOX")
        for index, got in fetch_in_batches(peer, len(lane.files), ITEMS):
            look_at_message(peer, lane.files[index], index + 1, got, findings)


def look_at_message(peer, path, number, got, findings):
    whole = got["BODY[]"]
    look_at_sections(path, got, findings)
    tree, reasons = oracle.parse(whole)
    structure = got["BODYSTRUCTURE"]
    parts = compare.parts_of(structure)
    look_at_parts(peer, path, number, whole, parts, findings)
    differences = compare.differences(structure, tree, {part.path: part.data for part in parts})
    findings.note(path, differences, reasons)
    if compare.without_extensions(structure) != compare.without_extensions(got["BODY"]):
        findings.fault(path, "BODY is not BODYSTRUCTURE without its extensions")
    if "no separator" in reasons:
        return  # the oracle has lost fields
    counts, faults = compare.envelope(got["ENVELOPE"], tree.head)
    with findings.lock:
        findings.envelopes.update(counts)
    for fault in faults:
        findings.fault(path, fault)


def look_at_sections(path, got, findings):
    """RFC 3501 6.4.5: HEADER and TEXT are the two halves; HEADER.FIELDS is a part of the first."""
    whole, header = got["BODY[]"], got["BODY[HEADER]"]
    if header + got["BODY[TEXT]"] != whole:
        findings.fault(path, "BODY[HEADER] and BODY[TEXT] are not BODY[]")
    if len(header) != oracle.split_at(whole):
        findings.fault(path, f"the header has {len(header)} bytes, not {oracle.split_at(whole)}")
    fields = next(value for name, value in got.items() if name.startswith("BODY[HEADER.FIELDS"))
    want = oracle.header_fields(header, (b"subject", b"from"))
    # "in the case of a message which has no body and no blank line" there is none here either
    ends = (b"\r\n", b"\n") if re.search(rb"(^|\n)\r?\n$", header) else (b"",)
    if fields not in [want + end for end in ends]:
        findings.fault(path, f"HEADER.FIELDS {fields[:200]!r}, not {want[:200]!r}")


def look_at_parts(peer, path, number, whole, parts, findings):
    """Fetch all sections of a message at once; fill part.data."""
    names = [name for part in parts for name in part.sections()]
    if not names:
        return
    got = {}
    for first in range(0, len(names), 100):
        items = " ".join(f"BODY.PEEK[{name}]" for name in names[first : first + 100])
        got.update(peer.ok(f"FETCH {number} ({items})").fetched()[number])
    for part in parts:
        for fault in part.take(got, whole):
            findings.fault(path, fault)
