"""What is kept of a database whose test failed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from stdbpy.api import LogRecord
from stdbpy.protocol.catalog import TableLayout

LOG = "log.txt"
_SYSTEM = "__spacetimedb__"


def write_rows(table: str, lines: Sequence[str], folder: Path) -> None:
    """A file of that table, if it has rows."""
    if lines:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{table}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def rows_as_lines(layout: TableLayout, rows: Iterable[object]) -> list[str]:
    """Rows in SATS-JSON, as the server's HTTP API has them."""
    to_json = layout.json_codec.to_json
    return [json.dumps(to_json(row), ensure_ascii=False) for row in rows]


def write_log(records: Iterable[LogRecord], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LOG).write_text("".join(f"{log_line(record)}\n" for record in records), encoding="utf-8")


def log_line(record: LogRecord) -> str:
    """``INFO send_message: text``."""
    function = "" if record.function in (None, _SYSTEM) else f" {record.function}:"
    message = record.message.replace("\n", "\n    ")
    return f"{record.level.upper()}{function} {message}"
