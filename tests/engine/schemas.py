"""Schemas made by hand, for tests of what is below modules."""

from __future__ import annotations

from stdbpy.sats.types import AlgebraicType, Primitive, product
from stdbpy.schema.model import (
    Column,
    Index,
    IndexAlgorithm,
    ModuleSchema,
    Sequence,
    Table,
    UniqueConstraint,
)

U8, U32, U64, I8, STRING, F64 = (
    Primitive.U8,
    Primitive.U32,
    Primitive.U64,
    Primitive.I8,
    Primitive.STRING,
    Primitive.F64,
)


def index(*columns: int, algorithm: IndexAlgorithm = IndexAlgorithm.BTREE) -> Index:
    name = "by_" + "_".join(map(str, columns))
    return Index(name, name, name, algorithm, columns)


def unique(*columns: int) -> UniqueConstraint:
    name = "unique_" + "_".join(map(str, columns))
    return UniqueConstraint(name, name, columns)


def sequence(column: int, **bounds: int) -> Sequence:
    return Sequence(f"numbers_{column}", f"numbers_{column}", column, **bounds)


def schema_of(
    *tables: tuple[str, dict[str, AlgebraicType], tuple[Index | UniqueConstraint | Sequence, ...]],
) -> ModuleSchema:
    """Tables by name, columns and what else belongs to them; index names start with the table's."""
    rows = tuple(product(*columns.items()) for _, columns, _ in tables)
    declared = []
    for ref, (name, columns, parts) in enumerate(tables):

        def named(part: Index | UniqueConstraint | Sequence, table: str = name) -> str:
            return f"{table}_{part.name}"

        declared.append(
            Table(
                name,
                name,
                ref,
                tuple(Column(column, column, type, at) for at, (column, type) in enumerate(columns.items())),
                indexes=tuple(
                    Index(named(part), named(part), part.accessor, part.algorithm, part.columns)
                    for part in parts
                    if isinstance(part, Index)
                ),
                constraints=tuple(
                    UniqueConstraint(named(part), named(part), part.columns)
                    for part in parts
                    if isinstance(part, UniqueConstraint)
                ),
                sequences=tuple(part for part in parts if isinstance(part, Sequence)),
            )
        )
    return ModuleSchema(typespace=rows, source_typespace=rows, tables=tuple(declared))


def table_of(
    columns: dict[str, AlgebraicType], *parts: Index | UniqueConstraint | Sequence, name: str = "t"
) -> ModuleSchema:
    """A schema with one table."""
    return schema_of((name, columns, parts))
