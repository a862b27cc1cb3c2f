"""Two nodes behind a pooler that gives each transaction another connection, under load."""

import pytest
from guard import NotHere
from load import Load
from nodes import Site
from pooler import Pooler

PASSWORD = "secret"


@pytest.fixture(scope="module")
def pooler(guard, pair):
    pair.create("pooled", "pooled", PASSWORD)
    try:
        return Pooler(guard, pair.primary.port, "pooled", PASSWORD).start()
    except NotHere as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def site(guard, pair, pooler):
    site = Site(guard, [pooler.url("pooled", "pooled", PASSWORD)] * 2).start()
    yield site
    site.close()


def test_nothing_is_lost_or_doubled_behind_a_pooler(site, pair, pooler, count):
    load = Load(site, "pooler").start()
    load.progress(300)
    seen = pair.primary.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = 'pooled'")
    count(f"{load.finish()} connections-at-the-server={seen[0][0]}")
    assert not load.book.wrong, "\n".join(load.book.wrong)
    assert int(seen[0][0]) <= 4


def test_a_killed_node_behind_a_pooler_loses_nothing(site, count):
    load = Load(site, "pooler-kill").start()
    for node in site.nodes:
        load.progress(60)
        with load.disturbance():
            node.kill9()
            load.progress(40)
            node.start()
            load.progress(40)
    count(load.finish())
    assert not load.book.wrong, "\n".join(load.book.wrong)
