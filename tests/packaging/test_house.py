"""Rules of this repository that no linter knows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tests.packaging.conftest import ROOT

LONGEST_FILE = 600
SAYS_NOTHING = {"common", "core", "helper", "helpers", "manager", "misc", "util", "utils"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b|pragma: no cover")

CODE = sorted((ROOT / "stdbpy").rglob("*.py"))
TESTS = [path for path in sorted((ROOT / "tests").rglob("*.py")) if "golden" not in path.parts]


def names(paths: Iterable[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def test_names_of_files_say_something() -> None:
    assert names(path for path in CODE + TESTS if path.stem in SAYS_NOTHING) == []


def test_a_file_is_one_thing() -> None:
    assert names(path for path in CODE + TESTS if path.read_text().count("\n") > LONGEST_FILE) == []


def test_code_is_finished() -> None:
    assert names(path for path in CODE if UNFINISHED.search(path.read_text())) == []


def test_folders_of_tests_are_packages() -> None:
    folders = {path.parent for path in TESTS if path.name.startswith("test_")}

    assert names(folder for folder in folders if not (folder / "__init__.py").is_file()) == []


def test_documents_at_the_root_are_for_readers() -> None:
    assert {path.name for path in ROOT.glob("*.md")} <= {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"}
