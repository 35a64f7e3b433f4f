"""What a statement came to, as the messages that tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from stdbpy.engine import StatementResult
from stdbpy.server.postgres import messages
from stdbpy.server.postgres.values import Columns, columns_of


def result_messages(result: StatementResult, rows_at_once: int) -> Iterator[bytes]:
    """In parts, each of so many rows at most: each costs its time when it is asked for."""
    if not result.columns.elements:
        yield messages.command_complete(_changes(result))
        return
    columns = columns_of(result.columns)
    yield messages.row_description(columns.described)
    for start in range(0, len(result.rows), rows_at_once):
        yield _rows(columns, result.rows[start : start + rows_at_once])
    yield messages.command_complete(f"SELECT {len(result.rows)}")


def _rows(columns: Columns, rows: Sequence[tuple[Any, ...]]) -> bytes:
    return b"".join(
        [
            messages.data_row([write(value).encode() for write, value in zip(columns.writes, row, strict=True)])
            for row in rows
        ]
    )


def _changes(result: StatementResult) -> str:
    counts = {
        "inserted": result.rows_inserted,
        "deleted": result.rows_deleted,
        "updated": result.rows_updated,
    }
    told = [f"{what}: {count}" for what, count in counts.items() if count]
    return ", ".join([*told, f"server: {_duration(result.duration_micros)}"])


def _duration(micros: int) -> str:
    if micros >= 1_000_000:
        return f"{micros / 1_000_000:.2f}s"
    return f"{micros / 1000:.2f}ms" if micros >= 1000 else f"{micros:.2f}µs" if micros else "0.00ns"
