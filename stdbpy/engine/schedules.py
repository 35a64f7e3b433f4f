"""When the rows of tables with a schedule are due.

Source of the rules: ``crates/core/src/host/scheduler.rs`` of SpacetimeDB 2.8.3. A row is due at its
time, or an interval after it was written; writing it again makes it due anew. When its function has
run, whatever came of it, a row with a time is deleted, and one with an interval is due at the next
tick after now, counted from when it was due. What counts is the row as the function left it: one
that it gave a later time is deleted all the same. A row that is gone when it is due is not run.
For procedures the same is done before they run, and while one does no other schedule of the database
does.

Times are those of the clock on the wall. When that is set back, rows with an interval do not wait
until it shows once more when they would have been due.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from stdbpy.engine.store.index import Index
from stdbpy.engine.store.store import Store
from stdbpy.engine.store.table import Table
from stdbpy.sats.bsatn import compile_columns_decoder
from stdbpy.sats.values import Interval, ScheduleAt, Time, Timestamp

LONGEST_DELAY = ((1 << 36) - 1) * 1000
"""Microseconds, some two years: what is due so much later or more is refused."""


class ScheduledTable:
    """A table whose rows say when its function is to run."""

    def __init__(self, table: Table) -> None:
        definition = table.definition
        assert definition.schedule is not None
        assert definition.primary_key is not None
        self.table = table
        self.function = table.name.removesuffix(definition.name) + definition.schedule.function
        """Full name of the reducer or procedure."""
        key = definition.primary_key
        self._index: Index = next(index for index in table.indexes if index.unique and index.columns == (key,))
        columns = (key, definition.schedule.at_column)
        self._decode = compile_columns_decoder(table.row_type, columns, table.module.typespace)

    def read(self, row: bytes) -> tuple[int, ScheduleAt]:
        """The row's number, and when it is to run."""
        number, at = self._decode(row)
        return number, at

    def row(self, number: int) -> bytes | None:
        return next(self._index.rows(self._index.key_type.encode((number,))), None)


def due_after(at: ScheduleAt, now: Timestamp) -> Timestamp:
    """When a row that is written now is due."""
    if isinstance(at, Interval):
        return now + abs(int(at.value))
    assert isinstance(at, Time)
    return at.value


def next_tick(last: Timestamp, interval: int, now: Timestamp) -> Timestamp:
    """The first tick after ``now`` of a clock that ticked at ``last``; an interval of 0 is due at once."""
    interval = abs(interval)
    if interval == 0:
        return last
    passed = max(0, int(now) - int(last)) // interval
    return last + interval * (passed + 1)


@dataclass(frozen=True, slots=True)
class Due:
    """A row whose time has come."""

    scheduled: ScheduledTable
    number: int
    at: Timestamp


class Schedules:
    """The scheduled rows of one database by when they are due; earlier noted come first."""

    def __init__(self, store: Store, now: Timestamp) -> None:
        self._tables = {table.id: ScheduledTable(table) for table in store.tables.values() if table.is_scheduled}
        self._queue: list[tuple[int, int, int, int]] = []
        """When, then a running number, then table and row. Entries that ``_latest`` does not confirm
        are outdated."""
        self._latest: dict[tuple[int, int], int] = {}
        self._running = 0
        self._seen = now
        """What the clock showed last."""
        for scheduled in self._tables.values():
            for row in scheduled.table.rows:
                self.note(scheduled.table, row, now)

    def note(self, table: Table, row: bytes, now: Timestamp) -> None:
        """A row was written, or was there when the database was opened."""
        self._look_at_clock(now)
        number, at = self._tables[table.id].read(row)
        self._put(table.id, number, due_after(at, now))

    def put_back(self, dues: Iterable[Due]) -> None:
        """They were taken too early, and are due all the same; but not those that were written since."""
        for due in dues:
            if not self.is_noted(due):
                self._put(due.scheduled.table.id, due.number, due.at)

    def again(self, due: Due, interval: int, now: Timestamp) -> None:
        """A row with an interval has run, and was not written meanwhile."""
        self._look_at_clock(now)
        self._put(due.scheduled.table.id, due.number, next_tick(min(due.at, now), interval, now))

    def is_noted(self, due: Due) -> bool:
        """Whether the row was written since it was taken from here."""
        return (due.scheduled.table.id, due.number) in self._latest

    def _put(self, table_id: int, number: int, at: Timestamp) -> None:
        self._running += 1
        self._latest[table_id, number] = self._running
        heappush(self._queue, (int(at), self._running, table_id, number))

    def next_due(self) -> Timestamp | None:
        """When the next row is due; it may have been deleted by then."""
        while self._queue:
            at, running, table_id, number = self._queue[0]
            if self._latest.get((table_id, number)) == running:
                return Timestamp(at)
            heappop(self._queue)
        return None

    def take_due(self, now: Timestamp) -> list[Due]:
        """The rows that are due now, which are forgotten here."""
        self._look_at_clock(now)
        taken = []
        while (at := self.next_due()) is not None and at <= now:
            _, _, table_id, number = heappop(self._queue)
            del self._latest[table_id, number]
            taken.append(Due(self._tables[table_id], number, at))
        return taken

    def _look_at_clock(self, now: Timestamp) -> None:
        """Comes before whatever goes by ``now``: what is noted by a clock that was set back must not be
        brought forward later on."""
        if now < self._seen:
            self._bring_forward(int(self._seen) - int(now))
        self._seen = now

    def _bring_forward(self, micros: int) -> None:
        """Makes all rows with an interval due so much earlier."""
        self._queue = [
            (at - micros if self._has_interval(table_id, number) else at, running, table_id, number)
            for at, running, table_id, number in self._queue
            if self._latest.get((table_id, number)) == running
        ]
        heapify(self._queue)

    def _has_interval(self, table_id: int, number: int) -> bool:
        scheduled = self._tables[table_id]
        row = scheduled.row(number)
        return row is not None and isinstance(scheduled.read(row)[1], Interval)
