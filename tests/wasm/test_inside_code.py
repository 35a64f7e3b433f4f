"""What is kept of the code inside, and of runtimes that have run it, is made again when it would come out otherwise."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import stdbpy.wasm
from stdbpy.wasm.inside_code import driving_key, inside_code
from stdbpy.wasm.kept_files import KeptFiles
from stdbpy.wasm.packaged import Packaged
from stdbpy.wasm.started import started_runtime


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A copy of the code that drives runtimes."""
    folder = tmp_path / "wasm"
    folder.mkdir()
    for file in Path(stdbpy.wasm.__file__).parent.glob("*.py"):
        shutil.copy(file, folder)
    return folder


@pytest.mark.parametrize("file", ["interpreter.py", "started.py", "inside_code.py", "another.py"])
def test_the_key_changes_with_each_file_outside(outside: Path, file: str) -> None:
    before = driving_key(outside)
    assert before == driving_key()

    with (outside / file).open("a") as written:
        written.write("\n")

    assert driving_key(outside) != before


def test_a_started_runtime_is_kept_for_the_code_that_started_it(
    build_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = Packaged(KeptFiles(build_cache))
    asked = list[str]()
    find = KeptFiles.find
    monkeypatch.setattr(KeptFiles, "find", lambda self, name: asked.append(name) or find(self, name))

    started_runtime(packaged, inside_code(packaged))

    for kind in ("inside-", "started-"):
        assert any(name.startswith(kind) and name.endswith(driving_key()) for name in asked)
