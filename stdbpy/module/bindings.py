"""What handles need to know of a table, compiled once per module whatever host runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stdbpy.sats.bsatn import Codec, compile_codec
from stdbpy.sats.types import AlgebraicType, TypeRef
from stdbpy.schema.model import IndexAlgorithm, ModuleSchema, Table

if TYPE_CHECKING:
    from stdbpy.module.handles import Table as Handle
    from stdbpy.module.handles import Tables


@dataclass(frozen=True, slots=True)
class AccessorBinding:
    """An index that module code reaches by a name."""

    name: str
    table_name: str
    index_name: str
    algorithm: IndexAlgorithm
    columns: tuple[str, ...]
    codecs: tuple[Codec[Any], ...]
    """Of the columns, in the order of the index."""
    constraint: str | None
    """Name of the unique constraint over these columns; ``None`` if several rows can share a key."""
    is_primary_key: bool


@dataclass(frozen=True, slots=True)
class TableBinding:
    name: str
    path: str
    """The same with the namespaces of the module that it is mounted in: what hosts know it by."""
    row_class: type
    columns: tuple[str, ...]
    codec: Codec[Any]
    accessors: Mapping[str, AccessorBinding]
    numbered: tuple[tuple[int, Codec[Any]], ...]
    """Position and codec of the columns that number themselves, in column order."""
    is_outbox: bool
    """Whether its rows stay until the server takes them away."""


@dataclass(frozen=True, slots=True)
class DbLayout:
    """What ``ctx.db`` consists of, in contexts of one class."""

    db_class: type[Tables]
    tables: Mapping[str, TableBinding]
    classes: Mapping[str, type[Handle[Any]]]
    """Those of tables that their author declares."""
    mounted: Mapping[str, DbLayout]
    """By namespace."""


def bind_tables(schema: ModuleSchema, classes: Mapping[int, type], prefix: str = "") -> dict[str, TableBinding]:
    """The bindings of all tables by the name that code uses. ``classes`` are the Python classes of
    the typespace, among them each table's row class; ``prefix`` is what names start with in the database."""
    return {table.source_name: _bind_table(schema, table, classes, prefix) for table in schema.tables}


def _bind_table(schema: ModuleSchema, table: Table, classes: Mapping[int, type], prefix: str) -> TableBinding:
    def codecs(types: Sequence[AlgebraicType]) -> tuple[Codec[Any], ...]:
        return tuple(compile_codec(type, schema.source_typespace, classes) for type in types)

    accessors = {}
    for index in table.indexes:
        if index.accessor is None:
            continue
        columns = [table.columns[position] for position in index.columns]
        accessors[index.accessor] = AccessorBinding(
            index.accessor,
            table.source_name,
            prefix + index.name,
            index.algorithm,
            tuple(column.source_name for column in columns),
            codecs([column.type for column in columns]),
            next((c.name for c in table.constraints if sorted(c.columns) == sorted(index.columns)), None),
            index.columns == (table.primary_key,),
        )
    positions = sorted(sequence.column for sequence in table.sequences)
    return TableBinding(
        table.source_name,
        prefix + table.source_name,
        classes[table.product_ref],
        tuple(column.source_name for column in table.columns),
        codecs([TypeRef(table.product_ref)])[0],
        accessors,
        tuple(zip(positions, codecs([table.columns[position].type for position in positions]), strict=True)),
        table.outbox is not None,
    )
