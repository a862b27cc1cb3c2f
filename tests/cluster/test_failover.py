"""Two nodes on PostgreSQL with a synchronous standby, under load: a node dies, the primary dies, the primary is stopped, the
standby is away; and with two standbys, of which one may be."""

import killtest
import pytest
from guard import wait_for
from load import Load
from nodes import Site
from replication import Replication
from trials import conclude, kill_nodes, restart_nodes, stop_nodes

PASSWORD = "secret"


@pytest.fixture(scope="module")
def site(guard, pair):
    pair.create("mail", "mail", PASSWORD)
    site = Site(guard, [pair.url("mail", "mail", PASSWORD)] * 2).start()
    yield site
    site.close()


def test_a_killed_node_loses_and_doubles_nothing(site, load, count):
    kill_nodes([*site.nodes, *site.nodes], load)
    conclude(load, count)


def test_nodes_that_are_restarted_lose_and_double_nothing(site, load, count):
    restart_nodes(site.nodes, load)
    conclude(load, count)


@pytest.mark.parametrize("clean", [False, True], ids=["killed", "stopped"])
def test_the_standby_takes_over_under_load(pair, load, count, clean):
    load.progress(60)
    with load.disturbance():
        pair.fail_over(clean)
        load.progress(60)
        pair.rejoin()
        load.progress(60)
    conclude(load, count)


def code_of(node, message):
    """What one attempt to deliver is answered with."""
    lmtp = killtest.Lmtp(node.port("lmtp"))
    try:
        lmtp.socket.settimeout(60)
        return dict(lmtp.deliver("sender@elsewhere.test", ["user0@cluster.test"], message))["user0@cluster.test"]
    finally:
        lmtp.close()


def test_without_its_only_standby_nothing_is_acknowledged(guard, pair):
    """The primary has the message, and nobody is told so: 4xx until the standby is back, and then it is there once."""
    pair.create("waits", "waits", PASSWORD)
    url = pair.url("waits", "waits", PASSWORD) + "&statement_timeout=3"
    site = Site(guard, [url], accounts=1, options={"db.busy_timeout": "2s"}, name="waits").start()
    try:
        node, message = site.nodes[0], killtest.make_message(1, "waits", 1)
        assert code_of(node, killtest.make_message(1, "waits", 0)) == 250
        pair.standby.kill()
        assert code_of(node, message) // 100 == 4
        assert code_of(node, message) // 100 == 4
        pair.standby.start()
        pair.wait_synchronous()
        wait_for("the message is taken", 60, lambda: code_of(node, message) == 250)
        found = killtest.fetch_all(node.port("imap"), "user0", "password0")
        assert {name: len(bodies) for name, bodies in found.items()} == {
            killtest.message_id(1, "waits", number): 1 for number in (0, 1)
        }
        stop_nodes(site)
    finally:
        site.close()


def test_of_two_standbys_one_may_be_away(guard, count):
    """And when the primary is lost, one of them has everything."""
    trio = Replication(guard, name="trio", standbys=2).start()
    trio.create("mail", "mail", PASSWORD)
    site = Site(guard, [trio.url("mail", "mail", PASSWORD)] * 2, name="trio-node").start()
    load = Load(site, "trio").start()
    try:
        for standby in trio.standbys:
            load.progress(40)
            with load.disturbance():
                standby.kill()
                load.progress(40)
                standby.start()
                trio.wait_synchronous()
        with load.disturbance():
            trio.fail_over()
            load.progress(40)
        conclude(load, count)
        stop_nodes(site)
    finally:
        load.stop()
        site.close()


def test_a_clean_stop_of_each_node_is_clean(site):
    stop_nodes(site)
