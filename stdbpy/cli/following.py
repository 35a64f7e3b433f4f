"""Following subscribed rows until there was enough of it: ``stdbpy subscribe``."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TextIO

from stdbpy.cli.output.json_text import json_writer
from stdbpy.cli.output.sink import raise_if_unread
from stdbpy.cli.row_changes import ChangesAsJson
from stdbpy.cli.terminal import printable
from stdbpy.errors import CallTimeout, ConnectionLost, StdbError, counted
from stdbpy.protocol.events import SubscribeAppliedEvent
from stdbpy.protocol.session import State

if TYPE_CHECKING:
    from stdbpy.client import Connection, Transaction, Transactions
    from stdbpy.protocol.catalog import TableLayout


_LOOKS_EVERY = 0.5
"""Seconds between looks whether anybody still reads the lines."""


class Show(Protocol):
    """What shows transactions."""

    def take(self, transaction: Transaction, *, is_update: bool) -> None:
        """Shows it, or notes it for the next :meth:`refresh`; all but the first rows of a subscription are updates."""

    def refresh(self) -> None:
        """Shows what was noted."""

    @property
    def due(self) -> float | None:
        """In how many seconds :meth:`refresh` is to be called; ``None`` if there is nothing to show."""


class Lines:
    """Each transaction as a line of JSON; the rows that there are at first only if they are wanted.

    :meth:`refresh` raises ``BrokenPipeError`` when their reader is gone, which nothing else tells while there is
    nothing to write.
    """

    def __init__(self, tables: Mapping[str, TableLayout], stream: TextIO, *, with_initial: bool) -> None:
        self._json = ChangesAsJson(tables)
        self._encode = json_writer(stream)
        self._stream = stream
        self._with_initial = with_initial
        self._looked = time.monotonic()

    def take(self, transaction: Transaction, *, is_update: bool) -> None:
        if is_update or self._with_initial:
            self._stream.write(f"{self._encode(self._json.of(transaction))}\n")
            self._stream.flush()

    def refresh(self) -> None:
        """Nothing is left to show, but perhaps nobody is left to show it to."""
        self._looked = time.monotonic()
        raise_if_unread(self._stream)

    @property
    def due(self) -> float:
        """See :class:`Show`."""
        return max(self._looked + _LOOKS_EVERY - time.monotonic(), 0.0)


@dataclass
class Following:
    """What to follow, and when it is enough.

    ``note`` takes sentences for the user.
    """

    connection: Connection
    queries: tuple[str, ...]
    show: Show
    note: Callable[[str], object]
    num_updates: int | None = None
    timeout: float | None = None
    """Seconds."""
    _count: int = field(default=0, init=False)
    _has_begun: bool = field(default=False, init=False)
    _end: float | None = field(default=None, init=False)

    def run(self) -> None:
        """Returns after so many updates, after the timeout, or when the server ends the connection for good.

        Raises :class:`~stdbpy.errors.SubscriptionFailed`, why the connection broke off, and
        :class:`~stdbpy.errors.StdbError` if there were fewer updates than wanted.
        """
        if self.timeout is not None:
            self._end = time.monotonic() + self.timeout
        self._tell_of_the_connection()
        with _log_of_errors_alone(), self.connection.transactions() as transactions:
            try:
                self.connection.subscribe(*self.queries, timeout=self._left())
                self._follow(transactions)
            except CallTimeout:
                self._timed_out()
            except ConnectionLost as error:
                # A server that ends the connection in order ends a command that waits for nothing in particular in
                # order, too, as in the official program.
                if error.close_code is None or self.num_updates is not None:
                    raise
                self.note(printable(error.message))

    def _follow(self, transactions: Transactions) -> None:
        while not self._has_begun or self.num_updates is None or self._count < self.num_updates:
            waits = [seconds for seconds in (self._left(), self.show.due) if seconds is not None]
            transactions.timeout = min(waits, default=None)
            transaction = next(transactions, None)
            if transaction is not None:
                self._take(transaction)
            elif self._left() == 0:
                return self._timed_out()
            if self.show.due == 0:
                self.show.refresh()
        return None

    def _take(self, transaction: Transaction) -> None:
        # Where the connection was lost meanwhile, it is its return that brings the first rows.
        is_update = self._has_begun and not isinstance(transaction.event, SubscribeAppliedEvent)
        self._has_begun = True
        if is_update and not transaction.changes:
            return  # such as a row that another of the queries still gives
        self._count += is_update
        self.show.take(transaction, is_update=is_update)

    def _left(self) -> float | None:
        """Seconds."""
        return None if self._end is None else max(self._end - time.monotonic(), 0.0)

    def _timed_out(self) -> None:
        if self.num_updates is None:
            self.note(f"ended after {self.timeout:g} seconds")
        elif self._count < self.num_updates:
            raise StdbError(
                f"there were {self._count} of {counted(self.num_updates, 'update')} within {self.timeout:g} seconds",
                hint="A longer --timeout waits for them",
            )

    def _tell_of_the_connection(self) -> None:
        def lost(_: Connection, error: StdbError | None) -> None:
            if error is not None and self.connection.state is not State.CLOSED:
                self.note(f"{printable(error.message)}; waiting for it to come back")

        self.connection.on_disconnect(lost)
        self.connection.on_reconnect(lambda _: self.note("the connection is back"))


@contextmanager
def _log_of_errors_alone() -> Iterator[None]:
    """What the clients' log says of a connection that is lost is in the notes: not twice, nor across tables."""
    log = logging.getLogger("stdbpy.client")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)
