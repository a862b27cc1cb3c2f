"""What one session knows of its mailbox from untagged responses; what RFC 3501 forbids is an AssertionError."""

import dataclasses

RECENT = "\\Recent"


def expand(text):
    """The numbers of a set without `*`."""
    found = []
    for part in text.split(","):
        first, _, last = part.partition(":")
        low, high = sorted((int(first), int(last or first)))
        found += range(low, high + 1)
    return found


@dataclasses.dataclass
class Entry:
    """A message by its number. None: the session was not told."""

    uid: int = None
    flags: frozenset = None
    recent: bool = None
    modseq: int = None


@dataclasses.dataclass
class Cache:
    """What a client keeps of a mailbox while it is away: everything up to `modseq` is in it. Flags None: not known."""

    uidvalidity: int
    modseq: int
    flags: dict  # by uid


class View:
    def __init__(self, name, read_only, claims, owner, kind):
        self.name, self.asked_read_only = name, read_only
        self.owner, self.kind = owner, kind
        self.read_only = read_only
        self.claims = claims  # (owner, uidvalidity, uid) to the view that it was \Recent for
        self.entries = []
        self.recent = 0
        self.uidvalidity = self.uidnext = None
        self.unseen = None
        self.announced = set()
        self.box = None  # the folder's id
        self.opening = True
        self.modseq = self.cached_modseq = None  # HIGHESTMODSEQ; that up to which everything is known
        self.fetched_modseq = 0
        self.resync = None  # the cache that SELECT (QRESYNC) names, while it answers

    def opened(self, read_only):
        """SELECT was answered OK: from here on what it told counts."""
        self.opening, self.resync, self.read_only = False, None, read_only
        for entry in self.entries:
            if entry.recent and entry.uid is not None:
                self.claim(entry)

    def uids(self):
        return [entry.uid for entry in self.entries]

    def has_unknown(self):
        return any(entry.uid is None for entry in self.entries)

    def take(self, response, numbers_stay, told_modseq=False):
        """One untagged response. `numbers_stay`: during FETCH, STORE, SEARCH there is no EXPUNGE (7.4.1).
        `told_modseq`: flags come with MODSEQ."""
        if response[0] == "FLAGS":
            self.announced = set(response[1])
        elif response[0] == "OK":
            self.take_code(response[1])
        elif response[0] == "VANISHED":
            self.take_vanished(response, numbers_stay)
        elif len(response) > 1 and response[0].isdigit():
            number, kind = int(response[0]), response[1].upper()
            if kind == "EXPUNGE":
                assert self.kind != "qresync", f"EXPUNGE {number}, where VANISHED was asked for"
                assert not numbers_stay, f"EXPUNGE {number} while numbers must stay"
            if kind == "FETCH" and told_modseq:
                names = {str(name).upper() for name in response[2][::2]}
                assert "MODSEQ" in names or "FLAGS" not in names, f"{response} without MODSEQ"
            getattr(self, "take_" + kind.lower())(number, *response[2:])

    def take_code(self, text):
        word, _, rest = text.partition("]")[0].lstrip("[").partition(" ")
        if word == "UIDVALIDITY":
            self.uidvalidity = int(rest)
        elif word == "UIDNEXT":
            self.uidnext = int(rest)
        elif word == "UNSEEN":
            self.unseen = int(rest)
        elif word == "HIGHESTMODSEQ":
            assert self.modseq is None or int(rest) >= self.modseq, f"HIGHESTMODSEQ {rest} after {self.modseq}"
            self.modseq = int(rest)
        elif word == "NOMODSEQ":
            raise AssertionError("NOMODSEQ: every mailbox here has one")

    def take_vanished(self, response, numbers_stay):
        """RFC 7162 3.2.10."""
        assert self.kind == "qresync", f"{response} without QRESYNC"
        is_earlier = isinstance(response[1], list)
        uids = expand(response[-1])
        if is_earlier:
            assert response[1] == ["EARLIER"], response
            if self.resync is not None:
                for uid in uids:
                    self.resync.flags.pop(uid, None)
            return
        assert not self.opening and not numbers_stay, f"{response} while numbers must stay"
        for uid in uids:
            known = [entry for entry in self.entries if entry.uid == uid] or self.unknown_near(uid)
            self.remove(known[-1])

    def remove(self, one):
        self.entries = [entry for entry in self.entries if entry is not one]

    def unknown_near(self, uid):
        """Those that it can be: without a known uid, behind lower ones and before higher ones. What was known of them
        by their numbers is void."""
        low = max((at for at, entry in enumerate(self.entries) if entry.uid is not None and entry.uid < uid), default=-1)
        run = []
        for entry in self.entries[low + 1 :]:
            if entry.uid is not None:
                break
            entry.flags = entry.recent = entry.modseq = None
            run.append(entry)
        assert run, f"VANISHED {uid}, which is not among {self.uids()}"
        return run

    def settled(self, synchronous):
        """A command has ended. What is known up to which modseq, if a client goes by what RFC 7162 promises."""
        if synchronous and self.fetched_modseq > (self.modseq or 0):
            self.modseq = self.fetched_modseq
        if not self.has_unknown():
            self.cached_modseq = self.modseq

    def cache(self):
        """To come back with; None if the mailbox has no modseq that is known."""
        if self.cached_modseq is None:
            return None
        flags = {entry.uid: entry.flags for entry in self.entries if entry.uid is not None}
        return Cache(self.uidvalidity, self.cached_modseq, flags)

    def take_exists(self, number):
        assert number >= len(self.entries), f"EXISTS {number}, but {len(self.entries)} were there"
        self.entries += [Entry() for _ in range(number - len(self.entries))]

    def take_recent(self, number):
        assert number <= len(self.entries), f"RECENT {number} of {len(self.entries)}"
        self.recent = number

    def take_expunge(self, number):
        assert not self.opening, "EXPUNGE during SELECT"
        assert 1 <= number <= len(self.entries), f"EXPUNGE {number} of {len(self.entries)}"
        self.entries.pop(number - 1)

    def take_fetch(self, number, pairs):
        items = dict(zip([str(name).upper() for name in pairs[::2]], pairs[1::2]))
        assert not self.opening or self.resync is not None, "FETCH during SELECT"
        assert 1 <= number <= len(self.entries), f"FETCH {number} of {len(self.entries)}"
        entry = self.entries[number - 1]
        if "MODSEQ" in items:
            self.take_modseq(number, entry, int(items["MODSEQ"][0]))
        if self.resync is not None:
            assert "UID" in items and "FLAGS" in items, f"{items}: a resynchronisation tells UID and FLAGS"
            self.resync.flags[int(items["UID"])] = frozenset(items["FLAGS"]) - {RECENT}
        if "UID" in items:
            self.take_uid(number, entry, int(items["UID"]))
        if "FLAGS" in items:
            self.take_flags(number, entry, frozenset(items["FLAGS"]))

    def take_modseq(self, number, entry, modseq):
        assert entry.modseq is None or modseq >= entry.modseq, f"message {number}: MODSEQ {modseq} after {entry.modseq}"
        entry.modseq = modseq
        self.fetched_modseq = max(self.fetched_modseq, modseq)

    def take_uid(self, number, entry, uid):
        assert entry.uid in (None, uid), f"message {number} has uid {uid}, had {entry.uid}"
        entry.uid = uid
        known = [other.uid for other in self.entries if other.uid is not None]
        assert known == sorted(set(known)), f"uids do not ascend: {known}"
        if entry.recent:
            self.claim(entry)

    def take_flags(self, number, entry, flags):
        strange = {flag for flag in flags if not flag.startswith("\\")} - self.announced
        assert not strange, f"keywords {strange} of message {number} were not told with FLAGS"
        recent = RECENT in flags
        assert entry.recent in (None, recent), f"message {number} {entry} is recent: {recent}"
        entry.recent, entry.flags = recent, flags - {RECENT}
        if recent and entry.uid is not None:
            self.claim(entry)

    def claim(self, entry):
        """RFC 3501 2.3.2: \\Recent for one session alone; those that only read take it from nobody."""
        if self.read_only or self.opening:
            return
        first = self.claims.setdefault((self.owner, self.uidvalidity, entry.uid), self)
        assert first is self, f"uid {entry.uid} of {self.name} is \\Recent in two sessions"

    def numbers(self):
        return {entry.uid: number for number, entry in enumerate(self.entries, 1) if entry.uid is not None}

    def forget_flags(self):
        for entry in self.entries:
            entry.flags = None

    def fill(self, box):
        """The uids of what was announced since: nobody else was at work, so it is known which they are."""
        new = [entry for entry in self.entries if entry.uid is None]
        if new:
            uids = [uid for uid in box.messages if uid >= self.uidnext]
            assert len(new) == len(uids), f"{len(new)} new messages were told, there are {uids}"
            for entry, uid in zip(new, uids):
                entry.uid = uid
                if entry.recent:
                    self.claim(entry)
            self.uidnext = box.uidnext

    def look(self, box):
        """May the session know what it knows? Whatever is there and older than what it was told of is in its list."""
        uids = self.uids()
        assert uids == sorted(set(uids)), f"uids do not ascend: {uids}"
        missing = [uid for uid in box.messages if uid < self.uidnext and uid not in set(uids)]
        assert not missing, f"uids {missing} are there, but not in the session's list {uids}"

    def look_at_modseq(self, box):
        """What is not newer than the HIGHESTMODSEQ that a client keeps, it knows: else it would never ask for it."""
        if self.kind not in ("condstore", "qresync") or self.cached_modseq is None:
            return
        for entry in self.entries:
            there = box.messages.get(entry.uid)
            if there and there.modseq <= self.cached_modseq:
                assert entry.flags in (None, there.flags), (
                    f"uid {entry.uid}: with HIGHESTMODSEQ {self.cached_modseq} it knows {sorted(entry.flags)}, there is {there}"
                )

    def look_synchronous(self, box):
        """After NOOP: the same messages, and of each whose flags it knows the same flags."""
        assert self.uids() == list(box.messages), f"session has {self.uids()}, there is {list(box.messages)}"
        for entry in self.entries:
            there = box.messages[entry.uid].flags
            assert entry.flags in (None, there), (
                f"uid {entry.uid}: the session knows {sorted(entry.flags)}, there is {sorted(there)}"
            )

    def look_recent(self):
        if all(entry.recent is not None for entry in self.entries):
            count = sum(entry.recent for entry in self.entries)
            assert count == self.recent, f"RECENT {self.recent}, but {count} are \\Recent"
