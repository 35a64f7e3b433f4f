"""``python -m tests.contract.side_by_side.conversations --seeds 1-200``: many conversations, one after the other.

Starts both servers, the real one found as in the tests, and tells of each seed whose servers differ.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from stdbpy.server.run import RunningServer
from tests import real_servers
from tests.contract.conftest import embedded_subject, real_subject
from tests.contract.side_by_side.conversations.comparing import compare
from tests.contract.side_by_side.conversations.worlds import WORLDS


def main() -> int:
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    parser.add_argument("--seeds", default="1-50", help="one, or the first and the last")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--world", choices=list(WORLDS), default="sdk_test")
    parser.add_argument("--cache", type=Path, help="a folder for what takes long to build")
    options = parser.parse_args()
    first, _, last = options.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    programs = WORLDS[options.world].programs(options.cache)
    kinds: Counter[str] = Counter()
    differing = []
    steps = 0
    began = time.monotonic()
    with RunningServer() as running, real_servers.running("2.8.3") as real_server:
        embedded, real = embedded_subject(running), real_subject("2.8.3", real_server.url)
        with embedded.http, real.http:
            for seed in seeds:
                compared = compare(embedded, real, options.world, programs, seed, options.steps)
                kinds += compared.kinds()
                steps += len(compared.told)
                if compared.differs:
                    differing.append(seed)
                    print(compared, flush=True)
                for server in (embedded, real):
                    server.delete_what_was_made()
    print(f"{len(differing)} of {len(seeds)} seeds differ {differing}; {steps} steps, {time.monotonic() - began:.0f} s")
    print(dict(kinds.most_common()))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
