"""What the code of a module cannot do inside WebAssembly, refused when it runs natively as well.

There, parts of Python are missing. Code that needs them would work on the server of ``stdbpy start``, and fail where
SpacetimeDB itself runs it; so it fails here, in the same way and with the reason. Only the author's own files are
held to that: packages, and the rest of the process, have all of Python, and the author has the tools for developing.
"""

from __future__ import annotations

import errno
import importlib.util
import sys
import threading
import types
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from stdbpy.module.left_out import LEFT_OUT

_FOR_DEVELOPING = LEFT_OUT["pdb"]
_NO_THREADS = LEFT_OUT["concurrent.futures.thread"]
_NO_FILES = LEFT_OUT["dbm"]

_NO_TERMINAL = LEFT_OUT["curses"]

_REFUSED = {name: reason for name, reason in LEFT_OUT.items() if reason != _FOR_DEVELOPING}
_REFUSED["getpass"] = _NO_TERMINAL  # it is there for packages, which want the user's name of it, and asks nobody
_CONCERNED = frozenset(name.partition(".")[0] for name in _REFUSED)

_FROM_REFUSED = {
    "concurrent.futures.ProcessPoolExecutor": "concurrent.futures.process",
    "concurrent.futures.ThreadPoolExecutor": "concurrent.futures.thread",
}
"""What a package has from modules of its own that it imports when it is asked."""


_READING_TIME_ZONES, _TIME_ZONES = "zoneinfo", "tzdata"
"""The second is a package, which the first reads where a system has no time zones."""


def refuse_import(name: str, fromlist: Sequence[str]) -> None:
    """Raises ``ModuleNotFoundError`` if this is left out in WebAssembly: ``from name import fromlist``."""
    if name == _READING_TIME_ZONES and importlib.util.find_spec(_TIME_ZONES) is None:
        raise ModuleNotFoundError(
            f"a module in WebAssembly has no time zones but those of the package {_TIME_ZONES}, which is not installed",
            name=_TIME_ZONES,
        )
    if name.partition(".")[0] not in _CONCERNED:
        return
    _refuse(name)
    for part in fromlist:
        _refuse(_FROM_REFUSED.get(f"{name}.{part}", f"{name}.{part}"))


def _refuse(name: str) -> None:
    """As the runtime does it (``runtime/boot/modules.py``), which comes to a package before what is in it."""
    parts = name.split(".")
    for each in (".".join(parts[: end + 1]) for end in range(len(parts))):
        reason = _REFUSED.get(each)
        if reason is not None:
            raise ModuleNotFoundError(f"{each!r} is not there in WebAssembly: {reason}", name=each)


def replaced_modules() -> dict[str, types.ModuleType]:
    """What a module's code gets instead of those of these names, which have more than there is in WebAssembly.

    New ones for each load: code can change them.
    """
    replaced: dict[str, types.ModuleType] = {}
    parents = {name.rpartition(".")[0] for name in _REFUSED if "." in name}
    for name in parents | {name.partition(".")[0] for name in parents}:
        replaced[name] = _PartialModule(name, {}, replaced)
    no_thread = dict.fromkeys(("start_new", "start_new_thread", "start_joinable_thread"), _start_no_thread)
    replaced["_thread"] = _PartialModule("_thread", no_thread, replaced)
    replaced["threading"] = _PartialModule("threading", {"Thread": Thread, "Timer": Timer}, replaced)
    replaced["time"] = _PartialModule("time", {"sleep": _sleep}, replaced)
    return replaced


class _PartialModule(types.ModuleType):
    """A module of the standard library, of which some things are others, and what is left out is not there."""

    def __init__(self, name: str, others: Mapping[str, object], replaced: Mapping[str, types.ModuleType]) -> None:
        super().__init__(name, sys.modules[name].__doc__ if name in sys.modules else None)
        self.__dict__.update(others)
        self.__replaced = replaced

    def __getattr__(self, name: str) -> Any:
        module = sys.modules[self.__name__]
        full_name = f"{self.__name__}.{name}"
        if full_name in _FROM_REFUSED:
            _refuse(_FROM_REFUSED[full_name])
        if full_name in _REFUSED:
            # Others in the process have imported it.
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}: {_REFUSED[full_name]}")
        if name == "__all__" and not hasattr(module, name):
            return [public for public in dir(module) if not public.startswith("_")]
        value = getattr(module, name)
        return self.__replaced.get(full_name, value) if isinstance(value, types.ModuleType) else value

    def __dir__(self) -> list[str]:
        return dir(sys.modules[self.__name__])


def refuse_to_open(
    file: object,
    mode: str = "r",  # noqa: ARG001 - as it is called
    buffering: int = -1,  # noqa: ARG001
    encoding: str | None = None,  # noqa: ARG001
    errors: str | None = None,  # noqa: ARG001
    newline: str | None = None,  # noqa: ARG001
    closefd: bool = True,  # noqa: ARG001
    opener: object = None,  # noqa: ARG001
) -> NoReturn:
    """The ``open`` of a module."""
    if isinstance(file, int):
        raise OSError(errno.EBADF, _NO_FILES)
    raise FileNotFoundError(errno.ENOENT, _NO_FILES, file)


def _start_no_thread(*_: object, **__: object) -> NoReturn:
    raise RuntimeError(f"can't start new thread: {_NO_THREADS}")


class Thread(threading.Thread):
    def start(self) -> None:
        _start_no_thread()


class Timer(threading.Timer):
    def start(self) -> None:
        _start_no_thread()


def _sleep(seconds: float, /) -> NoReturn:  # noqa: ARG001 - as it is called
    raise RuntimeError("time.sleep cannot wait in a SpacetimeDB module: time stands still while it runs")
