"""Cuts the power at moments of a recorded run: what was confirmed by then must be on the disk, whatever that has lost.

``python -m tests.engine.power_cuts.cuts --cuts 500`` is the long form of ``test_power_cuts.py``.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

from tests.engine.crashes import Expected
from tests.engine.power_cuts.disk import Disk, Survives
from tests.engine.power_cuts.system_calls import calls, record


def cut(folder: Path, seconds: float, cuts: int, chance: random.Random) -> Iterator[Expected]:
    """What had been confirmed at each moment when the power was cut, and was there."""
    data, trace = folder / "data", folder / "trace"
    data.mkdir()
    record(trace, seconds, "tests.engine.crashing", str(data), "1", "1", "0")
    recorded = list(calls(trace))
    moments = set(chance.sample(range(len(recorded)), min(cuts, len(recorded))))
    disk, expected = Disk(str(data)), Expected()
    for moment, call in enumerate(recorded):
        if call.name == "write" and call.arguments.startswith("1<") and not call.has_ended:
            expected.hear(call.strings[0].decode().rstrip("\n"))
        disk.see(call)
        if moment in moments:
            with tempfile.TemporaryDirectory(dir=folder) as left:
                disk.top.write_to(Path(left), chance, _fate(chance))
                found = deepcopy(expected)
                found.check(Path(left))
            yield expected


def _fate(chance: random.Random) -> Survives:
    """All that is pending is lost, or nothing, or each part by itself."""
    share = chance.choice([0.0, 1.0, 0.1, 0.5, 0.9])
    return lambda: chance.random() < share


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.engine.power_cuts.cuts")
    parser.add_argument("--cuts", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stdbpy-cuts-") as folder:
        for done, expected in enumerate(cut(Path(folder), asked.seconds, asked.cuts, random.Random(asked.seed)), 1):
            print(f"\r{done} cuts, the last in life {expected.life}, call {expected.last}", end="", flush=True)
    print(": all that was confirmed was there")


if __name__ == "__main__":
    main()
