"""Running the program in process, with a home of its own."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from stdbpy.cli import commands
from stdbpy.cli.commands import COMMANDS
from stdbpy.cli.main import main
from stdbpy.server import RunningServer


@dataclass(frozen=True)
class Finished:
    """What one run of the program left."""

    code: int
    out: str
    err: str


Run = Callable[..., Finished]

_VARIABLES = (
    *("STDBPY_SERVER", "STDBPY_TOKEN", "STDBPY_DATABASE", "STDBPY_FORMAT"),
    *("NO_COLOR", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"),
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
    monkeypatch.setenv("SHELL", "/bin/bash")
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


@pytest.fixture
def project(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new project from the template `chat`, where the user is."""
    monkeypatch.chdir(home)
    done = run("init", "chat", "--template", "chat")
    assert (done.code, done.out) == (0, ""), done.err
    monkeypatch.chdir(home / "chat")
    return home / "chat"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer() as server:
        yield server


@pytest.fixture
def chat_project(run: Run, home: Path, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a project from the template `chat`, in whose folder the user is, as the server's owner."""
    monkeypatch.setenv("STDBPY_SERVER", server.url)
    monkeypatch.setenv("STDBPY_TOKEN", server.owner_token)
    name = re.sub(r"[^a-z0-9]+", "-", home.parent.name.lower()).strip("-")
    assert run("init", "--template", "chat", "--project-path", str(home / name)).code == 0
    monkeypatch.chdir(home / name)
    return name


@pytest.fixture
def chat(run: Run, chat_project: str) -> str:
    """The same, published."""
    done = run("publish")
    assert done.code == 0, done.err
    return chat_project
