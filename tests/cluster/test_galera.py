"""A node of Tabella on each of three nodes of Galera, under load: one of either dies and comes back."""

import pytest
from nodes import Site
from trials import conclude, kill_nodes, stop_nodes

PASSWORD = "secret"


@pytest.fixture(scope="module")
def site(guard, cluster):
    cluster.create("mail", "mail", PASSWORD)
    site = Site(guard, [cluster.url(number, "mail", "mail", PASSWORD) for number in range(3)]).start()
    yield site
    site.close()


def test_a_killed_galera_node_loses_and_doubles_nothing(cluster, load, count):
    for number in (1, 2, 0):
        load.progress(60)
        with load.disturbance():
            cluster.nodes[number].kill()
            load.progress(40)
            cluster.nodes[number].start()
            cluster.wait_synced()
            load.progress(40)
        count(f"Galera node {number} came back by {cluster.how_joined(number)}")
    conclude(load, count)


def test_a_killed_tabella_node_loses_and_doubles_nothing(site, load, count):
    kill_nodes(site.nodes, load)
    conclude(load, count)


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
    conclude(load, count)


def test_a_clean_stop_of_each_node_is_clean(site):
    stop_nodes(site)
