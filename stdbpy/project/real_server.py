"""SpacetimeDB's own server, ``spacetimedb-standalone``: found where it is installed, and run.

Where the official program's installer puts it, and the options that it takes, are those of SpacetimeDB 1.2 to 2.8.3
(``crates/paths``, ``crates/standalone``).
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from stdbpy.api import ApiClient
from stdbpy.errors import ApiError, ProjectError
from stdbpy.project import paths
from stdbpy.project.data_dir import expect_not_ours
from stdbpy.project.official_program import INSTALLED_WITH
from stdbpy.project.official_program import PROGRAM as OFFICIAL_PROGRAM
from stdbpy.project.processes import Companion
from stdbpy.signals import answering

PROGRAM = "spacetimedb-standalone"
VARIABLE = "STDBPY_SPACETIMEDB"
"""Names the server's program, or the folder that it is in."""

READY_WITHIN = 30.0
"""Seconds."""

_LOOK_AGAIN = 0.02
_TOLD_LINES = 200


def find_real_server(given: Path | None = None) -> Path:
    """The server's program: the one that is ``given`` (or its folder), that ``STDBPY_SPACETIMEDB`` names, on the
    ``PATH``, or installed with the official program. Raises :class:`ProjectError` if there is none."""
    named = given or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if named is not None:
        program = named / _file_name() if named.is_dir() else named
        if not program.is_file():
            raise ProjectError(
                f"there is no {PROGRAM} at {named}", hint="Name the program, or the folder that it is in."
            )
        return program.resolve()
    on_path = shutil.which(PROGRAM)
    if on_path is not None:
        return Path(on_path)
    for folder in _folders_of_installations():
        if (folder / _file_name()).is_file():
            return folder / _file_name()
    raise ProjectError(
        "SpacetimeDB's own server is not installed here",
        hint=f"Install it: {INSTALLED_WITH}. Or name its program, {PROGRAM}, in {VARIABLE}.",
    )


def _file_name() -> str:
    return f"{PROGRAM}.exe" if sys.platform == "win32" else PROGRAM


def _folders_of_installations() -> Iterator[Path]:
    official = shutil.which(OFFICIAL_PROGRAM)
    if official is not None:
        yield Path(official).parent
        yield Path(official).resolve().parent
    yield paths.official_data_dir().parent / "bin" / "current"


@dataclass(frozen=True, slots=True, kw_only=True)
class RealServer:
    """How to run the server; paths are absolute."""

    program: Path
    listen_addr: str
    """``127.0.0.1:3000``; port 0 is none to this server."""
    data_dir: Path
    key_files: tuple[Path, Path]
    """The private and the public key that tokens are signed with; made if they are not there."""
    in_memory: bool = False
    pg_port: int | None = None
    """Where it speaks PostgreSQL's protocol, too."""

    @property
    def url(self) -> str:
        """Where this machine reaches it."""
        host, _, port = self.listen_addr.rpartition(":")
        return f"http://{_ANY_ADDRESS.get(host, host)}:{port}"

    @property
    def command(self) -> list[str]:
        private, public = self.key_files
        return [
            *(str(self.program), "start", "--listen-addr", self.listen_addr, "--data-dir", str(self.data_dir)),
            *("--jwt-priv-key-path", str(private), "--jwt-pub-key-path", str(public)),
            *(["--in-memory"] if self.in_memory else []),
            *(["--pg-port", str(self.pg_port)] if self.pg_port is not None else []),
        ]


_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - compared with, not listened at


def keys_in(folder: Path) -> tuple[Path, Path]:
    """The two files of keys that the official program has in a folder."""
    return folder / "id_ecdsa", folder / "id_ecdsa.pub"


def serve_real(
    server: RealServer, *, on_ready: Callable[[str], None], on_line: Callable[[str], object] = lambda _: None
) -> None:
    """Runs the server until SIGINT or SIGTERM, then ends it; call it from the main thread.

    ``on_ready`` is given its address once it answers, ``on_line`` what it writes, line by line, on another thread.
    Raises :class:`ProjectError` if it does not start, or ends by itself, and :class:`DataDirectoryError` for the data
    of another kind of server.
    """
    expect_not_ours(server.data_dir)
    ended = threading.Event()
    stopping = answering("SIGINT", "SIGTERM", "SIGBREAK", with_=lambda *_: ended.set(), even_if_ignored=True)
    with stopping, _running(server, ended, on_line) as process:
        if not _wait_until_ready(process, server, ended):
            return
        on_ready(server.url)
        ended.wait()
        process.expect_running()


class RunningRealServer:
    """A server in memory, at a free port of this machine, with a folder of its own that goes with it.

    >>> with RunningRealServer(find_real_server()) as server:  # doctest: +SKIP
    ...     ApiClient(server.url).ping()
    """

    def __init__(self, program: Path) -> None:
        self._program = program

    def __enter__(self) -> Self:
        """Returns when it answers. Raises :class:`ProjectError` if it does not start."""
        self._folder = tempfile.TemporaryDirectory(prefix="stdbpy-spacetimedb-", ignore_cleanup_errors=True)
        home = Path(self._folder.name)
        server = RealServer(
            program=self._program,
            listen_addr=f"127.0.0.1:{free_port('127.0.0.1')}",
            data_dir=home / "data",
            key_files=keys_in(home / "keys"),
            in_memory=True,
        )
        self.url = server.url
        self._stack = _running(server, threading.Event(), lambda _: None)
        process = self._stack.__enter__()
        try:
            _wait_until_ready(process, server, threading.Event())
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, traceback)
        self._folder.cleanup()


def free_port(host: str) -> int:
    """A port of this machine where nobody listens now."""
    with socket.create_server((host, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class _Process:
    def __init__(self, server: RealServer, ended: threading.Event, on_line: Callable[[str], object]) -> None:
        self._server = server
        self._last_lines: deque[str] = deque(maxlen=_TOLD_LINES)
        self._has_ended = False

        def note(line: str) -> None:
            self._last_lines.append(line)
            on_line(line)

        def end(_exit_code: int) -> None:
            self._has_ended = True
            ended.set()

        for key in server.key_files:
            key.parent.mkdir(parents=True, exist_ok=True)
        self.companion = Companion(server.command, note, on_end=end)

    def expect_running(self) -> None:
        """Raises :class:`ProjectError` if it has ended by itself."""
        if self._has_ended or self.companion.exit_code is not None:
            told = [line.strip() for line in self._last_lines if line.strip()] or ["it does not say why"]
            reason = next((line for line in told if line.startswith("Error")), told[-1])
            raise ProjectError(f"{self._server.program} has ended: {reason}")


@contextmanager
def _running(server: RealServer, ended: threading.Event, on_line: Callable[[str], object]) -> Iterator[_Process]:
    process = _Process(server, ended, on_line)
    try:
        yield process
    finally:
        process.companion.stop()


def _wait_until_ready(process: _Process, server: RealServer, ended: threading.Event) -> bool:
    """Whether it answers; if not, it is to end. Raises :class:`ProjectError` if it will not answer."""
    deadline = time.monotonic() + READY_WITHIN
    with ApiClient(server.url) as api:
        while not ended.wait(_LOOK_AGAIN):
            process.expect_running()
            with suppress(ApiError):
                api.ping()
                return True
            if time.monotonic() > deadline:
                raise ProjectError(f"{server.program} does not answer at {server.url} after {READY_WITHIN:.0f} seconds")
    process.expect_running()
    return False
