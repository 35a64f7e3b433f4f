"""mypy and basedpyright accept good modules and clients as strictly as they can, and find mistakes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CHECKOUT = HERE.parent.parent
MODULES = HERE.parent / "modules"
GOLDEN = HERE.parent / "golden"
"""Generated packages, which the clients import."""


def mypy(cache: Path, *paths: Path) -> set[tuple[str, int]]:
    """The files and lines with errors."""
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-pretty", "--no-error-summary", "--cache-dir", str(cache)]
    command += map(str, paths)
    environment = os.environ | {"MYPYPATH": str(GOLDEN)}
    run = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, env=environment, check=False)
    assert run.returncode in (0, 1), run.stdout + run.stderr
    found = re.findall(r"^(.+?):(\d+):(?:\d+:)? error", run.stdout, re.MULTILINE)
    return {(Path(path).name, int(line)) for path, line in found}


def basedpyright(folder: Path, *paths: Path) -> set[tuple[str, int]]:
    pytest.importorskip("basedpyright")
    config = folder / "pyrightconfig.json"
    config.write_text(
        json.dumps(
            {
                "include": [str(path) for path in paths],
                "extraPaths": [str(CHECKOUT), str(GOLDEN)],
                "typeCheckingMode": "strict",
                "reportUninitializedInstanceVariable": True,  # basedpyright's own default
                "pythonVersion": "3.11",
            }
        )
    )
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(config)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, check=False)
    assert run.returncode in (0, 1), run.stdout + run.stderr
    output = json.loads(run.stdout)
    assert output["summary"]["filesAnalyzed"] >= 1
    return {
        (Path(found["file"]).name, found["range"]["start"]["line"] + 1)
        for found in output["generalDiagnostics"]
        if found["severity"] == "error"
    }


GOOD = (
    *(HERE / f"good_{name}.py" for name in ("module", "functions", "outboxes", "client", "queries")),
    HERE.parent / "client" / "game.py",
    *(MODULES / name for name in ("quickstart_chat", "sdk_test", "sdk_test_view", "sdk_test_procedure")),
)
BAD = tuple(HERE / name for name in ("bad_module.py", "bad_functions.py", "bad_client.py", "bad_queries.py"))

Errors = set[tuple[str, int]]


@pytest.fixture(scope="module", params=["mypy", "basedpyright"])
def errors(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, mypy_cache: Path) -> Errors:
    """What a checker finds in all of it, in one run: most of its time goes into what they import."""
    checked = (*GOOD, *BAD)
    if request.param == "mypy":
        return mypy(mypy_cache, *checked)
    return basedpyright(tmp_path_factory.mktemp("checked"), *checked)


@pytest.mark.timeout(900)
def test_good_code_is_accepted(errors: Errors):
    assert {(name, line) for name, line in errors if not name.startswith("bad_")} == set()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("bad", BAD, ids=lambda path: path.stem)
def test_mistakes_are_found(errors: Errors, bad: Path):
    marked = {number for number, line in enumerate(bad.read_text().splitlines(), 1) if line.endswith("# error")}
    assert len(marked) >= 20
    assert {line for name, line in errors if name == bad.name} == marked
