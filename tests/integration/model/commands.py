"""Random commands. Each knows its bytes and, if nobody else is at work meanwhile, what it must answer and change."""

import dataclasses

import wire
from mails import mail

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
    token: str = None
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


def utf7(name):
    """Of the names above, as RFC 3501 5.1.3 sends them."""
    return wire.quote(name.replace("ü", "&APw-"))


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


def expand(text):
    found = []
    for part in text.split(","):
        first, _, last = part.partition(":")
        found += range(int(first), int(last or first) + 1)
    return found


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
    text, chosen = pick_set(rng, session.view, uid)
    return uid, text, chosen


def need(done, *statuses):
    assert done.status in statuses, f"{done.status} {done.text}, not {' or '.join(statuses)}"


def refused(done, *_):
    """Numbers that are not there."""
    need(done, "BAD", "NO")


# reading


def noop(rng, session, truth):
    verb = rng.choice(["NOOP", "NOOP", "CHECK"]) if session.view else "NOOP"
    return Command(verb, [verb], synchronises=True, check=lambda done, *_: need(done, "OK"))


FETCHES = [
    ["FLAGS"],
    ["UID", "FLAGS"],
    ["UID"],
    ["UID", "RFC822.SIZE", "INTERNALDATE"],
    ["FLAGS", "BODY.PEEK[HEADER.FIELDS (X-TOKEN)]", "UID"],
    ["BODY.PEEK[HEADER.FIELDS (X-TOKEN)]"],
    ["ENVELOPE"],
    ["BODYSTRUCTURE", "FLAGS"],
    ["BODY.PEEK[]<3.40>", "BODY.PEEK[1]"],
    ["BODY[]"],
    ["UID", "BODY[TEXT]", "FLAGS"],
    ["RFC822.HEADER", "RFC822.TEXT"],
]


def fetch(rng, session, truth):
    uid, text, chosen = set_command(rng, session, "FETCH")
    items = rng.choice(FETCHES)
    shows_body = any(item.startswith(("BODY[", "RFC822.TEXT")) for item in items)
    marks = shows_body and not session.view.read_only
    command = Command("FETCH", [f"FETCH {text} ({' '.join(items)})"], uid=uid, changes_flags=shows_body)
    if chosen is None:
        command.check = refused
        return command
    view, numbers, box_id = session.view, session.view.numbers(), session.view.box

    def check(done, before, now):
        there = alive(chosen, before.get(box_id))
        need(done, *(["OK"] if len(there) == len(chosen) else ["OK", "NO"]))
        if done.status == "NO":
            assert done.code == "EXPUNGEISSUED", done.text
        # EXPUNGE may come behind the responses of UID FETCH, never before them
        found = merged_fetches(done, stop_at_expunge=True)
        for entry in there:
            got = found.get(numbers[entry.uid])
            assert got, f"uid {entry.uid}, number {numbers[entry.uid]} is not answered: {done.untagged}"
            look_at_items(entry, got, items, uid, now.boxes[box_id], now)
            if marks:
                assert "\\Seen" in now.boxes[box_id].messages[entry.uid].flags
                assert "\\Seen" in (entry.flags or {"\\Seen"}), "\\Seen was set and not told"
        if not marks:
            assert flags_of(before[box_id]) == flags_of(now.boxes[box_id])
        assert view is session.view or session.view is None

    command.check = check
    return command


def flags_of(box):
    return {uid: message.flags for uid, message in box.messages.items()}


def merged_fetches(done, stop_at_expunge):
    found = {}
    for response in done.untagged:
        if len(response) > 1 and response[1] == "EXPUNGE" and stop_at_expunge:
            break
        if len(response) > 2 and response[1] == "FETCH":
            pairs = response[2]
            found.setdefault(int(response[0]), {}).update(zip(map(str.upper, pairs[::2]), pairs[1::2]))
    return found


def look_at_items(entry, got, items, uid, box, truth):
    for item in [*items, *(["UID"] if uid else [])]:
        name = item.replace(".PEEK", "").replace("<3.40>", "<3>")
        assert name in got, f"{name} is not in {got}"
    message = box.messages[entry.uid]
    if "FLAGS" in items:
        assert frozenset(got["FLAGS"]) - {"\\Recent"} == message.flags, f"{got['FLAGS']} of {message}"
    header = got.get("BODY[HEADER.FIELDS (X-TOKEN)]")
    if header is not None:
        token = header.decode().strip().partition(": ")[2]
        assert truth.tokens.setdefault(message.object, token) == token, f"{token} of {message}"


