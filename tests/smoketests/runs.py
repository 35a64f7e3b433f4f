"""Runs of SpacetimeDB's own smoketests, which are compiled and laid out elsewhere.

``STDBPY_TEST_SMOKETESTS`` names the folder that holds ``run.sh``, ``bin/smoketests`` and ``lists``: those of
``remote`` use a server that runs, those of ``local`` start, kill and restart it themselves.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = "STDBPY_TEST_SMOKETESTS"

REMOTE, LOCAL = "remote", "local"

WHY_SKIPPED = f"needs SpacetimeDB's smoketests: {FOLDER} does not name their folder"


@dataclass(frozen=True)
class Outcomes:
    """How each smoketest ended (``PASS``, ``FAIL``, …), and where what it wrote is."""

    verdicts: Mapping[str, str]
    logs: Path

    def log_of(self, name: str) -> str:
        path = self.logs / f"{name.replace('::', '.')}.log"
        return path.read_text(errors="replace")[-6000:] if path.is_file() else "it wrote nothing"


def names(which: str) -> list[str]:
    """The smoketests that pass with the real server and program; none without their folder."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return []
    lines = (Path(folder) / "lists" / f"expected_pass_{which}.txt").read_text().splitlines()
    return [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]


def part_of(name: str) -> str:
    """What it is about: ``sql`` of ``smoketests::sql::test_insert``."""
    return name.split("::")[1]


def first_of_each_part(names: Iterable[str]) -> list[str]:
    return list({part_of(name): name for name in reversed(list(names))}.values())


def run(out: Path, chosen: Iterable[str], *, server: str, **variables: str) -> Outcomes:
    """Runs them against the server at that address, or those of ``local``, with these variables of the environment
    besides: ``STDB_CLI`` is the program, ``STDB_SERVER`` the server that they start."""
    wanted = out / "wanted.txt"
    wanted.write_text("\n".join(chosen) + "\n")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("STDBPY_", "XDG_"))},
        "OUT": str(out),
        "LIST": str(wanted),
        # Ours takes a moment to start, dozens of times in some of them, on a machine that is busy with other tests.
        "TIMEOUT": "300",
        **variables,
    }
    subprocess.run(
        [Path(os.environ[FOLDER]) / "run.sh", server],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    lines = [line.split("\t") for line in (out / "results.tsv").read_text().splitlines()]
    return Outcomes({name: verdict for verdict, name, _seconds in lines}, out / "logs")
