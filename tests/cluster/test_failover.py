"""Two nodes on PostgreSQL with a synchronous standby, under load: a node dies, the primary dies, the primary is stopped."""

import pytest
from load import Load
from nodes import Site

PASSWORD = "secret"
SEED = 11


@pytest.fixture(scope="module")
def site(guard, pair):
    pair.create("mail", "mail", PASSWORD)
    site = Site(guard, [pair.url("mail", "mail", PASSWORD)] * 2).start()
    yield site
    site.close()


@pytest.fixture
def load(site, request):
    return Load(site, f"{SEED}/{request.node.name}").start()


def finish(load, count):
    count(load.finish())
    assert not load.book.wrong, "\n".join(load.book.wrong)


def test_a_killed_node_loses_and_doubles_nothing(site, load, count):
    for node in [*site.nodes, *site.nodes]:
        load.progress(60)
        with load.disturbance():
            node.kill9()
            load.progress(40)
            node.start()
            load.progress(40)
    finish(load, count)


@pytest.mark.parametrize("clean", [False, True], ids=["killed", "stopped"])
def test_the_standby_takes_over_under_load(pair, load, count, clean):
    load.progress(60)
    with load.disturbance():
        pair.fail_over(clean)
        load.progress(60)
        pair.rejoin()
        load.progress(60)
    finish(load, count)


def test_a_clean_stop_of_each_node_is_clean(site):
    for node in site.nodes:
        assert node.stop() == 0, node.log_tail(60)
    assert not site.trouble(), site.trouble()
