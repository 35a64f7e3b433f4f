"""Writing what a procedure returned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stdbpy.api.satn import plain_writer
from stdbpy.cli.output import Field, Format, open_sink, to_json, write_records
from stdbpy.cli.query_fields import fields_of
from stdbpy.errors import SchemaError
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.sats.types import SPECIAL_NAMES, AlgebraicType, ArrayType, ProductType, Typespace
from stdbpy.schema.column_types import without_references


def write_result(
    value: Any, type: AlgebraicType, typespace: Typespace, format: Format, output: Path | None = None
) -> None:
    """Writes ``value``, the server's SATS-JSON of ``type``: rows as records, and anything else as itself,
    in a table as the official program writes it."""
    type = _closed(type, typespace)
    match type, format:
        case ArrayType(ProductType() as row), _ if _is_row(row):
            write_records(fields_of(row), value, format, output)
        case ProductType(), (Format.CSV | Format.MARKDOWN | Format.ARROW | Format.PARQUET) if _is_row(type):
            write_records(fields_of(type), [value], format, output)
        case _, (Format.CSV | Format.MARKDOWN | Format.ARROW | Format.PARQUET):
            write_records([result_field(type, typespace)], [[value]], format, output)
        case _:
            field = result_field(type, typespace)
            with open_sink(output) as stream:
                stream.write(f"{field.text(value) if format is Format.TABLE else to_json(field.plain(value))}\n")


def result_field(type: AlgebraicType, typespace: Typespace) -> Field:
    """A field of results, given as the server's SATS-JSON."""
    type = _closed(type, typespace)
    read, plain = compile_json_codec(type, typespace).from_json, plain_writer(type, typespace)
    return Field("result", lambda value: plain(read(value)), to_json, type, read)


def _closed(type: AlgebraicType, typespace: Typespace) -> AlgebraicType:
    """Without references, unless it holds itself."""
    try:
        return without_references(type, typespace)
    except SchemaError:
        return type


def _is_row(type: ProductType) -> bool:
    return bool(type.elements) and type not in SPECIAL_NAMES and None not in type.names
