"""Calls of reducers in other databases by a module under test. The test says what becomes of them."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stdbpy.engine.outboxes.messages import Message, Outcome
from stdbpy.engine.outboxes.records import first_waiting
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import UsageError
from stdbpy.sats.values import Identity

if TYPE_CHECKING:
    from stdbpy.testing.module_database import ModuleDatabase


@dataclass(frozen=True, slots=True)
class SentCall:
    """A row of an outbox that was sent, and of which it is not known what became of it."""

    target: Identity
    """The database that it is for."""
    reducer: str
    """What it calls there."""
    args: tuple[Any, ...]
    row: Any
    """Of the outbox."""
    _sender: ModuleDatabase = field(repr=False, compare=False)
    _message: Message = field(repr=False, compare=False)
    _answer: Future[Outcome] = field(repr=False, compare=False)

    def succeed(self) -> None:
        """The reducer has done it: the module's ``on_result`` is told, and the row is gone. A bug there raises
        ``ReducerCrashed``."""
        __tracebackhide__ = True
        self._end(Outcome())

    def fail(self, error: str) -> None:
        """The same of a reducer that has refused it, or failed, with that message."""
        __tracebackhide__ = True
        self._end(Outcome(error))

    def deliver_to(self, database: ModuleDatabase) -> None:
        """Has the reducer of another database under test do it, which the row has to name as its :attr:`target`;
        what comes of that is told as by :meth:`succeed` and :meth:`fail`. A bug there raises ``ReducerCrashed``, too.
        Raises ``UsageError`` for a database that the row does not name."""
        __tracebackhide__ = True
        if database.identity != self.target:
            raise UsageError(
                f"the call of {self.reducer!r} is for the database {self.target.hex()}, "
                f"not for that of {database.module.name}, {database.identity.hex()}",
                hint="Give the row the `identity` of the database that it is delivered to.",
            )
        self._end(database.receive(self._message))
        database.raise_bugs()

    def _end(self, outcome: Outcome) -> None:
        __tracebackhide__ = True
        if self._answer.done():
            raise AssertionError(f"it has been said already what became of the call of {self.reducer!r}")
        self._answer.set_result(outcome)
        self._sender.run_due()


class SentCalls:
    """What a database hands over for others."""

    def __init__(self) -> None:
        self._sent: list[tuple[Message, Future[Outcome]]] = []

    def deliver(self, message: Message) -> Future[Outcome]:
        """Takes a message, on the thread of the database."""
        answer: Future[Outcome] = Future()
        self._sent.append((message, answer))
        return answer

    def waiting(self, sender: ModuleDatabase) -> list[SentCall]:
        """Those of which the test has not said what became of them, in the order in which they were sent."""
        return [_call(sender, message, answer) for message, answer in self._sent if not answer.done()]


def _call(sender: ModuleDatabase, message: Message, answer: Future[Outcome]) -> SentCall:
    def sent_row(transaction: Transaction) -> tuple[str, int, tuple[int, ...]]:
        found = first_waiting(transaction, message.stream)
        assert found is not None and found[1] is not None, "it ends when the test says what became of it"
        table = transaction.table(found[0].outbox)
        assert table.outbox is not None, "only outboxes send"
        return table.name, found[1].row_key, table.outbox.definition.arg_columns

    table, key, columns = sender.transact(sent_row)
    rows = sender.table(table)
    row = rows.one(key)
    names = rows.layout.fields or rows.layout.columns
    args = tuple(getattr(row, names[column]) for column in columns)
    return SentCall(message.target, message.reducer, args, row, sender, message, answer)
