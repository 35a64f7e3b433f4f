"""A module's output: ``logging``, ``ctx.log`` and ``print`` become lines of the database's log.

The code of a module that imports ``logging`` gets :class:`PrivateLogging`: the standard library's
module in all respects, except that loggers and levels are its own. What a database logs can so
neither be silenced nor be read by the rest of the process, and the other way round.
"""

from __future__ import annotations

import io
import logging
import sys
import types
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from stdbpy.module.host import Host, LogLevel

current_host: ContextVar[Host | None] = ContextVar("current_host", default=None)
"""The host of the call that runs in this thread."""

_LEVELS = (
    (logging.ERROR, LogLevel.ERROR),
    (logging.WARNING, LogLevel.WARN),
    (logging.INFO, LogLevel.INFO),
    (logging.DEBUG, LogLevel.DEBUG),
)
_OF_ROOT = ("debug", "info", "warning", "error", "critical", "fatal", "exception", "log")

_print = print


def host_level(level: int) -> LogLevel:
    return next((host_level for least, host_level in _LEVELS if level >= least), LogLevel.TRACE)


class _HostHandler(logging.Handler):
    def __init__(self, paths: Mapping[str, str]) -> None:
        super().__init__()
        self._paths = paths

    def emit(self, record: logging.LogRecord) -> None:
        host = current_host.get()
        if host is None:
            # While the module is imported there is no database yet.
            sys.stderr.write(f"{record.levelname}: {self.format(record)}\n")
            return
        path = self._paths.get(record.pathname, record.pathname)
        host.console_log(host_level(record.levelno), record.name, path, record.lineno, self._message(record))

    def _message(self, record: logging.LogRecord) -> str:
        """Of a line whose values do not fit its text, both as they are: a mistake in a line of the log ends no call,
        as with Python's own handlers."""
        try:
            return self.format(record)
        except (RecursionError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - the values' own code is called
            return f"{record.msg!s} {_shown(record.args)} (not formatted: {type(error).__name__}: {error})"


def _shown(arguments: object) -> str:
    try:
        return repr(arguments)
    except Exception:  # noqa: BLE001
        return "with values that cannot be shown"


class PrivateLogging(types.ModuleType):
    """The ``logging`` that a module's code sees. ``paths`` has short names of its files."""

    def __init__(self, paths: Mapping[str, str]) -> None:
        super().__init__("logging", logging.__doc__)
        root = logging.RootLogger(logging.DEBUG)
        root.addHandler(_HostHandler(paths))
        self.root = root
        self._manager = logging.Manager(root)
        root.manager = self._manager
        for name in _OF_ROOT:
            setattr(self, name, getattr(root, name))

    def getLogger(self, name: str | None = None) -> logging.Logger:
        if not name or name == self.root.name:
            return self.root
        return self._manager.getLogger(name)

    def disable(self, level: int = logging.CRITICAL) -> None:
        self._manager.disable = level
        self.root.setLevel(self.root.level)  # loggers forget what they took to be enabled

    def basicConfig(self, *, level: int | str | None = None, **_: Any) -> None:
        """Sets the level; lines go to the database's log, in its format, whatever else is asked."""
        if level is not None:
            self.root.setLevel(level)

    def __getattr__(self, name: str) -> Any:
        return getattr(logging, name)


def make_print(target: str, paths: Mapping[str, str]) -> Callable[..., None]:
    """The ``print`` of a module: a line of the database's log at level info, unless ``file`` is given."""

    def print(
        *values: object, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: bool = False
    ) -> None:
        host = current_host.get()
        if host is None or file is not None:
            # While the module is imported there is no database yet, and stdout may be a command's data.
            _print(*values, sep=sep, end=end, file=file if file is not None else sys.stderr, flush=flush)
            return
        line = io.StringIO()
        _print(*values, sep=sep, end=end, file=line)
        frame = sys._getframe(1)  # noqa: SLF001
        name = frame.f_code.co_filename
        host.console_log(
            LogLevel.INFO, target, paths.get(name, name), frame.f_lineno, line.getvalue().removesuffix("\n")
        )

    return print
