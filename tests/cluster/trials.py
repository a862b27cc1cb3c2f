"""What every cluster has to stand, whatever its engine: nodes of Tabella that die under load, and nodes that are stopped."""


def kill_nodes(nodes, load):
    """One after the other is killed under load, stays away while the others go on, and comes back."""
    for node in nodes:
        load.progress(60)
        with load.disturbance():
            node.kill9()
            load.progress(40)
            node.start()
            load.progress(40)


def restart_nodes(nodes, load):
    """One after the other is stopped under load and started again, as for a new version."""
    for node in nodes:
        load.progress(60)
        with load.disturbance():
            stop_node(node)
            load.progress(40)
            node.start()
            load.progress(40)


def stop_node(node):
    assert node.stop() == 0, node.log_tail(60)


def conclude(load, count):
    """No more load; everything is looked at, and nothing may be wrong."""
    count(load.finish())
    assert not load.book.wrong, "\n".join(load.book.wrong)


def stop_nodes(site):
    """A clean stop of each node is clean."""
    for node in site.nodes:
        stop_node(node)
    assert not site.trouble(), site.trouble()
