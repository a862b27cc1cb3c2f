"""What all random commands share: their bytes, sets of messages, flags and the rights that they take."""

import dataclasses

import wire
from mails import mail
from model.view import expand  # noqa: F401 (for those that import it from here)

FLAGS = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"]
# more than the 48 that have a bit in an entry's mask
KEYWORDS = ["$Forwarded", "$Junk", *(f"kw{number}" for number in range(58))]
NAMES = ["INBOX", "work", "work/deep", "other", "other/one/two", "INBOX/below", "Entwürfe", "gone"]


@dataclasses.dataclass
class Command:
    """`pieces`: text, and bytes that go as literals. `check(done, truth_before, truth)` runs after the answer, with
    what was in the database before and what is there now; NOOP-like ones leave their session up to date."""

    verb: str
    pieces: list
    uid: bool = False
    mailbox: str = None
    check: object = None
    synchronises: bool = False
    expunges: bool = False
    changes_flags: bool = False
    silent: bool = False
    tokens: tuple = ()  # of what APPEND brings
    target: str = None  # the mailbox that APPEND, COPY and MOVE put messages into
    resync: object = None  # the cache that SELECT (QRESYNC) names
    saves: bool = False  # the result of a search, for `$`
    tag: str = None

    def bytes(self):
        parts = ["UID "] if self.uid else []
        parts = [part if isinstance(part, bytes) else part.encode() for part in parts]
        for piece in self.pieces:
            if isinstance(piece, bytes):
                parts.append(b"{%d+}\r\n" % len(piece) + piece)
            else:
                parts.append(piece.encode())
        return b"".join(parts)

    def __str__(self):
        text = self.bytes()
        return f"{self.tag} {text[:150]!r}"


def spell(session, name):
    """RFC 3501 5.1.3 for names such as those above; RFC 9051 5.1: UTF-8."""
    return wire.quote(name if session.kind == "rev2" else name.replace("ü", "&APw-"))


def pick_flags(rng, most=3):
    count = rng.randrange(most + 1)
    pool = FLAGS + FLAGS + [rng.choice(KEYWORDS[:6]), rng.choice(KEYWORDS)]
    return sorted(set(rng.sample(pool, count)))


def flag_list(flags):
    return "(" + " ".join(flags) + ")"


# sets of messages


def ranges(numbers):
    """As a client writes them: 1:3,5."""
    text, numbers = [], sorted(numbers)
    at = 0
    while at < len(numbers):
        end = at
        while end + 1 < len(numbers) and numbers[end + 1] == numbers[end] + 1:
            end += 1
        text.append(str(numbers[at]) if at == end else f"{numbers[at]}:{numbers[end]}")
        at = end + 1
    return ",".join(text)


def pick_set(rng, view, uid):
    """(text, the entries that are meant), or (text, None) for numbers that are not there."""
    entries = view.entries
    kind = rng.randrange(12)
    if not uid and (kind == 0 or not entries):
        return rng.choice([f"{len(entries) + 1}", f"1:{len(entries) + 1}", "4294967295"]), None
    if kind == 1 or not entries:
        return ("1:*" if entries else "77:99"), list(entries)
    if kind == 2:
        return "*", [entries[-1]]
    chosen = rng.sample(entries, rng.randint(1, min(len(entries), rng.choice([1, 1, 2, 4, 30]))))
    if kind == 3:
        low = entries.index(chosen[0])
        start = chosen[0].uid if uid else low + 1
        return f"*:{start}" if rng.random() < 0.5 else f"{start}:*", entries[low:]
    if uid:
        text = ranges({entry.uid for entry in chosen} | ({view.uidnext + 1000} if kind == 4 else set()))
    else:
        text = ranges({entries.index(entry) + 1 for entry in chosen})
    return text, sorted(chosen, key=lambda entry: entry.uid)


def alive(entries, box):
    """Those that are still there; a folder that is gone has none."""
    return [entry for entry in entries if box is not None and entry.uid in box.messages]


def set_command(rng, session, verb):
    uid = rng.random() < 0.5
    if session.saved is not None and rng.random() < 0.3:
        return uid, "$", [entry for entry in session.view.entries if entry.uid in session.saved]
    text, chosen = pick_set(rng, session.view, uid)
    return uid, text, chosen


def need(done, *statuses):
    assert done.status in statuses, f"{done.status} {done.text}, not {' or '.join(statuses)}"


def refused(done, *_):
    """Numbers that are not there."""
    need(done, "BAD", "NO")


def flags_of(box):
    return {uid: message.flags for uid, message in box.messages.items()}


def merged_fetches(done, stop_at_expunge):
    found = {}
    for response in done.untagged:
        if stop_at_expunge and (response[0] == "VANISHED" or len(response) > 1 and response[1] == "EXPUNGE"):
            break
        if len(response) > 2 and response[1] == "FETCH":
            pairs = response[2]
            found.setdefault(int(response[0]), {}).update(zip(map(str.upper, pairs[::2]), pairs[1::2]))
    return found


RIGHT_OF_FLAG = {"\\Seen": "s", "\\Deleted": "t"}


def allowed_flags(flags, rights):
    """RFC 4314 section 4: those that may be changed."""
    return frozenset(flag for flag in flags if RIGHT_OF_FLAG.get(flag, "w") in rights)


def message_of(rng, token):
    body = b"x" * rng.choice([0, 10, 300, 300, 20000])
    return mail(body + b"\r\n", f"model {token}", b"X-Token: %s\r\n" % token.encode())


def look_added(was, now, count):
    """Nothing else changed; the uids of the new ones, in order."""
    old = was.messages if was else {}
    base = was.uidnext if was else 1
    new = [uid for uid in now.messages if uid >= base]
    assert new == list(range(base, base + count)), f"new are {new}, not {count} from {base}"
    assert {uid: now.messages[uid] for uid in old} == old
    return new
