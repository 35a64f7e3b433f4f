"""Canonical names, as the server makes them out of what a module's code says.

Source of the rules: ``crates/schema/src/def/validate/v9.rs`` and ``v10.rs`` of SpacetimeDB 2.8.3,
and the ``convert_case`` crate, version 0.6, that they call. A V9 definition's names are kept as they
are; a V10 definition says which policy applies, and which names it gives explicitly instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from stdbpy.sats.types import (
    SPECIAL_NAMES,
    AlgebraicType,
    ArrayType,
    ProductElement,
    ProductType,
    SumType,
    SumVariant,
    as_option,
    as_result,
)
from stdbpy.schema.model import (
    CasePolicy,
    HttpHandler,
    Index,
    IndexAlgorithm,
    ModuleSchema,
    Procedure,
    Reducer,
    Table,
    View,
    columns_of,
)

# --- words -----------------------------------------------------------------------------------


def snake_case(name: str) -> str:
    """``insertOneU128`` and ``insert_one_u128`` both become ``insert_one_u_128``: digits are words."""
    return "_".join(word.lower() for word in _words(name))


def pascal_case(name: str) -> str:
    return "".join(_capitalised(word) for word in _words(name))


def camel_case(name: str) -> str:
    words = _words(name)
    return "".join(_capitalised(word) if position else word.lower() for position, word in enumerate(words))


def _capitalised(word: str) -> str:
    return word[:1].upper() + word[1:].lower()


def _words(name: str) -> list[str]:
    """Splits at ``_``, ``-`` and space, between lower and upper case, around digits, and before the
    last capital of an acronym (``HTTPRequest``)."""
    letters = _graphemes(name)
    kinds = [_kind(letter) for letter in letters]
    words: list[str] = []
    word = ""
    for position, letter in enumerate(letters):
        if letter in "_- ":
            words.append(word)
            word = ""
            continue
        before, kind = kinds[position - 1] if position else "", kinds[position]
        after = kinds[position + 1] if position + 1 < len(kinds) else ""
        changes = before and kind and before != kind and (before, kind) != ("upper", "lower")
        if changes or (before, kind, after) == ("upper", "upper", "lower"):
            words.append(word)
            word = ""
        word += letter
    words.append(word)
    return [word for word in words if word]


def _graphemes(name: str) -> list[str]:
    """The letters that a reader sees: a combining mark belongs to what it stands on."""
    if name.isascii():
        return list(name)
    import unicodedata  # it would be in every module in WebAssembly

    letters: list[str] = []
    for character in name:
        if letters and (unicodedata.category(character).startswith("M") or character in "\u200c\u200d"):
            letters[-1] += character
        else:
            letters.append(character)
    return letters


def _kind(letter: str) -> str:
    if letter.isascii() and letter.isdigit():
        return "digit"
    upper, lower = letter.upper(), letter.lower()
    if upper == lower:
        return ""
    return "upper" if letter == upper else "lower" if letter == lower else ""


# --- canonical names and types ---------------------------------------------------------------


def canonical_name(source: str, policy: CasePolicy) -> str:
    """Of a table, column or function."""
    return snake_case(source) if policy is CasePolicy.SNAKE_CASE else source


def canonical_type_name(source: str, policy: CasePolicy) -> str:
    """Of a named type, and of each part of its scope."""
    return pascal_case(source) if policy is CasePolicy.SNAKE_CASE else source


def canonical_type(type: AlgebraicType, policy: CasePolicy) -> AlgebraicType:
    """The type with canonical names of fields and variants; those of special types stay."""
    if policy is CasePolicy.NONE:
        return type
    if type in SPECIAL_NAMES or as_option(type) is not None or as_result(type) is not None:
        return type
    match type:
        case ProductType(elements):
            return ProductType(
                tuple(
                    ProductElement(element.name and snake_case(element.name), canonical_type(element.type, policy))
                    for element in elements
                )
            )
        case SumType(variants):
            return SumType(
                tuple(
                    SumVariant(variant.name and camel_case(variant.name), canonical_type(variant.type, policy))
                    for variant in variants
                )
            )
        case ArrayType(element):
            return ArrayType(canonical_type(element, policy))
        case _:
            return type


# --- generated names -------------------------------------------------------------------------


def index_name(table: str, columns: Iterable[str], algorithm: IndexAlgorithm) -> str:
    return f"{table}_{'_'.join(columns)}_idx_{algorithm.value.lower()}"


def constraint_name(table: str, columns: Iterable[str]) -> str:
    return f"{table}_{'_'.join(columns)}_key"


def sequence_name(table: str, column: str) -> str:
    return f"{table}_{column}_seq"


def schedule_name(table: str) -> str:
    return f"{table}_sched"


def generated_index_name(table: Table, index: Index) -> str:
    """The canonical name of an index that has no explicit one."""
    return index_name(table.name, column_names(table, index.columns), index.algorithm)


def column_names(table: Table, positions: Iterable[int]) -> list[str]:
    """Canonical names; ``col_7`` where the table has no such column, so that the name can be
    given and the mistake reported afterwards."""
    return [
        table.columns[position].name or f"col_{position}" if position < len(table.columns) else f"col_{position}"
        for position in positions
    ]


# --- filling in ------------------------------------------------------------------------------


def with_names(schema: ModuleSchema) -> ModuleSchema:
    """The schema with all that its author may leave out, as the server would make it.

    Left out are: ``name`` wherever it is ``""`` (then it comes from ``source_name``, or is
    generated for indexes, constraints, sequences and schedules); ``source_name`` of those four;
    ``columns`` of a table (from its row type); one of ``typespace`` and ``source_typespace``.
    What is there stays, so applying this twice changes nothing.
    """
    policy = schema.case_policy
    source_typespace = schema.source_typespace or schema.typespace
    typespace = schema.typespace
    if not (schema.typespace and schema.source_typespace):
        typespace = tuple(canonical_type(type, policy) for type in source_typespace)
    schema = replace(schema, typespace=typespace, source_typespace=source_typespace)

    return replace(
        schema,
        types=tuple(
            replace(
                definition,
                name=definition.name or canonical_type_name(definition.source_name, policy),
                scope=definition.scope or tuple(canonical_type_name(part, policy) for part in definition.source_scope),
            )
            for definition in schema.types
        ),
        tables=tuple(_table_with_names(table, schema) for table in schema.tables),
        reducers=tuple(_function_with_name(reducer, policy) for reducer in schema.reducers),
        procedures=tuple(_function_with_name(procedure, policy) for procedure in schema.procedures),
        views=tuple(_function_with_name(view, policy) for view in schema.views),
        http_handlers=tuple(_function_with_name(handler, policy) for handler in schema.http_handlers),
        submodules=tuple(
            # 2.8.3 takes a namespace as it is written; 2.14 says the canonical one explicitly.
            replace(submodule, name=submodule.name or submodule.source_name, schema=with_names(submodule.schema))
            for submodule in schema.submodules
        ),
    )


Function = TypeVar("Function", Reducer, Procedure, View, HttpHandler)


def _function_with_name(function: Function, policy: CasePolicy) -> Function:
    return replace(function, name=function.name or canonical_name(function.source_name, policy))


def _table_with_names(table: Table, schema: ModuleSchema) -> Table:
    policy = schema.case_policy
    columns = table.columns or columns_of(schema.typespace, schema.source_typespace, table.product_ref)
    columns = tuple(
        replace(column, name=column.name or canonical_name(column.source_name, policy)) for column in columns
    )
    table = replace(table, name=table.name or canonical_name(table.source_name, policy), columns=columns)
    as_source = replace(
        table, name=table.source_name, columns=tuple(replace(column, name=column.source_name) for column in columns)
    )

    indexes = tuple(
        replace(
            index,
            name=index.name or generated_index_name(table, index),
            source_name=index.source_name or generated_index_name(as_source, index),
        )
        for index in table.indexes
    )
    constraints = []
    for constraint in table.constraints:
        name = constraint.name or constraint_name(table.name, column_names(table, constraint.columns))
        constraints.append(replace(constraint, name=name, source_name=constraint.source_name or name))
    sequences = []
    for sequence in table.sequences:
        name = sequence.name or sequence_name(table.name, column_names(table, (sequence.column,))[0])
        sequences.append(replace(sequence, name=name, source_name=sequence.source_name or name))
    schedule = table.schedule
    if schedule is not None:
        name = schedule.name or schedule_name(table.name)
        schedule = replace(schedule, name=name, source_name=schedule.source_name or name)
    return replace(
        table, indexes=indexes, constraints=tuple(constraints), sequences=tuple(sequences), schedule=schedule
    )
