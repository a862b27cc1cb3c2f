"""STORE, APPEND, COPY, MOVE."""

from model.command import (
    Command, alive, allowed_flags, expand, flag_list, look_added, merged_fetches, message_of, need, pick_flags, refused,
    set_command, spell,
)


def changed(flags, operation, named):
    if operation == "+":
        return flags | named
    return flags - named if operation == "-" else frozenset(named)


def condition(rng, session):
    """RFC 7162 3.1.3: a modseq that some messages, all or none have changed since; None: without."""
    if not session.knows_modseq or rng.random() < 0.6:
        return None
    modseqs = [entry.modseq for entry in session.view.entries if entry.modseq is not None]
    return rng.choice([*modseqs, session.view.modseq or 1, 0, 1 << 62])


def store(rng, session, truth):
    uid, text, chosen = set_command(rng, session, "STORE")
    operation, silent = rng.choice(["", "+", "+", "-"]), rng.random() < 0.4
    named, since = frozenset(pick_flags(rng)), condition(rng, session)
    modifier = "" if since is None else f"(UNCHANGEDSINCE {since}) "
    line = f"STORE {text} {modifier}{operation}FLAGS{'.SILENT' if silent else ''} {flag_list(sorted(named))}"
    command = Command("STORE", [line], uid=uid, changes_flags=True, silent=silent)
    view, box_id = session.view, session.view.box
    box = truth.boxes.get(box_id)
    if view.read_only or chosen is None or box is None or not truth.rights_on(box) & set("swt"):
        command.check = refused if chosen is None or alive(chosen, box) else None
        return command
    numbers, rights = view.numbers(), truth.rights_on(box)
    may_fail = operation and named and not allowed_flags(named, rights)

    def after(flags):
        kept = flags - allowed_flags(flags, rights)
        return kept | changed(flags - kept, operation, allowed_flags(named, rights))

    def check(done, before, now):
        there = alive(chosen, before.get(box_id))
        if not there:
            need(done, "OK", "NO")
            return
        need(done, *(["OK"] if len(there) == len(chosen) and not may_fail else ["OK", "NO"]))
        was, box = before[box_id], now.boxes[box_id]
        failed = [entry for entry in there if since is not None and was.messages[entry.uid].modseq > since]
        touched = {entry.uid for entry in there if entry not in failed}
        if may_fail and done.status == "NO":
            touched = set()
        look_modified(done, failed, uid, numbers)
        for one, message in was.messages.items():
            want = after(message.flags) if one in touched else message.flags
            got = box.messages[one].flags
            assert got == want, f"uid {one}: {sorted(message.flags)} became {sorted(got)}, not {sorted(want)}"
        told = merged_fetches(done, stop_at_expunge=True)
        for entry in there:
            if entry.uid in touched:
                look_told(entry, told.get(numbers[entry.uid]), was.messages[entry.uid], box.messages[entry.uid])

    def look_told(entry, answer, was, message):
        if session.knows_modseq and was.flags != message.flags:
            assert answer and "MODSEQ" in answer, f"uid {entry.uid} changed, {answer} without MODSEQ (RFC 7162 3.1.3)"
            assert int(answer["MODSEQ"][0]) == message.modseq, f"{answer}, the modseq is {message.modseq}"
        if not silent:
            assert answer and "FLAGS" in answer, f"uid {entry.uid} is not answered"
            assert ("UID" in answer) or not uid, f"{answer} without its uid"
        elif (answer is None or "FLAGS" not in answer) and entry.flags is not None:
            # the client does to its own flags what it asked for, unless it was told
            entry.flags = after(entry.flags)

    command.check = check
    return command


def look_modified(done, failed, uid, numbers):
    """The MODIFIED code names those that the condition spared, and nobody else."""
    word, _, rest = (done.code or "").partition(" ")
    want = sorted(entry.uid if uid else numbers[entry.uid] for entry in failed)
    found = expand(rest) if word == "MODIFIED" else []
    assert sorted(found) == want or done.status == "NO", f"{done.text}: not {want} were spared"


