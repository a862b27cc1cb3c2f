"""SIGHUP: what changes takes effect for new sessions, sessions that are there go on, and a mistake changes nothing."""

import time

import pytest
import wire
from mails import mail, without_trace

pytestmark = pytest.mark.ours


def size_of(lmtp):
    """The limit that LHLO announced."""
    return int(lmtp.extensions["SIZE"])


def test_new_sessions_get_what_changed(make_host):
    """Several options at once; the sessions that were there keep what they were told."""
    host = make_host({"lmtp.message_max": "100K", "deliver.default_domain": "elsewhere.test"})
    account = host.account()
    with host.lmtp() as old, account.imap("INBOX") as reader:
        assert size_of(old) == 102400
        host.server.configure({"lmtp.message_max": "200K", "lmtp.recipients_max": "100", "hostname": "new.example.test"})
        host.server.configure({"net.per_user_max": "2", "log.level": "debug"})
        said = host.server.reload()
        assert "restart-needed" not in said and "reloaded" in said
        with host.lmtp() as new:
            assert size_of(new) == 204800
            assert "new.example.test" in str(new.greeting)
            new.deliver_all(account.address, mail(b"more than the old limit\r\n" * 6000))
            assert b"new.example.test" in b"".join(account.bodies()[0].splitlines()[:6])
        # what the old session was told still holds, and it works
        assert old.cmd(f"MAIL FROM:<a@b.test> SIZE={150_000}").code == 552
        old.deliver_all(account.address, mail())
        reader.noop()
        assert len(reader.uids()) == 2
        with account.imap("INBOX"), wire.Imap(host.port("imap")) as third:
            assert third.cmd(f"LOGIN {account.user} {account.password}").status == "NO"
    assert " debug " in host.server.log.read_text()


def test_an_old_session_outlives_many_reloads(make_host):
    host = make_host()
    account = host.account()
    with account.imap("INBOX") as reader:
        tag = reader.idle()
        for minutes in range(5, 15):
            host.server.configure({"imap.idle_timeout": f"{minutes}m"})
            assert "reloaded" in host.server.reload()
        with host.lmtp() as lmtp:
            lmtp.deliver_all(account.address, mail())
        reader.wait_for(lambda found: any("EXISTS" in str(one) for one in found))
        reader.idle_done(tag)


def test_what_needs_a_restart_is_named_and_waits(make_host):
    host = make_host({"store.zstd_level": "1"})
    host.server.configure({"store.zstd_level": "3", "imap.message_max": "1M"})
    said = host.server.reload()
    assert 'restart-needed option="store.zstd_level"' in said
    assert said.count("restart-needed") == 1
    # and said again, until it is restarted
    assert "restart-needed" in host.server.reload()
    assert host.server.stop() == 0
    host.server.start()
    assert "restart-needed" not in host.server.reload()


@pytest.mark.parametrize(
    "wrong, reason",
    [
        ({"lmtp.message_max": "12 parsecs"}, "tabella.conf:"),
        ({"imap.no_such_option": "1"}, "tabella.conf:"),
        ({"tls.certificate": "/nonexistent/cert.pem"}, None),
    ],
)
def test_a_mistake_changes_nothing(make_host, wrong, reason):
    host = make_host({"lmtp.message_max": "100K"})
    account = host.account()
    before = host.server.config.read_text()
    host.server.configure({"lmtp.message_max": "300K"} | wrong)
    said = host.server.reload()
    if reason:
        assert "reload-failed" in said and reason in said and "error" in said
        with host.lmtp() as lmtp:
            assert size_of(lmtp) == 102400
    else:
        # another file than at the start: as any option that needs a restart
        assert 'restart-needed option="tls.certificate"' in said
    message = mail()
    with host.lmtp() as lmtp:
        lmtp.deliver_all(account.address, message)
    without_trace(account.bodies()[0], message)
    host.server.config.write_text(before.replace("100K", "400K"))
    assert "reloaded" in host.server.reload()
    with host.lmtp() as lmtp:
        assert size_of(lmtp) == 409600


def test_a_message_that_the_sessions_memory_cannot_hold(make_host):
    """The memory for sessions is given out at the start: a limit above it waits for a restart."""
    host = make_host({"lmtp.message_max": "1M", "imap.message_max": "1M", "net.connection_memory_max": "16M"})
    host.server.configure({"lmtp.message_max": "512M"})
    said = host.server.reload()
    assert "reload-failed" in said and "lmtp.message_max" in said and "restart" in said
    host.server.configure({"lmtp.message_max": "2M"})
    assert "reloaded" in host.server.reload()


def test_a_configuration_that_is_gone(make_host):
    host = make_host()
    host.server.config.rename(host.server.config.with_suffix(".away"))
    said = host.server.reload()
    assert "reload-failed" in said and "tabella.conf" in said
    host.server.config.with_suffix(".away").rename(host.server.config)
    assert "reloaded" in host.server.reload()


def test_the_log_is_opened_again_after_a_rotation(make_host):
    host = make_host()
    assert host.server.stop() == 0
    folder = host.server.data / "log"
    folder.mkdir()
    folder.chmod(0o777)
    path = folder / "tabella.log"
    host.server.configure({"log.file": path}).start()
    path.rename(folder / "tabella.log.1")
    host.server.process.send_signal(1)
    for _ in range(200):
        if path.exists() and "reloaded" in path.read_text():
            break
        time.sleep(0.05)
    assert "reloaded" in path.read_text()
    before = (folder / "tabella.log.1").stat().st_size
    with wire.Imap(host.port("imap")):
        pass
    time.sleep(0.1)
    assert (folder / "tabella.log.1").stat().st_size == before
    assert "disconnect" in path.read_text()
