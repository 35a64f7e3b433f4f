"""What raw definitions V9 and V10 have in common, as algebraic types.

Source of the format: ``crates/lib/src/db/raw_def/v9.rs`` of SpacetimeDB. *Raw* values are what the
codecs over :data:`~stdbpy.sats.meta.META_TYPESPACE` give: a tuple for a product, ``Variant`` for a sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from stdbpy.errors import Problem, SchemaError
from stdbpy.sats.meta import ALGEBRAIC_TYPE, type_from_raw, type_to_raw
from stdbpy.sats.types import UNIT, AlgebraicType, ArrayType, Primitive, ProductType, option, product, sum_of
from stdbpy.sats.values import Variant
from stdbpy.schema.model import IndexAlgorithm, Sequence, Table

STRING = Primitive.STRING
BOOL = Primitive.BOOL
COLUMN = Primitive.U16
COLUMNS = ArrayType(COLUMN)
TYPE_INDEX = Primitive.U32

TYPESPACE = product(("types", ArrayType(ALGEBRAIC_TYPE)))
TABLE_KIND = sum_of(("System", UNIT), ("User", UNIT))
TABLE_ACCESS = sum_of(("Public", UNIT), ("Private", UNIT))
LIFECYCLE = sum_of(("Init", UNIT), ("OnConnect", UNIT), ("OnDisconnect", UNIT))
INDEX_ALGORITHM = sum_of(("BTree", COLUMNS), ("Hash", COLUMNS), ("Direct", COLUMN))
CONSTRAINT_DATA = sum_of(("Unique", product(("columns", COLUMNS))))
ROW_LEVEL_SECURITY = product(("sql", STRING))
_BOUND = option(Primitive.I128)


def sequence_type(name_field: str) -> ProductType:
    return product(
        (name_field, option(STRING)),
        ("column", COLUMN),
        ("start", _BOUND),
        ("min_value", _BOUND),
        ("max_value", _BOUND),
        ("increment", Primitive.I128),
    )


def index_type(name_field: str) -> ProductType:
    return product((name_field, option(STRING)), ("accessor_name", option(STRING)), ("algorithm", INDEX_ALGORITHM))


def constraint_type(name_field: str) -> ProductType:
    return product((name_field, option(STRING)), ("data", CONSTRAINT_DATA))


def type_definition_type(name_field: str, last_part: str) -> ProductType:
    return product(
        (name_field, product(("scope", ArrayType(STRING)), (last_part, STRING))),
        ("ty", TYPE_INDEX),
        ("custom_ordering", BOOL),
    )


# --- raw values ↔ values of the model ----------------------------------------------------------


def typespace_from_raw(raw: Any) -> tuple[AlgebraicType, ...]:
    (types,) = raw
    return tuple(type_from_raw(type) for type in types)


def typespace_to_raw(typespace: Iterable[AlgebraicType]) -> Any:
    return ([type_to_raw(type) for type in typespace],)


def product_from_raw(raw: Any) -> ProductType:
    return cast("ProductType", type_from_raw(Variant("Product", raw)))


def product_to_raw(type: ProductType) -> Any:
    return type_to_raw(type).value


def algorithm_from_raw(raw: Variant) -> tuple[IndexAlgorithm, tuple[int, ...]]:
    columns = cast("Any", raw.value)
    algorithm = IndexAlgorithm(raw.name)
    return algorithm, (columns,) if algorithm is IndexAlgorithm.DIRECT else tuple(columns)


def algorithm_to_raw(algorithm: IndexAlgorithm, columns: tuple[int, ...]) -> Variant:
    return Variant(algorithm.value, columns[0] if algorithm is IndexAlgorithm.DIRECT else columns)


def unique_columns(data: Any) -> tuple[int, ...]:
    (columns,) = data.value
    return tuple(columns)


def unique_data(columns: tuple[int, ...]) -> Variant:
    return Variant("Unique", (columns,))


def defaults(table: Table) -> list[tuple[int, bytes]]:
    """Position and default of each column that has one."""
    return [(column.position, column.default) for column in table.columns if column.default is not None]


def sequence_numbers(sequence: Sequence) -> tuple[int | None, ...]:
    return sequence.column, sequence.start, sequence.min_value, sequence.max_value, sequence.increment


def rules(raw: Iterable[tuple[str]]) -> tuple[str, ...]:
    """The SQL of row-level security. A rule that is there twice counts once."""
    return tuple(dict.fromkeys(sql for (sql,) in raw))


class Findings:
    """What in a definition no schema can hold, collected while it is read."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, where: str, message: str) -> None:
        self.problems.append(Problem("error", where, message))

    def raise_if_any(self) -> None:
        """Raises ``SchemaError`` with all of them."""
        if self.problems:
            more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
            first = self.problems[0]
            raise SchemaError(f"The module definition is wrong: {first.where}: {first.message}{more}", self.problems)

    def primary_key(self, where: str, columns: list[int]) -> int | None:
        if len(columns) > 1:
            self.add(where, "a primary key is one column, not several")
        return columns[0] if columns else None
