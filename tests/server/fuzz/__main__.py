"""``python -m tests.server.fuzz --count 100000``: the long form; with ``--sequences`` of whole conversations."""

from __future__ import annotations

import argparse
import sys

from tests.server.fuzz.firing import fire
from tests.server.fuzz.sequences import play


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.server.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sequences", action="store_true", help="conversations, where else single frames are harmed")
    options = parser.parse_args()
    if options.sequences:
        return 0 if play(options.count, options.seed, progress=_show).is_fine else 1
    return 1 if fire(options.count, options.seed, progress=_show).failed else 0


def _show(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
