"""What was confirmed is there after ``kill -9``, and nothing is there by half."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from stdbpy.engine import Engine
from tests.engine.sample import rows

CRASHES = 6


def test_confirmed_transactions_survive_being_killed(tmp_path):
    confirmed: set[int] = set()
    numbers: list[int] = []
    first = 1
    for crash in range(CRASHES):
        lines = _run_until_killed(tmp_path, first, random.Random(crash).randint(1, 400))
        assert lines
        confirmed.update(lines)
        with Engine(tmp_path) as engine:
            database = engine.database("sample")
            left = {number for (number,) in rows(database, "left")}
            right = rows(database, "right")
        assert left == {number for _, number in right}
        assert {number for number in confirmed if number % 3} <= left
        assert not any(number % 3 == 0 for number in left)
        ids = [id for id, _ in right]
        assert len(set(ids)) == len(ids)
        assert numbers == ids[: len(numbers)]
        numbers = ids
        first = max(confirmed | left) + 10


def _run_until_killed(folder: Path, first: int, after: int) -> list[int]:
    """Kills the process after so many confirmations; all numbers that it confirmed."""
    command = [sys.executable, "-m", "tests.engine.crashing", str(folder), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(after)]
        process.kill()
        lines += process.stdout.readlines()
    # The last line may have been cut.
    return [int(line) for line in lines if line.endswith(b"\n")]
