"""Kills a busy process at random moments; what was confirmed must be there, and nothing by half.

``python -m tests.engine.crashes --rounds 200`` is the long form of ``test_crash.py``.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from stdbpy.engine import Engine
from tests.engine.crashing import FIRST_LIFE, is_put
from tests.engine.sample import rows

LONGEST = 1.0
"""Seconds after its first word until a process is killed at the latest."""


@dataclass
class Expected:
    """What a process that was killed has said about its database. A change that was begun and not confirmed may
    have been made."""

    life: int = FIRST_LIFE
    version: int = 0
    coming: tuple[int, int] | None = None
    """Life and version that were to be next."""
    calls: dict[int, set[int]] = field(default_factory=dict)
    """Numbers of the calls that were confirmed, of which something is left, by life."""
    steps: dict[int, set[int]] = field(default_factory=dict)
    last: int = 0
    """The greatest number that was heard of."""

    def hear(self, line: str) -> None:
        match line.split():
            case ["put", number, life]:
                self._confirmed(self.calls, int(number), int(life))
            case ["stepped", number, life]:
                self._confirmed(self.steps, int(number), int(life))
            case ["updating", version]:
                self.coming = self.life, int(version)
            case ["clearing", life, version]:
                self.coming = int(life), int(version)
            case ["updated", version]:
                self.version, self.coming = int(version), None
            case ["cleared", life, version]:
                self.life, self.version, self.coming = int(life), int(version), None

    def _confirmed(self, calls: dict[int, set[int]], number: int, life: int) -> None:
        self.last = max(self.last, number)
        calls.setdefault(life, set()).add(number)

    def check(self, folder: Path) -> None:
        """Opens the database, and goes on with what there is."""
        with Engine(folder) as engine:
            if not engine.databases():
                assert not self.last, "the database is gone"
                return
            database = engine.database("sample")
            assert database.failure() is None
            left = rows(database, "left")
            right = rows(database, "right")
            steps = dict(rows(database, "step"))
            is_odd = "more" in database.schema.tables_by_name
        lives = {life for _, life in left}
        # Each version has the other of two schemas, so this tells whether what was to come has come.
        if self.coming is not None and is_odd == (self.coming[1] % 2 == 1):
            self.life, self.version = self.coming
        self.coming = None
        assert is_odd == (self.version % 2 == 1), "the module is another version"
        assert lives <= {self.life}, f"rows of life {lives} are there in life {self.life}"
        numbers = {number for number, _ in left}
        assert numbers == {number for _, number in right}, "one of two rows of a transaction is missing"
        assert len({id for id, _ in right}) == len(right)
        put = {number for number in self.calls.get(self.life, ()) if is_put(number)}
        stepped = self.steps.get(self.life, set())
        assert not put - numbers, f"confirmed calls are gone: {sorted(put - numbers)}"
        assert not stepped - numbers, f"confirmed procedures are gone: {sorted(stepped - numbers)}"
        assert {steps.get(number) for number in stepped} <= {2}, "the last transaction of a procedure is gone"
        assert steps.keys() <= numbers
        assert all(is_put(number) or number in steps for number in numbers), "what was undone is there"
        self.last = max(self.last, *numbers, 0)


def crash(folder: Path, expected: Expected, chance: random.Random) -> int:
    """Runs a process and kills it; how many calls it had confirmed."""
    command = [sys.executable, "-m", "tests.engine.crashing", str(folder), str(expected.last + 100)]
    with subprocess.Popen([*command, str(expected.life), str(expected.version)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        # One of ten is killed while it starts.
        lines = [process.stdout.readline()] if chance.random() < 0.9 else []
        time.sleep(chance.uniform(0, LONGEST))
        assert process.poll() is None, "it has ended by itself"
        process.kill()
        lines += process.stdout.readlines()
    before = sum(map(len, [*expected.calls.values(), *expected.steps.values()]))
    for line in lines:
        if line.endswith(b"\n"):  # the last one may have been cut
            expected.hear(line.decode())
    return sum(map(len, [*expected.calls.values(), *expected.steps.values()])) - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.engine.crashes")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance, expected, confirmed = random.Random(asked.seed), Expected(), 0
    with tempfile.TemporaryDirectory(prefix="stdbpy-crashes-") as folder:
        for round in range(asked.rounds):
            confirmed += crash(Path(folder), expected, chance)
            expected.check(Path(folder))
            print(f"\rkilled {round + 1} times, {confirmed:,} confirmed calls", end="", flush=True)
    print(f": all were there, {expected.life} lives, version {expected.version}")


if __name__ == "__main__":
    main()
