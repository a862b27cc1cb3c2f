"""Two nodes on PostgreSQL with a synchronous standby, under load: a node dies, the primary dies, the primary is stopped."""

import pytest
from nodes import Site
from trials import conclude, kill_nodes, stop_nodes

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


@pytest.mark.parametrize("clean", [False, True], ids=["killed", "stopped"])
def test_the_standby_takes_over_under_load(pair, load, count, clean):
    load.progress(60)
    with load.disturbance():
        pair.fail_over(clean)
        load.progress(60)
        pair.rejoin()
        load.progress(60)
    conclude(load, count)


def test_a_clean_stop_of_each_node_is_clean(site):
    stop_nodes(site)
