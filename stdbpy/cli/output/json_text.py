"""JSON that keeps every digit, for readers that are programs or terminals."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, TextIO

_CONTROL = re.compile("[\x80-\x9f\u2028\u2029]")
"""What JSON may hold bare but terminals obey, or some programs take for the end of a line."""
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")

FEW_LINES = 100
"""Importing what writes lines quickly takes longer than writing so many without it."""


def to_json(value: Any, *, indent: int | None = None) -> str:
    """JSON that keeps every digit of every integer. Non-ASCII text is escaped where stdout cannot write it."""
    return json_writer(sys.stdout, indent=indent)(value)


def json_writer(stream: TextIO, *, indent: int | None = None) -> Callable[[Any], str]:
    """The function that :func:`to_json` is for one value, for many values and any ``stream``."""
    ascii_only = _needs_ascii(stream)
    separators = (",", ":") if indent is None else None
    encode = json.JSONEncoder(ensure_ascii=ascii_only, allow_nan=False, separators=separators, indent=indent).encode

    def write(value: Any) -> str:
        text = encode(value)
        return text if text.isascii() else _CONTROL.sub(_escape, text)

    return write


def presentable(json_text: str, stream: TextIO) -> str:
    """JSON that somebody else wrote, with what :func:`json_writer` would escape escaped."""
    if json_text.isascii():
        return json_text
    return (_NOT_ASCII if _needs_ascii(stream) else _CONTROL).sub(_escape, json_text)


def _needs_ascii(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "") != "utf8"


def _escape(found: re.Match[str]) -> str:
    # JSON counts in units of UTF-16.
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def write_lines(records: Iterable[Any], stream: TextIO) -> None:
    """One value per line, as they come."""
    encode = json_writer(stream)
    for number, record in enumerate(records):
        if number == FEW_LINES:
            encode = _quick_writer(stream)
        stream.write(f"{encode(record)}\n")


def _quick_writer(stream: TextIO) -> Callable[[Any], str]:
    """As :func:`json_writer`, ten times as fast for the plain values that nearly all are."""
    import msgspec

    quick, careful = msgspec.json.Encoder().encode, json_writer(stream)

    def write(value: Any) -> str:
        try:
            text = quick(value).decode()
        except (TypeError, UnicodeEncodeError):
            # A subclass of str or int; half a character.
            return careful(value)
        return presentable(text, stream)

    return write


def write_document(records: Iterable[Any], stream: TextIO) -> None:
    """A list of all values, written as they come."""
    encode = json_writer(stream)
    stream.write("[")
    separator = "\n"
    for record in records:
        stream.write(f"{separator}{encode(record)}")
        separator = ",\n"
    stream.write("\n]\n" if separator == ",\n" else "]\n")
