"""What has to be done to a database when its module is replaced by another version of it.

Source of the rules: ``crates/schema/src/auto_migrate.rs`` of SpacetimeDB 2.8.3 (2.14 for outboxes).
Things are the same in both versions if their canonical names are: renaming is removing and adding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from stdbpy.errors import Problem
from stdbpy.sats.types import AlgebraicType, ProductType
from stdbpy.schema.column_types import ANOTHER_TYPE, obstacles, without_references
from stdbpy.schema.migration_plan import MigrationPlan, Step, StepKind
from stdbpy.schema.model import Column, Index, ModuleSchema, Sequence, Table, UniqueConstraint, View
from stdbpy.schema.names import canonical_name
from stdbpy.schema.text import describe_type

_Finding = Step | Problem
_DISCONNECT = Step(StepKind.DISCONNECT_CLIENTS)
_ELSE = "Add what is new beside it and copy the rows in a reducer, or publish with the data cleared"


def plan_migration(old: ModuleSchema, new: ModuleSchema) -> MigrationPlan:
    """How to get from a database of module ``old`` to one of module ``new``; both must be valid.

    The steps are in the order in which they have to be done. What depends on the rows that are
    there (:class:`~stdbpy.schema.migration_plan.StepKind` says it) is for the database to check.
    """
    old_modules, new_modules = dict(old.walk()), dict(new.walk())
    findings: set[_Finding] = set()
    for namespace in old_modules.keys() | new_modules.keys():
        nothing = ModuleSchema()
        findings.update(_module(namespace, old_modules.get(namespace, nothing), new_modules.get(namespace, nothing)))
    problems = [finding for finding in findings if isinstance(finding, Problem)]
    if problems:
        return MigrationPlan(problems=tuple(sorted(problems, key=lambda problem: (problem.where, problem.message))))
    steps = [finding for finding in findings if isinstance(finding, Step)]
    return MigrationPlan(tuple(sorted(steps, key=lambda step: step.order)))


def _module(namespace: str, old: ModuleSchema, new: ModuleSchema) -> Iterator[_Finding]:
    removed, added, kept = _compare(old.views, new.views)
    for view in removed:
        yield Step(StepKind.REMOVE_VIEW, view.name, view.name, namespace)
        yield _DISCONNECT
    for view in added:
        yield Step(StepKind.ADD_VIEW, view.name, view.name, namespace)
    for old_view, new_view in kept:
        yield from _view(namespace, old, old_view, new, new_view)

    removed_tables, added_tables, kept_tables = _compare(old.tables, new.tables)
    for table in removed_tables:
        yield Step(StepKind.REMOVE_TABLE, table.name, table.name, namespace)
        yield _DISCONNECT
    for table in added_tables:
        yield Step(StepKind.ADD_TABLE, table.name, table.name, namespace)
    for old_table, new_table in kept_tables:
        yield from _table(namespace, old, old_table, new, new_table)

    removed_rules = set(old.row_level_security) - set(new.row_level_security)
    added_rules = set(new.row_level_security) - set(old.row_level_security)
    yield from (Step(StepKind.REMOVE_ROW_LEVEL_SECURITY, sql, "", namespace) for sql in removed_rules)
    yield from (Step(StepKind.ADD_ROW_LEVEL_SECURITY, sql, "", namespace) for sql in added_rules)
    if removed_rules or added_rules:
        yield _DISCONNECT


_Named = TypeVar("_Named", View, Table, Column, Index, UniqueConstraint, Sequence)


def _compare(
    old: Iterable[_Named], new: Iterable[_Named]
) -> tuple[list[_Named], list[_Named], list[tuple[_Named, _Named]]]:
    """What was removed, what was added, and the pairs of what is in both."""
    old_by_name = {item.name: item for item in old}
    new_by_name = {item.name: item for item in new}
    return (
        [item for name, item in old_by_name.items() if name not in new_by_name],
        [item for name, item in new_by_name.items() if name not in old_by_name],
        [(item, new_by_name[name]) for name, item in old_by_name.items() if name in new_by_name],
    )


# --- tables ----------------------------------------------------------------------------------


def _table(
    namespace: str, old_module: ModuleSchema, old: Table, new_module: ModuleSchema, new: Table
) -> Iterator[_Finding]:
    where = f"table {namespace}{new.name}"

    def step(kind: StepKind, name: str = new.name) -> Step:
        return Step(kind, name, new.name, namespace)

    if old.is_system != new.is_system:
        yield _refused(where, "it was a table of the server and would become one of the module, or the reverse")
    if old.is_event != new.is_event:
        yield _refused(where, f"it would become {'an event' if new.is_event else 'an ordinary'} table")
    if old.is_public != new.is_public:
        yield step(StepKind.CHANGE_ACCESS)
    if old.primary_key != new.primary_key:
        yield step(StepKind.CHANGE_PRIMARY_KEY)
    if old.source_name != new.source_name:
        yield step(StepKind.CHANGE_TABLE_SOURCE_NAME)
    yield from _schedule(step, old_module, old, new_module, new)
    yield from _outbox(step, where, old, new)
    yield from _columns(step, where, old_module, old, new_module, new)
    yield from _indexes(step, where, old, new)
    yield from _constraints(step, where, old, new)
    yield from _sequences(step, old, new)


_MakeStep = Callable[..., Step]


def _schedule(
    step: _MakeStep, old_module: ModuleSchema, old: Table, new_module: ModuleSchema, new: Table
) -> Iterator[_Finding]:
    def meaning(module: ModuleSchema, table: Table) -> object:
        schedule = table.schedule
        if schedule is None:
            return None
        runs_reducer = schedule.function in module.reducers_by_name
        return schedule.name, schedule.at_column, table.primary_key, schedule.function, runs_reducer

    if meaning(old_module, old) != meaning(new_module, new):
        if old.schedule is not None:
            yield step(StepKind.REMOVE_SCHEDULE, old.schedule.name)
        if new.schedule is not None:
            yield step(StepKind.ADD_SCHEDULE, new.schedule.name)


def _outbox(step: _MakeStep, where: str, old: Table, new: Table) -> Iterator[_Finding]:
    if (old.outbox is None) != (new.outbox is None):
        yield _refused(where, f"it would {'become' if new.outbox else 'no longer be'} an outbox")
    elif old.outbox is not None and new.outbox is not None:
        if old.primary_key != new.primary_key:
            yield _refused(where, "it is an outbox, and its primary key would change")
        elif old.outbox.target_column != new.outbox.target_column:
            yield _refused(where, "it is an outbox, and the column with its target would change")
        elif old.outbox != new.outbox:
            yield step(StepKind.CHANGE_OUTBOX)


def _columns(
    step: _MakeStep, where: str, old_module: ModuleSchema, old: Table, new_module: ModuleSchema, new: Table
) -> Iterator[_Finding]:
    removed, added, kept = _compare(old.columns, new.columns)
    reasons = [_refused(f"{where}, column {column.name}", "it would be removed") for column in removed]
    for column in added:
        if column.default is None:
            hint = "Give it a default, which the rows that are there get"
            reasons.append(_refused(f"{where}, column {column.name}", "it is new and has no default", hint))
    types_changed = False
    for before, after in kept:
        if before.source_name != after.source_name:
            yield step(StepKind.CHANGE_COLUMN_SOURCE_NAME, after.name)
        old_type = without_references(before.type, old_module.typespace)
        new_type = without_references(after.type, new_module.typespace)
        types_changed = types_changed or old_type != new_type
        texts = list(dict.fromkeys((describe_type(old_module, before.type), describe_type(new_module, after.type))))
        for obstacle in dict.fromkeys(obstacles(old_type, new_type)):
            says_enough = obstacle == ANOTHER_TYPE and len(texts) == 2
            change = f"from {texts[0]} to {texts[1]}" if len(texts) == 2 else f"({texts[0]})"
            message = f"its type would change {change}" + ("" if says_enough else f": {obstacle}")
            reasons.append(_refused(f"{where}, column {after.name}", message))
        if before.position != after.position:
            hint = "Put new columns behind those that are there"
            reasons.append(_refused(f"{where}, column {after.name}", "it would stand at another place", hint))

    if old.is_event:
        # It has no rows, so anything goes; but clients know its columns.
        if reasons or added or types_changed:
            yield step(StepKind.REPLACE_EVENT_COLUMNS)
            yield _DISCONNECT
    elif reasons:
        yield from reasons
    elif added:
        yield step(StepKind.ADD_COLUMNS)
        yield _DISCONNECT
    elif types_changed:
        yield step(StepKind.CHANGE_COLUMNS)


def _indexes(step: _MakeStep, where: str, old: Table, new: Table) -> Iterator[_Finding]:
    removed, added, kept = _compare(old.indexes, new.indexes)
    yield from (step(StepKind.REMOVE_INDEX, index.name) for index in removed)
    yield from (step(StepKind.ADD_INDEX, index.name) for index in added)
    for before, after in kept:
        if before.accessor != after.accessor:
            yield _refused(
                f"{where}, index {after.name}",
                f"code would call it {after.accessor!r}, no longer {before.accessor!r}",
                "Keep the name, or remove the index in one version and add it in the next",
            )
        elif (before.algorithm, before.columns) != (after.algorithm, after.columns):
            yield step(StepKind.REMOVE_INDEX, before.name)
            yield step(StepKind.ADD_INDEX, after.name)
        elif before.source_name != after.source_name:
            yield step(StepKind.CHANGE_INDEX_SOURCE_NAME, after.name)


def _constraints(step: _MakeStep, where: str, old: Table, new: Table) -> Iterator[_Finding]:
    removed, added, kept = _compare(old.constraints, new.constraints)
    yield from (step(StepKind.REMOVE_CONSTRAINT, constraint.name) for constraint in removed)
    yield from (step(StepKind.ADD_CONSTRAINT, constraint.name) for constraint in added)
    for before, after in kept:
        if set(before.columns) != set(after.columns):
            yield _refused(f"{where}.unique {after.name}", "it would be about other columns")


def _sequences(step: _MakeStep, old: Table, new: Table) -> Iterator[_Finding]:
    removed, added, kept = _compare(old.sequences, new.sequences)
    yield from (step(StepKind.REMOVE_SEQUENCE, sequence.name) for sequence in removed)
    yield from (step(StepKind.ADD_SEQUENCE, sequence.name) for sequence in added)
    for before, after in kept:
        if _numbers(before) != _numbers(after):
            yield step(StepKind.REMOVE_SEQUENCE, before.name)
            yield step(StepKind.ADD_SEQUENCE, after.name)


def _numbers(sequence: Sequence) -> object:
    return sequence.column, sequence.start, sequence.min_value, sequence.max_value, sequence.increment


# --- views -----------------------------------------------------------------------------------


def _view(
    namespace: str, old_module: ModuleSchema, old: View, new_module: ModuleSchema, new: View
) -> Iterator[_Finding]:
    """A view can always be computed again; but clients know its columns and parameters."""
    if old.is_public != new.is_public:
        yield Step(StepKind.CHANGE_ACCESS, new.name, new.name, namespace)
    if (
        old.is_anonymous != new.is_anonymous
        or old_module.view_primary_key(old) != new_module.view_primary_key(new)
        or _shape(old_module, old_module.row_type(old)) != _shape(new_module, new_module.row_type(new))
        or _shape(old_module, old.params) != _shape(new_module, new.params)
    ):
        yield Step(StepKind.REMOVE_VIEW, old.name, old.name, namespace)
        yield Step(StepKind.ADD_VIEW, new.name, new.name, namespace)
        yield _DISCONNECT
    else:
        yield Step(StepKind.UPDATE_VIEW, new.name, new.name, namespace)


def _shape(module: ModuleSchema, fields: ProductType) -> list[tuple[str, AlgebraicType]]:
    return [
        (canonical_name(field.name or "", module.case_policy), without_references(field.type, module.typespace))
        for field in fields.elements
    ]


# --- words -----------------------------------------------------------------------------------


def _refused(where: str, message: str, hint: str = _ELSE) -> Problem:
    return Problem("error", where, message, hint)
