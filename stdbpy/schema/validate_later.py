"""Checks for what came after SpacetimeDB 2.8.3: outboxes and environment values are looked at, and
what 2.8.3 takes but a later server refuses is a warning.

Source of the rules: ``def/validate`` of ``spacetimedb-schema`` 2.14 and ``environment.rs`` of
``spacetimedb-lib`` 2.14.
"""

from __future__ import annotations

from collections.abc import Iterator

from stdbpy.errors import Problem
from stdbpy.sats.types import IDENTITY, UNIT, Primitive, TypeRef, result
from stdbpy.schema.environment import MOST_VALUES, VALUE_BYTES, is_name
from stdbpy.schema.identifiers import identifier_fault
from stdbpy.schema.model import EnvironmentKind, EnvironmentValue, ModuleSchema, Outbox, Reducer, Table

ENVIRONMENT_CHOICES = 256
ENVIRONMENT_TOTAL_BYTES = 2 * 1024 * 1024

_CALL_RESULT = result(UNIT, Primitive.STRING)
_LATER = "SpacetimeDB 2.14 and later refuse it"


def later_problems(schema: ModuleSchema) -> Iterator[Problem]:
    """Findings about one module, without those mounted inside it."""
    yield from _environment_problems(schema)
    namespaces = {submodule.source_name for submodule in schema.submodules}
    for table in schema.tables:
        where = f"table {table.name}"
        if table.outbox is not None:
            yield from _outbox_problems(f"{where}.outbox", table, table.outbox, schema)
        if table.is_event and table.schedule is not None:
            yield _warning(where, "it is an event table and has a schedule")
        for sequence in table.sequences:
            if (sequence.start, sequence.min_value, sequence.max_value, sequence.increment) != (None, None, None, 1):
                yield _warning(f"{where}.sequence {sequence.name}", "it has numbers of its own")
    for view in schema.views:
        where = f"view {view.name}"
        if view.primary_key and view.params.elements:
            yield _warning(where, "it has parameters and a primary key")
        if any(parameter.type in (Primitive.F32, Primitive.F64) for parameter in view.params.elements):
            yield _warning(where, "it has a parameter that is a float")
    named = [("table", table.source_name) for table in schema.tables]
    named += [("view", view.source_name) for view in schema.views]
    named += [("reducer", reducer.source_name) for reducer in schema.reducers]
    named += [("procedure", procedure.source_name) for procedure in schema.procedures]
    for kind, name in named:
        if name in namespaces:
            yield _warning(f"{kind} {name}", "a module is mounted under the same name")


def _warning(where: str, message: str) -> Problem:
    return Problem("warning", where, message, _LATER)


def _outbox_problems(where: str, table: Table, outbox: Outbox, schema: ModuleSchema) -> Iterator[Problem]:
    types = [column.type for column in table.columns]
    if table.is_event or table.schedule is not None:
        yield Problem("error", where, "an outbox is neither an event table nor a scheduled one")
    if table.primary_key is None or types[table.primary_key : table.primary_key + 1] != [Primitive.U64]:
        yield Problem("error", where, "an outbox needs a primary key of type u64")
    target = types[outbox.target_column : outbox.target_column + 1]
    if outbox.target_column == table.primary_key or target not in ([IDENTITY], [Primitive.U256]):
        yield Problem("error", where, "its target is not a column with the identity of a database")
    if any(column >= len(types) for column in outbox.arg_columns):
        yield Problem("error", where, "it sends a column that the table does not have")
    if fault := next(filter(None, map(identifier_fault, outbox.remote_reducer.split("."))), ""):
        yield Problem("error", where, f"the name of the remote reducer, {outbox.remote_reducer!r}, {fault}")
    if outbox.on_result is None:
        return
    reducer = schema.reducers_by_name.get(outbox.on_result)
    if reducer is None:
        yield Problem("error", where, f"it tells {outbox.on_result!r}, and the module has no such reducer")
    elif not _takes_row_and_result(reducer, table, schema):
        yield Problem("error", where, f"it tells {outbox.on_result!r}, which has to take a row and the call's result")


def _takes_row_and_result(reducer: Reducer, table: Table, schema: ModuleSchema) -> bool:
    match [parameter.type for parameter in reducer.params.elements]:
        case [row, TypeRef(index)] if index < len(schema.typespace):
            return (row, schema.typespace[index]) == (TypeRef(table.product_ref), _CALL_RESULT)
        case types:
            return types == [TypeRef(table.product_ref), _CALL_RESULT]


def _environment_problems(schema: ModuleSchema) -> Iterator[Problem]:
    if len(schema.environment) > MOST_VALUES:
        yield Problem("error", "environment", f"there are more than {MOST_VALUES} values")
    if sum(map(_declared_bytes, schema.environment)) > ENVIRONMENT_TOTAL_BYTES:
        yield Problem("error", "environment", f"its declarations take more than {ENVIRONMENT_TOTAL_BYTES} bytes")
    seen: set[str] = set()
    for value in schema.environment:
        where = f"environment {value.name}"
        if not is_name(value.name):
            yield Problem(
                "error", where, "a name has only letters of English, digits and underscores, and no digit first"
            )
        if value.name in seen:
            yield Problem("error", where, "two values have this name", "Rename one of them")
        seen.add(value.name)
        choices = len(value.literals)
        if value.kind is EnvironmentKind.UNION and not 0 < choices <= ENVIRONMENT_CHOICES:
            yield Problem("error", where, f"it has {choices} choices; there must be 1 to {ENVIRONMENT_CHOICES}")
        if any(len(literal.encode()) > VALUE_BYTES for literal in value.literals):
            yield Problem("error", where, f"one of its choices is longer than {VALUE_BYTES} bytes")


def _declared_bytes(value: EnvironmentValue) -> int:
    return len(value.name.encode()) + sum(len(literal.encode()) for literal in value.literals)
