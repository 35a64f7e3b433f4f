"""The shell in a real terminal, on the embedded server."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from stdbpy.api import ApiClient
from stdbpy.server import RunningServer
from tests.cli.conftest import Run

CODES = re.compile(r"\x1b(\[[0-9;?]*[a-zA-Z]|[=>])")


READY = re.escape("\x1b[?2004h")
"""What the line editor sends when it is ready for keys: those from before may be lost."""


class Terminal:
    """A person at a shell. The line editor paints its line again and again, so only results are waited for."""

    def __init__(self, program: pexpect.spawn[str]) -> None:
        self.program = program

    def types(self, keys: str) -> None:
        self.program.expect(READY)
        self.program.send(keys)

    def asks(self, line: str, pattern: str) -> str:
        """Types a line and waits for the answer; all that was shown, without what moves the cursor."""
        self.types(f"{line}\r")
        return self.sees(pattern)

    def sees(self, pattern: str) -> str:
        self.program.expect(pattern)
        return CODES.sub("", self.program.before + self.program.after)

    def leaves(self) -> None:
        self.types("\x04")
        self.program.expect(pexpect.EOF)
        self.program.wait()
        assert self.program.exitstatus == 0


@pytest.fixture
def terminal(run: Run, chat: str, server: RunningServer, home: Path) -> Iterator[Terminal]:
    for text in ("one", "two"):
        run("call", chat, "send_message", text)
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1", "PAGER": "cat", "PROMPT_TOOLKIT_NO_CPR": "1"}
    program = pexpect.spawn(
        sys.executable,
        ["-m", "stdbpy.cli", "sql", chat],
        encoding="utf-8",
        timeout=30,
        dimensions=(30, 160),
        env=environment,
    )
    try:
        yield Terminal(program)
    finally:
        program.close(force=True)


def test_statements_and_commands(terminal: Terminal, home: Path) -> None:
    assert '\r\n "two" ' in terminal.asks("SELECT text FROM message;", r"\(2 rows\)")
    terminal.asks(r"\dt", r"message\(id: u64, .*\[public\]")
    terminal.asks("_ jsonl", '{"text":"one"}')
    shown = terminal.asks("SELECT txt FROM message;", "Hint: ")
    assert re.search(r"Error: .*txt.*\r\n  SELECT txt FROM message\r\n         \^\^\^\r\nHint: ", shown)
    terminal.types("SELECT COUNT(*) AS n\rFROM message;\r")
    assert "\r\n 2" in terminal.sees(r"\(1 row\)")
    terminal.leaves()
    [history] = (home / ".local/state/stdbpy/history").iterdir()
    assert "+SELECT COUNT(*) AS n\n+FROM message;\n" in history.read_text()


def test_completion(terminal: Terminal) -> None:
    terminal.types("SELECT * FROM mes\t")
    terminal.sees("sage")
    terminal.program.send(" WHERE te\t")
    terminal.sees("xt")
    terminal.program.send(" = 'one';\r")
    terminal.sees(r"\(1 row\)")
    terminal.leaves()


def test_ctrl_c_clears_the_line(terminal: Terminal) -> None:
    terminal.types("SELECT * FR\x03")
    terminal.asks("SELECT text FROM message;", r"\(2 rows\)")
    terminal.leaves()


def test_a_database_that_goes_away(terminal: Terminal, chat: str, server: RunningServer) -> None:
    terminal.asks(r"\dt", "message")
    with ApiClient(server.url, server.owner_token) as api:
        api.delete(chat)
    terminal.asks("SELECT text FROM message;", f"Error: No such database: '{chat}'")
    terminal.asks(r"\d", "Error: No such database")
    terminal.leaves()
