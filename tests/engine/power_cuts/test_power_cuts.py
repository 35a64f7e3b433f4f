"""What was confirmed survives a loss of power, on a disk that loses all that it may."""

from __future__ import annotations

import random

from tests.engine.power_cuts.cuts import cut


def test_confirmed_calls_survive_power_cuts(tmp_path):
    *_, last = cut(tmp_path, seconds=2, cuts=15, chance=random.Random(1))
    assert last.last, "something was confirmed"
