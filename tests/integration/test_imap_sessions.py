"""Several sessions, other processes and SQL by hand on one mailbox (RFC 3501 5.2, 7.4.1; RFC 2177; RFC 2180)."""

import os
import time

import pytest
import wire
from conftest import PASSWORD
from mails import mail
from tracker import Tracker, Walker

# What another session or process did is told within this time.
SOON = 2.0


def is_exists(count):
    return lambda response: response[1:] == ["EXISTS"] and int(response[0]) == count


def is_expunge(response):
    return response[1:] == ["EXPUNGE"]


def is_flags(flag):
    return lambda response: len(response) == 3 and response[1] == "FETCH" and flag in str(response[2])


@pytest.fixture
def pair(account):
    """Two sessions in the INBOX, which holds three messages."""
    with account.imap() as one, account.imap() as two:
        one.account = account
        for number in range(3):
            one.append("INBOX", mail(subject=str(number)))
        one.select()
        two.select()
        yield one, two


# IDLE


def test_idle_tells_of_deliveries(host, account):
    with account.imap("INBOX") as peer:
        tag = peer.idle()
        with host.lmtp() as lmtp:
            for count in (1, 2, 3):
                lmtp.deliver_all(account.address, mail())
                peer.wait_for(is_exists(count), SOON)
        assert peer.idle_done(tag).status == "OK"
        assert peer.uids() == [1, 2, 3]


def test_idle_tells_of_another_session(pair):
    one, two = pair
    tag = two.idle()
    one.append("INBOX", mail())
    two.wait_for(is_exists(4), SOON)
    one.ok(r"STORE 2 +FLAGS (\Flagged)")
    two.wait_for(is_flags("\\Flagged"), SOON)
    one.ok(r"STORE 1,3 +FLAGS.SILENT (\Deleted)")
    one.ok("EXPUNGE")
    two.wait_for(is_expunge, SOON)
    two.wait_for(is_expunge, SOON)
    two.idle_done(tag)
    assert two.uids() == one.uids() == [2, 4]


def test_idle_begins_with_what_was_missed(pair):
    """What happened between the last command and IDLE is told at once or soon, never lost."""
    one, two = pair
    one.append("INBOX", mail())
    tag = two.idle()
    if not any(is_exists(4)(response) for response in two.unsolicited):
        two.wait_for(is_exists(4), SOON)
    two.idle_done(tag)


def test_idle_ends_with_done_alone(pair):
    """RFC 2177 3: DONE, in any case; anything else ends it too, with BAD."""
    one, _ = pair
    tag = one.idle()
    one.send(b"done\r\n")
    assert one.end(tag).status == "OK"
    tag = one.idle()
    one.send(b"FNORD\r\n")
    assert one.end(tag).status == "BAD"
    one.noop()


def test_done_in_the_same_packet(pair):
    one, _ = pair
    one.send(b"i1 IDLE\r\nDONE\r\ni2 NOOP\r\n")
    seen = [one.response() for _ in range(3)]
    assert [response[0] for response in seen] == ["+", "tagged", "tagged"]
    assert [response[1] for response in seen[1:]] == ["i1", "i2"]


@pytest.mark.ours
def test_idle_tells_what_it_could_not_read_at_once(host, account):
    """Nobody wakes it twice for the same change; the rights are looked at, and a delivery does not need their table."""
    with account.imap("INBOX") as peer:
        tag = peer.idle()
        host.server.sql("ALTER TABLE dbmail_acl RENAME TO away")
        try:
            with host.lmtp() as lmtp:
                lmtp.deliver_all(account.address, mail())
            time.sleep(1)
        finally:
            host.server.sql("ALTER TABLE away RENAME TO dbmail_acl")
        peer.wait_for(is_exists(1), 10)
        peer.idle_done(tag)


