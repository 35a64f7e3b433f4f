"""What runs the code of a module: one protocol, whatever language the code is in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from stdbpy.engine.logs import Frame, LogStore
from stdbpy.engine.results import Caller
from stdbpy.engine.store.store import Store
from stdbpy.engine.transaction import Transaction
from stdbpy.module.host import LogLevel
from stdbpy.sats.values import Identity, Timestamp
from stdbpy.schema.model import HttpHandler, ModuleSchema, Procedure, Reducer, View


@dataclass(frozen=True, slots=True)
class Crash:
    """A bug in a module, as its database's log tells it."""

    message: str
    filename: str | None = None
    line_number: int | None = None
    trace: Sequence[Frame] = ()
    """Where the code was."""
    is_told: bool = False
    """Whether the module has written it into the log itself."""
    reason: str = ""
    """What callers of procedures are told, in a line; if it is empty, the first of :attr:`message`."""
    is_answer: bool = False
    """Whether callers of reducers are told the reason, too: for them it is as if the module had refused the call."""

    def tell(self, logs: LogStore, function: str) -> None:
        """Writes it into the log, unless it is there."""
        if not self.is_told:
            logs.write(
                LogLevel.PANIC,
                self.message,
                filename=self.filename,
                line_number=self.line_number,
                function=function,
                trace=self.trace,
            )


@dataclass(frozen=True, slots=True)
class ViewRows:
    """The rows that a view returned: values of its row type in BSATN, in its order."""

    rows: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class ViewQuery:
    """The query whose rows the view's rows are; names in it are as in the view's own module."""

    sql: str


ViewResult = ViewRows | ViewQuery


CallLater = Callable[[str, bytes], None]
"""Has a reducer or procedure called as soon as what runs is done, whatever comes of that: its full name, and the
BSATN of the product of its arguments. Nothing of it survives the end of the process."""


class ProcedureWorld(Protocol):
    """What a procedure or HTTP handler can do while it runs, besides computing: on the thread that runs it.

    What is out of order raises ``HostError``: ``WOULD_BLOCK_TRANSACTION`` for whatever may take long, or a second
    transaction, while one is open; ``TRANSACTION_NOT_ANONYMOUS`` for ending one when none is open. A transaction
    that is open when the call ends is aborted. When the database is closed, or has waited too long for an open
    transaction to end, all of this raises ``EngineError``, which the code must not go on after.
    """

    @property
    def tx(self) -> Transaction | None:
        """The open transaction."""

    def begin(self) -> tuple[Transaction, Timestamp]:
        """Opens a transaction when nobody else has one open; and what time it is then."""

    def commit(self) -> None:
        """Ends it; returns when it is durable."""

    def abort(self) -> None:
        """Ends it as if it had never been."""

    def sleep_until(self, when: Timestamp) -> Timestamp:
        """Returns at that time or later, and what time it is then."""

    def env_get(self, key: str) -> str | None:
        """A value of the environment, as :func:`~stdbpy.engine.environment.read_value` says: of the open transaction,
        or of this moment. Raises ``ModuleChanged`` if the module has other tables since the call began."""

    def http_request(self, request: bytes, body: bytes) -> tuple[bytes, bytes]:
        """Sends an HTTP request and returns the answer: what comes before the body, as
        :mod:`stdbpy.schema.http` lays it out in BSATN, and the body. Raises ``HttpFailed`` for one that was not
        answered, whatever the reason, and ``DecodeError``."""


class RunningModule(Protocol):
    """The code of a module joined with one database. Called by one thread at a time."""

    def call_reducer(
        self, number: int, reducer: Reducer, caller: Caller, timestamp: Timestamp, args: bytes, tx: Transaction
    ) -> None:
        """Runs a reducer, which works on ``tx``; ``number`` is its place in the schema.

        Raises ``ReducerError`` if it refuses, ``InvalidArguments`` for arguments that do not fit,
        and anything else if there is a bug in it (see :meth:`crash`).
        """

    def call_view(self, number: int, view: View, sender: Identity | None, args: bytes, tx: Transaction) -> ViewResult:
        """Runs a view over what ``tx`` lets it read; ``tx`` refuses changes with
        ``TRANSACTION_IS_READ_ONLY``.

        ``sender`` is who asks, and ``None`` for an anonymous view. ``number`` is the view's place among
        the anonymous views, or among those that are not, as ``view.index`` is, with those of submodules
        behind those of the modules that come before them in ``schema.walk()``. ``args`` is the BSATN of
        the product of its arguments.

        Raises anything if there is a bug in the view, or if it returns what is no value of its type.
        """

    def call_procedure(
        self,
        number: int,
        procedure: Procedure,
        caller: Caller,
        timestamp: Timestamp,
        args: bytes,
        world: ProcedureWorld,
    ) -> bytes:
        """Runs a procedure and gives what it returns, in BSATN; ``number`` is its place over ``schema.walk()``.
        ``args`` fit its parameters. Whatever it raises is a bug in it (see :meth:`crash`).

        Only called on instances that run nothing else meanwhile, never on the database's thread.
        """

    def call_http_handler(
        self,
        number: int,
        handler: HttpHandler,
        request: bytes,
        body: bytes,
        timestamp: Timestamp,
        world: ProcedureWorld,
    ) -> tuple[bytes, bytes]:
        """Lets an HTTP handler answer a request: both are what comes before the body, as
        :mod:`stdbpy.schema.http` lays it out in BSATN, and the body. ``number`` is the handler's place over
        ``schema.walk()``. Otherwise as :meth:`call_procedure`."""

    def crash(self, error: BaseException) -> Crash:
        """What to write down about a bug that :meth:`call_reducer` or :meth:`call_view` raised."""


class ModuleCode(Protocol):
    """A program that was found to be in order, to be joined with databases."""

    @property
    def schema(self) -> ModuleSchema: ...

    @property
    def host_type(self) -> str:
        """``Python``, or as the real server says it ``Wasm``."""

    def run(self, store: Store, identity: Identity, logs: LogStore, later: CallLater) -> RunningModule:
        """Joins it with a database that has its schema."""
