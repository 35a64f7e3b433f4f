"""What is kept of a database whose test failed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from stdbpy.api import LogRecord
from stdbpy.api.satn import plain_writer
from stdbpy.protocol.catalog import TableLayout
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.texts import timestamp_text

LOG = "log.txt"
_SYSTEM = "__spacetimedb__"


def write_rows(table: str, lines: Sequence[str], folder: Path) -> None:
    """A file of that table, if it has rows."""
    if lines:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{table}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def rows_as_lines(layout: TableLayout, rows: Iterable[object]) -> list[str]:
    """Rows as JSON objects, by the columns' names, as ``stdbpy sql --format jsonl`` writes them."""
    encode = layout.codec.encode
    decode = compile_codec(layout.row_type, layout.typespace).decode  # without the classes that a module has for it
    plain = plain_writer(layout.row_type, layout.typespace)
    return [json.dumps(plain(decode(encode(row))), ensure_ascii=False, separators=(",", ":")) for row in rows]


def write_log(records: Iterable[LogRecord], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LOG).write_text("".join(f"{_dated(record)}\n" for record in records), encoding="utf-8")


def log_line(record: LogRecord) -> str:
    """``INFO send_message: text``."""
    return _line(record, record.function)


def _dated(record: LogRecord) -> str:
    """``2026-01-02T03:04:05.678Z INFO send_message lib.py:12: text``."""
    line_number = "" if record.line_number is None else f":{record.line_number}"
    file = None if record.filename is None else f"{record.filename}{line_number}"
    return f"{timestamp_text(record.time).replace('+00:00', 'Z')} {_line(record, record.function, file)}"


def _line(record: LogRecord, *where: str | None) -> str:
    place = "".join(f" {part}" for part in where if part is not None and not part.startswith(_SYSTEM))
    message = record.message.replace("\n", "\n    ")
    return f"{record.level.upper()}{place}{':' if place else ''} {message}"
