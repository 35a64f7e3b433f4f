"""Short ways to write module schemas in tests. Most have one table, ``person``, of row type 0, ``Row``."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as ListOf
from dataclasses import replace
from typing import Any

from stdbpy.sats.types import (
    SCHEDULE_AT,
    UNIT,
    AlgebraicType,
    ArrayType,
    Primitive,
    ProductType,
    SumType,
    TypeRef,
    product,
    sum_of,
)
from stdbpy.schema import (
    Column,
    Index,
    IndexAlgorithm,
    ModuleSchema,
    Reducer,
    Schedule,
    Sequence,
    Table,
    TypeDef,
    UniqueConstraint,
    View,
    complete,
)

U8, U32, U64, STRING = Primitive.U8, Primitive.U32, Primitive.U64, Primitive.STRING
ROW = product(("id", U64), ("name", STRING))
SCHEDULED_ROW = product(("id", U64), ("at", SCHEDULE_AT))


def module(
    row: AlgebraicType = ROW,
    *more_types: tuple[str, AlgebraicType],
    table: dict[str, Any] | None = None,
    defaults: Mapping[int, bytes | None] | None = None,
    **parts: Any,
) -> ModuleSchema:
    """One table of ``row``, further named types behind it, and whatever ``parts`` of a schema are given.

    ``table`` holds fields of the table; ``tables=()`` in ``parts`` leaves it out.
    """
    given = {"name": "", "source_name": "person", "product_ref": 0, "columns": (), **(table or {})}
    if defaults:
        assert isinstance(row, ProductType)
        given["columns"] = tuple(
            Column("", element.name or "", element.type, position, defaults.get(position))
            for position, element in enumerate(row.elements)
        )
    schema = ModuleSchema(
        source_typespace=(row, *(type for _, type in more_types)),
        types=(TypeDef("", "Row", 0), *(TypeDef("", name, 1 + n) for n, (name, _) in enumerate(more_types))),
        tables=(Table(**given),),
    )
    return complete(replace(schema, **parts))


def index(*columns: int, algorithm: IndexAlgorithm = IndexAlgorithm.BTREE, accessor: str | None = None) -> Index:
    return Index("", "", accessor, algorithm, columns)


def unique(*columns: int) -> UniqueConstraint:
    return UniqueConstraint("", "", columns)


def sequence(column: int, **numbers: int) -> Sequence:
    return Sequence("", "", column, **numbers)


def reducer(name: str, *params: tuple[str | None, AlgebraicType], **more: Any) -> Reducer:
    return Reducer("", name, product(*params), **more)


def view(name: str, returns: AlgebraicType | None = None, **more: Any) -> View:
    fields = {"index": 0, "is_public": True, "is_anonymous": True, "params": UNIT, **more}
    return View("", name, return_type=ArrayType(TypeRef(0)) if returns is None else returns, **fields)


def keyed(**more: Any) -> dict[str, Any]:
    """Fields of a table whose column 0 is the primary key."""
    return {"primary_key": 0, "indexes": (index(0),), "constraints": (unique(0),), **more}


def scheduled(function: str = "run", at_column: int = 1) -> dict[str, Any]:
    """Fields of a table of :data:`SCHEDULED_ROW` that runs ``function``."""
    return keyed(schedule=Schedule("", "", at_column, function))


def enum(*variants: str) -> SumType:
    return sum_of(*((variant, UNIT) for variant in variants))


def tables(*names: str) -> ListOf[Table]:
    """Tables of row type 0."""
    return tuple(Table("", name, 0, ()) for name in names)
