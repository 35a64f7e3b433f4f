"""What is kept of a database whose test failed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from stdbpy.api import LogRecord
from stdbpy.testing.table_rows import TablesByName

LOG = "log.txt"


def write_tables(tables: TablesByName, folder: Path) -> None:
    """A file of JSON lines for each table that has rows, in SATS-JSON as the server's HTTP API has rows."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables:
        rows = table.all()
        if rows:
            to_json = table.layout.json_codec.to_json
            lines = [json.dumps(to_json(row), ensure_ascii=False) for row in rows]
            (folder / f"{table.layout.name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_log(records: Iterable[LogRecord], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [log_line(record) for record in records]
    (folder / LOG).write_text("\n".join(lines) + "\n", encoding="utf-8")


def log_line(record: LogRecord) -> str:
    """``INFO send_message: text``."""
    function = "" if record.function in (None, "__spacetimedb__") else f" {record.function}:"
    message = record.message.replace("\n", "\n    ")
    return f"{record.level.upper()}{function} {message}"
