"""The page about testing modules: its tests pass, on the module that it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stdbpy.project.real_server import VARIABLE
from tests.docs.console import ROOT, blocks

PAGE = ROOT / "docs" / "testing.md"
MODULE, *EXAMPLES = blocks(PAGE, "python")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "game"\n\n[tool.pytest.ini_options]\npythonpath = ["."]\nfilterwarnings = ["error"]\n'
    )
    (tmp_path / "game.py").write_text(MODULE)
    return tmp_path


def run(project: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=project,
        env={**os.environ, "PYTEST_ADDOPTS": "", "PYTHONPATH": str(ROOT), "PATH": "", VARIABLE: ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_tests_pass(project: Path) -> None:
    tests = [example for example in EXAMPLES if "def test_" in example]
    for number, text in enumerate(tests):
        (project / f"test_{number}.py").write_text(text)
    shown = run(project, "-m", "pytest", "-q")
    count = sum(text.count("def test_") for text in tests)
    # One of them runs on SpacetimeDB itself, too, which is not installed here.
    assert shown.splitlines()[-1].startswith(f"{count} passed, 1 skipped")


def test_its_program_prints_what_it_says(project: Path) -> None:
    [program] = [example for example in EXAMPLES if "print(" in example]
    (project / "program.py").write_text(program)
    assert run(project, "program.py") == program.rpartition("# ")[2]


def test_all_options_are_explained() -> None:
    page = PAGE.read_text(encoding="utf-8")
    plugin = (ROOT / "stdbpy" / "testing" / "plugin.py").read_text(encoding="utf-8")
    options = re.findall(r'add(?:option|ini)\(\s*"([\w-]+)"', plugin)
    assert len(options) == 7
    assert [option for option in options if option not in page] == []
