"""Every example in every command's help, as a person at a terminal would try it.

They run in a project from the template ``chat``, published to an embedded server that is called
``local``, ``maincloud`` and ``http://127.0.0.1:3000`` alike; beside it is the database ``game``.
"""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stdbpy.api import ApiClient
from stdbpy.cli.group import load_command, walk
from stdbpy.codegen import HEADER_MARKER, generate
from stdbpy.project.build import build
from stdbpy.project.discover import discover
from stdbpy.project.generated import write_package
from stdbpy.project.real_server import VARIABLE
from stdbpy.project.templates import create_project
from stdbpy.schema.definition import write_module_def
from stdbpy.server import RunningServer
from stdbpy.wasm.definition_module import definition_module
from tests import real_servers

EXAMPLES = [example for path in walk() for example in load_command(*path).examples]

GAME = Path(__file__).parent / "example_game"
WITHIN = 60.0
"""Seconds that an example may take."""

NOT_HERE = {
    r"stdbpy login$": "it needs the login host: test_login.py has a stand-in for it",
    r"stdbpy generate .*--lang typescript": "it needs the official program: test_official_package.py runs that",
    r"stdbpy publish .*--bin-path": "the embedded server runs no WebAssembly: test_real_servers.py publishes some",
}
"""Examples that this test cannot run, and why."""

ENDLESS = re.compile(r"stdbpy (start|dev)\b|--follow|--watch| -f$|subscribe(?!.*--num-updates)")
"""Examples that go on until they are interrupted, which happens as soon as they have said something."""

ADDRESS = "127.0.0.1:3000"
SHELL_PROMPT = re.compile(r"^chat[=-]?>", re.MULTILINE)
TERMINAL_CODES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


@dataclass(frozen=True)
class Prepared:
    folder: Path
    """A project with its generated package."""
    programs: dict[str, bytes]
    """The modules that are to be published, by the names of their databases."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("examples") / "chat"
    create_project("chat", folder)
    chat = build(discover(folder))
    write_package(generate(chat.schema), folder / "module_bindings", marker=HEADER_MARKER)
    (folder / "dist").mkdir()
    (folder / "dist" / "chat.wasm").write_bytes(definition_module(write_module_def(chat.schema)))
    return Prepared(folder, {"chat": chat.package, "game": build(discover(GAME)).package})


@pytest.fixture
def at_terminal(
    prepared: Prepared, home: Path, wasm_cache: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningServer]:
    """The server of the examples; the user is in the project's folder."""
    shutil.copytree(prepared.folder, home / "chat")
    monkeypatch.chdir(home / "chat")
    (home / "bin").mkdir()
    program = home / "bin" / "stdbpy"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m stdbpy.cli "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TERM", "dumb")
    with RunningServer() as server:
        protocol, _, host = server.url.partition("://")
        servers = "".join(
            f'\n[[server_configs]]\nnickname = "{name}"\nhost = "{host}"\nprotocol = "{protocol}"\n'
            for name in ("local", "maincloud")
        )
        config = home / ".config" / "spacetime" / "cli.toml"
        config.parent.mkdir(parents=True)
        config.write_text(f'default_server = "local"\nspacetimedb_token = "{server.owner_token}"\n{servers}')
        with ApiClient(server.url, server.owner_token) as api:
            for name, program_of in prepared.programs.items():
                api.publish(program_of, name)
            api.call("chat", "set_name", ["Ada"])
            api.call("chat", "send_message", ["Hello!"])
            api.change_environment("chat", {"API_KEY": "s3cret"})
        yield server


def _cases() -> Iterator[object]:
    """The first example of each command always; the others are long."""
    for path in walk():
        first, *others = load_command(*path).examples or [None]
        if first is not None:
            yield pytest.param(first)
        yield from (pytest.param(other, marks=pytest.mark.long) for other in others)


@pytest.mark.parametrize("example", list(_cases()))
def test_example(at_terminal: RunningServer, example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for pattern, reason in NOT_HERE.items():
        if re.match(pattern, example):
            pytest.skip(reason)
    if "module.wasm" in example:
        Path("module.wasm").write_bytes(real_servers.wasm("quickstart_chat-1.2.0"))
    if "--engine spacetimedb" in example:
        monkeypatch.setenv(VARIABLE, str(real_servers.program("spacetimedb-standalone-2.8.3")))
    if "token.txt" in example:
        Path("token.txt").write_text(f"{at_terminal.owner_token}\n")
    if "changes.sql" in example:
        Path("changes.sql").write_text("DELETE FROM message WHERE text = 'Hello!';\n")
    command = example.replace(ADDRESS, at_terminal.url.partition("://")[2]).replace("eyJ…", at_terminal.owner_token)
    code, shown = typed(command, is_endless=ENDLESS.search(example) is not None)
    assert code == 0, shown
    assert "Error:" not in shown
    assert "Traceback" not in shown


def test_what_cannot_run_here_is_still_in_the_help() -> None:
    assert all(any(re.match(pattern, example) for example in EXAMPLES) for pattern in NOT_HERE)


def typed(command: str, *, is_endless: bool) -> tuple[int, str]:
    """Runs a line of shell at a terminal at which somebody says yes to every question and leaves every
    shell; returns its exit code (0 if it was interrupted, being endless) and what was shown."""
    terminal, inside = pty.openpty()
    process = subprocess.Popen(
        ["sh", "-c", command], stdin=inside, stdout=inside, stderr=inside, start_new_session=True
    )
    os.close(inside)
    shown = ""
    was_interrupted = False
    end = time.monotonic() + WITHIN
    try:
        while (left := end - time.monotonic()) > 0:
            if not select.select([terminal], [], [], min(left, 1.0))[0]:
                # What is typed before a shell has set up its terminal may be lost.
                if SHELL_PROMPT.search(TERMINAL_CODES.sub("", shown)):
                    os.write(terminal, b"\x04")
                continue
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # what Linux says when the other end is closed
                piece = b""
            if not piece:
                code = process.wait(WITHIN)
                return (0 if was_interrupted and code in (130, -signal.SIGINT) else code), shown
            shown += piece.decode()
            if shown.endswith("[y/N] "):
                os.write(terminal, b"y\n")
            elif SHELL_PROMPT.search(TERMINAL_CODES.sub("", shown)):
                os.write(terminal, b"\x04")
            elif is_endless and not was_interrupted:
                was_interrupted = True
                os.killpg(process.pid, signal.SIGINT)
        pytest.fail(f"`{command}` did not end: {shown}")
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
