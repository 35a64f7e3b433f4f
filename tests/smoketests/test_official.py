"""SpacetimeDB's own smoketests, with stdbpy in place of the official program, against the real 2.8.3.

They are compiled and laid out elsewhere: ``STDBPY_TEST_SMOKETESTS`` names the folder that holds
``run.sh``, ``bin/smoketests`` and ``lists/expected_pass_remote.txt``. Each test is one of theirs; all
run once, when the first is asked for.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real_servers import RealServer
from tests.smoketests.differences import DIFFERENCES

FOLDER = "STDBPY_TEST_SMOKETESTS"

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Outcomes:
    """How each smoketest ended (``PASS``, ``FAIL``, …), and where what it wrote is."""

    verdicts: Mapping[str, str]
    logs: Path

    def log_of(self, name: str) -> str:
        path = self.logs / f"{name.replace('::', '.')}.log"
        return path.read_text(errors="replace")[-6000:] if path.is_file() else "it wrote nothing"


def _names() -> list[str]:
    folder = os.environ.get(FOLDER)
    if not folder:
        return []
    lines = (Path(folder) / "lists" / "expected_pass_remote.txt").read_text().splitlines()
    return [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]


@pytest.fixture(scope="session")
def outcomes(real_server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    out = tmp_path_factory.mktemp("smoketests")
    # A table, as the official program writes without being asked: what they compare is that.
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("STDBPY_", "XDG_"))},
        "STDB_CLI": str(Path(sys.executable).with_name("stdbpy")),
        "STDBPY_FORMAT": "table",
        "OUT": str(out),
    }
    subprocess.run(
        [Path(os.environ[FOLDER]) / "run.sh", real_server.url],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    lines = [line.split("\t") for line in (out / "results.tsv").read_text().splitlines()]
    return Outcomes({name: verdict for verdict, name, _seconds in lines}, out / "logs")


@pytest.mark.skipif(not _names(), reason=f"needs SpacetimeDB's smoketests: {FOLDER} does not name their folder")
@pytest.mark.parametrize("name", _names() or ["all"])
def test_the_smoketest_passes_with_stdbpy(name: str, outcomes: Outcomes) -> None:
    verdict = outcomes.verdicts.get(name, "NOTFOUND")
    if name in DIFFERENCES:
        assert verdict != "PASS", f"{name} passes: take it out of the list of differences"
        pytest.xfail(DIFFERENCES[name])
    assert verdict == "PASS", outcomes.log_of(name)


@pytest.mark.skipif(not _names(), reason=f"needs SpacetimeDB's smoketests: {FOLDER} does not name their folder")
def test_the_differences_name_smoketests_that_exist() -> None:
    assert not DIFFERENCES.keys() - set(_names())
