"""The steps of a migration plan as people are shown them: what changes, with the details of each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from stdbpy.errors import SatsError
from stdbpy.sats.naming import params_text
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.schema.column_types import without_references
from stdbpy.schema.migration_plan import MigrationPlan, Step, StepKind
from stdbpy.schema.model import Column, Index, ModuleSchema, Table, UniqueConstraint, View
from stdbpy.schema.text import describe_type, type_namer

_NOT_SHOWN = StepKind.UPDATE_VIEW
"""It changes nothing that somebody could see in the schema."""


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One change of a database, whichever server planned it."""

    kind: StepKind | None
    """``None`` for what a newer server does; ``name`` is then its own sentence."""
    name: str = ""
    """Canonical name of what changes: with its namespace for a table or view, within the table for an
    index, constraint, sequence or column; for a schedule the function that it calls, for a row-level
    security rule its SQL."""
    table: str = ""
    """The table, with its namespace, that it belongs to, or that it is; ``""`` if there is none."""
    details: tuple[str, ...] = ()

    @property
    def breaks_clients(self) -> bool:
        """Whether clients that were made for the old version have to go because of this."""
        return self.kind is not None and self.kind.breaks_clients


def planned_changes(plan: MigrationPlan, old: ModuleSchema, new: ModuleSchema) -> tuple[PlannedChange, ...]:
    """The changes of a plan from module ``old`` to ``new``, in the order in which they are done."""
    describer = _Describer(dict(old.walk()), dict(new.walk()))
    return tuple(describer.change(step) for step in plan.steps if step.kind is not _NOT_SHOWN)


class _Describer:
    def __init__(self, old: dict[str, ModuleSchema], new: dict[str, ModuleSchema]) -> None:
        self._old = old
        self._new = new

    def change(self, step: Step) -> PlannedChange:
        match step.kind:
            case (
                StepKind.ADD_TABLE
                | StepKind.REMOVE_TABLE
                | StepKind.ADD_VIEW
                | StepKind.REMOVE_VIEW
                | StepKind.CHANGE_ACCESS
                | StepKind.CHANGE_COLUMNS
                | StepKind.ADD_COLUMNS
                | StepKind.REPLACE_EVENT_COLUMNS
                | StepKind.CHANGE_PRIMARY_KEY
                | StepKind.CHANGE_TABLE_SOURCE_NAME
                | StepKind.CHANGE_OUTBOX
            ):
                name = step.namespace + step.name
            case StepKind.ADD_SCHEDULE:
                name = _function(self._new[step.namespace].tables_by_name[step.table])
            case StepKind.REMOVE_SCHEDULE:
                name = _function(self._old[step.namespace].tables_by_name[step.table])
            case _:
                name = step.name
        table = step.namespace + step.table if step.table else ""
        return PlannedChange(step.kind, name, table, tuple(self._details(step)))

    def _details(self, step: Step) -> Iterable[str]:
        nothing = ModuleSchema()
        old, new = self._old.get(step.namespace, nothing), self._new.get(step.namespace, nothing)
        before, after = old.tables_by_name.get(step.table), new.tables_by_name.get(step.table)
        match step.kind:
            case StepKind.ADD_VIEW:
                return _view(new, new.views_by_name[step.name])
            case StepKind.CHANGE_ACCESS if before is None or after is None:
                return _access(old.views_by_name[step.name], new.views_by_name[step.name])
        if after is not None:
            match step.kind:
                case StepKind.ADD_TABLE:
                    return _table(new, after)
                case StepKind.ADD_INDEX:
                    return _on(after, after.indexes, step.name)
                case StepKind.ADD_CONSTRAINT:
                    return _on(after, after.constraints, step.name)
                case StepKind.ADD_SEQUENCE:
                    return _numbered(after, step.name)
        if before is not None:
            match step.kind:
                case StepKind.REMOVE_INDEX:
                    return _on(before, before.indexes, step.name)
                case StepKind.REMOVE_CONSTRAINT:
                    return _on(before, before.constraints, step.name)
                case StepKind.REMOVE_SEQUENCE:
                    return _numbered(before, step.name)
        if before is not None and after is not None:
            match step.kind:
                case StepKind.CHANGE_ACCESS:
                    return _access(before, after)
                case StepKind.CHANGE_PRIMARY_KEY:
                    return [f"{_key(before)} → {_key(after)}"]
                case StepKind.ADD_COLUMNS:
                    return [_column(new, column) for column in after.columns[len(before.columns) :]]
                case StepKind.CHANGE_COLUMNS | StepKind.REPLACE_EVENT_COLUMNS:
                    return _column_changes(old, before, new, after)
        return ()


def _function(table: Table) -> str:
    return table.schedule.function if table.schedule is not None else ""


def _table(module: ModuleSchema, table: Table) -> list[str]:
    kind = "event table, " if table.is_event else ""
    lines = [f"{kind}{_readers(table)}", *(_column(module, column) for column in table.columns)]
    if table.primary_key is not None:
        lines.append(f"primary key: {_key(table)}")
    if table.schedule is not None:
        lines.append(f"each row calls {table.schedule.function}")
    return lines


def _view(module: ModuleSchema, view: View) -> list[str]:
    params = params_text(view.params, type_namer(module))
    return [*([f"parameters: {params}"] if params else []), *(_column(module, it) for it in module.view_columns(view))]


def _column(module: ModuleSchema, column: Column) -> str:
    text = f"{column.name}: {describe_type(module, column.type)}"
    if column.default is None:
        return text
    try:
        default = compile_json_codec(column.type, module.typespace, form="named").bsatn_to_json(column.default)
    except SatsError:  # NaN, which has no JSON
        return text
    return f"{text} = {json.dumps(default, ensure_ascii=False)}"


def _column_changes(old: ModuleSchema, before: Table, new: ModuleSchema, after: Table) -> list[str]:
    old_types = {column.name: _whole_type(old, column) for column in before.columns}
    new_types = {column.name: _whole_type(new, column) for column in after.columns}
    gone = [f"{name}: {type}, which goes" for name, type in old_types.items() if name not in new_types]
    lines = []
    for name, type in new_types.items():
        if name not in old_types:
            lines.append(f"{name}: {type}, which is new")
        elif old_types[name] != type:
            lines.append(f"{name}: {old_types[name]} → {type}")
    return gone + lines


def _whole_type(module: ModuleSchema, column: Column) -> str:
    """Its type with what named types hold, which is what has changed."""
    return describe_type(module, without_references(column.type, module.typespace))


def _on(table: Table, parts: Iterable[Index | UniqueConstraint], name: str) -> list[str]:
    names = (", ".join(table.columns[column].name for column in it.columns) for it in parts if it.name == name)
    return [f"on {columns}" for columns in names]


def _numbered(table: Table, name: str) -> list[str]:
    return [f"on {table.columns[it.column].name}" for it in table.sequences if it.name == name]


def _access(old: Table | View, new: Table | View) -> list[str]:
    return [f"{_readers(old)} → {_readers(new)}"]


def _readers(item: Table | View) -> str:
    return "public" if item.is_public else "private"


def _key(table: Table) -> str:
    return "none" if table.primary_key is None else table.columns[table.primary_key].name
