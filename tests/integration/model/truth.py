"""What the database says, read with SQL beside the server, as an administrator might."""

import dataclasses

SYSTEM_FLAGS = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"]
KEYWORD_SHIFT = 8
KEYWORDS_IN_MASK = 48
ANYONE, PUBLIC = 2, 3

# RFC 4314's letters, by the columns of dbmail_acl
RIGHTS = {
    "l": "lookup_flag", "r": "read_flag", "s": "seen_flag", "w": "write_flag", "i": "insert_flag", "p": "post_flag",
    "k": "create_flag", "x": "delete_flag", "t": "deleted_flag", "e": "expunge_flag", "a": "administer_flag",
}
ALL_RIGHTS = frozenset(RIGHTS)


@dataclasses.dataclass
class Message:
    object: int
    flags: frozenset
    modseq: int = dataclasses.field(default=0, compare=False)


@dataclasses.dataclass
class Box:
    """A folder. `messages` in the order of their uids."""

    id: int
    owner: int
    name: str
    no_select: bool
    uidvalidity: int = 0
    highestmodseq: int = 0
    uidnext: int = 1
    first_recent: int = 1
    messages: dict = dataclasses.field(default_factory=dict)

    def count(self, flag):
        return sum(flag in message.flags for message in self.messages.values())

    @property
    def recent(self):
        return sum(uid >= self.first_recent for uid in self.messages)


class Truth:
    """
    The folders of all accounts by id, as they were when read() was last called. `connect`: makes a connection to the
    database. `logins`: the accounts, id to name.
    """

    def __init__(self, connect, logins):
        self.connect, self.logins = connect, logins
        self.boxes = {}
        self.rights = {}  # (account, folder) to letters
        self.has_idle = False  # some session hears of news whenever it likes
        self.tokens = {}  # object to the token in its header
        self.uidvalidities = {}  # (owner, uidvalidity) to the id of the folder: they belong to one folder for ever
        self.identity = {}  # (owner, uidvalidity, uid) to the object: never changes, never used again

    def execute(self, text, *values):
        db = self.connect()
        try:
            return db.execute(text, values).fetchall()
        finally:
            db.close()

    def eyes(self, user):
        return Eyes(self, user)

    def inbox(self, user):
        return next(box for box in self.boxes.values() if box.owner == user and box.name == "INBOX")

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
                row[0]: Box(row[0], row[1], row[2], bool(row[3]))
                for row in db.execute("SELECT mailbox_idnr, owner_idnr, name, no_select FROM dbmail_mailboxes")
                if row[1] in self.logins or row[1] == PUBLIC
            }
            for box in boxes.values():
                self._read_box(db, box)
            self._read_rights(db)
            return boxes
        finally:
            db.close()

    def _read_rights(self, db):
        self.rights = {}
        for user, box, *given in db.execute(f"SELECT user_id, mailbox_id, {', '.join(RIGHTS.values())} FROM dbmail_acl"):
            self.rights[user, box] = frozenset(letter for letter, flag in zip(RIGHTS, given) if flag)

    def rights_of(self, user, box):
        """The owner has all; what anyone has everybody has."""
        if box.owner == user:
            return ALL_RIGHTS
        return self.rights.get((user, box.id), frozenset()) | self.rights.get((ANYONE, box.id), frozenset())

    def _read_box(self, db, box):
        key = (box.owner, box.id)
        row = db.execute(
            "SELECT uidvalidity, uidnext, first_recent, highestmodseq, messages, unseen, deleted FROM mail_mailboxes"
            " WHERE owner = ? AND mailbox = ?",
            key,
        ).fetchone()
        if row is None:
            return
        box.uidvalidity, box.uidnext, box.first_recent, box.highestmodseq = row[:4]
        keywords = dict(db.execute("SELECT number, name FROM mail_keywords WHERE owner = ? AND mailbox = ?", key))
        extra = {}
        for uid, number in db.execute(
            "SELECT uid, number FROM mail_entry_keywords WHERE owner = ? AND mailbox = ?", key
        ):
            extra.setdefault(uid, []).append(keywords[number])
        for uid, found, flags, modseq in db.execute(
            "SELECT uid, object, flags, modseq FROM mail_entries WHERE owner = ? AND mailbox = ? ORDER BY uid", key
        ):
            named = frozenset([*names_of(flags, keywords), *extra.get(uid, [])])
            box.messages[uid] = Message(found, named, modseq)
            assert modseq <= box.highestmodseq, f"{box.name}: uid {uid} has modseq {modseq}, the folder {box.highestmodseq}"
        unseen = len(box.messages) - box.count("\\Seen")
        counted = (len(box.messages), unseen, box.count("\\Deleted"))
        assert row[4:] == counted, f"{box.name}: the row says {row[4:]}, there are {counted} (all, unseen, deleted)"

    def _look_at_identity(self, box):
        if box.uidvalidity:
            owner = self.uidvalidities.setdefault((box.owner, box.uidvalidity), box.id)
            assert owner == box.id, f"UIDVALIDITY {box.uidvalidity} of folder {owner} is that of {box.id}, too"
        for uid, message in box.messages.items():
            found = self.identity.setdefault((box.owner, box.uidvalidity, uid), message.object)
            assert found == message.object, f"{box.name}: uid {uid} was object {found}, is {message.object}"
            assert uid < box.uidnext, f"{box.name}: uid {uid}, UIDNEXT {box.uidnext}"

    @staticmethod
    def _look_at_history(was, box):
        if not was.uidvalidity:
            return
        assert box.uidvalidity == was.uidvalidity, f"{box.name}: UIDVALIDITY {was.uidvalidity} became {box.uidvalidity}"
        assert box.uidnext >= was.uidnext, f"{box.name}: UIDNEXT {was.uidnext} became {box.uidnext}"
        assert box.highestmodseq >= was.highestmodseq, f"{box.name}: HIGHESTMODSEQ {was.highestmodseq} became {box.highestmodseq}"
        for uid, message in box.messages.items():
            assert uid in was.messages or uid >= was.uidnext, f"{box.name}: uid {uid} is used again"
            old = was.messages.get(uid)
            # RFC 7162 3.1: whatever changes has a modseq above all that were there
            is_new = old is None or old.flags != message.flags
            assert not is_new or message.modseq > was.highestmodseq, (
                f"{box.name}: uid {uid} changed with modseq {message.modseq}, HIGHESTMODSEQ was {was.highestmodseq}"
            )
            assert old is None or message.modseq >= old.modseq, f"{box.name}: uid {uid} went back to {message.modseq}"
        gone = set(was.messages) - set(box.messages)
        assert not gone or box.highestmodseq > was.highestmodseq, f"{box.name}: {gone} went without a modseq"


