"""What each way to start the program may import: the guard behind the benchmark's figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stdbpy.cli.commands import COMMANDS

SLOW = {
    "cookiecutter",
    "cryptography",
    "httpx",
    "jinja2",
    "msgspec",
    "platformdirs",
    "pydantic",
    "rich",
    "starlette",
    "tomlkit",
    "typer",
    "uvicorn",
    "websockets",
}
ROOMS = {"api", "client", "codegen", "engine", "module", "project", "protocol", "schema", "server", "wasm"}


def imported(*arguments: str, cwd: Path) -> tuple[set[str], set[str]]:
    """Of the slow packages and of stdbpy's rooms, those that a run with ``arguments`` has imported at its end."""
    program = (
        "import json, sys\n"
        "from stdbpy.cli.main import main\n"
        f"main({list(arguments)!r})\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True, cwd=cwd
    )
    modules: list[str] = json.loads(done.stderr.splitlines()[-1])
    packages = {name.partition(".")[0] for name in modules}
    rooms = {name.split(".")[1] for name in modules if name.startswith("stdbpy.")}
    return packages & SLOW, rooms & ROOMS


def test_version_imports_no_package_and_no_room(tmp_path: Path) -> None:
    assert imported("--version", cwd=tmp_path) == (set(), set())


@pytest.mark.parametrize("arguments", [("--help",), ("nonsense",), ("help",)])
def test_help_imports_typer_alone(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert imported(*arguments, cwd=tmp_path) == ({"typer"}, set())


def test_no_op_imports_typer_alone(tmp_path: Path) -> None:
    assert imported("version", cwd=tmp_path) == ({"typer"}, set())


def test_no_command_imports_another(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from importlib import import_module\n"
        "import_module('stdbpy.cli.commands.' + sys.argv[1])\n"
        "print(*(name.rpartition('.')[2] for name in sys.modules if name.startswith('stdbpy.cli.commands.')))\n"
    )
    for name in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-c", program, name], capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path
        )
        assert done.stdout.split() == [name]


@pytest.mark.parametrize("command", ["sql", "call", "logs", "describe", "list", "delete"])
def test_commands_to_a_server_import_what_they_need(tmp_path: Path, command: str) -> None:
    arguments = {"sql": ("db", "SELECT 1"), "call": ("db", "f"), "list": (), "delete": ("db", "--yes")}.get(
        command, ("db",)
    )
    packages, rooms = imported(command, *arguments, "--server", "http://127.0.0.1:9", cwd=tmp_path)
    assert packages <= {"typer", "httpx", "msgspec", "platformdirs", "tomlkit"}
    assert rooms <= {"api", "project", "schema"}
