"""What the official program's own ``--help`` lists: commands and options, read from a copy that is there for tests."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests import real_servers

PROGRAM = "spacetimedb-cli-2.8.3"
SERVER = "spacetimedb-standalone-2.8.3"

_OPTION = re.compile(r"^ {2}(?:(?P<short>-\w), | {4})(?P<long>--[\w-]+)", re.MULTILINE)
_COMMAND = re.compile(r"^  (?P<name>[\w-]+)", re.MULTILINE)
_ABOUT_ITSELF = {"help", "--help", "--version"}


@dataclass(frozen=True)
class OfficialCommand:
    path: tuple[str, ...]
    options: tuple[tuple[str, ...], ...]
    """The spellings of each."""


def official_commands(folder: Path) -> Iterator[OfficialCommand]:
    """The whole tree. ``folder`` is for the program's configuration."""
    program = real_servers.program(PROGRAM)
    server = real_servers.program(SERVER)

    def help_of(*path: str) -> str:
        # `start --help` is handed on to the server's program, which is looked for beside this one by another name.
        if path == ("start",):
            own = _run(program, "--config-path", str(folder / "cli.toml"), "help", "start")
            return f"{own}\n{_run(server, 'start', '--help')}"
        # `version` is handed on to the updater, which is not there.
        words = ("help", *path) if path == ("version",) else (*path, "--help")
        return _run(program, "--config-path", str(folder / "cli.toml"), *words)

    def below(path: tuple[str, ...]) -> Iterator[OfficialCommand]:
        text = help_of(*path)
        matches = _OPTION.finditer(_section(text, "Options"))
        found = (tuple(filter(None, match.group("short", "long"))) for match in matches)
        yield OfficialCommand(path, tuple(dict.fromkeys(each for each in found if each[-1] not in _ABOUT_ITSELF)))
        for name in _COMMAND.findall(_section(text, "Commands")):
            if name not in _ABOUT_ITSELF:
                yield from below((*path, name))

    return below(())


def _run(*command: Path | str) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=30, check=True)
    return done.stdout


def _section(text: str, name: str) -> str:
    """All sections of that name: indented lines and empty ones, up to the next heading."""
    return "\n".join(re.findall(rf"^{name}:\n((?:[ ].*\n|\n)*)", text, re.MULTILINE))
