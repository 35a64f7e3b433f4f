"""What a database needs of its journal, and the journal of one that keeps nothing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from stdbpy.engine.delta import Delta
from stdbpy.engine.store.sequence import Numbers
from stdbpy.engine.store.store import Store


class Journal(Protocol):
    """Where a database writes down what happens. Used by one thread at a time."""

    def note(self, delta: Delta, taken: Collection[Numbers]) -> None:
        """Adds a transaction to the group that is written next."""

    def note_nothing(self) -> None:
        """Adds a transaction that changes nothing, to see whether something can be written."""

    def has_room(self) -> bool:
        """Whether there is space for more than a few transactions, as far as that can be known."""

    def commit(self) -> None:
        """Writes the group; when this returns, it survives a loss of power.

        Raises ``StorageFailed``: then nothing of the group is written, and it is forgotten.
        """

    def replace(self, program: bytes, definition: bytes, store: Store) -> None:
        """Writes down that the database now runs ``program``, which has that module definition, and
        holds what is in ``store``: all of it or nothing. Raises ``StorageFailed``."""

    def change_program(self, program: bytes) -> None:
        """Writes down that the database now runs ``program``, which has the same module definition.
        Raises ``StorageFailed``."""

    def tend(self, store: Store, /) -> bool:
        """Does a little of what keeps a start quick; whether there is more to do at once. The group
        must be empty."""

    def close(self) -> None: ...


class NoJournal:
    """Keeps nothing."""

    def note(self, delta: Delta, taken: Collection[Numbers]) -> None:
        pass

    def note_nothing(self) -> None:
        pass

    def has_room(self) -> bool:
        return True

    def commit(self) -> None:
        pass

    def replace(self, program: bytes, definition: bytes, store: Store) -> None:
        pass

    def change_program(self, program: bytes) -> None:
        pass

    def tend(self, _store: Store, /) -> bool:
        return False

    def close(self) -> None:
        pass
