"""/metrics and /healthz, with Prometheus's own reader of the exposition format where it is installed, and a strict one of
our own."""

import http.client
import imaplib
import re
import smtplib
import urllib.request

import pytest
from tabella_server import HOST, Server, ports

pytestmark = pytest.mark.ours

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\d+(?:\.\d+)?)")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        server.init()
        server.add_user("ann", "secret")
        server.configure({"http.listen": f"{HOST}:{server.port('http')}"})
        server.start()
        yield server
        assert server.stop() == 0
        assert not server.trouble()


def page(server, path="/metrics"):
    with urllib.request.urlopen(f"http://{HOST}:{server.port('http')}{path}", timeout=20) as answer:
        assert answer.status == 200
        return answer.read().decode()


def samples(text):
    """{name with labels: number}; fails at whatever the format does not allow."""
    found, kinds, family = {}, {}, None
    assert text.endswith("\n")
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            family = re.fullmatch(rf"# HELP ({NAME}) \S.*", line)[1]
            assert family not in kinds, f"{family} comes twice"
            kinds[family] = None
        elif line.startswith("# TYPE "):
            name, kind = re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge|histogram)", line).groups()
            assert name == family and kinds[family] is None
            kinds[family] = kind
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            name, labels, number = match.groups()
            assert name in [family + suffix for suffix in SUFFIXES[kinds[family]]], line
            key = name + (f"{{{labels}}}" if labels else "")
            assert key not in found, f"{key} comes twice"
            found[key] = float(number)
    check_histograms(found, kinds)
    return found


def check_histograms(found, kinds):
    """Buckets grow, and the last is the count."""
    for family in (name for name, kind in kinds.items() if kind == "histogram"):
        series = {}
        for key, number in found.items():
            if key.startswith(family + "_bucket{"):
                labels, bound = re.fullmatch(r'.*?_bucket\{(.*?),?le="([^"]*)"\}', key).groups()
                series.setdefault(labels, []).append((float(bound), number))
        for labels, buckets in series.items():
            assert buckets == sorted(buckets) and buckets[-1][0] == float("inf")
            assert [number for _, number in buckets] == sorted(number for _, number in buckets)
            assert found[family + "_count" + (f"{{{labels}}}" if labels else "")] == buckets[-1][1]


def deliver(server, subject):
    with smtplib.LMTP(HOST, server.port("lmtp")) as lmtp:
        lmtp.sendmail("x@example.org", [f"ann@{server.domain}"], f"Subject: {subject}\r\n\r\nhello\r\n")


def moved(before, after, key):
    return after.get(key, 0) - before.get(key, 0)


def test_counts_what_happens(server):
    before = samples(page(server))
    deliver(server, "one")
    with imaplib.IMAP4(HOST, server.port("imap")) as client:
        client.login("ann", "secret")
        client.select("INBOX")
        client.fetch("1", "(BODY[])")
        client.store("1", "+FLAGS", "\\Deleted")
        client.expunge()
        with pytest.raises(imaplib.IMAP4.error, match="BAD"):
            client.xatom("XNONE")
    with imaplib.IMAP4(HOST, server.port("imap")) as client, pytest.raises(imaplib.IMAP4.error):
        client.login("ann", "wrong")
    after = samples(page(server))
    for key, by in {
        'tabella_deliveries_total{result="stored"}': 1,
        "tabella_messages_stored_total": 1,
        "tabella_messages_read_total": 1,
        "tabella_messages_flagged_total": 2,  # Seen by the FETCH, Deleted
        "tabella_messages_expunged_total": 1,
        'tabella_connections_accepted_total{service="lmtp"}': 1,
        'tabella_connections_accepted_total{service="imap"}': 2,
        'tabella_logins_total{service="imap",mechanism="LOGIN-command",result="ok"}': 1,
        'tabella_logins_total{service="imap",mechanism="LOGIN-command",result="refused"}': 1,
        'tabella_commands_total{service="imap",verb="LOGIN",result="ok"}': 1,
        'tabella_commands_total{service="imap",verb="SELECT",result="ok"}': 1,
        'tabella_commands_total{service="imap",verb="FETCH",result="ok"}': 1,
        'tabella_commands_total{service="imap",verb="invalid",result="bad"}': 1,
        'tabella_commands_total{service="imap",verb="LOGIN",result="refused"}': 1,
        'tabella_commands_total{service="lmtp",verb="RCPT",result="ok"}': 1,
        'tabella_commands_total{service="lmtp",verb="message",result="ok"}': 1,
        'tabella_command_seconds_count{service="imap",verb="FETCH"}': 1,
        "tabella_delivered_message_bytes_count": 1,
    }.items():
        assert moved(before, after, key) == by, key
    for key in (
        "tabella_db_statements_total",
        "tabella_db_commits_total",
        "tabella_db_commit_seconds_count",
        'tabella_sent_bytes_total{service="imap"}',
        'tabella_received_bytes_total{service="lmtp"}',
    ):
        assert moved(before, after, key) > 0, key
    # SQLite's writer puts transactions together; servers have each by itself, and are waited for
    only = "tabella_db_group_size_sum" if server.engine is None else "tabella_db_round_trips_total"
    assert moved(before, after, only) > 0


def test_tells_of_the_process(server):
    found = samples(page(server))
    assert found['tabella_build_info{version="0.1.0"}'] == 1
    assert found["process_open_fds"] > 5 and found["process_resident_memory_bytes"] > 1e6
    assert found["process_start_time_seconds"] > 1e9
    assert found['tabella_limit{limit="connections"}'] == 10000
    if server.engine is None:
        assert found["tabella_db_file_bytes"] > 0
    assert found['tabella_connections{service="http"}'] >= 1


def test_names_nobody(server):
    text = page(server)
    assert not re.search(r"\bann\b", text) and HOST not in text


def test_is_read_by_prometheus_itself(server):
    parser = pytest.importorskip("prometheus_client.parser")
    families = {family.name: family for family in parser.text_string_to_metric_families(page(server))}
    assert families["tabella_commands"].type == "counter"
    assert families["tabella_command_seconds"].type == "histogram"
    assert families["tabella_connections"].type == "gauge"


def test_says_that_it_lives(server):
    assert page(server, "/healthz") == "ok\n"


def test_keeps_a_connection_and_says_its_type(server):
    client = http.client.HTTPConnection(HOST, server.port("http"), timeout=20)
    for _ in range(3):
        client.request("GET", "/metrics")
        answer = client.getresponse()
        assert answer.getheader("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
        assert len(answer.read()) == int(answer.getheader("Content-Length"))
    client.request("POST", "/metrics", body=b"")
    answer = client.getresponse()
    assert answer.status == 405 and answer.getheader("Allow") == "GET, HEAD"
    client.close()


def test_is_not_there_unless_asked_for():
    with Server() as other:
        other.init()
        other.start()
        assert ports.is_free(other.port("http"))
        assert other.stop() == 0
