from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from watchfiles import Change
from watchfiles.main import FileChange

from stdbpy.project import watching
from stdbpy.project.watching import changes


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with generated code, a cache and an environment."""
    for name in ("game/module.py", "module_bindings/tables.py", "__pycache__/x.py", ".venv/lib/y.py", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return tmp_path.resolve()


@pytest.mark.timeout(30)
def test_what_counts_as_a_change(root: Path) -> None:
    """Changes that come before the first is asked for are not lost; only code and configuration counts."""
    watched = changes([root], left_out=[root / "module_bindings"])
    for name in ("module_bindings/tables.py", "__pycache__/x.py", ".venv/lib/y.py", "notes.txt"):
        (root / name).write_text("changed")
    (root / "game/module.py").write_text("changed")
    assert next(watched) == [root / "game" / "module.py"]

    (root / "spacetime.local.json").write_text("{}")
    assert next(watched) == [root / "spacetime.local.json"]


@pytest.mark.timeout(30)
def test_what_is_called_like_a_folder_that_does_not_count(root: Path) -> None:
    watched = changes([root], left_out=[root / "module_bindings"])

    (root / "module_bindings.py").write_text("changed")

    assert next(watched) == [root / "module_bindings.py"]


@pytest.mark.timeout(30)
def test_a_single_file(root: Path) -> None:
    program = root / "module.wasm"
    watched = changes([], files=[program])
    (root / "game" / "module.py").write_text("changed")
    program.write_bytes(b"\0asm")

    assert next(watched) == [program]


@pytest.mark.timeout(30)
def test_what_the_library_does_not_tell(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It loses changes that come while it comes back, and knows of none on some file systems."""

    def told(*_: object, **__: object) -> Iterator[set[FileChange]]:
        while True:
            yield set()

    monkeypatch.setattr(watching, "watch", told)
    program = root / "module.wasm"
    watched = changes([root], left_out=[root / "module_bindings"], files=[program])
    module = root / "game/module.py"
    for name in ("game/module.py", "module_bindings/tables.py", "__pycache__/x.py", ".venv/lib/y.py", "notes.txt"):
        (root / name).write_text("changed")
    assert next(watched) == [module]

    program.write_bytes(b"\0asm")
    (root / "game/more.py").write_text("")
    assert next(watched) == [root / "game/more.py", program]

    module.unlink()
    assert next(watched) == [module]


@pytest.mark.timeout(30)
def test_what_the_library_is_about_to_tell_comes_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = root / "game/module.py"

    def told(*_: object, **__: object) -> Iterator[set[FileChange]]:
        yield set()
        module.write_text("changed")
        for _ in range(watching._OWN_LOOK_AFTER - 1):
            yield set()
        yield {(Change.modified, str(module))}
        for _ in range(3 * watching._OWN_LOOK_AFTER):
            yield set()

    monkeypatch.setattr(watching, "watch", told)
    assert list(changes([root])) == [[module]]