SEARCHES = {
    "ALL": lambda flags: True,
    "SEEN": lambda flags: "\\Seen" in flags,
    "UNSEEN": lambda flags: "\\Seen" not in flags,
    "DELETED": lambda flags: "\\Deleted" in flags,
    "UNDELETED": lambda flags: "\\Deleted" not in flags,
    "FLAGGED": lambda flags: "\\Flagged" in flags,
    "NOT FLAGGED": lambda flags: "\\Flagged" not in flags,
    "OR ANSWERED DRAFT": lambda flags: bool({"\\Answered", "\\Draft"} & flags),
    "KEYWORD $Junk": lambda flags: "$Junk" in flags,
    "UNKEYWORD kw0": lambda flags: "kw0" not in flags,
    "SEEN UNDELETED": lambda flags: "\\Seen" in flags and "\\Deleted" not in flags,
    'SUBJECT "model"': lambda flags: True,
    'HEADER X-Token ""': lambda flags: True,
}


def search(rng, session, truth):
    key = rng.choice(sorted(SEARCHES))
    uid = rng.random() < 0.5
    told, box_id = list(session.view.entries), session.view.box
    numbers = session.view.numbers()

    def check(done, before, now):
        need(done, "OK")
        found = {int(word) for word in done.one("SEARCH")}
        box = before.get(box_id)
        there = alive(told, box)
        matching = {entry.uid for entry in there if SEARCHES[key](box.messages[entry.uid].flags)}
        others = {entry.uid for entry in there} - matching
        if not uid:
            assert all(1 <= number <= len(told) for number in found), f"{found} of {len(told)}"
            matching, others = ({numbers[one] for one in uids} for uids in (matching, others))
        assert matching <= found, f"{key}: {found}, without {matching - found}"
        assert not others & found, f"{key}: {others & found} do not match"

    return Command("SEARCH", [f"SEARCH {key}"], uid=uid, check=check)


def status(rng, session, truth):
    name = rng.choice([*truth.names(), "nowhere"])

    def check(done, before, now):
        box = now.named(name)
        if box is None or box.no_select:
            return need(done, "NO")
        need(done, "OK")
        items = done.one("STATUS")[1]
        got = {word: int(value) for word, value in zip(items[::2], items[1::2])}
        want = {
            "MESSAGES": len(box.messages),
            "UIDNEXT": box.uidnext,
            "UIDVALIDITY": box.uidvalidity,
            "UNSEEN": len(box.messages) - box.count("\\Seen"),
        }
        recent, was = got.pop("RECENT"), before.get(box.id, box)
        assert got == want, f"STATUS {name}: {got}, not {want}"
        assert box.recent <= recent <= was.recent, f"STATUS {name}: RECENT {recent}, not {was.recent}"
        return None

    return Command("STATUS", [f"STATUS {utf7(name)} (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)"], check=check)


def list_all(rng, session, truth):
    def check(done, before, now):
        need(done, "OK")
        rows = done.of("LIST")
        texts = [row[2].decode() if isinstance(row[2], bytes) else row[2] for row in rows]
        named = dict(zip(texts, rows))
        want = {}
        for box in now.boxes.values():
            want[utf7(box.name).strip('"')] = box.no_select
        for name in list(want):
            while "/" in name:
                name = name.rpartition("/")[0]
                want.setdefault(name, True)
        assert sorted(texts) == sorted(want), f"LIST: {sorted(texts)}, not {sorted(want)}"
        for name, row in named.items():
            assert ("\\Noselect" in row[0]) == want[name], f"LIST: {row}"

    return Command("LIST", ['LIST "" "*"'], check=check)


# the state of the session


def select(rng, session, truth):
    verb = rng.choice(["SELECT", "SELECT", "SELECT", "EXAMINE"])
    return select_named(session, rng.choice([*truth.selectable() * 3, *truth.names(), "nowhere", "INBOX"]), verb)