class Eyes:
    """What one account sees: its folders by their names, those of others by #Users/… and #Public/…, by its rights."""

    def __init__(self, truth, user):
        self.truth, self.user = truth, user

    def __getattr__(self, name):
        return getattr(self.truth, name)

    def name_of(self, box):
        if box.owner == self.user:
            return box.name
        return f"#Public/{box.name}" if box.owner == PUBLIC else f"#Users/{self.truth.logins[box.owner]}/{box.name}"

    def rights_on(self, box):
        return self.truth.rights_of(self.user, box)

    def visible(self):
        return [box for box in self.truth.boxes.values() if "l" in self.rights_on(box)]

    def named(self, name):
        return next((box for box in self.visible() if self.name_of(box) == name), None)

    def names(self):
        return sorted(self.name_of(box) for box in self.visible())

    def own(self, boxes=None):
        """The account's own folders, of now or of an earlier state."""
        return [box for box in (self.truth.boxes if boxes is None else boxes).values() if box.owner == self.user]

    def own_names(self):
        return sorted(box.name for box in self.own())

    def selectable(self):
        return sorted(self.name_of(box) for box in self.visible() if not box.no_select and "r" in self.rights_on(box))

    def owner_of(self, name):
        """The account whose folder has this name, if there is such an account."""
        if name.startswith("#Public/"):
            return PUBLIC
        if not name.startswith("#Users/"):
            return self.user
        login = name.split("/")[1]
        return next((user for user, one in self.truth.logins.items() if one == login), None)

    def by_uidvalidity(self, name, uidvalidity):
        """The id of the folder that a session means."""
        return self.truth.uidvalidities.get((self.owner_of(name), uidvalidity))


def names_of(mask, keywords):
    yield from (name for bit, name in enumerate(SYSTEM_FLAGS) if mask >> bit & 1)
    mask >>= KEYWORD_SHIFT
    yield from (keywords[number] for number in range(KEYWORDS_IN_MASK) if mask >> number & 1)
