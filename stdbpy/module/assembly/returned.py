"""What a view returns, by its annotation: rows of which class, and in what form."""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import inspect
import types
import typing
from collections.abc import Callable
from typing import Any, NamedTuple, get_args, get_origin

from stdbpy.errors import TypeNotSupported, nearest
from stdbpy.module.assembly.findings import Findings
from stdbpy.module.assembly.hints import resolve_one
from stdbpy.query import Query
from stdbpy.sats.annotations import TypeRegistry, annotation_text
from stdbpy.sats.types import AlgebraicType, ArrayType, TypeRef, option, product
from stdbpy.schema.model import QUERY_FIELD


class RowsShape(enum.Enum):
    MANY = "list[Row]"
    ONE_OR_NONE = "Row | None"
    QUERY = "Query[Row]"


class ReturnedRows(NamedTuple):
    type: AlgebraicType
    shape: RowsShape


_ITERABLES = (
    list,
    tuple,
    collections.abc.Sequence,
    collections.abc.Collection,
    collections.abc.Iterable,
    collections.abc.Iterator,
    collections.abc.Generator,
)
_HINT = "-> list[Row], -> Row | None or -> Query[Row], where Row is the class of a table or a dataclass"


def read_rows(
    function: Callable[..., Any],
    annotation: Any,
    primary_key: str | None,
    registry: TypeRegistry,
    findings: Findings,
) -> ReturnedRows | None:
    """The type of the view's result, the class of its rows added to the registry; ``None``, with a
    finding, if it is none that a view can have."""
    where = findings.of_function(function)
    name = function.__name__
    if annotation is inspect.Signature.empty:
        findings.error(where, f"view {name!r} does not say what it returns", _HINT)
        return None
    try:
        returned = resolve_one(function, "return", annotation)
    except TypeNotSupported as error:
        findings.not_supported(where, error)
        return None
    shape, row = _shape_and_row(returned)
    if shape is None or not (isinstance(row, type) and dataclasses.is_dataclass(row)):
        findings.error(where, f"view {name!r} returns {annotation_text(returned)}, which are no rows", _HINT)
        return None
    columns = [field.name for field in dataclasses.fields(row)]
    if primary_key is not None and primary_key not in columns:
        findings.error(
            where,
            f"the primary key {primary_key!r} of view {name!r} is no column of {row.__name__}",
            nearest(primary_key, columns) or f"It has {', '.join(columns)}",
        )
        return None
    try:
        ref = registry.add(row)
    except TypeNotSupported as error:
        findings.not_supported(where, error)
        return None
    assert isinstance(ref, TypeRef), "a class is an entry of the typespace"
    return ReturnedRows(_TYPES[shape](ref), shape)


_TYPES: dict[RowsShape, Callable[[TypeRef], AlgebraicType]] = {
    RowsShape.MANY: ArrayType,
    RowsShape.ONE_OR_NONE: option,
    RowsShape.QUERY: lambda row: product((QUERY_FIELD, row)),
}


def _shape_and_row(returned: Any) -> tuple[RowsShape | None, Any]:
    origin, arguments = get_origin(returned), get_args(returned)
    if origin in _ITERABLES and arguments:
        return RowsShape.MANY, arguments[0]
    if isinstance(origin, type) and issubclass(origin, Query) and arguments:
        return RowsShape.QUERY, arguments[0]
    if origin in (typing.Union, types.UnionType):
        present = [each for each in arguments if each is not types.NoneType]
        if len(present) == 1 and len(arguments) == 2:
            return RowsShape.ONE_OR_NONE, present[0]
    return None, None
