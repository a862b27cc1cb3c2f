"""SEARCH, its result options (RFC 4731, 5182) and MODSEQ (RFC 7162)."""

from model.command import Command, alive, expand, need

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

OPTIONS = ["()", "(ALL)", "(COUNT)", "(MIN MAX COUNT)", "(ALL MIN)", "(SAVE)", "(SAVE)", "(SAVE ALL COUNT)"]


def options_of(rng, session):
    """A list of result options, or None: the answer is SEARCH."""
    if "ESEARCH" not in session.capabilities or rng.random() < 0.5:
        return None
    return rng.choice([one for one in OPTIONS if "SAVE" not in one or "SEARCHRES" in session.capabilities])


def search(rng, session, truth):
    key, uid = rng.choice(sorted(SEARCHES)), rng.random() < 0.5
    within = set(session.saved) if session.saved is not None and rng.random() < 0.4 else None
    since = rng.choice([0, session.view.modseq or 1]) if session.knows_modseq and rng.random() < 0.3 else None
    options = options_of(rng, session)
    told, box_id = list(session.view.entries), session.view.box
    numbers = session.view.numbers()

    def matches(entry, message):
        return (
            SEARCHES[key](message.flags)
            and (within is None or entry.uid in within)
            and (since is None or message.modseq >= since)
        )

    def check(done, before, now):
        need(done, "OK")
        box = before.get(box_id)
        there = alive(told, box)
        matching = {entry.uid for entry in there if matches(entry, box.messages[entry.uid])}
        others = {entry.uid for entry in there} - matching
        look_at_answer(done, numbered(matching), numbered(others), told)
        if options and "SAVE" in options:
            # what is gone counts for nothing, so that it may or may not be in it
            session.saved = matching

    def numbered(uids):
        return uids if uid else {numbers[one] for one in uids}

    def look_at_answer(done, matching, others, told):
        if options is None and session.kind != "rev2":
            look_at_list(plain_answer(done, since), matching, others)
            return
        answer = extended_answer(done, uid)
        wanted = set((options or "(ALL)").strip("()").split())
        if not wanted:
            wanted = {"ALL"}
        found = set(expand(answer["ALL"])) if "ALL" in answer else set()
        if "ALL" in wanted:
            look_at_list(found, matching, others)
        exact = len(matching) + len(others) == len(told)
        if "COUNT" in wanted and exact:
            assert int(answer["COUNT"]) == len(matching), f"{answer}, not {len(matching)}"
        if exact and matching and "MIN" in wanted:
            assert int(answer["MIN"]) == min(matching), f"{answer}, not {min(matching)}"
        if exact and matching and "MAX" in wanted:
            assert int(answer["MAX"]) == max(matching), f"{answer}, not {max(matching)}"
        strange = set(answer) - wanted - {"MODSEQ"}
        assert not strange, f"{answer}: {strange} was not asked for"

    def look_at_list(found, matching, others):
        if not uid:
            assert all(1 <= number <= len(told) for number in found), f"{found} of {len(told)}"
        assert matching <= found, f"{key}: {found}, without {matching - found}"
        assert not others & found, f"{key}: {others & found} do not match"

    words = ["SEARCH"] + ([f"RETURN {options}"] if options else []) + ([key])
    words += (["$"] if within is not None else []) + ([f"MODSEQ {since}"] if since is not None else [])
    return Command("SEARCH", [" ".join(words)], uid=uid, check=check, saves=bool(options and "SAVE" in options))


def plain_answer(done, since):
    """RFC 7162 3.1.5: behind what is found by MODSEQ stands the highest one."""
    words = done.one("SEARCH")
    if words and isinstance(words[-1], list):
        assert since is not None and words[-1][0] == "MODSEQ" and len(words) > 1, words
        words = words[:-1]
    else:
        assert since is None or not words, f"{words} without MODSEQ"
    return {int(word) for word in words}


def extended_answer(done, uid):
    """RFC 4731 3.1: name to value; with RETURN (SAVE) alone there is none."""
    rows = done.of("ESEARCH")
    assert len(rows) <= 1 and not done.of("SEARCH"), done.untagged
    if not rows:
        return {}
    words = rows[0]
    if words and isinstance(words[0], list):
        assert words[0][0] == "TAG", words
        words = words[1:]
    assert (words[:1] == ["UID"]) == uid, f"{words}: UID in the answer to UID SEARCH alone"
    words = words[1:] if uid else words
    return dict(zip(words[::2], words[1::2]))
