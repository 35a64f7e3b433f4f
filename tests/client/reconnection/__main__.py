"""``python -m tests.client.reconnection --seconds 600``: the proof at length, with its figures."""

from __future__ import annotations

import argparse
import asyncio

from tests.client.reconnection.proof import prove
from tests.real_servers import running


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.client.reconnection", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--pause", type=float, default=1.5, help="seconds between two harms, on average")
    parser.add_argument("--cuts", type=int, default=200, help="go on until there were that many")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with running("2.8.3") as server:
        proof = prove(server.url, "reconnection", **vars(options))
        print(asyncio.run(proof))


if __name__ == "__main__":
    main()
