"""Long results on a terminal: through the user's pager."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TextIO

_LESS = "RXF"
"""Colours are shown, the screen is left as it is, no waiting if all fits."""
_CUTTING_LINES = "S"


@contextmanager
def paged(*, enabled: bool = True, cuts_lines: bool = False) -> Iterator[None]:
    """What is printed meanwhile goes to stdout if it fits on the terminal, else through ``PAGER``
    (default: ``less``). With ``cuts_lines`` lines that are too long do not fit, and are not folded.
    Printing raises ``BrokenPipeError`` when the user has seen enough."""
    command = shlex.split(os.environ.get("PAGER", "less")) if enabled else []
    if not command or command[0] == "cat" or shutil.which(command[0]) is None:
        yield
        return
    stream = _Paged(sys.stdout, command, cuts_lines=cuts_lines)
    try:
        # What it shows is held back until it is known whether it fits, so it is no terminal itself.
        with redirect_stdout(stream):
            yield
    finally:
        stream.finish()


class _Paged(io.TextIOBase):
    """Holds text back until there is more of it than the terminal shows."""

    encoding = "utf-8"

    def __init__(self, terminal: TextIO, command: list[str], *, cuts_lines: bool) -> None:
        self._terminal = terminal
        self._command = command
        self._cuts_lines = cuts_lines
        self._width, self._height = shutil.get_terminal_size()
        self._held: list[str] = []
        self._lines = 0
        self._line = 0
        """Width of the last line so far."""
        self._pager: subprocess.Popen[str] | None = None

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._pager is None:
            self._held.append(text)
            if self._is_too_large(text):
                self._pager = self._start()
                self._send("".join(self._held))
        else:
            self._send(text)
        return len(text)

    def _is_too_large(self, text: str) -> bool:
        for number, line in enumerate(text.split("\n")):
            if number:
                self._lines += 1
                self._line = 0
            self._line += len(line)
            if self._cuts_lines and self._line > self._width:
                return True
            self._lines += self._folds(self._line) - self._folds(self._line - len(line))
        # The prompt needs a line, too.
        return self._lines >= self._height - 1

    def _folds(self, length: int) -> int:
        return max(length - 1, 0) // self._width

    def _start(self) -> subprocess.Popen[str]:
        options = _LESS + _CUTTING_LINES * self._cuts_lines
        environment = {"LESS": options, "LESSCHARSET": "utf-8", "LV": "-c", **os.environ}
        return subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=self._terminal, text=True, encoding="utf-8", env=environment
        )

    def _send(self, text: str) -> None:
        assert self._pager is not None
        assert self._pager.stdin is not None
        self._pager.stdin.write(text)

    def finish(self) -> None:
        """Waits until the user has left the pager."""
        if self._pager is None:
            self._terminal.write("".join(self._held))
            self._terminal.flush()
            return
        # Ctrl-C is the pager's now.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            assert self._pager.stdin is not None
            with suppress(BrokenPipeError):
                self._pager.stdin.close()
            self._pager.wait()
        finally:
            signal.signal(signal.SIGINT, before)
