"""What a module asks for while it is imported, though the answer becomes part of its program: time and chance."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from stdbpy.errors import Problem

_MESSAGES = {
    "time": (
        "the clock is read while the module is imported, which is when its program is built: it shows 1970",
        "Use ctx.timestamp in a function that is called",
    ),
    "chance": (
        "what is drawn while the module is imported is part of its program: the same in all databases, and no secret",
        "Draw it in a reducer, by ctx.random, and keep it in a table",
    ),
}

_NOT_THE_MODULES = ("_stdbpy_boot", "logging", "stdbpy")
"""Who is between the module and a clock when that says nothing of the module: imports, lines of the log."""


class _Telling(Protocol):
    def tell_of_uses(self, listener: Callable[[str], None] | None) -> None: ...


@contextmanager
def warned_of(shim: _Telling, paths: Mapping[str, str]) -> Iterator[list[Problem]]:
    """Warnings, one for each line of the files ``paths`` (by the names that code has of them) that uses the like
    meanwhile."""
    warnings: list[Problem] = []

    def listen(of: str) -> None:
        line = _line_of(sys._getframe(1), paths)  # noqa: SLF001 - what the logging module does, too
        if line is not None:
            problem = Problem("warning", line, *_MESSAGES[of])
            if problem not in warnings:
                warnings.append(problem)

    shim.tell_of_uses(listen)
    try:
        yield warnings
    finally:
        shim.tell_of_uses(None)


def _line_of(frame: FrameType | None, paths: Mapping[str, str]) -> str | None:
    """Of the module's, that is why it is asked."""
    while frame is not None:
        path = paths.get(frame.f_code.co_filename)
        if path is not None:
            return f"{path}:{frame.f_lineno}"
        if str(frame.f_globals.get("__name__")).partition(".")[0] in _NOT_THE_MODULES:
            return None
        frame = frame.f_back
    return None
