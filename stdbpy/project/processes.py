"""Programs that run beside this one for as long as it wants."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread

from stdbpy.errors import ProjectError

PATIENCE = 5.0
"""Seconds that a program gets to end by itself before it is killed."""


class Companion:
    """A program with all that it starts itself; what it writes comes line by line.

    ``command`` is a list, or a line for the shell. ``on_line`` is called with each line of its stdout and
    stderr, and ``on_end`` with the exit code if it ends by itself, on a thread of the companion's own. With
    ``holds_stdin`` its stdin ends when this program does, however that is; otherwise there is none. Raises
    :class:`ProjectError` if it cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str] | str,
        on_line: Callable[[str], object],
        *,
        on_end: Callable[[int], object] = lambda _: None,
        folder: Path | None = None,
        variables: Mapping[str, str] | None = None,
        holds_stdin: bool = False,
    ) -> None:
        self.command = command
        self._is_stopping = False
        try:
            self._process = subprocess.Popen(
                command,
                shell=isinstance(command, str),
                cwd=folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(variables or {})},
                stdin=subprocess.PIPE if holds_stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                # Ctrl-C at the terminal is for this program alone, which then ends its companions in order.
                start_new_session=True,
            )
        except OSError as error:
            raise ProjectError(f"{command} cannot be started: {error.strerror}") from error
        self._reader = Thread(target=self._read, args=(on_line, on_end), daemon=True)
        self._reader.start()

    def _read(self, on_line: Callable[[str], object], on_end: Callable[[int], object]) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                on_line(line.rstrip("\n"))
        exit_code = self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        if not self._is_stopping:
            on_end(exit_code)

    @property
    def exit_code(self) -> int | None:
        """``None`` while it runs."""
        return self._process.poll()

    def stop(self) -> None:
        """Ends it and what it started: politely, and by force if that does not help, or if the user does not
        want to wait (a second Ctrl-C is raised when it has ended). Returns when it has ended."""
        self._is_stopping = True
        self._signal(signal.SIGTERM)
        try:
            # Until its output ends, too: a shell ends at once, and what it has started may have something to say.
            self._reader.join(PATIENCE)
        finally:
            self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            self._process.wait()
        self._reader.join(PATIENCE)

    def _signal(self, number: int) -> None:
        """To the whole group: a shell does not pass signals on to what it runs."""
        with suppress(ProcessLookupError, PermissionError):  # macOS: a group of which nobody lives is not permitted
            if sys.platform == "win32":
                self._process.send_signal(number)
            else:
                os.killpg(self._process.pid, number)
