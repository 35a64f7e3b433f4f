"""Records as Arrow IPC and as Parquet, in pieces, so that memory holds one piece at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from stdbpy.api.satn import plain_writer
from stdbpy.cli.output.fields import Field, distinct_names, same, text_of
from stdbpy.cli.output.json_text import to_json
from stdbpy.client.arrow_types import ArrowColumn, arrow_column
from stdbpy.sats.types import TypeRef, Typespace

ROWS_IN_A_BATCH = 8_192
ROWS_IN_A_GROUP = 131_072
BYTES_IN_A_GROUP = 8 * 1024 * 1024
"""A Parquet row group is written when it has that many rows or bytes."""

# Arrow's usual allocators keep what is freed, several row groups of it.
pa.set_memory_pool(pa.system_memory_pool())


def write_arrow(fields: Sequence[Field], rows: Iterable[Sequence[Any]], sink: BinaryIO, *, is_file: bool) -> None:
    """Arrow IPC: the file format, which readers can jump in, or the streaming format, which they can read
    while it is written."""
    columns = _Columns(fields)
    writer = pa.ipc.new_file(sink, columns.schema) if is_file else pa.ipc.new_stream(sink, columns.schema)
    with writer:
        for batch in columns.batches(rows):
            writer.write_batch(batch)


def write_parquet(fields: Sequence[Field], rows: Iterable[Sequence[Any]], sink: BinaryIO) -> None:
    """Parquet, compressed with Zstandard."""
    columns = _Columns(fields)
    with pq.ParquetWriter(sink, columns.schema, compression="zstd") as writer:
        group: list[pa.RecordBatch] = []
        for batch in columns.batches(rows):
            group.append(batch)
            if sum(map(len, group)) >= ROWS_IN_A_GROUP or sum(part.nbytes for part in group) >= BYTES_IN_A_GROUP:
                writer.write_table(pa.Table.from_batches(group))
                group.clear()
        if group:
            writer.write_table(pa.Table.from_batches(group))


class _Columns:
    def __init__(self, fields: Sequence[Field]) -> None:
        self._columns = [_column(field) for field in fields]
        self.schema = pa.schema(
            pa.field(name, column.type, nullable=column.is_nullable)
            for name, column in zip(distinct_names(fields), self._columns, strict=True)
        )

    def batches(self, rows: Iterable[Sequence[Any]]) -> Iterator[pa.RecordBatch]:
        left = iter(rows)
        while piece := list(islice(left, ROWS_IN_A_BATCH)):
            yield pa.record_batch(
                [
                    pa.array([column.convert(row[position]) for row in piece], column.type)
                    for position, column in enumerate(self._columns)
                ],
                schema=self.schema,
            )


def _column(field: Field) -> ArrowColumn:
    if field.type is None:
        return ArrowColumn(pa.string(), lambda value: text_of(field.plain(value)))
    column = arrow_column(field.type, as_text=plain_text)
    if field.read is same:
        return column
    return ArrowColumn(column.type, lambda value: column.convert(field.read(value)), column.is_nullable)


def plain_text(type: TypeRef, typespace: Typespace) -> Callable[[Any], str]:
    plain = plain_writer(type, typespace)
    return lambda value: to_json(plain(value))
