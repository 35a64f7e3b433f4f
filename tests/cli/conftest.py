"""Running the program in process, with a home of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from stdbpy.cli.main import main


@dataclass(frozen=True)
class Finished:
    """What one run of the program left."""

    code: int
    out: str
    err: str


Run = Callable[..., Finished]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory, and none of the variables that change how the program behaves."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in ("STDBPY_SERVER", "STDBPY_FORMAT", "STDBPY_TOKEN", "NO_COLOR", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / ".config"))
    monkeypatch.setenv("COLUMNS", "100")
    return folder


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """``run("sql", "chat", "SELECT …")``: the program's exit code, stdout and stderr; no terminal anywhere."""

    def run(*arguments: str) -> Finished:
        capsys.readouterr()
        code = main(arguments)
        out, err = capsys.readouterr()
        return Finished(code, out, err)

    return run
