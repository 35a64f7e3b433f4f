"""What runs the code of a module: one protocol, whatever language the code is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from stdbpy.engine.logs import LogStore
from stdbpy.engine.results import Caller
from stdbpy.engine.store.store import Store
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import EngineError
from stdbpy.sats.values import Identity, Timestamp
from stdbpy.schema.model import ModuleSchema, Reducer

_WASM = b"\0asm"


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

    def crash(self, error: Exception) -> Crash:
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


def load_program(program: bytes) -> ModuleCode:
    """The code in ``program``, what was sent to be published.

    Raises ``ModuleLoadError`` for code that cannot be run, ``EngineError`` for what is no program
    that this database can host.
    """
    from stdbpy.engine.host_python import PythonCode  # noqa: PLC0415 - it needs this module's types

    if PythonCode.understands(program):
        return PythonCode(program)
    if program.startswith(_WASM):
        raise EngineError(
            "The embedded server cannot run WebAssembly modules yet",
            hint="Publish a Python project here, or this module to a real SpacetimeDB.",
        )
    raise EngineError("The program is neither a packed Python module nor WebAssembly")
