"""Blocks of Markdown pages, and the commands of console blocks run as they are shown.

With ``STDBPY_UPDATE_SNAPSHOTS=1`` the output under each command is written anew into the page.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
ADDRESS = "127.0.0.1:3000"
"""Where servers of the pages listen; the tests' have ports that are free."""

HOME = "/home/ada/chat"
"""Where the user of the pages works."""

WITHIN = 90
"""Seconds that all commands of a page may take."""

_BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+"), "TIME"),
    (re.compile(r"c200[0-9a-f]{60}"), "IDENTITY"),
    (re.compile(r"^\d\d:\d\d "), "MINUTE "),
    (re.compile(r"\d+\.\d MB"), "SIZE"),
)


@dataclass
class Shown:
    """A command of a page, and the output under it."""

    command: str
    output: list[str] = field(default_factory=list)


def blocks(page: Path, kind: str) -> Iterator[str]:
    """The blocks of a page with that word behind the backticks."""
    for block in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        if block["kind"] == kind:
            yield block["text"]


def shown_on(page: Path) -> list[Shown]:
    """The commands of its console blocks."""
    found: list[Shown] = []
    for block in blocks(page, "console"):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Shown(line[2:]))
            else:
                found[-1].output.append(line)
    return found


def check(
    page: Path, folder: Path, address: str, environment: Mapping[str, str] | None = None, *, within: float = WITHIN
) -> None:
    """Runs the commands of a page one after the other in ``folder``; asserts that they give what it shows.

    In what is shown, :data:`ADDRESS` takes the place of ``address``, and :data:`HOME` that of ``folder``.
    """
    shown = shown_on(page)
    output = _run_in_bash([command.command for command in shown], address, folder, environment or {}, within)
    assert len(output) == len(shown), output
    actual = [
        [line.replace(address, ADDRESS).replace(str(folder), HOME).rstrip() for line in lines] for lines in output
    ]
    if os.environ.get("STDBPY_UPDATE_SNAPSHOTS"):
        _write_anew(page, [Shown(command.command, lines) for command, lines in zip(shown, actual, strict=True)])
    for command, lines in zip(shown_on(page), actual, strict=True):
        assert [_settled(line) for line in lines] == [_settled(line) for line in command.output], command.command


def _settled(line: str) -> str:
    """The line without what differs from run to run."""
    for pattern, name in _VARYING:
        line = pattern.sub(name, line)
    return line.rstrip()


def _write_anew(page: Path, shown: list[Shown]) -> None:
    rest = iter(shown)

    def anew(block: re.Match[str]) -> str:
        if block["kind"] != "console":
            return block[0]
        commands = sum(line.startswith("$ ") for line in block["text"].splitlines())
        lines = [line for each in (next(rest) for _ in range(commands)) for line in (f"$ {each.command}", *each.output)]
        return "\n".join(("```console", *lines, "```"))

    page.write_text(_BLOCK.sub(anew, page.read_text(encoding="utf-8")), encoding="utf-8")


def _run_in_bash(
    commands: list[str], address: str, folder: Path, environment: Mapping[str, str], within: float
) -> list[list[str]]:
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
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("STDBPY_", "XDG_"))},
        "HOME": str(folder),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "STDBPY_FORMAT": "table",
        "STDBPY_SERVER": f"http://{address}",
        "NO_COLOR": "1",
        **environment,
    }
    shell = subprocess.Popen(
        ["bash", "-c", "\n".join(lines)],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        written, _ = shell.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)
        raise
    parts = re.split(r"^@@\w+\n", written, flags=re.MULTILINE)[1:-1]
    return [part.splitlines() for part in parts]
