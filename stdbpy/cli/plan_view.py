"""What an update will do to a database, for people and for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from stdbpy.cli.output import Plain
from stdbpy.cli.terminal import Colour, paint, printable

if TYPE_CHECKING:
    from stdbpy.api.results import PublishPlan
    from stdbpy.schema.planned_changes import PlannedChange

_MARKS: dict[str, tuple[str, Colour]] = {"ADD": ("+", "green"), "REMOVE": ("-", "red")}
_OTHER: tuple[str, Colour] = ("~", "yellow")


def plan_lines(plan: PublishPlan) -> Iterator[str]:
    """The plan line by line, as stderr shows it: ``+`` is added, ``-`` removed, ``~`` changed, and what
    breaks clients says so. An update that changes nothing has no lines."""
    for change in plan.changes:
        yield from _change_lines(change)
    yield from _reason_lines(plan)


def _reason_lines(plan: PublishPlan) -> Iterator[str]:
    """Each reason, and below those that have the same hint one after the other, the hint."""
    for hint, group in groupby(zip(plan.hints, plan.reasons, strict=True), key=itemgetter(0)):
        for _, reason in group:
            yield f"{paint('!', 'red', sys.stderr)} {printable(reason)}"
        if hint:
            yield f"    {paint(printable(hint), 'dim', sys.stderr)}"


def _change_lines(change: PlannedChange) -> Iterator[str]:
    if change.kind is None:
        mark, colour, what = *_OTHER, change.name
    else:
        mark, colour = _MARKS.get(change.kind.name.partition("_")[0], _OTHER)
        what = f"{change.kind.value} {change.name}".rstrip()
        if change.table and change.table != change.name:
            what = f"{what} of table {change.table}"
    warning = f"  {paint('breaks clients', 'red', sys.stderr)}" if change.breaks_clients else ""
    yield f"{paint(mark, colour, sys.stderr)} {printable(what)}{warning}"
    for detail in change.details:
        yield f"    {printable(detail)}"


def plan_record(plan: PublishPlan) -> dict[str, Plain]:
    """The plan as data: ``changes``, whether it ``breaks_clients``, and the ``reasons`` why it cannot be."""
    return {
        "breaks_clients": plan.breaks_clients,
        "is_major_upgrade": plan.is_major_upgrade,
        "changes": [
            {
                "kind": None if change.kind is None else change.kind.name.lower(),
                "name": change.name,
                "table": change.table or None,
                "details": list(change.details),
                "breaks_clients": change.breaks_clients,
            }
            for change in plan.changes
        ],
        "reasons": list(plan.reasons),
    }
