"""NOOP, FETCH, STATUS, LIST."""

from model.command import Command, alive, expand, flags_of, merged_fetches, need, refused, set_command, spell


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
    marks = shows_body and session.can("s")
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


def fetch_changed(rng, session, truth):
    """RFC 7162 3.1.4.1, 3.2.6: what changed since a modseq, and with VANISHED what went."""
    view, box_id = session.view, session.view.box
    if not session.knows_modseq or view.modseq is None:
        return fetch(rng, session, truth)
    cached = view.cached_modseq
    since = rng.choice([view.modseq, cached or 1, 1, *(entry.modseq or 1 for entry in view.entries)])
    vanished = session.kind == "qresync" and rng.random() < 0.5
    told, numbers = list(view.entries), view.numbers()
    line = f"FETCH 1:* (UID FLAGS) (CHANGEDSINCE {since}{' VANISHED' if vanished else ''})"
    command = Command("FETCH", [line], uid=True)

    def check(done, before, now):
        need(done, "OK")
        box = before[box_id]
        found = merged_fetches(done, stop_at_expunge=False)
        for entry in alive(told, box):
            message, answer = box.messages[entry.uid], found.get(numbers[entry.uid])
            if message.modseq > since:
                assert answer and int(answer["MODSEQ"][0]) == message.modseq, f"uid {entry.uid}: {answer}, not {message}"
                assert frozenset(answer["FLAGS"]) - {"\\Recent"} == message.flags, f"{answer}, not {message}"
        if vanished:
            gone = {uid for row in done.of("VANISHED") if row[0] == ["EARLIER"] for uid in expand(row[1])}
            assert not gone & set(box.messages), f"{gone & set(box.messages)} are said to have vanished"

    command.check = check
    return command


def status(rng, session, truth):
    name = rng.choice([*truth.names(), "nowhere"])
    words = ["MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN"]
    words += [] if session.kind == "rev2" else ["RECENT"]
    words += ["HIGHESTMODSEQ"] if session.knows_modseq else []
    words += ["DELETED"] if "STATUS=SIZE" in session.capabilities else []

    def check(done, before, now):
        box = now.named(name)
        if box is None or box.no_select or "r" not in now.rights_on(box):
            return need(done, "NO")
        need(done, "OK")
        items = done.one("STATUS")[1]
        got = {word: int(value) for word, value in zip(items[::2], items[1::2])}
        recent, was = got.pop("RECENT", None), before.get(box.id, box)
        want = counts(box)
        if session.view and session.view.box == box.id and "HIGHESTMODSEQ" in got:
            # of the mailbox that is selected: never beyond what this client was told of
            assert (session.view.modseq or 0) <= got["HIGHESTMODSEQ"] <= want["HIGHESTMODSEQ"], f"{got} of {want}"
            want["HIGHESTMODSEQ"] = got["HIGHESTMODSEQ"]
        assert got == {word: want[word] for word in got} and len(items) == 2 * len(words), f"STATUS {name}: {got}, not {want}"
        assert recent is None or box.recent <= recent <= was.recent, f"STATUS {name}: RECENT {recent}, not {was.recent}"
        return None

    return Command("STATUS", [f"STATUS {spell(session, name)} ({' '.join(words)})"], check=check)


def counts(box):
    return {
        "MESSAGES": len(box.messages),
        "UIDNEXT": box.uidnext,
        "UIDVALIDITY": box.uidvalidity,
        "UNSEEN": len(box.messages) - box.count("\\Seen"),
        "DELETED": box.count("\\Deleted"),
        "HIGHESTMODSEQ": box.highestmodseq,
    }


def list_all(rng, session, truth):
    """Everything, or what others share; with the counts in the same answer, where the server can."""
    prefix = rng.choice(["", "", "#Users/", "#Public/"])
    with_status = "LIST-STATUS" in session.capabilities and rng.random() < 0.5

    def check(done, before, now):
        need(done, "OK")
        named = {text_of(row[2]): row for row in done.of("LIST")}
        want = {}
        for box in now.visible():
            want[now.name_of(box)] = box.no_select or "r" not in now.rights_on(box)
        spelled = {spell(session, name).strip('"'): selectable for name, selectable in with_parents(want).items()}
        shown = {name for name in spelled if name.startswith(prefix)}
        # whether * reaches into other namespaces RFC 2342 leaves open
        found = {name for name in named if name.startswith("#") == (prefix != "")}
        shown = {name for name in shown if name.startswith("#") == (prefix != "")}
        assert found <= set(spelled) and found >= {one for one in shown if not spelled[one]}, f"LIST: {found}, not {shown}"
        if not prefix:
            # RFC 9051 6.3.9: a level without a mailbox is told for %, and may be passed over for *
            must = shown & {spell(session, name).strip('"') for name in want}
            assert must <= found <= shown, f"LIST: {sorted(found)}, not {sorted(shown)}"
        for name in found:
            row = {str(word).lower() for word in named[name][0]}
            assert bool(row & {"\\noselect", "\\nonexistent"}) == spelled[name], f"LIST: {named[name]}"
        if with_status:
            look_at_counts(done, now)

    def look_at_counts(done, now):
        known = {spell(session, now.name_of(box)).strip('"'): box for box in now.visible()}
        for name, items in done.of("STATUS"):
            want = counts(known[text_of(name)])
            got = {word: int(value) for word, value in zip(items[::2], items[1::2])}
            assert got == {word: want[word] for word in got}, f"LIST-STATUS {name}: {got}, not {want}"

    more = " RETURN (STATUS (MESSAGES UIDNEXT UNSEEN))" if with_status else ""
    return Command("LIST", [f'LIST "" "{prefix}*"{more}'], check=check)


def text_of(value):
    return value.decode() if isinstance(value, bytes) else value


def with_parents(names):
    """Names above those that are there are shown, and cannot be selected."""
    every = dict(names)
    for name in names:
        while "/" in name:
            name = name.rpartition("/")[0]
            if name not in ("#Users", "#Public"):
                every.setdefault(name, True)
    return every
