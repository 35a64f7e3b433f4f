"""``python -m tests.server.fuzz --count 100000``: the long form."""

from __future__ import annotations

import argparse
import sys

from tests.server.fuzz.firing import fire


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.server.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    report = fire(options.count, options.seed, progress=lambda line: print(line, flush=True))
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
