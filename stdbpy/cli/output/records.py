"""Writing records in any format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from stdbpy.cli.output.fields import Field, Plain, distinct_names, same
from stdbpy.cli.output.formats import Format
from stdbpy.cli.output.json_text import write_document, write_lines
from stdbpy.cli.output.sink import open_binary_sink, open_sink


def write_records(
    fields: Sequence[Field], rows: Iterable[Sequence[Any]], format: Format, output: Path | None = None
) -> None:
    """Writes rows, each with one value per field, to stdout or the file ``output``.

    All formats but the table are written while the rows come. ``format`` is of
    :func:`~stdbpy.cli.output.formats.format_for`. Only what the format needs is imported.
    """
    if format.is_binary:
        from stdbpy.cli.output.arrow_files import write_arrow, write_parquet

        with open_binary_sink(output) as sink:
            if format is Format.PARQUET:
                write_parquet(fields, rows, sink)
            else:
                write_arrow(fields, rows, sink, is_file=output is not None)
        return
    with open_sink(output) as stream:
        match format:
            case Format.TABLE:
                from stdbpy.cli.output.text_table import write_table

                write_table(fields, rows, stream)
            case Format.JSONL:
                write_lines(_objects(fields, rows), stream)
            case Format.JSON:
                write_document(_objects(fields, rows), stream)
            case Format.CSV:
                from stdbpy.cli.output.delimited import write_csv

                write_csv(fields, rows, stream)
            case Format.MARKDOWN:
                from stdbpy.cli.output.delimited import write_markdown

                write_markdown(fields, rows, stream)


def _objects(fields: Sequence[Field], rows: Iterable[Sequence[Any]]) -> Iterator[dict[str, Plain]]:
    names = distinct_names(fields)
    converted = [(position, field.plain) for position, field in enumerate(fields) if field.plain is not same]
    for row in rows:
        record = dict(zip(names, row, strict=True))
        for position, plain in converted:
            record[names[position]] = plain(row[position])
        yield record
