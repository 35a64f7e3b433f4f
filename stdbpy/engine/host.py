"""What runs the code of a module: one protocol, whatever language the code is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from stdbpy.engine.logs import LogStore
from stdbpy.engine.results import Caller
from stdbpy.engine.store.store import Store
from stdbpy.engine.transaction import Transaction
from stdbpy.sats.values import Identity, Timestamp
from stdbpy.schema.model import ModuleSchema, Reducer


@dataclass(frozen=True, slots=True)
class Crash:
    """A bug in a module, as its database's log tells it."""

    message: str
    filename: str | None = None
    line_number: int | None = None
    trace: Sequence[tuple[str, str]] = ()
    """Where the code was, outermost first: module and function."""


class RunningModule(Protocol):
    """The code of a module joined with one database. Called by one thread at a time."""

    def call_reducer(
        self, number: int, reducer: Reducer, caller: Caller, timestamp: Timestamp, args: bytes, tx: Transaction
    ) -> None:
        """Runs a reducer, which works on ``tx``; ``number`` is its place in the schema.

        Raises ``ReducerError`` if it refuses, ``InvalidArguments`` for arguments that do not fit,
        and anything else if there is a bug in it (see :meth:`crash`).
        """

    def crash(self, error: BaseException) -> Crash:
        """What to write down about a bug that :meth:`call_reducer` raised."""


class ModuleCode(Protocol):
    """A program that was found to be in order, to be joined with databases."""

    @property
    def schema(self) -> ModuleSchema: ...

    @property
    def host_type(self) -> str:
        """``Python``, or as the real server says it ``Wasm``."""

    def run(self, store: Store, identity: Identity, logs: LogStore) -> RunningModule:
        """Joins it with a database that has its schema."""
