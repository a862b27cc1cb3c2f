"""Many sessions at once against a model of what each may and must see (model/).

    MODEL_SEED=7 MODEL_STEPS=20000 pytest tests/integration/test_model.py     one long run; else three short ones
"""

import os
import re

import pytest
from model.driver import Driver

SEEDS = [int(os.environ["MODEL_SEED"])] if "MODEL_SEED" in os.environ else [1, 2, 3, 4]
STEPS = int(os.environ.get("MODEL_STEPS", "600"))


@pytest.mark.ours
@pytest.mark.parametrize("seed", SEEDS)
def test_sessions_agree_with_the_model(make_host, seed):
    host = make_host()
    driver = Driver(host, host.account(), seed, STEPS)
    print(f"MODEL_SEED={seed} MODEL_STEPS={STEPS}")
    driver.run()
    print(sorted(driver.counts.items()))
    done = host.server.cli("verify", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    log = host.server.log.read_text(errors="replace")
    faults = [line for line in log.splitlines() if re.match(r"\S+ (error|warn) ", line)]
    assert not faults, faults[:10]