def select_named(session, name, verb="SELECT"):
    def check(done, before, now):
        box = now.named(name)
        if box is None or box.no_select:
            assert session.view is None
            return need(done, "NO")
        need(done, "OK")
        view = session.view
        view.box = box.id
        assert len(view.entries) == len(box.messages), f"EXISTS {len(view.entries)}, there are {len(box.messages)}"
        assert (view.uidvalidity, view.uidnext) == (box.uidvalidity, box.uidnext)
        for entry, uid in zip(view.entries, box.messages):
            entry.uid = uid
        unseen = [n for n, m in enumerate(box.messages.values(), 1) if "\\Seen" not in m.flags]
        assert view.unseen == (unseen[0] if unseen else None), f"UNSEEN {view.unseen} of {unseen}"
        assert done.code == ("READ-ONLY" if verb == "EXAMINE" else "READ-WRITE")
        was = before.get(box.id)
        if was is not None:
            # an idle session may have been told of them first
            low = 0 if now.has_idle else was.recent
            assert low <= view.recent <= was.recent, f"RECENT {view.recent}, {was.recent} were recent"
        return None

    return Command(verb, [f"{verb} {utf7(name)}"], mailbox=name, check=check)


def unselect(rng, session, truth):
    return Command("UNSELECT", ["UNSELECT"], check=lambda done, *_: need(done, "OK"))


def close(rng, session, truth):
    box_id, read_only = session.view.box, session.view.read_only

    def check(done, before, now):
        need(done, "OK")
        look_expunged(before[box_id], now.boxes[box_id], lambda uid: not read_only)

    return Command("CLOSE", ["CLOSE"], check=check, expunges=True)


def look_expunged(before, now, meant):
    """What was \\Deleted and meant went, and nothing else."""
    want = [uid for uid, m in before.messages.items() if "\\Deleted" not in m.flags or not meant(uid)]
    assert list(now.messages) == want, f"left are {list(now.messages)}, not {want}"


def expunge(rng, session, truth):
    uid = rng.random() < 0.4
    text, chosen = pick_set(rng, session.view, True)
    box_id, read_only = session.view.box, session.view.read_only
    meant = {entry.uid for entry in chosen} if uid else None

    def check(done, before, now):
        if read_only:
            need(done, "NO")
            return look_expunged(before[box_id], now.boxes[box_id], lambda _: False)
        need(done, "OK")
        return look_expunged(before[box_id], now.boxes[box_id], lambda one: meant is None or one in meant)

    return Command(
        "EXPUNGE", [f"EXPUNGE {text}" if uid else "EXPUNGE"], uid=uid, check=check, synchronises=not read_only, expunges=True
    )


# writing


def changed(flags, operation, named):
    if operation == "+":
        return flags | named
    return flags - named if operation == "-" else frozenset(named)


def store(rng, session, truth):
    uid, text, chosen = set_command(rng, session, "STORE")
    operation, silent = rng.choice(["", "+", "+", "-"]), rng.random() < 0.4
    named = frozenset(pick_flags(rng))
    line = f"STORE {text} {operation}FLAGS{'.SILENT' if silent else ''} {flag_list(sorted(named))}"
    command = Command("STORE", [line], uid=uid, changes_flags=True, silent=silent)
    view, box_id = session.view, session.view.box
    if view.read_only or chosen is None:
        command.check = refused
        return command
    numbers = view.numbers()

    def check(done, before, now):
        there = alive(chosen, before.get(box_id))
        if not there:
            need(done, "OK", "NO")
            return
        need(done, *(["OK"] if len(there) == len(chosen) else ["OK", "NO"]))
        was, box = before[box_id], now.boxes[box_id]
        touched = {entry.uid for entry in there}
        for one, message in was.messages.items():
            want = changed(message.flags, operation, named) if one in touched else message.flags
            got = box.messages[one].flags
            assert got == want, f"uid {one}: {sorted(message.flags)} became {sorted(got)}, not {sorted(want)}"
        told = merged_fetches(done, stop_at_expunge=True)
        for entry in there:
            answer = told.get(numbers[entry.uid])
            if silent:
                # the client does to its own flags what it asked for, unless it was told
                if answer is None and entry.flags is not None:
                    entry.flags = changed(entry.flags, operation, named)
                continue
            assert answer and "FLAGS" in answer, f"uid {entry.uid} is not answered: {done.untagged}"
            assert ("UID" in answer) or not uid, f"{answer} without its uid"

    command.check = check
    return command


