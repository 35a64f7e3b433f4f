"""How long the program takes to start, as multiples of ``python -c 0`` in the same run.

The best of several runs counts: everything above it is the machine's other work.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stdbpy.server import RunningServer

RUNS = 15
PROGRAM = (sys.executable, "-m", "stdbpy.cli")


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="stdbpy-bench-") as folder,
        RunningServer() as server,
    ):
        environment = {**os.environ, "HOME": folder, "XDG_CONFIG_HOME": folder, "STDBPY_SERVER": server.url}
        commands = {
            "python -c 0": (sys.executable, "-c", "0"),
            "stdbpy --version": (*PROGRAM, "--version"),
            "stdbpy --help": (*PROGRAM, "--help"),
            "stdbpy version": (*PROGRAM, "version"),
            "stdbpy sql": (*PROGRAM, "sql", "nobody", "SELECT * FROM nothing"),
        }
        best = {name: float("inf") for name in commands}
        for _ in range(RUNS):
            for name, command in commands.items():
                best[name] = min(best[name], _seconds(command, environment, Path(folder)))
    bare = best["python -c 0"]
    print(f"start-up, best of {RUNS}")
    for name, seconds in best.items():
        print(f"  {name:<20} {seconds * 1000:7.1f} ms  {seconds / bare:5.1f} × bare python")


def _seconds(command: tuple[str, ...], environment: dict[str, str], folder: Path) -> float:
    begin = time.perf_counter()
    subprocess.run(command, env=environment, cwd=folder, capture_output=True, check=False)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
