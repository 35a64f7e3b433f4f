"""The changes in a plan as SpacetimeDB 2.x writes it, which is text alone.

Source of the format: ``crates/schema/src/auto_migrate/formatter.rs`` and ``termcolor_formatter.rs`` of
SpacetimeDB 2.8.3. A change starts with ``▸`` at the left margin, once or twice, the warning about
clients with ``!!!``; what is indented, or a default value that goes on, belongs to the line above.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdbpy.schema.migration_plan import StepKind
from stdbpy.schema.planned_changes import PlannedChange

_MARK = "▸"
_WARNING = "!!!"
_BULLETS = "•+~ "

_FORMS: tuple[tuple[str, dict[str, StepKind]], ...] = (
    (
        r"(?:(?:user|system) )?table: (?P<name>\S+)(?: \((?P<detail>.*)\))?",
        {"Created": StepKind.ADD_TABLE, "Removed": StepKind.REMOVE_TABLE},
    ),
    (r"(?:anonymous )?view: (?P<name>\S+)", {"Created": StepKind.ADD_VIEW, "Removed": StepKind.REMOVE_VIEW}),
    (
        r"index (?P<name>\S+) on \[(?P<columns>.*)\] of table (?P<table>\S+)",
        {
            "Created": StepKind.ADD_INDEX,
            "Removed": StepKind.REMOVE_INDEX,
            "Changed": StepKind.CHANGE_INDEX_SOURCE_NAME,
        },
    ),
    (
        r"unique constraint (?P<name>\S+) on \[(?P<columns>.*)\] of table (?P<table>\S+)",
        {"Created": StepKind.ADD_CONSTRAINT, "Removed": StepKind.REMOVE_CONSTRAINT},
    ),
    (
        r"auto-increment constraint (?P<name>\S+) on column (?P<columns>\S+) of table (?P<table>\S+)",
        {"Created": StepKind.ADD_SEQUENCE, "Removed": StepKind.REMOVE_SEQUENCE},
    ),
    (
        r"schedule for table (?P<table>\S+) calling \w+ (?P<name>\S+)",
        {"Created": StepKind.ADD_SCHEDULE, "Removed": StepKind.REMOVE_SCHEDULE},
    ),
    (
        r"row level security policy:",
        {"Created": StepKind.ADD_ROW_LEVEL_SECURITY, "Removed": StepKind.REMOVE_ROW_LEVEL_SECURITY},
    ),
    (r"access for table (?P<name>\S+) \((?P<detail>.*)\)", {"Changed": StepKind.CHANGE_ACCESS}),
    (r"primary key on table (?P<name>\S+) \((?P<detail>.*)\)", {"Changed": StepKind.CHANGE_PRIMARY_KEY}),
    (r"columns for table (?P<name>\S+)", {"Changed": StepKind.CHANGE_COLUMNS}),
    (r"columns? in table (?P<name>\S+)", {"Created": StepKind.ADD_COLUMNS}),
    (r"schema of event table (?P<name>\S+)", {"Changed": StepKind.REPLACE_EVENT_COLUMNS}),
    (r"table accessor name for (?P<name>\S+)", {"Changed": StepKind.CHANGE_TABLE_SOURCE_NAME}),
    (
        r"column accessor name for (?P<table>\S+)\.(?P<name>\S+)",
        {"Changed": StepKind.CHANGE_COLUMN_SOURCE_NAME},
    ),
)
"""What follows the verb that a change starts with, and what the two are together."""

_RULES = (StepKind.ADD_ROW_LEVEL_SECURITY, StepKind.REMOVE_ROW_LEVEL_SECURITY)


def read_plan(text: str) -> tuple[PlannedChange, ...]:
    """The changes that the text lists, which must be without colours."""
    return tuple(_change(headline, details) for headline, details in _blocks(text))


def read_reasons(text: str) -> tuple[str, ...]:
    """The sentences that say why a plan cannot be made, one a line below a heading."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return tuple(lines[1:] if len(lines) > 1 and lines[0].endswith(":") else lines)


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each change's first line without its mark, and the lines below it."""
    headline, details = "", list[str]()
    for line in text.splitlines():
        if not line.startswith((_MARK, _WARNING)):
            details.append(line)
            continue
        if headline:
            yield headline, details
        headline, details = line.strip(f"{_MARK} "), []
    if headline:
        yield headline, details


def _change(headline: str, lines: list[str]) -> PlannedChange:
    details = tuple(line.strip(_BULLETS) for line in _joined(lines))
    if headline.startswith(_WARNING):
        return PlannedChange(StepKind.DISCONNECT_CLIENTS)
    verb, _, rest = headline.partition(" ")
    for pattern, kinds in _FORMS:
        kind, found = kinds.get(verb), re.fullmatch(pattern, rest)
        if kind is None or found is None:
            continue
        groups = found.groupdict("")
        if kind in _RULES:
            return PlannedChange(kind, " ".join(details).strip("`"))
        if groups.get("detail"):
            details = (groups["detail"], *details)
        if groups.get("columns"):
            details = (f"on {groups['columns']}", *details)
        return PlannedChange(kind, groups["name"], groups.get("table") or groups["name"], details)
    return PlannedChange(None, headline, "", details)


def _joined(lines: list[str]) -> Iterator[str]:
    """The lines with those that only go on with a value put behind the line above, and headings left out."""
    whole = ""
    for line in lines:
        if whole and whole.count("(") > whole.count(")"):
            whole = f"{whole}{line.strip()}"
        else:
            if whole:
                yield whole
            whole = "" if line.endswith(":") else line.strip()
    if whole:
        yield whole
