"""What an update of a database's module would do, for its publisher to agree to or not."""

from __future__ import annotations

from dataclasses import dataclass

import blake3

from stdbpy.errors import MigrationRefused
from stdbpy.schema.migrate import plan_migration
from stdbpy.schema.migration_plan import MigrationPlan
from stdbpy.schema.model import ModuleSchema
from stdbpy.schema.planned_changes import PlannedChange, planned_changes

_FIRST_OF_SECOND_GENERATION = 10
"""Version of the definitions that modules for SpacetimeDB 2 have; those for 1 have one below."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the publisher of an update agrees to: to ``token``'s plan and nothing else if there is one,
    otherwise to any update, or to any that clients survive."""

    break_clients: bool = True
    token: bytes | None = None


@dataclass(frozen=True, slots=True)
class UpdatePlan:
    """An update from module ``old`` to ``new``."""

    old: ModuleSchema
    new: ModuleSchema
    migration: MigrationPlan
    token: bytes
    """32 bytes that stand for this update of this database, and for no other."""

    @classmethod
    def make(
        cls, database: bytes, old: ModuleSchema, old_program: bytes, new: ModuleSchema, new_program: bytes
    ) -> UpdatePlan:
        """``old_program`` and ``new_program`` are the programs' hashes, ``database`` is its identity."""
        token = blake3.blake3(database + old_program + new_program).digest()
        return cls(old, new, plan_migration(old, new), token)

    @property
    def changes(self) -> tuple[PlannedChange, ...]:
        return planned_changes(self.migration, self.old, self.new)

    @property
    def is_major_upgrade(self) -> bool:
        """Whether the module was one for SpacetimeDB 1 and becomes one for 2, from which no way leads back."""
        return self.old.version < _FIRST_OF_SECOND_GENERATION <= self.new.version

    def expect_agreement(self, agreement: Agreement) -> None:
        """Raises ``MigrationRefused`` if it cannot be done, or the publisher does not agree to it."""
        self.migration.raise_if_refused()
        if agreement.token is not None:
            if agreement.token != self.token:
                raise MigrationRefused(
                    "The update is another than the one whose plan was agreed to",
                    hint="Ask for the plan again: the program or the database has changed since.",
                )
        elif self.migration.breaks_clients and not agreement.break_clients:
            raise MigrationRefused(
                "Clients that were made for the old version of the module would not work with the new one",
                hint="Say that they may break, and generate their code again.",
            )
