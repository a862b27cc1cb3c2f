"""Many sessions of several accounts at once against a model of what each may and must see (model/).

    MODEL_SEED=7 MODEL_STEPS=20000 pytest tests/integration/test_model.py     one long run

Otherwise a few fixed seeds, and a few new ones; LONG_TESTS makes them more. What fails says how to repeat it.
"""

import os
import random
import re

import pytest
from model.driver import Driver, Failure
from tabella_server import find_binary

LONG = "LONG_TESTS" in os.environ
STEPS = int(os.environ.get("MODEL_STEPS", "1500" if LONG else "500"))


def seeds():
    if "MODEL_SEED" in os.environ:
        return [int(os.environ["MODEL_SEED"])]
    fixed, new = (12, 8) if LONG else (3, 2)
    return [*range(1, fixed + 1), *(random.SystemRandom().randrange(1000, 1 << 31) for _ in range(new))]


@pytest.mark.ours
@pytest.mark.parametrize("seed", seeds())
def test_sessions_agree_with_the_model(make_host, tmp_path, seed):
    host = make_host()
    driver = Driver(host, seed, STEPS)
    repeat = f"MODEL_SEED={seed} MODEL_STEPS={STEPS} TABELLA={find_binary()} /usr/bin/python3 -m pytest {__file__}"
    print(repeat)
    try:
        driver.run()
    except Failure as failure:
        (tmp_path / "trace").write_text(str(failure) + "\n")
        last = "\n".join(line[:400] for line in str(failure).splitlines()[-60:])
        said = host.server.trouble() or "the server's log has no finding of a sanitizer"
        pytest.fail(f"{last}\n\n{said}\n\nall of it: {tmp_path / 'trace'}\nto repeat it: {repeat}", pytrace=False)
    print(sorted(driver.counts.items()))
    done = host.server.cli("verify", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    log = host.server.log.read_text(errors="replace")
    faults = [line for line in log.splitlines() if re.match(r"\S+ (error|warn) ", line)]
    assert not faults, faults[:10]
