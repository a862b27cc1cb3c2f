"""A mailbox that SELECT does not load: more than 20,000 messages, and the server has just been started."""

import pytest
from conftest import big_inbox
from mails import mail

pytestmark = pytest.mark.ours

COUNT = 21_000


@pytest.fixture(scope="module")
def big_account():
    with big_inbox(COUNT) as account:
        yield account


def test_recent_with_a_gap(big_account):
    """RFC 3501 7.3.2: RECENT is the number of messages with \\Recent."""
    server = big_account.server.server
    with big_account.imap("INBOX") as peer:
        for _ in range(5):
            peer.append("INBOX", mail())
        peer.ok(f"STORE {COUNT + 3} +FLAGS.SILENT (\\Deleted)")
        peer.ok("EXPUNGE")
    for command in ("EXAMINE", "SELECT"):
        assert server.stop() == 0
        server.sql(f"UPDATE mail_mailboxes SET first_recent = uidnext - 5 WHERE messages > {COUNT}")
        server.start()
        with big_account.imap() as peer:
            assert peer.ok(f"{command} INBOX").one("RECENT") == 4
            assert len(peer.ok("UID SEARCH RECENT").one("SEARCH")) == 4
            assert not peer.noop().of("RECENT")


def test_messages_that_went_before_the_index_was_needed(big_account):
    """RFC 3501 7.4.1: their numbers stay until EXPUNGE is told, though nobody knew them when the mailbox was selected."""
    server = big_account.server.server
    assert server.stop() == 0
    server.start()
    with big_account.imap() as first, big_account.imap() as second:
        exists = first.ok("SELECT INBOX").one("EXISTS")
        uids = dict(enumerate(select_and_list(second), 1))
        second.ok("STORE 10,12,20:21 +FLAGS.SILENT (\\Deleted)")
        second.ok("EXPUNGE")
        assert uid_of(first, 9) == uids[9] and uid_of(first, 13) == uids[13] and uid_of(first, exists) == uids[exists]
        assert "EXPUNGEISSUED" in first.no("FETCH 10 (FLAGS)").text
        assert first.noop().of("EXPUNGE") == [10, 11, 18, 18]
        assert uid_of(first, exists - 4) == uids[exists]
        assert first.uids() == second.uids()


def select_and_list(peer):
    peer.ok("SELECT INBOX")
    return peer.uids()


def uid_of(peer, number):
    return int(peer.ok(f"FETCH {number} (UID)").fetched()[number]["UID"])
