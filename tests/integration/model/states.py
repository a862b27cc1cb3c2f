"""SELECT, EXAMINE, UNSELECT, CLOSE, EXPUNGE, IDLE."""

import dataclasses

from model.command import Command, need, pick_set, ranges, spell

def select(rng, session, truth):
    verb = rng.choice(["SELECT", "SELECT", "SELECT", "EXAMINE"])
    name = rng.choice([*truth.selectable() * 3, *truth.names(), "nowhere", "INBOX"])
    if session.kind == "qresync" and session.caches and rng.random() < 0.5:
        name = rng.choice(sorted(session.caches))
    return select_named(session, name, verb, resync=rng.random() < 0.9)


def select_named(session, name, verb="SELECT", resync=True):
    cache = session.caches.get(name) if session.kind == "qresync" and resync else None
    cache = cache and dataclasses.replace(cache, flags=dict(cache.flags))
    # RFC 7162 3.2.5.1: of these alone the server tells; the client asks for what is new when it likes
    asked = set(cache.flags) if cache and cache.flags and len(cache.flags) % 3 else None
    had_view = session.view is not None and session.view.box in session.eyes.boxes  # its own DELETE ends it, too

    def check(done, before, now):
        box = now.named(name)
        if box is None or box.no_select or "r" not in now.rights_on(box):
            assert session.view is None
            return need(done, "NO")
        need(done, "OK")
        view = session.view
        view.box = box.id
        assert len(view.entries) == len(box.messages), f"EXISTS {len(view.entries)}, there are {len(box.messages)}"
        assert (view.uidvalidity, view.uidnext) == (box.uidvalidity, box.uidnext)
        look_resynchronised(done, box, cache, asked)
        for entry, uid in zip(view.entries, box.messages):
            assert entry.uid in (None, uid), f"{entry}, not {uid}"
            entry.uid = uid
        unseen = [n for n, m in enumerate(box.messages.values(), 1) if "\\Seen" not in m.flags]
        if session.kind != "rev2":
            assert view.unseen == (unseen[0] if unseen else None), f"UNSEEN {view.unseen} of {unseen}"
        may_change = verb == "SELECT" and bool(set("swite") & now.rights_on(box))
        assert done.code == ("READ-WRITE" if may_change else "READ-ONLY"), done.text
        if "CONDSTORE" in session.capabilities:
            assert view.modseq == box.highestmodseq, f"HIGHESTMODSEQ {view.modseq}, not {box.highestmodseq}"
        if session.kind in ("qresync", "rev2") and had_view:
            assert done.code_of("CLOSED") is not None, "RFC 7162 3.2.11: CLOSED ends the mailbox before"
        view.settled(False)
        if session.kind == "rev2":
            return None
        was = before.get(box.id)
        if was is not None:
            # an idle session may have been told of them first
            low = 0 if now.has_idle else was.recent
            assert low <= view.recent <= was.recent, f"RECENT {view.recent}, {was.recent} were recent"
        return None

    line = f"{verb} {spell(session, name)}"
    if cache is not None:
        known = f" {ranges(asked)}" if asked else ""
        line += f" (QRESYNC ({cache.uidvalidity} {cache.modseq}{known}))"
    elif session.knows_modseq and not resync:
        line += " (CONDSTORE)"
    return Command(verb, [line], mailbox=name, check=check, resync=cache)


def look_resynchronised(done, box, cache, asked):
    """RFC 7162 3.2.5: with VANISHED (EARLIER) and the FETCHes the client has exactly what is there."""
    if cache is None:
        return
    if cache.uidvalidity != box.uidvalidity:
        assert not done.of("FETCH") and not done.of("VANISHED"), f"{done.untagged}: it knew another folder"
        return
    found, there = sorted(cache.flags), sorted(uid for uid in box.messages if asked is None or uid in asked)
    assert found == there, f"after the resynchronisation it has {found}, there is {there}"
    for uid, flags in cache.flags.items():
        want = box.messages[uid].flags
        assert flags in (None, want), f"uid {uid}: after the resynchronisation {sorted(flags)}, not {sorted(want)}"


def unselect(rng, session, truth):
    return Command("UNSELECT", ["UNSELECT"], check=lambda done, *_: need(done, "OK"))


def close(rng, session, truth):
    box_id, can = session.view.box, session.can("e")

    def check(done, before, now):
        need(done, "OK")
        look_expunged(before[box_id], now.boxes[box_id], lambda uid: can)

    return Command("CLOSE", ["CLOSE"], check=check, expunges=True)


def look_expunged(before, now, meant):
    """What was \\Deleted and meant went, and nothing else."""
    want = [uid for uid, m in before.messages.items() if "\\Deleted" not in m.flags or not meant(uid)]
    assert list(now.messages) == want, f"left are {list(now.messages)}, not {want}"


def expunge(rng, session, truth):
    uid = rng.random() < 0.4
    text, chosen = pick_set(rng, session.view, True)
    box_id, can = session.view.box, session.can("e")
    meant = {entry.uid for entry in chosen} if uid else None

    def check(done, before, now):
        if not can:
            need(done, "NO")
            return look_expunged(before[box_id], now.boxes[box_id], lambda _: False)
        need(done, "OK")
        if session.kind == "qresync" and len(now.boxes[box_id].messages) < len(before[box_id].messages):
            assert (done.code or "").startswith("HIGHESTMODSEQ "), f"{done.text}: RFC 7162 3.2.7"
        return look_expunged(before[box_id], now.boxes[box_id], lambda one: meant is None or one in meant)

    return Command(
        "EXPUNGE", [f"EXPUNGE {text}" if uid else "EXPUNGE"], uid=uid, check=check, synchronises=can, expunges=True
    )


def idle(rng, session, truth):
    return Command("IDLE", ["IDLE"], synchronises=True)
