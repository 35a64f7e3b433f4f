"""Rules of this repository that no linter knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.packaging.conftest import ROOT

LONGEST_FILE = 600
SAYS_NOTHING = {"common", "core", "helper", "helpers", "manager", "misc", "util", "utils"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b|pragma: no cover")

CODE = sorted((ROOT / "stdbpy").rglob("*.py"))
TESTS = [path for path in sorted((ROOT / "tests").rglob("*.py")) if "golden" not in path.parts]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", CODE + TESTS, ids=name)
def test_a_file_is_one_thing(path: Path) -> None:
    assert path.stem not in SAYS_NOTHING
    assert path.read_text().count("\n") <= LONGEST_FILE


@pytest.mark.parametrize("path", CODE, ids=name)
def test_code_is_finished(path: Path) -> None:
    assert not UNFINISHED.search(path.read_text())


def test_documents_at_the_root_are_for_readers() -> None:
    assert {path.name for path in ROOT.glob("*.md")} <= {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"}


def test_all_folders_of_tests_are_packages() -> None:
    folders = {path.parent for path in TESTS}

    assert not [name(folder) for folder in folders if not (folder / "__init__.py").is_file()]
