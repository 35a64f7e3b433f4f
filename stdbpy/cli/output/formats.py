"""The formats of ``--format``, and which one it is."""

from __future__ import annotations

import enum
import os
import sys
from pathlib import Path

from stdbpy.cli.terminal import is_terminal
from stdbpy.errors import MissingExtra, UsageError, nearest


class Format(enum.StrEnum):
    TABLE = "table"
    JSON = "json"
    """One document: a list of objects."""
    JSONL = "jsonl"
    CSV = "csv"
    MARKDOWN = "markdown"
    ARROW = "arrow"
    """Arrow IPC: the file format into a file, the streaming format to stdout."""
    PARQUET = "parquet"

    @property
    def is_binary(self) -> bool:
        return self in (Format.ARROW, Format.PARQUET)


VARIABLE = "STDBPY_FORMAT"

SYNONYMS = {"text": Format.TABLE, "txt": Format.TABLE, "default": Format.TABLE, "md": Format.MARKDOWN}
"""What the official program and habit call them. Taken so that both work, and told nowhere."""

_ENDINGS = {
    ".json": Format.JSON,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".csv": Format.CSV,
    ".md": Format.MARKDOWN,
    ".txt": Format.TABLE,
    ".arrow": Format.ARROW,
    ".feather": Format.ARROW,
    ".parquet": Format.PARQUET,
}


def parse_format(name: str, *, said_by: str = "") -> Format:
    """The format called ``name``. Raises :class:`UsageError`, which begins with ``said_by`` and names the
    nearest one."""
    formats = {format.value: format for format in Format} | SYNONYMS
    if name not in formats:
        hint = nearest(name, formats) or f"One of {', '.join(Format)}"
        raise UsageError(f"{said_by}there is no format {name!r}", hint=hint)
    return formats[name]


def format_for(requested: Format | None, output: Path | None = None) -> Format:
    """The format to write in: the requested one, else what the name of the ``output`` file ends in, else
    ``STDBPY_FORMAT``, else what suits the reader of stdout.

    To be called before there is any data: raises :class:`UsageError` if stdout is a terminal and cannot
    show the format, and :class:`~stdbpy.errors.MissingExtra` if pyarrow is needed and not installed.
    """
    format = requested or _suiting(output)
    if format.is_binary:
        if output is None and is_terminal(sys.stdout):
            raise UsageError(f"a terminal cannot show {format}", hint=f"Write to a file: > FILE.{format}")
        _expect_pyarrow(format)
    return format


def _expect_pyarrow(format: Format) -> None:
    """Raises :class:`~stdbpy.errors.MissingExtra` if pyarrow is not installed, without importing it."""
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        raise MissingExtra(f"the format {format}", "arrow")


def format_of_file(path: Path) -> Format | None:
    """The format that the file's name ends in, if it is one."""
    return _ENDINGS.get(path.suffix.lower())


def _suiting(output: Path | None) -> Format:
    from_name = format_of_file(output) if output is not None else None
    if from_name is not None:
        return from_name
    from_environment = os.environ.get(VARIABLE)
    if from_environment:
        return parse_format(from_environment, said_by=f"{VARIABLE}: ")
    return Format.TABLE if output is None and is_terminal(sys.stdout) else Format.JSONL
