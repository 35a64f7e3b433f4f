"""Changes of a database in lines for people, as ``publish`` shows them before it does them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stdbpy.schema.migration_plan import StepKind
from stdbpy.schema.planned_changes import PlannedChange

_WORDS: dict[StepKind, str] = {
    StepKind.REMOVE_INDEX: "- index {name} of table {table}",
    StepKind.REMOVE_CONSTRAINT: "- unique constraint {name} of table {table}",
    StepKind.REMOVE_SEQUENCE: "- numbering {name} of table {table}",
    StepKind.REMOVE_SCHEDULE: "- schedule of table {table}, which calls {name}",
    StepKind.REMOVE_VIEW: "- view {name}",
    StepKind.REMOVE_ROW_LEVEL_SECURITY: "- row-level security rule {name}",
    StepKind.REMOVE_TABLE: "- table {name}",
    StepKind.CHANGE_COLUMNS: "~ columns of table {table}",
    StepKind.REPLACE_EVENT_COLUMNS: "~ columns of event table {table}",
    StepKind.ADD_COLUMNS: "+ columns of table {table}",
    StepKind.CHANGE_INDEX_SOURCE_NAME: "~ name in the code of index {name} of table {table}",
    StepKind.CHANGE_TABLE_SOURCE_NAME: "~ name in the code of table {name}",
    StepKind.CHANGE_COLUMN_SOURCE_NAME: "~ name in the code of column {name} of table {table}",
    StepKind.ADD_TABLE: "+ table {name}",
    StepKind.ADD_INDEX: "+ index {name} of table {table}",
    StepKind.ADD_CONSTRAINT: "+ unique constraint {name} of table {table}",
    StepKind.ADD_SEQUENCE: "+ numbering {name} of table {table}",
    StepKind.ADD_SCHEDULE: "+ schedule of table {table}, which calls {name}",
    StepKind.ADD_VIEW: "+ view {name}",
    StepKind.ADD_ROW_LEVEL_SECURITY: "+ row-level security rule {name}",
    StepKind.CHANGE_ACCESS: "~ who may read {name}",
    StepKind.CHANGE_PRIMARY_KEY: "~ primary key of table {table}",
    StepKind.CHANGE_OUTBOX: "~ outbox of table {table}",
    StepKind.UPDATE_VIEW: "~ view {name} is computed again",
    StepKind.DISCONNECT_CLIENTS: "! all clients are disconnected; code generated for the old version does not fit",
}

_CONDITIONS: dict[StepKind, str] = {
    StepKind.REMOVE_TABLE: "only if it has no rows",
    StepKind.ADD_CONSTRAINT: "only if its rows obey it",
    StepKind.ADD_SEQUENCE: "only if no row has a number that it would give out",
    StepKind.ADD_SCHEDULE: "which no server can do to a table that is there",
    StepKind.REMOVE_SCHEDULE: "which no server can do to a table that is there",
}
"""What the plan does not know and the update will find out."""

_COLOURS = {"+": "\x1b[32m", "-": "\x1b[31m", "~": "\x1b[33m", "!": "\x1b[1;31m"}
_PLAIN = "\x1b[0m"


def plan_text(changes: Iterable[PlannedChange], *, colour: bool = False) -> str:
    """One line per change and one per detail of it; ``+`` adds, ``-`` removes, ``~`` changes, ``!``
    warns. With ``colour`` in ANSI's."""
    return "\n".join(_lines(changes, colour)) or "Tables and views stay as they are."


def _lines(changes: Iterable[PlannedChange], colour: bool) -> Iterator[str]:
    for change in changes:
        kind = change.kind
        line = f"~ {change.name}" if kind is None else _WORDS[kind].format(name=change.name, table=change.table)
        if change.breaks_clients and kind is not StepKind.DISCONNECT_CLIENTS:
            line += " (breaks clients)"
        yield f"{_COLOURS[line[0]]}{line}{_PLAIN}" if colour else line
        for detail in change.details:
            yield f"    {detail}"
        if kind in _CONDITIONS:
            yield f"    {_CONDITIONS[kind]}"
