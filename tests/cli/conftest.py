"""Running the program in process, with a home of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from stdbpy.cli import commands
from stdbpy.cli.commands import COMMANDS
from stdbpy.cli.main import main


@dataclass(frozen=True)
class Finished:
    """What one run of the program left."""

    code: int
    out: str
    err: str


Run = Callable[..., Finished]

_VARIABLES = (
    *("STDBPY_SERVER", "STDBPY_TOKEN", "STDBPY_DATABASE", "STDBPY_FORMAT"),
    *("NO_COLOR", "XDG_DATA_HOME", "XDG_CACHE_HOME"),
)
"""What changes how the program behaves."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory, and nothing in the environment that changes how the program behaves."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in _VARIABLES:
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


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A command ``probe`` whose ``run`` a test sets."""
    module = ModuleType("stdbpy.cli.commands.probe")
    module.EXAMPLES = ("stdbpy probe",)
    monkeypatch.setitem(COMMANDS, "probe", "A command of the tests.")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(commands, "probe", module, raising=False)
    return module
