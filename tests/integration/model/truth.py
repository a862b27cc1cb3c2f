"""What the database says, read with SQL beside the server, as an administrator might."""

import dataclasses
import sqlite3

SYSTEM_FLAGS = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"]
KEYWORD_SHIFT = 8
KEYWORDS_IN_MASK = 48


@dataclasses.dataclass
class Message:
    object: int
    flags: frozenset


@dataclasses.dataclass
class Box:
    """A folder. `messages` in the order of their uids."""

    id: int
    name: str
    no_select: bool
    uidvalidity: int = 0
    uidnext: int = 1
    first_recent: int = 1
    messages: dict = dataclasses.field(default_factory=dict)

    def count(self, flag):
        return sum(flag in message.flags for message in self.messages.values())

    @property
    def recent(self):
        return sum(uid >= self.first_recent for uid in self.messages)


class Truth:
    """The account's folders by id, as they were when read() was last called."""

    def __init__(self, path, owner):
        self.path, self.owner = path, owner
        self.boxes = {}
        self.has_idle = False  # some session hears of news whenever it likes
        self.tokens = {}  # object to the token in its header
        self.uidvalidities = {}  # to the id of the folder: they belong to one folder for ever
        self.identity = {}  # (uidvalidity, uid) to the object: never changes, never used again

    def connect(self):
        return sqlite3.connect(self.path, timeout=20, isolation_level=None)

    def execute(self, text, *values):
        db = self.connect()
        try:
            return db.execute(text, values).fetchall()
        finally:
            db.close()

    def named(self, name):
        return next((box for box in self.boxes.values() if box.name == name), None)

    def names(self):
        return sorted(box.name for box in self.boxes.values())

    def selectable(self):
        return sorted(box.name for box in self.boxes.values() if not box.no_select)

    def read(self):
        """Reads everything anew and looks whether it can have come from what was there before."""
        before, self.boxes = self.boxes, self._read_all()
        for box in self.boxes.values():
            self._look_at_identity(box)
            was = before.get(box.id)
            if was is not None:
                self._look_at_history(was, box)
        return before

    def _read_all(self):
        db = self.connect()
        try:
            db.execute("BEGIN")
            boxes = {
                row[0]: Box(row[0], row[1], bool(row[2]))
                for row in db.execute(
                    "SELECT mailbox_idnr, name, no_select FROM dbmail_mailboxes WHERE owner_idnr = ?", (self.owner,)
                )
            }
            for box in boxes.values():
                self._read_box(db, box)
            return boxes
        finally:
            db.close()

    def _read_box(self, db, box):
        key = (self.owner, box.id)
        row = db.execute(
            "SELECT uidvalidity, uidnext, first_recent, messages, unseen, deleted FROM mail_mailboxes"
            " WHERE owner = ? AND mailbox = ?",
            key,
        ).fetchone()
        if row is None:
            return
        box.uidvalidity, box.uidnext, box.first_recent = row[:3]
        keywords = dict(db.execute("SELECT number, name FROM mail_keywords WHERE owner = ? AND mailbox = ?", key))
        extra = {}
        for uid, number in db.execute(
            "SELECT uid, number FROM mail_entry_keywords WHERE owner = ? AND mailbox = ?", key
        ):
            extra.setdefault(uid, []).append(keywords[number])
        for uid, found, flags in db.execute(
            "SELECT uid, object, flags FROM mail_entries WHERE owner = ? AND mailbox = ? ORDER BY uid", key
        ):
            box.messages[uid] = Message(found, frozenset([*names_of(flags, keywords), *extra.get(uid, [])]))
        unseen = len(box.messages) - box.count("\\Seen")
        counted = (len(box.messages), unseen, box.count("\\Deleted"))
        assert row[3:] == counted, f"{box.name}: the row says {row[3:]}, there are {counted} (all, unseen, deleted)"

    def _look_at_identity(self, box):
        if box.uidvalidity:
            owner = self.uidvalidities.setdefault(box.uidvalidity, box.id)
            assert owner == box.id, f"UIDVALIDITY {box.uidvalidity} of folder {owner} is that of {box.id}, too"
        for uid, message in box.messages.items():
            found = self.identity.setdefault((box.uidvalidity, uid), message.object)
            assert found == message.object, f"{box.name}: uid {uid} was object {found}, is {message.object}"
            assert uid < box.uidnext, f"{box.name}: uid {uid}, UIDNEXT {box.uidnext}"

    @staticmethod
    def _look_at_history(was, box):
        if not was.uidvalidity:
            return
        assert box.uidvalidity == was.uidvalidity, f"{box.name}: UIDVALIDITY {was.uidvalidity} became {box.uidvalidity}"
        assert box.uidnext >= was.uidnext, f"{box.name}: UIDNEXT {was.uidnext} became {box.uidnext}"
        for uid in box.messages:
            assert uid in was.messages or uid >= was.uidnext, f"{box.name}: uid {uid} is used again"


def names_of(mask, keywords):
    yield from (name for bit, name in enumerate(SYSTEM_FLAGS) if mask >> bit & 1)
    mask >>= KEYWORD_SHIFT
    yield from (keywords[number] for number in range(KEYWORDS_IN_MASK) if mask >> number & 1)
