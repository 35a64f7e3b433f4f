"""The README's commands are run and give the output that it shows."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stdbpy.api import ApiClient
from stdbpy.cli.group import load_command
from stdbpy.cli.invocation import Invocation
from stdbpy.project.build import BuiltModule, build
from stdbpy.project.discover import discover
from stdbpy.server import RunningServer
from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
ADDRESS = "127.0.0.1:3000"
"""Where the README's server listens; the test's has a port that is free."""

_BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+"), "TIME"),
    (re.compile(r"c200[0-9a-f]{60}"), "IDENTITY"),
    (re.compile(r"^\d\d:\d\d "), "MINUTE "),
)


@dataclass
class Shown:
    """A command of the README, and the output under it."""

    command: str
    output: list[str] = field(default_factory=list)


def blocks(kind: str) -> Iterator[str]:
    for block in _BLOCK.finditer(README.read_text(encoding="utf-8")):
        if block["kind"] == kind:
            yield block["text"]


def shown_in(text: str) -> list[Shown]:
    found: list[Shown] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append(Shown(line[2:]))
        else:
            found[-1].output.append(line)
    return found


def settled(line: str) -> str:
    """The line without what differs from run to run."""
    for pattern, name in _VARYING:
        line = pattern.sub(name, line)
    return line.rstrip()


def test_opens_with_the_two_commands() -> None:
    lines = [line.strip() for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("    make ")]
    targets = [line.split()[1] for line in lines]
    assert targets == ["demo", "test"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(f"\n{target}:" in makefile for target in targets)


def built(module: str, folder: Path) -> BuiltModule:
    (folder / "pyproject.toml").write_text('[project]\nname = "game"\n', encoding="utf-8")
    (folder / "game.py").write_text(module, encoding="utf-8")
    return build(discover(folder))


@pytest.mark.parametrize("module", list(blocks("python")), ids=["small", "larger"])
def test_modules(tmp_path: Path, module: str) -> None:
    checked = built(module, tmp_path)
    assert checked.problems == ()
    assert [reducer.name for reducer in checked.schema.reducers if reducer.lifecycle is None]


def test_the_larger_module_works(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _, module = blocks("python")
    (call,) = (line for block in blocks("sh") for line in block.splitlines() if line.startswith("stdbpy call game "))
    with RunningServer() as server, ApiClient(server.url, server.owner_token) as api:
        api.publish(built(module, tmp_path).package, "game")
        monkeypatch.setenv("STDBPY_SERVER", server.url)
        monkeypatch.setenv("STDBPY_TOKEN", server.owner_token)
        assert run(*shlex.split(call)[1:]).code == 0
        assert run(*shlex.split(call)[1:]).err == "Error: You are in already.\n"
        assert run("call", "game", "poison", "RED").code == 0
        shown = run("sql", "game", "SELECT name, team, level, effects, motto FROM player")
    expected = {"name": "Ada", "team": "RED", "level": 1, "effects": [{"Poison": 3}], "motto": None}
    assert json.loads(shown.out) == expected


def test_main_job_is_less_than_a_screen() -> None:
    (job,) = blocks("console")
    assert len(job.splitlines()) <= 40
    assert max(map(len, job.splitlines())) <= 120


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_main_job(tmp_path: Path) -> None:
    shown = [command for block in blocks("console") for command in shown_in(block)]
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    output = _run_in_bash([command.command for command in shown], address, tmp_path)
    assert len(output) == len(shown)
    for command, lines in zip(shown, output, strict=True):
        actual = [settled(line.replace(address, ADDRESS)) for line in lines]
        assert actual == [settled(line) for line in command.output], command.command


def _run_in_bash(commands: list[str], address: str, folder: Path) -> list[list[str]]:
    """The lines that each command writes, in one shell, as on a terminal."""
    programs = folder / "bin"
    programs.mkdir()
    program = f"{shlex.quote(sys.executable)} -m stdbpy.cli"
    (programs / "stdbpy").write_text(
        f'#!/bin/sh\nif [ "$1" = start ]; then exec {program} "$@" --listen-addr {address}; fi\nexec {program} "$@"\n'
    )
    (programs / "python").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    for script in programs.iterdir():
        script.chmod(0o755)
    lines = ["exec 2>&1", "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT"]
    for number, command in enumerate(commands):
        lines += [f"echo '@@{number}'", command]
        if command.endswith("&"):
            lines.append(f"until stdbpy version --server http://{address} >{folder}/answer 2>&1; do :; done")
    lines.append("echo '@@end'")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("STDBPY_", "XDG_"))},
        "HOME": str(folder),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "STDBPY_FORMAT": "table",
        "STDBPY_SERVER": f"http://{address}",
        "NO_COLOR": "1",
    }
    shell = subprocess.Popen(
        ["bash", "-c", "\n".join(lines)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        written, _ = shell.communicate(timeout=90)
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)
        raise
    parts = re.split(r"^@@\w+\n", written, flags=re.MULTILINE)[1:-1]
    return [part.splitlines() for part in parts]


@pytest.mark.parametrize(
    "line", [line for block in blocks("sh") for line in block.splitlines() if line.startswith("stdbpy ")]
)
def test_other_commands_exist_as_written(line: str) -> None:
    _, name, *arguments = shlex.split(line, comments=True)
    load_command(name).make_context(name, arguments, obj=Invocation())
