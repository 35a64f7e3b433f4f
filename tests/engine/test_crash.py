"""What was confirmed is there after ``kill -9``, and nothing is there by half."""

from __future__ import annotations

import random

from tests.engine.crashes import Expected, crash

CRASHES = 4


def test_confirmed_calls_survive_being_killed(tmp_path):
    expected, chance, confirmed = Expected(), random.Random(1), 0
    for _ in range(CRASHES):
        confirmed += crash(tmp_path, expected, chance)
        expected.check(tmp_path)
    assert confirmed
