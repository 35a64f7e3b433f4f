"""Reading what servers answer when they are asked for the plan of an update."""

from __future__ import annotations

import re

import msgspec

from stdbpy.api.answers import read_json
from stdbpy.api.exchange import Response
from stdbpy.api.results import PublishPlan
from stdbpy.errors import UnexpectedAnswer

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class _Step(msgspec.Struct):
    kind: str | None
    name: str
    table: str = ""
    details: list[str] = []


class _Problem(msgspec.Struct):
    where: str
    message: str
    hint: str = ""


class _AutoMigration(msgspec.Struct):
    migrate_plan: str
    break_clients: bool
    token: str
    major_version_upgrade: bool = False
    steps: list[_Step] | None = None
    """The embedded server alone tells them."""


class _ManualMigration(msgspec.Struct):
    reason: str
    major_version_upgrade: bool = False
    problems: list[_Problem] | None = None
    """The embedded server alone tells them."""


class _PlanAnswer(msgspec.Struct):
    AutoMigrate: _AutoMigration | None = None
    ManualMigrate: _ManualMigration | None = None


def read_plan_answer(response: Response) -> PublishPlan:
    """The plan in a successful answer. Raises :class:`UnexpectedAnswer`."""
    match read_json(response, _PlanAnswer):
        case _PlanAnswer(AutoMigrate=_AutoMigration() as plan):
            return _possible(plan)
        case _PlanAnswer(ManualMigrate=_ManualMigration() as plan):
            return _impossible(plan)
    raise UnexpectedAnswer("the server's plan is of an unknown kind", status=response.status, body=response.text)


def _possible(answer: _AutoMigration) -> PublishPlan:
    # Only who asks for a plan waits until what knows of schemas is imported.
    from stdbpy.api.plan_reading import read_plan
    from stdbpy.schema.migration_plan import StepKind
    from stdbpy.schema.planned_changes import PlannedChange

    def change(step: _Step) -> PlannedChange:
        known = step.kind is not None and step.kind.upper() in StepKind.__members__
        return PlannedChange(
            StepKind[(step.kind or "").upper()] if known else None, step.name, step.table, tuple(step.details)
        )

    if answer.steps is None:
        changes = read_plan(_COLOURS.sub("", answer.migrate_plan))
    else:
        changes = tuple(change(step) for step in answer.steps)
    return PublishPlan(
        changes=changes,
        breaks_clients=answer.break_clients,
        is_major_upgrade=answer.major_version_upgrade,
        text=answer.migrate_plan.strip("\n"),
        token=answer.token,
    )


def _impossible(answer: _ManualMigration) -> PublishPlan:
    from stdbpy.api.plan_reading import read_reasons

    if answer.problems is None:
        reasons = read_reasons(answer.reason)
        hints = ("",) * len(reasons)
    else:
        reasons = tuple(f"{problem.where}: {problem.message}" for problem in answer.problems)
        hints = tuple(problem.hint for problem in answer.problems)
    return PublishPlan(
        reasons=reasons,
        hints=hints,
        is_major_upgrade=answer.major_version_upgrade,
        text=answer.reason.strip("\n"),
    )