def test_many_idle_sessions(host, account):
    peers = [account.imap("INBOX") for _ in range(30 if host.is_ours else 8)]
    tags = [peer.idle() for peer in peers]
    with host.lmtp() as lmtp:
        lmtp.deliver_all(account.address, mail())
    for peer, tag in zip(peers, tags):
        peer.wait_for(is_exists(1), SOON)
        peer.idle_done(tag)
        peer.logout()


# NOOP and other commands


def test_noop_tells_everything(pair):
    one, two = pair
    one.append("INBOX", mail())
    one.ok(r"STORE 3 +FLAGS.SILENT (\Answered)")
    one.ok(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    one.ok("EXPUNGE")
    time.sleep(0.6)
    done = two.noop()
    assert done.of("EXPUNGE") == [1]
    assert int(done.of("EXISTS")[-1]) == 3
    # its number is 3 before the EXPUNGE, 2 behind it
    assert any("\\Answered" in got["FLAGS"] for number, got in done.fetched().items() if number in (2, 3))


@pytest.mark.ours
def test_changes_are_there_at_the_next_command(pair):
    """In one process no waiting is needed: acknowledged means committed, and the next command looks."""
    one, two = pair
    for count in range(4, 24):
        one.append("INBOX", mail())
        assert int(two.noop().of("EXISTS")[-1]) == count


def test_expunge_is_not_told_while_numbers_are_in_use(pair):
    """RFC 3501 7.4.1: not during FETCH, STORE, SEARCH."""
    one, two = pair
    one.ok(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    one.ok("EXPUNGE")
    time.sleep(0.6)
    for command in ("FETCH 3 UID", r"STORE 3 +FLAGS (\Seen)", "SEARCH ALL"):
        done = two.ok(command)
        assert done.of("EXPUNGE") == []
        if command.startswith("FETCH"):
            assert done.fetched()[3]["UID"] == "3"
        if command.startswith("SEARCH"):
            assert set(done.one("SEARCH")) <= {"1", "2", "3"}
    assert two.noop().of("EXPUNGE") == [1]
    assert two.uids() == [2, 3]


def test_numbers_of_messages_that_are_gone(pair):
    """RFC 2180 4.1, 4.2: no wrong message is shown or changed."""
    one, two = pair
    one.ok(r"STORE 2 +FLAGS.SILENT (\Deleted)")
    one.ok("EXPUNGE")
    done = two.cmd("FETCH 1:3 (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    assert done.status in ("OK", "NO")
    for number, got in done.fetched().items():
        assert int(got["UID"]) == number
        subject = got["BODY[HEADER.FIELDS (SUBJECT)]"]
        assert subject in (b"Subject: %d\r\n\r\n" % (number - 1), None, b"", b"\r\n")
    assert two.cmd(r"STORE 2:3 +FLAGS (\Flagged)").status in ("OK", "NO")
    two.noop()
    flagged = [int(number) for number in two.ok(r"UID SEARCH FLAGGED").one("SEARCH")]
    assert flagged in ([3], [])


def test_a_message_that_went_is_as_it_was_told_last(pair):
    """The second goes while the session may not yet be told that the first one did: no flags and no MODSEQ of before."""
    one, two = pair
    two.ok("ENABLE CONDSTORE")
    one.ok(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    two.noop()
    one.ok("EXPUNGE")
    stored = two.ok(r"STORE 2 +FLAGS.SILENT (\Deleted)").fetched()[2]["MODSEQ"]
    one.noop()
    one.ok("EXPUNGE")
    told = two.cmd("FETCH 2 (FLAGS MODSEQ)").fetched().get(2)
    assert told is None or (told["MODSEQ"] == stored and "\\Deleted" in told["FLAGS"]), told
    assert two.noop().of("EXPUNGE") == [1, 1]


def test_status_and_select_are_fresh(pair):
    one, two = pair
    one.ok("CREATE other")
    one.append("other", mail())
    assert two.ok("STATUS other (MESSAGES UNSEEN)").one("STATUS")[1] == ["MESSAGES", "1", "UNSEEN", "1"]
    assert two.select("other").of("EXISTS") == [1]


@pytest.mark.ours
def test_the_selected_mailbox_is_deleted(account):
    """RFC 2180 3: the other session is told by BYE, or its commands fail; no crash, no foreign mail."""
    with account.imap() as one, account.imap() as two:
        one.ok("CREATE doomed")
        one.append("doomed", mail())
        two.select("doomed")
        one.ok("DELETE doomed")
        try:
            assert two.cmd("FETCH 1 BODY.PEEK[]").status in ("OK", "NO", "BAD")
            two.cmd("NOOP")
            assert two.cmd("SELECT doomed").status == "NO"
        except wire.Closed:
            assert any(response[0] == "BYE" for response in two.heard[-3:]), two.heard[-3:]
        one.ok("CREATE doomed")
        assert one.select("doomed").of("EXISTS") == [0]


@pytest.mark.ours
def test_who_is_sending_when_the_mailbox_is_gone_can_read_why(account):
    """A connection that is closed while the client sends is reset, which may take the BYE with it."""
    with account.imap() as one, account.imap() as two:
        one.ok("CREATE doomed")
        two.select("doomed")
        one.ok("DELETE doomed")
        two.send(b"a1 NOOP\r\n")
        for _ in range(5):
            time.sleep(0.1)
            two.send(b"a2 APPEND INBOX {10+}\r\n0123456789\r\n")
        two.wait_for(lambda response: response[0] == "BYE", SOON)
        with pytest.raises(wire.Closed) as end:
            two.response()
        assert "reset" not in str(end.value)


@pytest.mark.ours
def test_the_selected_mailbox_is_renamed(account):
    with account.imap() as one, account.imap() as two:
        one.ok("CREATE before")
        one.append("before", mail())
        two.select("before")
        one.ok("RENAME before after")
        one.append("after", mail())
        done = two.ok("FETCH 1 UID")
        assert done.fetched()[1]["UID"] == "1"
        assert [*done.of("EXISTS"), *two.noop().of("EXISTS")][-1] == 2


# other processes


@pytest.mark.ours
def test_deliver_of_another_process(host, account):
    with account.imap("INBOX") as peer:
        tag = peer.idle()
        host.server.cli("deliver", account.address, stdin=mail().decode())
        peer.wait_for(is_exists(1), SOON)
        peer.idle_done(tag)
        host.server.cli("deliver", account.address, stdin=mail().decode())
        time.sleep(0.6)
        assert peer.noop().of("EXISTS") == [2]


@pytest.mark.ours
def test_a_folder_made_by_hand(host, account):
    """A row made by hand is real at once."""
    with account.imap() as peer:
        number = host.server.sql(f"SELECT user_idnr FROM dbmail_users WHERE userid = '{account.name}'")
        host.server.sql(f"INSERT INTO dbmail_mailboxes (owner_idnr, name) VALUES ({number}, 'By hand')")
        assert b"By hand" in [row[2] for row in peer.ok('LIST "" *').of("LIST")]
        assert peer.select("By hand").of("EXISTS") == [0]
        peer.append("By hand", mail())
        peer.ok("UNSELECT")
        host.server.sql(f"UPDATE dbmail_mailboxes SET name = 'Renamed' WHERE name = 'By hand' AND owner_idnr = {number}")
        assert peer.ok("STATUS Renamed (MESSAGES)").one("STATUS")[1] == ["MESSAGES", "1"]
        host.server.sql(f"DELETE FROM dbmail_mailboxes WHERE name = 'Renamed' AND owner_idnr = {number}")
        assert [row[2] for row in peer.ok('LIST "" *').of("LIST")] == ["INBOX"]
        peer.no("SELECT Renamed")


@pytest.mark.ours
def test_the_13_values_of_a_mailbox_row(host, account):
    """DBMail's recipes insert without a column list."""
    number = host.server.sql(f"SELECT user_idnr FROM dbmail_users WHERE userid = '{account.name}'")
    # PostgreSQL counts by DEFAULT where the others count by NULL
    next_id = "DEFAULT" if host.server.engine_name == "pgsql" else "NULL"
    host.server.sql(f"INSERT INTO dbmail_mailboxes VALUES ({next_id}, {number}, 'Thirteen', 1,1,1,1,1,1,0,0,2,0)")
    with account.imap() as peer:
        peer.append("Thirteen", mail())
        assert peer.select("Thirteen").of("EXISTS") == [1]


@pytest.mark.ours
def test_passwords_set_by_hand(host, account):
    host.server.sql(f"UPDATE dbmail_users SET passwd = 'by hand', encryption_type = '' WHERE userid = '{account.name}'")
    with wire.Imap(host.port("imap")) as peer:
        peer.no(f"LOGIN {account.name} {PASSWORD}")
        peer.ok(f'LOGIN {account.name} "by hand"')
    host.server.sql(f"UPDATE dbmail_users SET passwd = 'again' WHERE userid = '{account.name}'")
    with wire.Imap(host.port("imap")) as peer:
        peer.no(f'LOGIN {account.name} "by hand"')
        peer.ok(f"LOGIN {account.name} again")


@pytest.mark.ours
def test_an_account_deleted_by_hand(host, account):
    with account.imap() as before:
        before.append("INBOX", mail())
        host.server.sql(f"DELETE FROM dbmail_users WHERE userid = '{account.name}'")
        with wire.Imap(host.port("imap")) as peer:
            peer.no(f"LOGIN {account.name} {PASSWORD}")
        try:
            done = before.cmd("SELECT INBOX")
            assert done.status == "NO"
        except wire.Closed:
            pass


@pytest.mark.ours
def test_a_name_used_again_brings_no_mail_back(host, account):
    account_again = f"again-{account.name}"
    host.server.add_user(account_again, PASSWORD)
    with host.lmtp() as lmtp:
        lmtp.deliver_all(f"{account_again}@{host.domain}", mail())
    host.server.cli("user", "delete", account_again)
    host.server.add_user(account_again, PASSWORD)
    with wire.Imap(host.port("imap")) as peer:
        peer.login(account_again, PASSWORD)
        assert peer.select().of("EXISTS") == [0]


@pytest.mark.ours
def test_rights_given_by_hand(host, account):
    """An ACL row is a right, of this very moment (DBMail: folders of others stand below #Users)."""
    other = host.account()
    with account.imap() as owner, other.imap() as guest:
        owner.ok("CREATE Shared")
        owner.append("Shared", mail())
        name = f"#Users/{account.name}/Shared"
        guest.no(f"SELECT {wire.quote(name)}")
        host.server.sql(
            f"""INSERT INTO dbmail_acl (user_id, mailbox_id, lookup_flag, read_flag)
            SELECT g.user_idnr, m.mailbox_idnr, 1, 1 FROM dbmail_users g, dbmail_users o, dbmail_mailboxes m
            WHERE g.userid = '{other.name}' AND o.userid = '{account.name}' AND m.owner_idnr = o.user_idnr
            AND m.name = 'Shared'"""
        )
        done = guest.ok(f"EXAMINE {wire.quote(name)}")
        assert done.of("EXISTS") == [1]
        assert guest.ok("FETCH 1 RFC822.SIZE").fetched()
        assert guest.cmd(["APPEND ", name.encode(), " ", mail()]).status == "NO"
        host.server.sql(f"DELETE FROM dbmail_acl WHERE user_id IN (SELECT user_idnr FROM dbmail_users WHERE userid = '{other.name}')")
        # the mailbox is still selected
        guest.no("FETCH 1 (FLAGS)")
        guest.no("UID SEARCH ALL")
        owner.append("Shared", mail())
        assert not guest.noop().of("EXISTS")
        guest.no(f"SELECT {wire.quote(name)}")


@pytest.mark.ours
@pytest.mark.parametrize("how", ["MOVE", "EXPUNGE"])
def test_messages_that_go_while_they_are_read(host, account, how):
    """RFC 2180 4.1.1: what a FETCH has begun to send it sends to the end, also where a message goes to another account."""
    other = host.account()
    header = b"".join(b"X-%d: %s\r\n" % (n, b"h" * 90) for n in range(9000))
    messages = [header + b"\r\n%s %d\r\n" % (b"text" * 8000, n) for n in range(2)]
    with account.imap() as reader, account.imap() as writer, other.imap() as owner:
        for message in messages:
            writer.append("INBOX", message)
        owner.ok("CREATE Shared")
        owner.ok(f"SETACL Shared {account.name} lrswitekx")
        reader.select()
        writer.select()
        # more than sockets hold: it is not at the texts when the messages go
        items = " ".join(f"BODY.PEEK[HEADER]<0.{len(header) - n}>" for n in range(40))
        tag = reader.begin(f"FETCH 1:2 (UID {items} BODY.PEEK[TEXT])")
        reader.wire.fill()
        if how == "MOVE":
            writer.ok(f"MOVE 1:2 {wire.quote(f'#Users/{other.name}/Shared')}")
        else:
            writer.ok(r"STORE 1:2 +FLAGS.SILENT (\Deleted)")
            writer.ok("EXPUNGE")
        done = reader.end(tag)
        assert done.status == "OK", done.text
        texts = [attributes["BODY[TEXT]"] for attributes in done.fetched().values()]
        assert texts == [message.partition(b"\r\n\r\n")[2] for message in messages]
        assert reader.select().of("EXISTS") == [0]
        if how == "MOVE":
            assert owner.ok("SELECT Shared").of("EXISTS") == [2]


@pytest.mark.ours
def test_another_uidvalidity_by_hand(host, account):
    """RFC 3501 2.3.1.1: uids are void with it; a client that has the mailbox open must not believe them any more."""
    with account.imap("INBOX") as peer, account.imap("INBOX") as idle:
        peer.append("INBOX", mail())
        peer.noop()
        idle.noop()
        owner = f"(SELECT user_idnr FROM dbmail_users WHERE userid = '{account.name}')"
        host.server.sql(
            f"""BEGIN; UPDATE mail_accounts SET uidvalidity_last = uidvalidity_last + 1 WHERE owner = {owner};
            UPDATE mail_mailboxes SET uidvalidity = uidvalidity + 1 WHERE owner = {owner}; COMMIT"""
        )
        with pytest.raises(wire.Closed):
            for _ in range(100):
                peer.cmd("UID FETCH 1:* FLAGS")
                peer.noop()
    with account.imap("INBOX") as again:
        assert again.ok("FETCH 1 FLAGS").fetched()


# a random walk


@pytest.mark.parametrize("seed", range(3))
def test_random_walk(host, account, seed):
    """Sessions that change one mailbox at once never disagree in the end, and no number ever means another message."""
    seed = int(os.environ.get("WALK_SEED", "0")) * 1000 + seed
    peers = [account.imap() for _ in range(5)]
    trackers = [Tracker(peer) for peer in peers]
    walkers = [Walker(tracker, f"{seed}/{i}", 60) for i, tracker in enumerate(trackers)]
    for walker in walkers:
        walker.start()
    for walker in walkers:
        walker.join(120)
        assert not walker.is_alive(), f"seed {seed}: stuck"
    for walker in walkers:
        if walker.failure:
            raise AssertionError(f"seed {seed}: {walker.failure}") from walker.failure
    time.sleep(0 if host.is_ours else 1.2)
    views = [tracker.settle() for tracker in trackers]
    with account.imap("INBOX") as fresh:
        truth = fresh.uids()
        flags = shown_flags(fresh)
    for view, peer in zip(views, peers):
        assert view == truth, f"seed {seed}"
        assert shown_flags(peer) == flags, f"seed {seed}"
        peer.logout()


def shown_flags(peer):
    if not peer.uids():
        return {}
    return {
        int(got["UID"]): sorted(set(got["FLAGS"]) - {"\\Recent"})
        for got in peer.ok("FETCH 1:* (UID FLAGS)").fetched().values()
    }


# folders, deliveries and copies at once


class FolderWalker(Walker):
    """Makes, renames and deletes folders that others use at the same time: every answer is OK or NO."""

    def __init__(self, peer, seed, steps):
        super().__init__(None, seed, steps)
        self.peer = peer

    def name(self):
        return "/".join(self.rng.choice("abc") for _ in range(self.rng.randrange(1, 4)))

    def step(self):
        command = self.rng.choice(
            [
                f"CREATE {self.name()}",
                f"CREATE {self.name()}",
                f"DELETE {self.name()}",
                f"RENAME {self.name()} {self.name()}",
                f"SELECT {self.name()}",
                f"STATUS {self.name()} (MESSAGES UIDNEXT UNSEEN)",
                'LIST "" *',
                f"SUBSCRIBE {self.name()}",
                [f"APPEND {self.name()} {{}}", mail()],
            ]
        )
        if isinstance(command, list):
            command = "APPEND {} {{{}+}}\r\n{}".format(self.name(), len(command[1]), command[1].decode())
        try:
            assert self.peer.cmd(command).status in ("OK", "NO"), command
        except wire.Closed:  # its folder was deleted by another: docs/imap.md
            self.peer = self.again()


@pytest.mark.ours
@pytest.mark.parametrize("seed", range(2))
def test_folders_of_many_sessions(host, account, seed):
    walkers = [FolderWalker(account.imap(), f"{seed}/{i}", 80) for i in range(4)]
    for walker in walkers:
        walker.again = account.imap
        walker.start()
    for walker in walkers:
        walker.join(60)
        assert not walker.is_alive()
        assert walker.failure is None, walker.failure
    with account.imap() as peer:
        for row in peer.ok('LIST "" *').of("LIST"):
            if "\\Noselect" not in row[0]:
                counted = peer.ok(f"EXAMINE {row[2]}").of("EXISTS")
                told = peer.ok(f"STATUS {row[2]} (MESSAGES)").one("STATUS")[1][1]
                assert counted == [int(told)]
                assert len(peer.uids()) == int(told)


@pytest.mark.ours
def test_deliveries_copies_and_deletions_at_once(host, account):
    """Nothing is lost, counted twice or left behind: `verify` reads everything."""

    class Deliverer(Walker):
        def step(self):
            with host.lmtp() as lmtp:
                for _ in range(5):
                    lmtp.deliver_all(account.address, mail(b"x" * self.rng.randrange(60_000) + b"\r\n"))
                lmtp.quit()

    class Mover(Walker):
        def step(self):
            self.tracker.ok("FETCH 1:* UID")
            # what comes meanwhile is not among these
            uids = [uid for uid in self.tracker.view if uid]
            first, last = uids[0], uids[-1]
            self.tracker.ok(f"UID COPY {first}:{last} Archive")
            self.tracker.ok(rf"UID STORE {first}:{last} +FLAGS.SILENT (\Deleted)")
            self.tracker.ok("EXPUNGE")
            self.tracker.ok(["APPEND INBOX ", mail()])

    with account.imap() as peer:
        peer.ok("CREATE Archive")
        peer.append("INBOX", mail())
        mover = Mover(Tracker(peer), "mover", 20)
        walkers = [mover, *(Deliverer(None, f"deliverer {i}", 6) for i in range(3))]
        for walker in walkers:
            walker.start()
        for walker in walkers:
            walker.join(60)
            assert not walker.is_alive()
            assert walker.failure is None, walker.failure
    done = host.server.cli("verify", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with account.imap("INBOX") as peer:
        left = len(peer.uids())
        peer.select("Archive")
        # 3 * 6 * 5 delivered, 21 appended; each stands in INBOX or was copied before it was expunged
        assert left + len(peer.uids()) == 111
