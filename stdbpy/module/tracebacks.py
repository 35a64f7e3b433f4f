"""Tracebacks as the author of a module wants to read them: without the frames of stdbpy."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Container
from types import FrameType, FunctionType, TracebackType
from typing import Any, TypeVar

from stdbpy.module.parsing import undisturbed

E = TypeVar("E", bound=BaseException)

OWN_FOLDER = __file__.rsplit("module", 1)[0]


def user_traceback(error: BaseException) -> str:
    """The text of the traceback, ending without a newline; frames inside stdbpy are left out."""
    try:
        text = traceback.TracebackException.from_exception(error)
        _leave_out_own_frames(text)
        return encodable(undisturbed(lambda: "".join(text.format())).rstrip("\n"))
    except Exception:  # noqa: BLE001 - an author's error can have anything where Python has a line number
        return f"{type(error).__name__}, an error that cannot be shown"


def error_text(error: BaseException) -> str:
    """``ZeroDivisionError: division by zero``: what callers of a reducer are told of its bug."""
    name = type(error).__name__
    try:
        message = encodable(str(error))
    except Exception:  # noqa: BLE001 - authors write exceptions of their own
        return name
    return f"{name}: {message}" if message else name


def encodable(text: str) -> str:
    """The text, with what UTF-8 has no bytes for (halves of surrogate pairs) written as escapes."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def innermost_line(error: BaseException, files: Container[str]) -> tuple[str, int] | None:
    """File and line of the last of the author's that was running: ``files`` are those, as tracebacks call them."""
    lines = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename in files
    ]
    return lines[-1] if lines else None


def at_definition(function: Callable[..., Any], error: E) -> E:
    """The error as one that was raised where the definition of an author's function begins: for what it has returned,
    of which no line of its own is to be found in the traceback."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    if not isinstance(function, FunctionType):
        return error
    code = function.__code__
    there = _frame.__code__.replace(
        co_filename=code.co_filename,
        co_name=code.co_name,
        co_qualname=code.co_qualname,
        co_firstlineno=code.co_firstlineno,
    )
    frame = FunctionType(there, globals())()
    return error.with_traceback(TracebackType(None, frame, -1, code.co_firstlineno))


def _frame() -> FrameType:
    return sys._getframe()  # noqa: SLF001


def _leave_out_own_frames(text: traceback.TracebackException) -> None:
    parts = [text]
    while parts:  # a chain can be longer than calls can be deep
        part = parts.pop()
        kept = [frame for frame in part.stack if not frame.filename.startswith((OWN_FOLDER, "<frozen importlib"))]
        part.stack = traceback.StackSummary.from_list(kept)
        parts += [other for other in (part.__cause__, part.__context__) if other is not None]
