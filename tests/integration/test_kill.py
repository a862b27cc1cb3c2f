"""kill -9 under load, and a look at the judge itself.

KILL_COUNT (8), KILL_CLIENTS (4) and KILL_SEED (fixed) make longer and other runs.
"""

import os

import killtest
import pytest
from killtest import Expected, KillTest, Verdict, judge, make_message, message_id


def test_nothing_acknowledged_is_lost_or_doubled_by_kill_9():
    seed = int(os.environ.get("KILL_SEED", "20261120"))
    kills = int(os.environ.get("KILL_COUNT", "8"))
    clients = int(os.environ.get("KILL_CLIENTS", "4"))
    server, accounts = killtest.start_server("tabella", None, 5)
    with server:
        verdict = KillTest(server, accounts, seed, kills, clients).run()
        print(verdict)
        assert verdict.is_good(), "\n".join([f"{verdict} seed={seed}", *verdict.examples, server.log_tail()])
        assert verdict.kills == kills


WHOLE, CUT = b"whole", b"cut"


@pytest.mark.parametrize(
    ("least", "most", "bodies", "want"),
    [
        (1, 1, [WHOLE], {}),
        (1, 1, [], {"lost": 1}),
        (1, 1, [WHOLE, WHOLE], {"doubled": 1}),
        (1, 1, [CUT], {"torn": 1}),
        (2, 2, [WHOLE, WHOLE], {}),
        (2, 2, [WHOLE], {"lost": 1}),
        (2, 2, [WHOLE] * 3, {"doubled": 1}),
        (1, 2, [WHOLE], {"uncertain": 1}),
        (1, 2, [WHOLE, WHOLE], {"uncertain": 1}),
        (1, 2, [], {"uncertain": 1, "lost": 1}),
    ],
)
def test_the_judge_sees(least, most, bodies, want):
    verdict = Verdict(acknowledged=1)
    judge({"<a>": Expected(least, most, 0, 0)}, {"<a>": bodies}, lambda _, body: body == WHOLE, verdict)
    got = {name: getattr(verdict, name) for name in ("lost", "doubled", "torn", "strange", "uncertain")}
    assert got == {"lost": 0, "doubled": 0, "torn": 0, "strange": 0, "uncertain": 0, **want}
    assert verdict.is_good() == (not want or want == {"uncertain": 1})


def test_the_judge_sees_what_nobody_sent():
    verdict = Verdict(acknowledged=1)
    judge({}, {"<b>": [WHOLE]}, lambda *_: True, verdict)
    assert verdict.strange == 1
    assert not verdict.is_good()


def test_messages_are_made_again_from_their_numbers():
    assert make_message(1, 2, 3) == make_message(1, 2, 3)
    assert make_message(1, 2, 3) != make_message(1, 2, 4)
    assert message_id(1, 2, 3).encode() in make_message(1, 2, 3)


def test_a_dot_at_the_begin_of_a_line_is_sent_twice():
    assert killtest.stuffed(b".a\r\n.\r\nb.c\r\n") == b"..a\r\n..\r\nb.c\r\n"
