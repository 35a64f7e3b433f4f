"""What each way to start the program may import: the guard behind the benchmark's figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stdbpy.cli.group import walk
from tests.cli.invocations import ALL

SLOW = {
    *("cookiecutter", "cryptography", "httpx", "ijson", "jinja2", "json5", "msgspec", "platformdirs"),
    *("prompt_toolkit", "pyarrow", "pydantic", "pygments", "rich", "sqlglot", "starlette", "tomlkit"),
    *("typer", "uvicorn", "wasmtime", "watchfiles", "websockets"),
}
ROOMS = {"api", "client", "codegen", "engine", "module", "project", "protocol", "schema", "server", "wasm"}

TO_A_SERVER = {"typer", "httpx", "msgspec", "platformdirs"}
"""The packages that a command may import which asks a server, unless :data:`PACKAGES` says."""

PACKAGES: dict[str, set[str]] = {
    "init": {"typer", "cookiecutter", "jinja2", "rich"},
    "login": TO_A_SERVER | {"tomlkit"},
    "login --token": {"typer", "platformdirs", "tomlkit"},
    "login show": {"typer", "platformdirs"},
    "logout": {"typer", "platformdirs"},
    "server add": TO_A_SERVER | {"tomlkit"},
    "server edit": TO_A_SERVER | {"tomlkit"},
    "server set-default": {"typer", "tomlkit"},
    "server remove": {"typer", "tomlkit"},
    "server clear": {"typer", "platformdirs"},
    "start": SLOW - {"cookiecutter", "httpx", "ijson", "jinja2", "prompt_toolkit", "pyarrow", "pydantic", "rich"},
}
"""The packages that others may import, as far as their invocations in the table go."""

ROOMS_OF: dict[str, set[str]] = {"subscribe": {"api", "client", "codegen", "project", "protocol", "schema"}}
"""The rooms that a command may import, unless it may import any."""

READS_CODE = ("build", "doctor", "generate", "publish", "start")
"""Commands that may import any room, because they load modules."""


def imported(*arguments: str, cwd: Path) -> tuple[set[str], set[str]]:
    """Of the slow packages and of stdbpy's rooms, those that a run with ``arguments`` has imported at its end."""
    program = (
        "import json, sys\n"
        "from stdbpy.cli.main import main\n"
        f"main({list(arguments)!r})\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
    )
    own_home = {"HOME": str(cwd), "XDG_CONFIG_HOME": str(cwd / "config")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=cwd,
        env={**os.environ, **own_home},
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


@pytest.mark.parametrize(
    ("words", "module"),
    [
        (["list"], "stdbpy.cli.invocation"),
        (["list"], "stdbpy.cli.group"),
        (["--help"], "typer"),
        (["__complete", "commands"], "stdbpy.cli.completion.answer"),
    ],
)
def test_interrupted_while_it_starts(tmp_path: Path, words: list[str], module: str) -> None:
    program = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(name, *_):\n"
        f"        if name == {module!r}:\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted)\n"
        "from stdbpy.cli.main import main\n"
        f"sys.exit(main({words!r}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")


def test_no_command_imports_another(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from importlib import import_module\n"
        "import_module('stdbpy.cli.commands.' + sys.argv[1])\n"
        "print(*(name.removeprefix('stdbpy.cli.commands.') for name in sys.modules if '.commands.' in name))\n"
    )
    for path in walk():
        name = ".".join(path).replace("-", "_")
        done = subprocess.run(
            [sys.executable, "-c", program, name], capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path
        )
        assert done.stdout.split() == [".".join(path[: depth + 1]).replace("-", "_") for depth in range(len(path))]


def _cases() -> Iterator[object]:
    """Of commands of a group, and of ways to run one, that may import the same the first always; others are long."""
    seen = set()
    for command, invocation in ALL.items():
        kind = command.partition(" ")[0], frozenset(PACKAGES.get(command, ())), invocation.asks_a_server
        yield pytest.param(command, marks=pytest.mark.long if kind in seen else ())
        seen.add(kind)


@pytest.mark.parametrize("command", list(_cases()))
def test_a_command_imports_what_it_needs(tmp_path: Path, command: str) -> None:
    invocation = ALL[command]
    (tmp_path / "module.wasm").write_bytes(b"\0asm\1\0\0\0")
    # A server that is not started for want of its address has imported all the same.
    words = ["256.0.0.1:0" if word == "127.0.0.1:0" else word for word in invocation.at("http://127.0.0.1:9")]
    packages, rooms = imported(*words, cwd=tmp_path)
    assert packages <= PACKAGES.get(command, TO_A_SERVER if invocation.asks_a_server else {"typer"})
    if command.partition(" ")[0] not in READS_CODE:
        assert rooms <= ROOMS_OF.get(command, {"api", "project", "schema"})


def test_building_webassembly_imports_no_server_and_nothing_about_installed_packages(tmp_path: Path) -> None:
    program = "import sys, stdbpy.project.webassembly, stdbpy.wasm.build; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path
    )
    assert not {"stdbpy.engine", "stdbpy.api", "packaging", "importlib.metadata"} & set(done.stdout.split())
