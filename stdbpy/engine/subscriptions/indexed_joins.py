"""Which joins can be subscribed to: those that the real server finds rows of through an index.

It looks for the index in the table that it reads second, and has the order of the tables from the text:
they change places if only the second one is narrowed down before the join. Source:
``crates/physical-plan/src/rules.rs`` and ``crates/subscription`` of SpacetimeDB 2.8.3.
"""

from __future__ import annotations

from collections.abc import Iterable

from stdbpy.engine.sql.bound import Condition, Field, Query
from stdbpy.engine.sql.catalog import KnownTable, TableKind
from stdbpy.engine.sql.estimates import column_tests, join_index
from stdbpy.errors import SqlError

_MOST_TABLES = 2


def check_join(query: Query) -> None:
    """Raises :class:`~stdbpy.errors.SqlError` for a join that nobody can subscribe to."""
    if len(query.tables) > _MOST_TABLES:
        names = ", ".join(f"`{known.name}`" for known in query.tables)
        raise SqlError(
            f"a subscription reads at most {_MOST_TABLES} tables, not {len(query.tables)}: {names}",
            hint="Row-level security may have added some. Ask for the rows once, or subscribe to each table.",
        )
    if len(query.tables) == _MOST_TABLES:
        _check_pair(query)


def _check_pair(query: Query) -> None:
    first, second = query.tables
    (tie,) = query.ties
    if tie is None and 1 in query.behind_rules:
        raise SqlError(
            f"`{second.name}` has rules for who may read it: a subscription cannot join it to `{first.name}`",
            hint=f"Name `{second.name}` before `{first.name}`.",
        )
    if tie is None:
        raise SqlError("a subscription to two tables needs JOIN … ON", hint="ON a.column = b.column, with an index.")
    on = {field.table: field for field in tie}
    if not _is_narrowed(0, query) and _is_narrowed(1, query):
        first, second = second, first
        probed = on[0]
    else:
        probed = on[1]
    if not _has_index(second, probed, query.conditions):
        column = second.definition.columns[probed.column].name
        raise SqlError(
            f"a subscription to a join needs an index of `{second.name}` on `{column}`",
            hint=f"Or name `{second.name}` before `{first.name}`, if that one has an index on its column.",
        )
    if second.definition.is_event:
        raise SqlError(
            f"`{second.name}` is an event table, and a subscription cannot look for rows there",
            hint=f"Name it before `{first.name}`.",
        )


def _is_narrowed(table: int, query: Query) -> bool:
    """Whether the real server reads less of the table than all: what a view or a rule shows this caller, or
    what conditions leave."""
    return (
        query.tables[table].kind is TableKind.VIEW
        or table in query.behind_rules
        or any(field.table == table for field, _, _ in column_tests(query.conditions))
    )


def _has_index(known: KnownTable, probed: Field, conditions: Iterable[Condition]) -> bool:
    if known.kind is TableKind.VIEW:
        return known.definition.primary_key == probed.column
    fixed = {
        field.column
        for field, operator, _ in column_tests(conditions)
        if operator == "=" and field.table == probed.table
    }
    return join_index(known, probed.column, fixed) is not None
