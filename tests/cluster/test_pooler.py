"""Two nodes behind a pooler that gives each transaction another connection, under load."""

import pytest
from guard import NotHere
from nodes import Site
from pooler import Pooler
from trials import conclude, kill_nodes

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


def test_nothing_is_lost_or_doubled_behind_a_pooler(pair, load, count):
    load.progress(300)
    seen = pair.primary.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = 'pooled'")
    count(f"connections-at-the-server={seen[0][0]}")
    conclude(load, count)
    assert int(seen[0][0]) <= 4


def test_a_killed_node_behind_a_pooler_loses_nothing(site, load, count):
    kill_nodes(site.nodes, load)
    conclude(load, count)
