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
from functools import lru_cache
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


_LOGGING_FILE = logging.getLevelName.__code__.co_filename


@lru_cache(maxsize=64)
def host_level(level: int) -> LogLevel:
    return next((host_level for least, host_level in _LEVELS if level >= least), LogLevel.TRACE)


class _HostHandler(logging.Handler):
    def __init__(self, paths: Mapping[str, str]) -> None:
        super().__init__()
        self._paths = paths

    @property
    def is_plain(self) -> bool:
        """Whether it is as it was made: it takes all lines, and adds nothing to them."""
        return not self.filters and self.formatter is None and not self.level

    def emit(self, record: logging.LogRecord) -> None:
        host = current_host.get()
        if host is None:
            # While the module is imported there is no database yet.
            sys.stderr.write(f"{record.levelname}: {self.format(record)}\n")
            return
        try:
            text = self.format(record)
        except (RecursionError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - the values' own code is called
            text = _not_formatted(record.msg, record.args, error)
        self.write(host, record.levelno, record.name, record.pathname, record.lineno, text)

    def write(self, host: Host, level: int, name: str, path: str, line: int, text: str) -> None:
        host.console_log(host_level(level), name, self._paths.get(path, path), line, text)


def _not_formatted(message: object, arguments: object, error: Exception) -> str:
    """A line whose values do not fit its text, both as they are: a mistake in a line of the log ends no call, as with
    Python's own handlers."""
    return f"{message!s} {_shown(arguments)} (not formatted: {type(error).__name__}: {error})"


def _shown(arguments: object) -> str:
    try:
        return repr(arguments)
    except Exception:  # noqa: BLE001
        return "with values that cannot be shown"


class _ModuleLogger(logging.Logger):
    """Writes what nobody wants more of than its line straight into the database's log: a record of what the line is
    about costs three times as much, which is felt in WebAssembly."""

    def _log(
        self,
        level: int,
        msg: object,
        args: Any,
        exc_info: Any = None,
        extra: Mapping[str, object] | None = None,
        stack_info: bool = False,
        stacklevel: int = 1,
    ) -> None:
        host = current_host.get()
        handler = self._plain_handler()
        if host is None or handler is None or exc_info or extra is not None or stack_info or stacklevel != 1:
            super()._log(level, msg, args, exc_info, extra, stack_info, stacklevel + 1)
            return
        caller = sys._getframe(1)  # noqa: SLF001 - as the standard library finds it
        while caller.f_code.co_filename == _LOGGING_FILE and caller.f_back is not None:
            caller = caller.f_back
        if len(args) == 1 and isinstance(args[0], Mapping) and args[0]:
            args = args[0]  # "%(name)s", as of records
        try:
            text = str(msg) % args if args else str(msg)
        except (RecursionError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - the values' own code is called
            text = _not_formatted(msg, args, error)
        handler.write(host, level, self.name, caller.f_code.co_filename, caller.f_lineno, text)

    def _plain_handler(self) -> _HostHandler | None:
        """The one that writes to the database's log, if nothing else looks at the lines."""
        if self.filters or logging.getLogRecordFactory() is not logging.LogRecord:
            return None
        logger: logging.Logger = self
        while logger.parent is not None:
            if logger.handlers or not logger.propagate:
                return None
            logger = logger.parent
        handlers = logger.handlers
        handler = handlers[0] if len(handlers) == 1 else None
        return handler if isinstance(handler, _HostHandler) and handler.is_plain else None


class _RootLogger(_ModuleLogger, logging.RootLogger):
    pass


class PrivateLogging(types.ModuleType):
    """The ``logging`` that a module's code sees. ``paths`` has short names of its files."""

    def __init__(self, paths: Mapping[str, str]) -> None:
        super().__init__("logging", logging.__doc__)
        root = _RootLogger(logging.DEBUG)
        root.addHandler(_HostHandler(paths))
        self.root = root
        self._manager = logging.Manager(root)
        self._manager.setLoggerClass(_ModuleLogger)
        root.manager = self._manager
        own = vars(PrivateLogging).keys()
        vars(self).update({name: getattr(logging, name) for name in logging.__all__ if name not in own})
        vars(self).update({name: getattr(root, name) for name in _OF_ROOT})

    def getLogger(self, name: str | None = None) -> logging.Logger:
        if not name or name == self.root.name:
            return self.root
        return self._manager.getLogger(name)

    def getLoggerClass(self) -> type[logging.Logger]:
        # What authors derive from has no short way past what they override.
        own = self._manager.loggerClass
        return own if own is not None and own is not _ModuleLogger else logging.Logger

    def setLoggerClass(self, klass: type[logging.Logger]) -> None:
        self._manager.setLoggerClass(klass)

    def disable(self, level: int = logging.CRITICAL) -> None:
        self._manager.disable = level
        self.root.setLevel(self.root.level)  # loggers forget what they took to be enabled

    def basicConfig(self, *, level: int | str | None = None, **_: Any) -> None:
        """Sets the level; lines go to the database's log, in its format, whatever else is asked."""
        if level is not None:
            self.root.setLevel(level)

    def __getattr__(self, name: str) -> Any:
        """What is not for all to use, and costs more to look up."""
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
