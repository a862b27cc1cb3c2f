"""The engines of the cluster tests; what is not installed is skipped, and says so."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration"))

from galera import Galera  # noqa: E402
from guard import Guard, NotHere  # noqa: E402
from load import Load  # noqa: E402
from replication import Replication  # noqa: E402


def started(engine, guard):
    try:
        return engine(guard).start()
    except NotHere as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def guard():
    with Guard() as guard:
        yield guard


@pytest.fixture(scope="module")
def pair(guard):
    """PostgreSQL with a synchronous standby."""
    return started(Replication, guard)


@pytest.fixture(scope="module")
def cluster(guard):
    """Three nodes of Galera."""
    return started(Galera, guard)


@pytest.fixture
def load(site, request):
    """Clients at work on the module's `site`, until the end of the test however that is."""
    load = Load(site, f"{request.module.__name__}/{request.node.name}").start()
    yield load
    load.stop()


COUNTS = pytest.StashKey()


def pytest_configure(config):
    config.stash[COUNTS] = []


@pytest.fixture
def count(request):
    """count("acknowledged=12 …"): a line for the end of the run."""
    return lambda text: request.config.stash[COUNTS].append(f"{request.node.name}: {text}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """What failed shows what the nodes said last."""
    outcome = yield
    report = outcome.get_result()
    site = item.funcargs.get("site")
    if report.failed and site is not None:
        report.sections += [(f"the log of node {node.number}", node.log_tail(60)) for node in site.nodes]


def pytest_terminal_summary(terminalreporter, config):
    terminalreporter.section("cluster")
    for line in config.stash[COUNTS]:
        terminalreporter.write_line(line)
