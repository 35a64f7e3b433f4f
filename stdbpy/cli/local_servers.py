"""Servers on this machine that ``dev`` starts where none answers, and that end with it, however it ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from stdbpy.cli.connection import leave_out_the_program_httpx
from stdbpy.cli.invocation import Invocation
from stdbpy.errors import ApiError, ServerUnreachable, StdbError
from stdbpy.project.processes import Companion

ANSWERS_WITHIN = 5.0
STARTS_WITHIN = 30.0
"""Seconds until a server counts as not there, or as one that cannot be started."""

_LOOK_AGAIN = 0.05


class LocalServers:
    """Those that were started here. What they write goes to ``write``, line by line; ``data_dir`` is where
    they keep databases, ``None`` for the default. ``allow_loopback_http`` and ``strict`` are those of
    ``stdbpy start``."""

    def __init__(
        self,
        invocation: Invocation,
        write: Callable[[str], None],
        data_dir: Path | None,
        *,
        allow_loopback_http: bool = False,
        strict: bool = False,
    ) -> None:
        self._invocation = invocation
        self._write = write
        self._data_dir = data_dir
        self._switches = {"--allow-loopback-http": allow_loopback_http, "--strict": strict}
        self._started: dict[str, Companion] = {}
        self._told: set[str] = set()
        """The servers that are somebody else's, and do not hear of the switches."""

    def expect(self, url: str) -> None:
        """Sees to it that a server answers at ``url``: the one that is there, else, on this machine, a new one.

        Raises :class:`ServerUnreachable` if there is none elsewhere, :class:`StdbError` if none can be started.
        """
        leave_out_the_program_httpx()
        from stdbpy.api.address import Address
        from stdbpy.api.client import ApiClient

        with ApiClient(url, timeout=ANSWERS_WITHIN) as api:
            try:
                api.ping()
            except ServerUnreachable:
                if not Address.parse(url).is_loopback:
                    raise
                self._start(url, api.ping)
            else:
                self._tell_of_switches(url)

    def stop(self) -> None:
        """Returns when all have ended."""
        for server in self._started.values():
            server.stop()
        self._started.clear()

    def _tell_of_switches(self, url: str) -> None:
        given = [name for name, is_on in self._switches.items() if is_on]
        if given and url not in self._started and url not in self._told:
            self._told.add(url)
            self._invocation.note(f"{' and '.join(given)} would be for a server that this starts; one runs at {url}")

    def _start(self, url: str, ping: Callable[[], None]) -> None:
        if (before := self._started.pop(url, None)) is not None:
            before.stop()
        server = self._started[url] = Companion(self._command(url), self._write, holds_stdin=True)
        deadline = time.monotonic() + STARTS_WITHIN
        while not _answers(ping):
            if server.exit_code is not None or time.monotonic() > deadline:
                raise StdbError(f"the server at {url} did not start", hint="It says why above")
            time.sleep(_LOOK_AGAIN)
        self._invocation.note(f"started a server at {url}, which ends with this")

    def _command(self, url: str) -> list[str]:
        options = {
            "--config-path": self._invocation.config_path,
            "--root-dir": self._invocation.root_dir,
            "--data-dir": self._data_dir,
        }
        given = [word for name, value in options.items() if value is not None for word in (name, str(value))]
        given += [name for name, is_on in self._switches.items() if is_on]
        address = url.partition("://")[2]
        # -P: a file of the project that is called like one of Python's own is not to be taken for it.
        program = [sys.executable, "-P", "-m", "stdbpy.cli.companion"]
        return [*program, "--quiet", "start", "--listen-addr", address, *given]


def _answers(ping: Callable[[], None]) -> bool:
    try:
        ping()
    except ApiError:
        return False
    return True
