"""Carries the rows of a database over to a new version of its module.

The plan says what has to be done and whether it may be; what depends on the rows that are there is
checked here. Nothing of the old store is changed: the new one shares with it what is the same, and
one of the two is dropped.
"""

from __future__ import annotations

from stdbpy.engine.store.index import Index
from stdbpy.engine.store.sequence import Numbers
from stdbpy.engine.store.store import Store
from stdbpy.engine.store.table import Table
from stdbpy.errors import MigrationRefused, counted
from stdbpy.sats.types import AlgebraicType
from stdbpy.schema.column_types import without_references
from stdbpy.schema.migration_plan import MigrationPlan, StepKind
from stdbpy.schema.model import ModuleSchema

_REFUSED_STEPS = {
    StepKind.ADD_SCHEDULE: "gets a schedule",
    StepKind.REMOVE_SCHEDULE: "loses its schedule",
}
"""What no version of SpacetimeDB can do to a table that is there."""


def migrate(old: Store, schema: ModuleSchema, plan: MigrationPlan) -> Store:
    """A store of the new ``schema`` with the rows of ``old``, which must not be used after it.

    Raises ``MigrationRefused``; then ``old`` is as it was.
    """
    plan.raise_if_refused()
    for step in plan.steps:
        if step.kind in _REFUSED_STEPS:
            raise MigrationRefused(
                f"Table {step.namespace + step.table!r} {_REFUSED_STEPS[step.kind]}, which cannot be done to it",
                hint="Give the other version of the table another name.",
            )
    new = Store(schema, old.numbering.copy())
    for table in old.tables.values():
        successor = new.tables.get(table.id)
        if successor is not None:
            _carry_over(table, successor)
        elif table.rows:
            raise MigrationRefused(
                f"Table {table.name!r} would be removed, and it has {counted(len(table.rows), 'row')}",
                hint="Delete its rows first, in a reducer or with SQL.",
            )
    new.numbering.keep(new)
    return new


def _carry_over(old: Table, new: Table) -> None:
    old_types, new_types = _column_types(old), _column_types(new)
    new.rows = old.rows
    if len(new_types) > len(old_types):
        defaults = b"".join(column.default or b"" for column in new.definition.columns[len(old_types) :])
        new.rows = dict.fromkeys(row + defaults for row in old.rows)
    same_rows = old_types == new_types
    for index in new.indexes:
        twin = next((other for other in old.indexes if _means_the_same(other, index)), None)
        if same_rows and twin is not None:
            index.share(twin)
        else:
            _fill(new, index)
    for numbers in new.sequences:
        _continue(old, new, numbers)


def _column_types(table: Table) -> list[AlgebraicType]:
    return [without_references(column.type, table.module.typespace) for column in table.definition.columns]


def _means_the_same(one: Index, other: Index) -> bool:
    return (one.columns, one.unique) == (other.columns, other.unique)


def _fill(table: Table, index: Index) -> None:
    for row in table.rows:
        if not index.unique:
            index.add(row)
        elif not index.claim(row):
            columns = ", ".join(table.definition.columns[column].name for column in index.columns)
            raise MigrationRefused(
                f"Table {table.name!r} would be unique by {columns}, and it has rows that are not",
                hint="Change or delete them first, in a reducer or with SQL.",
            )


def _continue(old: Table, new: Table, numbers: Numbers) -> None:
    before = next((other for other in old.sequences if other.id == numbers.id), None)
    if before is not None and before.definition == numbers.definition:
        numbers.go_on_as(before)
    elif any(numbers.could_give(row) for row in new.rows):
        column = new.definition.columns[numbers.definition.column].name
        raise MigrationRefused(
            f"Column {column!r} of table {new.name!r} would be numbered, and has numbers that would be given out again",
            hint="Delete those rows first, or add a new column for the numbers.",
        )
