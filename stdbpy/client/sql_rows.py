"""What SQL over HTTP gives: rows of a table, or whatever columns the statement puts together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import msgspec

from stdbpy.api import SqlResult
from stdbpy.client.query_rows import QueryRows
from stdbpy.codegen.names import Scope, snake_case
from stdbpy.protocol.catalog import Catalog, TableLayout
from stdbpy.sats.types import (
    AlgebraicType,
    ArrayType,
    ProductElement,
    ProductType,
    SumType,
    SumVariant,
    TypeRef,
    resolve,
)
from stdbpy.sql.tokens import scan

Part = TypeVar("Part", ProductElement, SumVariant)


def rows_of_sql(catalog: Catalog, statement: str, result: SqlResult) -> QueryRows[Any]:
    """Rows of the table's class where the result has all columns of a table that the statement names.

    Others are of a class made for them, with an attribute for each column, named as generated code would.
    """
    named = {token.text.lower() for token in scan(statement) if token.is_name}
    layouts = [layout for name, layout in catalog.tables.items() if name.rpartition(".")[2].lower() in named]
    for layout in layouts:
        if _is_same(layout.row_type, layout, result.columns):
            return QueryRows.of_json(layout, result.rows)
    return QueryRows.of_json(_layout(layouts, result), result.rows)


def _is_same(own: AlgebraicType, layout: TableLayout, told: AlgebraicType) -> bool:
    """Whether a type of the schema is one that the server tells, which has no references."""
    match resolve(own, layout.typespace), told:
        case ArrayType(element), ArrayType(other):
            return _is_same(element, layout, other)
        case ProductType(elements), ProductType(told_elements):
            return _are_same(elements, layout, told_elements)
        case SumType(variants), SumType(told_variants):
            return _are_same(variants, layout, told_variants)
        case resolved, _:
            return resolved == told


def _are_same(own: Sequence[Part], layout: TableLayout, told: Sequence[Part]) -> bool:
    return len(own) == len(told) and all(
        part.name == other.name and _is_same(part.type, layout, other.type)
        for part, other in zip(own, told, strict=True)
    )


def _layout(layouts: list[TableLayout], result: SqlResult) -> TableLayout:
    """For columns of one's own. Those that are a table's have the classes that they have there."""
    [home] = layouts[:1] or [TableLayout("", ProductType())]
    known = {
        element.name: element.type
        for layout in layouts
        if layout.typespace is home.typespace
        for element in _columns(layout)
    }
    elements = tuple(
        ProductElement(name, known[name] if name in known and _is_same(known[name], home, told) else told)
        for name, told in zip(result.names, (element.type for element in result.columns.elements), strict=True)
    )
    here = len(home.typespace)
    return replace(
        home,
        name="",
        row_type=TypeRef(here),
        typespace=(*home.typespace, ProductType(elements)),
        classes={**home.classes, here: _class(result.names)},
        primary_key=None,
        indexes=(),
    )


def _columns(layout: TableLayout) -> tuple[ProductElement, ...]:
    product = resolve(layout.row_type, layout.typespace)
    assert isinstance(product, ProductType), f"rows of {layout.name} are no product"
    return product.elements


def _class(columns: list[str]) -> type[msgspec.Struct]:
    scope = Scope()
    fields = [scope.claim(snake_case(column)) for column in columns]
    renamed = {field: column for field, column in zip(fields, columns, strict=True) if field != column}
    annotated: list[tuple[str, Any]] = [(field, Any) for field in fields]
    return msgspec.defstruct("Row", annotated, frozen=True, gc=False, rename=renamed or None, module=__name__)
