"""A node of Tabella on each of three nodes of Galera, under load: one of either dies and comes back."""

import pytest
from load import Load
from nodes import Site

PASSWORD = "secret"
SEED = 12


@pytest.fixture(scope="module")
def site(guard, cluster):
    cluster.create("mail", "mail", PASSWORD)
    site = Site(guard, [cluster.url(number, "mail", "mail", PASSWORD) for number in range(3)]).start()
    yield site
    site.close()


@pytest.fixture
def load(site, request):
    return Load(site, f"{SEED}/{request.node.name}").start()


def finish(load, count):
    count(load.finish())
    assert not load.book.wrong, "\n".join(load.book.wrong)


def test_a_killed_galera_node_loses_and_doubles_nothing(cluster, load, count):
    for number in (1, 2):
        load.progress(60)
        with load.disturbance():
            cluster.nodes[number].kill()
            load.progress(40)
            cluster.nodes[number].start()
            cluster.wait_synced()
            load.progress(40)
        count(f"Galera node {number} came back by {cluster.how_joined(number)}")
    finish(load, count)


def test_a_killed_tabella_node_loses_and_doubles_nothing(site, load, count):
    for node in site.nodes:
        load.progress(60)
        with load.disturbance():
            node.kill9()
            load.progress(40)
            node.start()
            load.progress(40)
    finish(load, count)


def test_a_node_without_a_primary_component_refuses_and_recovers(cluster, load, count):
    """Two of three are killed: the third one knows that it may not write, and nobody is told otherwise."""
    load.progress(60)
    with load.disturbance():
        cluster.nodes[1].kill()
        cluster.nodes[2].kill()
        load.wait(8)
        assert cluster.nodes[0].status("wsrep_cluster_status") != "Primary"
        cluster.nodes[0].sql("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'")
        for node in cluster.nodes[1:]:
            node.start()
        cluster.wait_synced()
        load.progress(60)
    finish(load, count)


def test_a_clean_stop_of_each_node_is_clean(site):
    for node in site.nodes:
        assert node.stop() == 0, node.log_tail(60)
    assert not site.trouble(), site.trouble()
