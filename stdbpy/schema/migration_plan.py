"""The steps from one version of a module's database to the next, as data."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from stdbpy.errors import MigrationRefused, Problem


class StepKind(enum.Enum):
    """In the order in which steps are done: what is replaced is removed before it is added."""

    REMOVE_INDEX = "Remove index"
    REMOVE_CONSTRAINT = "Remove unique constraint"
    REMOVE_SEQUENCE = "Remove sequence"
    REMOVE_SCHEDULE = "Remove schedule"
    """SpacetimeDB 2.8.3 plans this and ADD_SCHEDULE, and then fails: doing it is not implemented there."""
    REMOVE_VIEW = "Remove view"
    REMOVE_ROW_LEVEL_SECURITY = "Remove row-level security rule"
    REMOVE_TABLE = "Remove table"
    """Only a table without rows is removed; the database refuses the migration otherwise."""
    CHANGE_COLUMNS = "Change column types of table"
    """Sums got further variants; rows stay as they are."""
    REPLACE_EVENT_COLUMNS = "Replace columns of event table"
    ADD_COLUMNS = "Add columns to table"
    """Behind those that are there; its rows get the defaults. Types may have changed as well."""
    CHANGE_INDEX_SOURCE_NAME = "Change the name in the code of index"
    CHANGE_TABLE_SOURCE_NAME = "Change the name in the code of table"
    CHANGE_COLUMN_SOURCE_NAME = "Change the name in the code of column"
    ADD_TABLE = "Add table"
    """With all its indexes, constraints, sequences and its schedule."""
    ADD_INDEX = "Add index"
    ADD_CONSTRAINT = "Add unique constraint"
    """If the rows obey it; the database refuses the migration otherwise."""
    ADD_SEQUENCE = "Add sequence"
    """If its column holds no number that it would give out; the database refuses the migration otherwise."""
    ADD_SCHEDULE = "Add schedule"
    ADD_VIEW = "Add view"
    ADD_ROW_LEVEL_SECURITY = "Add row-level security rule"
    CHANGE_ACCESS = "Change who may read"
    CHANGE_PRIMARY_KEY = "Change the primary key of table"
    CHANGE_OUTBOX = "Change the outbox of table"
    UPDATE_VIEW = "Compute again view"
    """Its code may have changed."""
    DISCONNECT_CLIENTS = "Disconnect all clients"

    @property
    def breaks_clients(self) -> bool:
        """Whether clients that were made for the old version do not work after it, so that all are
        disconnected."""
        return self in _BREAKING


_BREAKING = frozenset(
    {
        StepKind.REMOVE_TABLE,
        StepKind.REMOVE_VIEW,
        StepKind.REPLACE_EVENT_COLUMNS,
        StepKind.ADD_COLUMNS,
        StepKind.REMOVE_ROW_LEVEL_SECURITY,
        StepKind.ADD_ROW_LEVEL_SECURITY,
        StepKind.DISCONNECT_CLIENTS,
    }
)
_ORDER = {kind: position for position, kind in enumerate(StepKind)}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. Removals name things of the old schema, all others those of the new one."""

    kind: StepKind
    name: str = ""
    """Canonical name of the thing, without namespace; the SQL of a row-level security rule."""
    table: str = ""
    """Canonical name of the table that it belongs to; the thing itself if it is a table."""
    namespace: str = ""
    """What names start with there: ``""``, or ``"auth."`` in the mounted module ``auth``."""

    @property
    def order(self) -> tuple[int, list[str], str, str]:
        """Sorts steps into the order in which they are done."""
        return _ORDER[self.kind], self.namespace.split("."), self.table, self.name

    def __str__(self) -> str:
        return f"{self.kind.value} {self.namespace}{self.name}".rstrip()


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """How to change a database, or why it cannot be: with problems there are no steps."""

    steps: tuple[Step, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def breaks_clients(self) -> bool:
        """Whether clients made for the old version have to go, to which the publisher must consent."""
        return any(step.kind is StepKind.DISCONNECT_CLIENTS for step in self.steps)

    @property
    def changes_schema(self) -> bool:
        """Whether more is done than computing views again."""
        return any(step.kind is not StepKind.UPDATE_VIEW for step in self.steps)

    def raise_if_refused(self) -> None:
        """Raises ``MigrationRefused`` with the problems, if there are any."""
        if self.problems:
            reasons = "; ".join(f"{problem.where}: {problem.message}" for problem in self.problems)
            raise MigrationRefused(
                f"The database cannot be changed to the new version of its module: {reasons}",
                self.problems,
                hint=self.problems[0].hint,
            )
