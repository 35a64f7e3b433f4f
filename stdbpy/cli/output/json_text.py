"""JSON that keeps every digit, for readers that are programs or terminals."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, TextIO

_CONTROL = re.compile("[\x80-\x9f\u2028\u2029]")
"""What JSON may hold bare but terminals obey, or some programs take for the end of a line."""


def to_json(value: Any, *, indent: int | None = None) -> str:
    """JSON that keeps every digit of every integer. Non-ASCII text is escaped where stdout cannot write it."""
    return json_writer(sys.stdout, indent=indent)(value)


def json_writer(stream: TextIO, *, indent: int | None = None) -> Callable[[Any], str]:
    """The function that :func:`to_json` is for one value, for many values and any ``stream``."""
    ascii_only = (stream.encoding or "").lower().replace("-", "") != "utf8"
    separators = (",", ":") if indent is None else None
    encode = json.JSONEncoder(ensure_ascii=ascii_only, allow_nan=False, separators=separators, indent=indent).encode

    def write(value: Any) -> str:
        text = encode(value)
        return text if text.isascii() else _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)

    return write


def write_lines(records: Iterable[Any], stream: TextIO) -> None:
    """One value per line, as they come."""
    encode = json_writer(stream)
    for record in records:
        stream.write(f"{encode(record)}\n")


def write_document(records: Iterable[Any], stream: TextIO) -> None:
    """A list of all values, written as they come."""
    encode = json_writer(stream)
    stream.write("[")
    separator = "\n"
    for record in records:
        stream.write(f"{separator}{encode(record)}")
        separator = ",\n"
    stream.write("\n]\n" if separator == ",\n" else "]\n")
