"""CONDSTORE and QRESYNC (RFC 7162): what clients remember, and whether they come to know everything again."""

import imaplib
import json
import random
import threading

import pytest
from conftest import PASSWORD, big_inbox
from mails import mail

pytestmark = pytest.mark.ours

KEYWORDS = ("\\Seen", "\\Flagged", "\\Answered", "\\Draft", "word")


def uids_of(text):
    """A uid-set without '*' as a list."""
    found = []
    for item in text.split(","):
        first, _, last = item.partition(":")
        found += range(int(first), int(last or first) + 1)
    return found


def set_of(uids):
    return ",".join(map(str, sorted(uids)))


def flags_of(attributes):
    return frozenset(flag for flag in map(str, attributes["FLAGS"]) if flag != "\\Recent")


def changed(flags, silent):
    """What a STORE makes of flags."""
    word, names = silent
    if word[0] == "+":
        return flags | {*names}
    return flags - {*names} if word[0] == "-" else frozenset(names)


class Client:
    """A client that keeps what it knows between its sessions, as RFC 7162 section 5 asks for: the highest MODSEQ seen
    counts when its command is done, unless a HIGHESTMODSEQ came, which then counts."""

    def __init__(self, account, mailbox="INBOX"):
        self.account, self.mailbox = account, mailbox
        self.known = {}  # uid to flags
        self.fetched = 0  # all there is up to this uid is known; what is known of others is not kept
        self.uidvalidity = self.modseq = 0
        self.peer = None

    def close(self):
        if self.peer:
            self.peer.close()
        self.peer = None

    def open(self, word="SELECT", known_uids=False, match=False):
        """Connects, and says what it knows."""
        self.close()
        self.peer = self.account.imap()
        self.peer.ok("ENABLE QRESYNC")
        more = ""
        if self.uidvalidity:
            more = f"{self.uidvalidity} {self.modseq}"
            if known_uids and self.known:
                more += " " + set_of(self.known)
            if match and self.known:
                order = sorted(self.known)
                numbers = sorted({1, max(1, len(order) // 3), max(1, len(order) // 2), len(order)})
                more += f" ({set_of(numbers)} {set_of(order[number - 1] for number in numbers)})"
            more = f" (QRESYNC ({more}))"
        done = self.peer.ok(f"{word} {self.mailbox}{more}")
        uidvalidity = int(done.code_of("UIDVALIDITY"))
        if uidvalidity != self.uidvalidity:
            self.known, self.fetched, self.uidvalidity, self.modseq = {}, 0, uidvalidity, 0
        self.exists = 0
        self.take(done, earlier=True)
        self.fetch_new()
        return done

    def take(self, done, earlier=False, new=False, silent=None):
        """What the responses of a command say; to a .SILENT one what it does itself belongs."""
        modseqs = [self.modseq]
        for response in done.untagged:
            if response[0] == "VANISHED":
                for uid in uids_of(response[-1]):
                    gone = self.known.pop(uid, None) is not None
                    assert earlier or len(response) > 2 or gone or uid > self.fetched, f"{uid} was not known"
                    if len(response) == 2:
                        self.exists -= 1
            elif response[-1] == "EXISTS":
                assert int(response[0]) >= self.exists, "EXISTS less than before"
                self.exists = int(response[0])
            elif len(response) > 2 and response[1] == "FETCH":
                pairs = dict(zip(map(str, response[2][::2]), response[2][1::2]))
                if "MODSEQ" in pairs:
                    modseqs.append(int(pairs["MODSEQ"][0]))
                if "FLAGS" in pairs and "UID" in pairs:
                    assert "MODSEQ" in pairs
                    if int(pairs["UID"]) <= self.fetched or new:
                        self.known[int(pairs["UID"])] = flags_of(pairs)
                elif silent and "MODSEQ" in pairs and int(pairs["UID"]) in self.known:
                    self.known[int(pairs["UID"])] = changed(self.known[int(pairs["UID"])], silent)
            assert "EXPUNGE" not in response[1:2], "EXPUNGE to a client of QRESYNC"
        said = done.code_of("HIGHESTMODSEQ")
        self.modseq = int(said) if said else max(modseqs)
        return done

    def ok(self, command):
        return self.take(self.peer.ok(command))

    def store(self, messages, word, flags):
        """It may be refused: messages may be gone."""
        done = self.peer.cmd(f"STORE {messages} {word} ({' '.join(flags)})")
        return self.take(done, silent=(word, flags))

    def fetch_new(self):
        """New messages: they are announced by EXISTS alone."""
        for _ in range(50):
            if self.exists == len(self.known):
                return
            self.take(self.peer.ok(f"UID FETCH {self.fetched + 1}:* (FLAGS)"), new=True)
            self.fetched = max([self.fetched, *self.known])
        assert self.exists == len(self.known), "messages that cannot be fetched"

    def check(self):
        """In a session that has told everything."""
        self.ok("NOOP")
        self.fetch_new()
        with self.account.imap() as peer:
            peer.ok(f"EXAMINE {self.mailbox}")
            found = peer.ok("UID FETCH 1:* (FLAGS)").fetched() if peer.uids() else {}
        want = {int(attributes["UID"]): flags_of(attributes) for attributes in found.values()}
        assert self.known == want


def append(peer, count, mailbox="INBOX"):
    for _ in range(count):
        peer.append(mailbox, mail())


def raise_floor(server, mailbox_modseq):
    """What the sweeper does to a log that is old."""
    server.sql(
        f"BEGIN; UPDATE mail_mailboxes SET expunged_floor = {mailbox_modseq}"
        f" WHERE expunged_floor < {mailbox_modseq} AND highestmodseq >= {mailbox_modseq};"
        f" DELETE FROM mail_expunged WHERE modseq <= {mailbox_modseq}; COMMIT"
    )


def six_of(account):
    with account.imap() as peer:
        append(peer, 6)
    client = Client(account)
    client.open()
    client.close()
    return client


@pytest.fixture
def six(account):
    """An account with six messages, and a client that knows them."""
    client = six_of(account)
    yield client
    client.close()


@pytest.fixture
def six_alone(make_host):
    """The same on a server whose mail may be damaged."""
    client = six_of(make_host().account())
    yield client
    client.close()


def change_six(account):
    """Two messages go, one changes, one comes."""
    with account.imap("INBOX") as peer:
        peer.ok(r"STORE 2,4 +FLAGS.SILENT (\Deleted)")
        peer.ok("EXPUNGE")
        peer.ok(r"STORE 1 +FLAGS (\Flagged)")
        append(peer, 1)


@pytest.mark.parametrize("known_uids", [False, True])
@pytest.mark.parametrize("match", [False, True])
@pytest.mark.parametrize("word", ["SELECT", "EXAMINE"])
def test_expunges_while_away(six, known_uids, match, word):
    change_six(six.account)
    done = six.open(word, known_uids, match)
    assert done.of("VANISHED") == [[["EARLIER"], "2,4"]]
    changed = {int(pairs["UID"]) for pairs in done.fetched().values()}
    assert changed == ({1} if known_uids else {1, 7})
    six.check()


def change_behind(account, gone):
    """What a session with numbers that stay is not told of: a message goes, then another one changes."""
    with account.imap("INBOX") as peer:
        peer.ok(rf"STORE {gone} +FLAGS.SILENT (\Deleted)")
        peer.ok("EXPUNGE")
        peer.ok(r"UID STORE 1 +FLAGS.SILENT (\Flagged)")


@pytest.mark.parametrize(
    "command",
    [
        "FETCH 1:3 (UID FLAGS)",
        "FETCH 1 (UID MODSEQ)",
        "FETCH 2 (UID)",
        r"STORE 1 +FLAGS (\Answered)",
        "SEARCH MODSEQ 1",
        "SEARCH RETURN (ALL SAVE) MODSEQ 1",
    ],
)
def test_a_client_that_drops_before_it_is_told_what_went(six, command):
    """RFC 7162 section 5: MODSEQs that are higher than that of a message that went do not make it come back."""
    six.open()
    change_behind(six.account, 4)
    six.ok(command)
    assert 4 in six.known
    done = six.open()
    assert done.of("VANISHED") == [[["EARLIER"], "4"]]
    six.check()


@pytest.mark.parametrize("items", ["UID FLAGS BODY.PEEK[]", "UID MODSEQ BODY.PEEK[TEXT]"])
def test_a_client_that_drops_when_a_command_failed_in_the_middle(six_alone, items):
    """A message that is damaged ends a FETCH with NO: its first answers had MODSEQs higher than what is not told yet."""
    owner = f"(SELECT user_idnr FROM dbmail_users WHERE userid = '{six_alone.account.name}')"
    damaged = f"(SELECT object FROM mail_entries WHERE owner = {owner} AND uid = 2)"
    server = six_alone.account.server.server
    nothing = "''" if server.engine_name == "pgsql" else "x''"
    server.sql(f"UPDATE mail_contents SET header = {nothing} WHERE object = {damaged}")
    six_alone.open()
    change_behind(six_alone.account, 4)
    done = six_alone.take(six_alone.peer.cmd(f"FETCH 1:3 ({items})"))
    assert done.status == "NO" and 1 in done.fetched() and 3 not in done.fetched()
    assert six_alone.open().of("VANISHED") == [[["EARLIER"], "4"]]
    six_alone.check()


def test_below_the_floor(six):
    """RFC 7162 3.2.5.1: all that is not there, but nothing that was never given."""
    change_six(six.account)
    server = six.account.server.server
    with six.account.imap() as peer:
        highest = int(peer.ok("STATUS INBOX (HIGHESTMODSEQ)").one("STATUS")[1][1])
    raise_floor(server, highest)
    assert six.open().of("VANISHED") == [[["EARLIER"], "2,4"]]
    six.check()


def test_below_the_floor_what_matches_is_not_told(six):
    """RFC 7162 3.2.5.2: up to a message that has its old number nothing has gone."""
    with six.account.imap("INBOX") as peer:
        peer.ok(r"STORE 5 +FLAGS.SILENT (\Deleted)")
        peer.ok("EXPUNGE")
        highest = int(peer.ok("STATUS INBOX (HIGHESTMODSEQ)").one("STATUS")[1][1])
    again = Client(six.account)
    again.open()
    again.close()
    modseq = again.modseq
    with six.account.imap("INBOX") as peer:
        peer.ok(r"STORE 4 +FLAGS.SILENT (\Deleted)")
        peer.ok("EXPUNGE")
        append(peer, 1)
        highest = int(peer.ok("STATUS INBOX (HIGHESTMODSEQ)").one("STATUS")[1][1])
    raise_floor(six.account.server.server, highest)
    with six.account.imap() as peer:
        peer.ok("ENABLE QRESYNC")
        known = f"{again.uidvalidity} {modseq}"
        assert peer.ok(f"SELECT INBOX (QRESYNC ({known}))").of("VANISHED") == [[["EARLIER"], "4:5"]]
        done = peer.ok(f"SELECT INBOX (QRESYNC ({known} (1,3,5 1,3,6)))")
        assert done.of("VANISHED") == [[["EARLIER"], "4:5"]]
        done = peer.ok(f"SELECT INBOX (QRESYNC ({known} 1:4 (1,3 1,3)))")
        assert done.of("VANISHED") == [[["EARLIER"], "4"]]
        # uid 6 is number 4 now: nothing before it can have gone since that was so
        done = peer.ok(f"SELECT INBOX (QRESYNC ({known} 1:7 (1:4 1:3,6)))")
        assert not done.of("VANISHED")
        done = peer.ok(f"UID FETCH 1:* (UID) (CHANGEDSINCE {modseq} VANISHED)")
        assert done.of("VANISHED") == [[["EARLIER"], "4:5"]]


def test_conditional_store_of_two_sessions(account):
    """RFC 7162 3.1.3: who comes second fails, and is told which."""
    with account.imap() as one, account.imap() as two:
        append(one, 5)
        for peer in (one, two):
            peer.ok("SELECT INBOX (CONDSTORE)")
        modseq = int(one.ok("STATUS INBOX (HIGHESTMODSEQ)").one("STATUS")[1][1])
        assert one.ok(rf"UID STORE 2,4 (UNCHANGEDSINCE {modseq}) +FLAGS.SILENT (\Seen)").code is None
        done = two.ok(rf"UID STORE 1:5 (UNCHANGEDSINCE {modseq}) +FLAGS.SILENT (\Flagged)")
        assert done.code == "MODIFIED 2,4"
        fetched = done.fetched()
        assert sorted(fetched) == [1, 2, 3, 4, 5]
        assert "FLAGS" in fetched[2] and "FLAGS" not in fetched[1]
        again = int(fetched[2]["MODSEQ"][0])
        assert two.ok(rf"STORE 2 (UNCHANGEDSINCE {again}) +FLAGS.SILENT (\Flagged)").code is None
        flags = {
            number: flags_of(pairs) for number, pairs in one.ok("FETCH 1:5 (FLAGS)").fetched().items()
        }
        assert flags[2] == {"\\Seen", "\\Flagged"} and flags[4] == {"\\Seen"} and flags[1] == {"\\Flagged"}


def test_many_messages_conditionally(account):
    """More than one transaction: the set of what failed is exact."""
    with account.imap("INBOX") as peer:
        append(peer, 25)
        peer.select()
        while len(peer.uids()) < 2500:
            peer.ok("COPY 1:* INBOX")
            peer.noop()
        count = len(peer.uids())
        peer.ok("SELECT INBOX (CONDSTORE)")
        modseq = int(peer.ok("STATUS INBOX (HIGHESTMODSEQ)").one("STATUS")[1][1])
        odd = [number for number in range(1, count + 1) if number % 7 == 3]
        peer.ok(rf"STORE {set_of(odd)} +FLAGS.SILENT (\Seen)")
        done = peer.ok(rf"STORE 1:* (UNCHANGEDSINCE {modseq}) +FLAGS.SILENT (\Flagged)")
        assert done.code and uids_of(done.code.partition(" ")[2]) == odd
        flagged = peer.ok("SEARCH FLAGGED").one("SEARCH")
        assert len(flagged) == count - len(odd) and not {*map(int, flagged)} & {*odd}


def test_with_imaplib(account):
    with account.imap() as peer:
        append(peer, 3)
    client = imaplib.IMAP4("127.0.0.1", account.server.port("imap"))
    client.login(account.user, PASSWORD)
    assert {"CONDSTORE", "QRESYNC", "ENABLE"} <= {*client.capabilities}
    assert client.enable("QRESYNC")[0] == "OK"
    client.select("INBOX")
    modseq = int(client.response("HIGHESTMODSEQ")[1][0])
    client.store("2", "+FLAGS.SILENT", r"(\Flagged)")
    status, found = client.uid("FETCH", "1:*", "(FLAGS)", f"(CHANGEDSINCE {modseq} VANISHED)")
    assert status == "OK" and len(found) == 1 and b"UID 2" in found[0] and b"MODSEQ" in found[0]
    client.store("1", "+FLAGS.SILENT", r"(\Deleted)")
    client.expunge()
    assert client.response("VANISHED")[1] == [b"1"]
    client.logout()


# Random histories


class History:
    """Clients and a writer on one mailbox, doing what comes to their minds."""

    def __init__(self, account, seed):
        self.random = random.Random(seed)
        self.account = account
        self.clients = [Client(account), Client(account)]
        self.writer = account.imap()
        append(self.writer, 5)
        self.writer.select()

    def close(self):
        self.writer.close()
        for client in self.clients:
            client.close()

    def some(self, count):
        first = self.random.randint(1, count)
        return f"{first}:{self.random.randint(first, min(count, first + 3))}"

    def store(self, count):
        """Arguments of a STORE."""
        word = self.random.choice(["+FLAGS", "-FLAGS", "FLAGS", "+FLAGS.SILENT", "FLAGS.SILENT"])
        return self.some(count), word, self.random.sample(KEYWORDS, self.random.randint(1, 2))

    def write(self):
        """Somebody else changes something."""
        peer = self.writer
        count = len(peer.uids())
        what = self.random.random()
        if count == 0 or what < 0.15:
            append(peer, self.random.randint(1, 3))
        elif what < 0.6:
            messages, word, flags = self.store(count)
            peer.cmd(f"STORE {messages} {word} ({' '.join(flags)})")
        elif what < 0.75:
            peer.cmd(f"COPY {self.some(count)} INBOX")
        else:
            peer.cmd(rf"STORE {self.some(count)} +FLAGS.SILENT (\Deleted)")
            peer.ok("EXPUNGE")

    def act(self, client):
        """A client does something; it may be refused, for messages may be gone."""
        count = client.exists
        what = self.random.random()
        if count == 0 or what < 0.1:
            client.ok("NOOP")
        elif what < 0.35:
            client.store(*self.store(count))
        elif what < 0.5:
            client.take(client.peer.cmd(f"FETCH {self.some(count)} (UID FLAGS)"))
        elif what < 0.6:
            client.take(client.peer.cmd(f"FETCH {self.some(count)} (BODY[TEXT])"))
        elif what < 0.7:
            client.ok("SEARCH SEEN")
        elif what < 0.8:
            client.ok(f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {max(1, client.modseq)} VANISHED)")
        elif what < 0.9:
            client.store(self.some(count), "+FLAGS.SILENT", ["\\Deleted"])
            client.take(client.peer.cmd("EXPUNGE"))
        else:
            client.fetch_new()

    def step(self):
        what = self.random.random()
        client = self.random.choice(self.clients)
        if what < 0.4:
            self.write()
        elif what < 0.45:
            highest = int(self.writer.ok("STATUS INBOX (HIGHESTMODSEQ)").one("STATUS")[1][1])
            raise_floor(self.account.server.server, self.random.randint(1, highest))
        elif client.peer is None:
            client.open(
                self.random.choice(["SELECT", "EXAMINE"]) if self.random.random() < 0.2 else "SELECT",
                self.random.random() < 0.5,
                self.random.random() < 0.5,
            )
            if self.random.random() < 0.5:
                client.check()
        elif what < 0.6:
            client.close()
        else:
            self.act(client)


@pytest.mark.parametrize("seed", range(8))
def test_random_histories(account, seed):
    history = History(account, seed)
    try:
        for _ in range(150):
            history.step()
        for client in history.clients:
            client.open()
            client.check()
    finally:
        history.close()


@pytest.mark.parametrize("seed", range(100, 103))
def test_histories_at_the_same_time(account, seed):
    """Changes are made while the answers are."""
    history = History(account, seed)
    other = History(account, seed + 1000)
    failures = []

    def write():
        try:
            for _ in range(300):
                other.write()
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=write)
    try:
        thread.start()
        while thread.is_alive():
            client = history.random.choice(history.clients)
            if client.peer is None:
                client.open()
            elif history.random.random() < 0.2:
                client.close()
            else:
                history.act(client)
        thread.join()
        assert not failures
        for client in history.clients:
            client.open()
            client.check()
    finally:
        thread.join()
        history.close()
        other.close()


# A mailbox that SELECT does not load

BIG = 20_500


@pytest.fixture(scope="module")
def big_account():
    with big_inbox(BIG) as account:
        yield account


def loads(server):
    return json.loads(server.cli("status", "--json").stdout)["server"]["index_cache_loads"]


def big_select(account, client, change):
    """Changes something, forgets all indexes, and selects as `client` would: the answer, the loads it took."""
    server = account.server.server
    with account.imap("INBOX") as peer:
        change(peer)
    assert server.stop() == 0
    server.start()
    with account.imap() as peer:
        peer.ok("ENABLE QRESYNC")
        done = peer.ok(f"SELECT INBOX (QRESYNC ({client.uidvalidity} {client.modseq}))")
        count = loads(server)
        uids = peer.uids()
    for number, pairs in done.fetched().items():
        assert uids[number - 1] == int(pairs["UID"])
    client.modseq = int(done.code_of("HIGHESTMODSEQ"))
    return done, count


def test_resync_of_a_big_mailbox_reads_what_changed(big_account):
    client = Client(big_account)
    with big_account.imap() as peer:
        done = peer.ok("SELECT INBOX (CONDSTORE)")
        client.uidvalidity = int(done.code_of("UIDVALIDITY"))
        client.modseq = int(done.code_of("HIGHESTMODSEQ"))

    def nothing(peer):
        pass

    done, count = big_select(big_account, client, nothing)
    assert not done.of("VANISHED") and not done.of("FETCH") and count == 0

    # no gaps: the number is the uid, wherever it is
    done, count = big_select(big_account, client, lambda peer: peer.ok(r"STORE 2 FLAGS.SILENT (\Seen word)"))
    assert [*done.fetched()] == [2] and count == 0
    assert flags_of(done.fetched()[2]) == {"\\Seen", "word"}
    assert "word" in [str(flag) for flag in done.one("FLAGS")[0]]

    def expunge_and_append(peer):
        peer.ok(rf"STORE 1,{BIG - 5}:{BIG - 3} +FLAGS.SILENT (\Deleted)")
        peer.ok("EXPUNGE")
        peer.ok(rf"STORE {BIG - 10} +FLAGS.SILENT (\Flagged)")
        append(peer, 2)

    done, count = big_select(big_account, client, expunge_and_append)
    assert done.of("VANISHED") == [[["EARLIER"], f"1,{BIG - 5}:{BIG - 3}"]]
    assert {int(pairs["UID"]) for pairs in done.fetched().values()} == {BIG - 9, BIG + 1, BIG + 2}
    assert count == 0

    # too far from the end to be counted
    done, count = big_select(big_account, client, lambda peer: peer.ok(r"STORE 3 FLAGS.SILENT (\Draft)"))
    assert [*done.fetched()] == [3] and count == 1
    server = big_account.server.server
    raise_floor(server, client.modseq)
    client.modseq = 1
    done, count = big_select(big_account, client, nothing)
    assert done.of("VANISHED") == [[["EARLIER"], f"1,{BIG - 5}:{BIG - 3}"]]
    assert len(done.fetched()) == BIG + 2 - 4 and count == 1


def test_what_goes_before_the_numbers_are_known(big_account):
    """The index of this client's mailbox is read when there is news: messages that went have their numbers still."""
    server = big_account.server.server
    assert server.stop() == 0
    server.start()
    with big_account.imap() as peer, big_account.imap() as other:
        peer.ok("ENABLE QRESYNC")
        selected = peer.ok("SELECT INBOX")
        exists, uidnext = selected.one("EXISTS"), int(selected.code_of("UIDNEXT"))
        other.select()
        other.ok(rf"STORE {exists - 1}:{exists} +FLAGS.SILENT (\Deleted)")
        modseq = int(other.ok("STATUS INBOX (HIGHESTMODSEQ)").one("STATUS")[1][1])
        other.ok("EXPUNGE")
        append(other, 1)
        # numbers stay, and no HIGHESTMODSEQ covers what was not told
        done = peer.ok(f"FETCH {exists - 2} (UID)")
        assert int(done.code_of("HIGHESTMODSEQ")) < modseq
        done = peer.noop()
        assert done.of("VANISHED") == [[f"{uidnext - 2}:{uidnext - 1}"]]
        assert done.one("EXISTS") == exists - 1