def append(rng, session, truth):
    name = rng.choice([*truth.selectable() * 3, *truth.names(), "nowhere", "INBOX"])
    flags = pick_flags(rng, 2)
    token = f"t{rng.getrandbits(48):012x}"
    more = rng.choice(["", f"{flag_list(flags)} ", f'{flag_list(flags)} "17-Jul-1996 02:44:25 -0700" '])
    flags = flags if more else []

    def check(done, before, now):
        box = now.named(name)
        if box is None or box.no_select:
            need(done, "NO")
            assert box is not None or done.code == "TRYCREATE", done.text
            return
        need(done, "OK")
        was = before.get(box.id)
        new = look_added(was, box, 1)
        assert done.code == f"APPENDUID {box.uidvalidity} {new[0]}", f"{done.code}, not {box.uidvalidity} {new}"
        message = box.messages[new[0]]
        assert message.flags == frozenset(flags), f"{flags} became {message}"
        now.tokens[message.object] = token

    return Command("APPEND", [f"APPEND {utf7(name)} {more}", message_of(rng, token)], check=check, token=token)


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


def copy(rng, session, truth):
    uid, text, chosen = set_command(rng, session, "COPY")
    name = rng.choice([*truth.selectable() * 3, *truth.names(), "nowhere"])
    command = Command("COPY", [f"COPY {text} {utf7(name)}"], uid=uid)
    if chosen is None:
        command.check = refused
        return command
    box_id = session.view.box

    def check(done, before, now):
        to = now.named(name)
        there = alive(chosen, before.get(box_id))
        if to is None or to.no_select:
            # with nothing to copy a server need not look for the target
            return need(done, "NO") if there else need(done, "NO", "OK")
        need(done, *(["OK"] if len(there) == len(chosen) else ["OK", "NO"]))
        if done.status == "NO" or not there:
            return look_added(before.get(to.id), to, 0)
        uids = [entry.uid for entry in there]
        new = look_added(before.get(to.id), to, len(uids))
        word, uidvalidity, source, target = done.code.split(" ")
        assert (word, int(uidvalidity)) == ("COPYUID", to.uidvalidity)
        assert (expand(source), expand(target)) == (uids, new), f"{done.code}, not {uids} {new}"
        for one, other in zip(uids, new):
            assert to.messages[other] == before[box_id].messages[one]
        return None

    command.check = check
    return command


# folders


def create(rng, session, truth):
    name = rng.choice(NAMES)

    def check(done, before, now):
        was = next((box for box in before.values() if box.name == name), None)
        need(done, "NO" if was is not None and not was.no_select else "OK")
        assert name in now.selectable()

    return Command("CREATE", [f"CREATE {utf7(name)}"], check=check)


def delete(rng, session, truth):
    name = rng.choice([*truth.names(), "nowhere"])

    def check(done, before, now):
        was = next((box for box in before.values() if box.name == name), None)
        if was is None or name == "INBOX":
            return need(done, "NO")
        has_below = any(box.name.startswith(name + "/") for box in before.values())
        need(done, "NO" if was.no_select and has_below else "OK")
        assert was.id not in now.boxes or done.status == "NO"
        return None

    return Command("DELETE", [f"DELETE {utf7(name)}"], check=check)


def rename(rng, session, truth):
    name, to = rng.choice([*truth.names(), "nowhere"]), rng.choice(NAMES)

    def check(done, before, now):
        names = {box.name: box for box in before.values()}
        if name not in names or to in names or to.startswith(name + "/") and name != "INBOX":
            return need(done, "NO", "BAD")
        need(done, "OK")
        assert now.boxes[names[name].id].name == to, "the folder goes with its mail"
        assert name != "INBOX" or not now.named("INBOX").messages
        return None

    return Command("RENAME", [f"RENAME {utf7(name)} {utf7(to)}"], check=check)


def idle(rng, session, truth):
    return Command("IDLE", ["IDLE"], synchronises=True)


# what, how often, only with a mailbox
TABLE = [
    (noop, 10, False),
    (fetch, 18, True),
    (search, 6, True),
    (store, 16, True),
    (copy, 9, True),
    (append, 9, False),
    (expunge, 8, True),
    (select, 8, False),
    (close, 2, True),
    (unselect, 1, True),
    (status, 5, False),
    (list_all, 2, False),
    (create, 2, False),
    (delete, 1, False),
    (rename, 1, False),
]


def pick(rng, session, truth):
    if session.view and session.view.has_unknown():  # its folder is gone
        return noop(rng, session, truth)
    rows = [row for row in TABLE if session.view or not row[2]]
    if not session.view and rng.random() < 0.5:
        return select(rng, session, truth)
    make = rng.choices([row[0] for row in rows], [row[1] for row in rows])[0]
    return make(rng, session, truth)