def append(rng, session, truth):
    """RFC 3501 6.3.11; now and then several messages (RFC 3502)."""
    name = rng.choice([*truth.selectable() * 3, *truth.names(), "nowhere", "INBOX"])
    count = rng.choice([1, 1, 1, 2, 5]) if "MULTIAPPEND" in session.capabilities else 1
    flags, tokens, pieces = [], [], [f"APPEND {spell(session, name)}"]
    for _ in range(count):
        named, token = pick_flags(rng, 2), f"t{rng.getrandbits(48):012x}"
        more = rng.choice([" ", f" {flag_list(named)} ", f' {flag_list(named)} "17-Jul-1996 02:44:25 -0700" '])
        flags.append(named if more != " " else [])
        tokens.append(token)
        pieces += [more, message_of(rng, token)]

    def check(done, before, now):
        box = now.named(name)
        if box is None or box.no_select or "i" not in now.rights_on(box):
            need(done, "NO")
            assert box is not None or done.code == "TRYCREATE", done.text
            if box is not None:
                look_added(before.get(box.id), box, 0)
            return
        need(done, "OK")
        new = look_added(before.get(box.id), box, count)
        word, uidvalidity, uids = done.code.split(" ")
        assert (word, int(uidvalidity), expand(uids)) == ("APPENDUID", box.uidvalidity, new), done.text
        for uid, given, token in zip(new, flags, tokens):
            message = box.messages[uid]
            assert message.flags == allowed_flags(given, now.rights_on(box)), f"{given} became {message}"
            now.tokens[message.object] = token

    return Command("APPEND", pieces, check=check, tokens=tuple(tokens), target=name)


def copy(rng, session, truth):
    return transfer(rng, session, truth, "COPY")


def move(rng, session, truth):
    """RFC 6851."""
    return transfer(rng, session, truth, "MOVE" if "MOVE" in session.capabilities else "COPY")


def transfer(rng, session, truth, verb):
    uid, text, chosen = set_command(rng, session, verb)
    name = rng.choice([*truth.selectable() * 3, *truth.names(), "nowhere"])
    moves = verb == "MOVE"
    command = Command(verb, [f"{verb} {text} {spell(session, name)}"], uid=uid, target=name, expunges=moves)
    command.synchronises = moves
    if chosen is None:
        command.check = refused
        return command
    box_id, may_remove = session.view.box, session.can("te")

    def check(done, before, now):
        to = now.named(name)
        there = alive(chosen, before.get(box_id))
        command.synchronises = moves and done.status == "OK"
        if to is None or to.no_select or "i" not in now.rights_on(to) or moves and not may_remove:
            # with nothing to do a server need not look for the target
            return need(done, "NO") if there else need(done, "NO", "OK")
        need(done, *(["OK"] if len(there) == len(chosen) else ["OK", "NO"]))
        if done.status == "NO" or not there:
            return look_added(before.get(to.id), to, 0) and None
        look_transferred(done, [entry.uid for entry in there], before, to, now)
        return None

    def look_transferred(done, uids, before, to, now):
        was, base = before[box_id], before[to.id].uidnext if to.id in before else 1
        code = done.code_of("COPYUID")
        assert code is not None and (not moves or (done.code or "").partition(" ")[0] != "COPYUID"), (
            f"{done}: COPYUID is in the tagged answer to COPY, in an untagged OK to MOVE (RFC 6851 4.3)"
        )
        uidvalidity, source, target = code.split(" ")
        new = list(range(base, base + len(uids)))
        assert int(uidvalidity) == to.uidvalidity
        assert (expand(source), expand(target)) == (uids, new), f"{code}, not {uids} {new}"
        for one, other in zip(uids, new):
            look_same(was.messages[one], to.messages[other], was, to, now)
        gone = set(uids) if moves else set()
        left = {one: message for one, message in was.messages.items() if one not in gone}
        source_box = now.boxes[box_id]
        assert {one: m for one, m in source_box.messages.items() if source_box is not to or one < base} == left
        assert to.uidnext == base + len(uids), f"{to.name}: UIDNEXT {to.uidnext}, {len(uids)} came from {base} on"

    command.check = check
    return command


def look_same(old, new, source, target, truth):
    assert new.flags == allowed_flags(old.flags, truth.rights_on(target)), f"{old} became {new}"
    if source.owner == target.owner:
        assert new.object == old.object, f"{old} became {new}"
    elif old.object in truth.tokens:
        truth.tokens[new.object] = truth.tokens[old.object]
