"""What a database logged, line by line for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from stdbpy.cli.terminal import Colour, paint, printable
from stdbpy.sats.texts import timestamp_text

if TYPE_CHECKING:
    from stdbpy.api import LogRecord

_COLOURS: dict[str, Colour] = {
    "Panic": "red",
    "Error": "red",
    "Warn": "yellow",
    "Info": "blue",
    "Debug": "dim",
    "Trace": "dim",
}
_SYSTEM = "__spacetimedb__"
"""What the server writes as function and file of lines that are its own."""

_TRACEBACK = "Traceback (most recent call last)"
"""In the first line of what a bug in Python is told with, which names the frames, with their lines, itself."""


def log_line(record: LogRecord, stream: TextIO) -> str:
    """``2026-01-02T03:04:05.678Z  INFO: send_message lib.py:12: text``, as the official program has it."""
    level = paint(f"{printable(record.level).upper():>5}:", _COLOURS.get(record.level, "bold"), stream)
    place = [printable(part) for part in (record.function, _file(record)) if part and part != _SYSTEM]
    where = paint(" ".join(place), "dim", stream) + ": " if place else ""
    moment = paint(timestamp_text(record.time).replace("+00:00", "Z"), "dim", stream)
    # Lines behind the first are set in, so that no message can pass for a record of its own.
    message = printable(record.message).replace("\n", "\n    ")
    return "\n".join((f"{moment} {level} {where}{message}", *_frames(record, stream)))


def _file(record: LogRecord) -> str | None:
    if record.filename in (None, _SYSTEM) or record.line_number is None:
        return record.filename
    return f"{record.filename}:{record.line_number}"


def _frames(record: LogRecord, stream: TextIO) -> Iterator[str]:
    """Where a panic came from, as far as the server has names for it and the message does not say so."""
    if _TRACEBACK in record.message.partition("\n")[0]:
        return
    trace = record.raw.get("trace")
    for frame in trace if isinstance(trace, list) else ():
        names = [frame.get("module_name"), frame.get("func_name")] if isinstance(frame, dict) else []
        known = [printable(name).replace("\n", " ") for name in names if name and isinstance(name, str)]
        if known:
            yield f"    in {paint(' :: '.join(known), 'dim', stream)}"
