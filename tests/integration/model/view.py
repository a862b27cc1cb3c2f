"""What one session knows of its mailbox from untagged responses; what RFC 3501 forbids is an AssertionError."""

import dataclasses

RECENT = "\\Recent"


@dataclasses.dataclass
class Entry:
    """A message by its number. None: the session was not told."""

    uid: int = None
    flags: frozenset = None
    recent: bool = None


class View:
    def __init__(self, name, read_only, claims):
        self.name, self.asked_read_only = name, read_only
        self.read_only = read_only
        self.claims = claims  # (uidvalidity, uid) to the view that it was \Recent for
        self.entries = []
        self.recent = 0
        self.uidvalidity = self.uidnext = None
        self.unseen = None
        self.announced = set()
        self.box = None  # the folder's id
        self.opening = True

    def uids(self):
        return [entry.uid for entry in self.entries]

    def has_unknown(self):
        return any(entry.uid is None for entry in self.entries)

    def take(self, response, numbers_stay):
        """One untagged response. `numbers_stay`: during FETCH, STORE, SEARCH there is no EXPUNGE (7.4.1)."""
        if response[0] == "FLAGS":
            self.announced = set(response[1])
        elif response[0] == "OK":
            self.take_code(response[1])
        elif len(response) > 1 and response[0].isdigit():
            number, kind = int(response[0]), response[1].upper()
            if kind == "EXPUNGE":
                assert not numbers_stay, f"EXPUNGE {number} while numbers must stay"
            getattr(self, "take_" + kind.lower())(number, *response[2:])

    def take_code(self, text):
        word, _, rest = text.partition("]")[0].lstrip("[").partition(" ")
        if word == "UIDVALIDITY":
            self.uidvalidity = int(rest)
        elif word == "UIDNEXT":
            self.uidnext = int(rest)
        elif word == "UNSEEN":
            self.unseen = int(rest)

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
        assert not self.opening, "FETCH during SELECT"
        assert 1 <= number <= len(self.entries), f"FETCH {number} of {len(self.entries)}"
        items = dict(zip([str(name).upper() for name in pairs[::2]], pairs[1::2]))
        entry = self.entries[number - 1]
        if "UID" in items:
            self.take_uid(number, entry, int(items["UID"]))
        if "FLAGS" in items:
            self.take_flags(number, entry, frozenset(items["FLAGS"]))

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
        if self.read_only:
            return
        first = self.claims.setdefault((self.uidvalidity, entry.uid), self)
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
