"""What a database calls by itself: schedules whose time has come, and what its module wants to be called later."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from stdbpy.engine.later import LaterCalls
from stdbpy.engine.procedures.joined_module import KnownProcedure, ProcedureCall
from stdbpy.engine.results import Caller
from stdbpy.engine.schedules import Due, ScheduledTable, Schedules
from stdbpy.engine.store.store import Store
from stdbpy.errors import StdbError, ViewFailed
from stdbpy.module.host import LogLevel
from stdbpy.sats.values import Interval, Timestamp

if TYPE_CHECKING:
    from stdbpy.engine.instance import Instance


class DueCalls:
    """Those of one database; its thread alone uses them."""

    schedules: Schedules

    def __init__(self, instance: Instance) -> None:
        self.later = LaterCalls()
        self._instance = instance
        self._begun: list[ProcedureCall] = []
        self._awaited: ProcedureCall | None = None
        """The scheduled procedure that runs; as on the real server, other schedules wait for its end."""

    def look_at(self, store: Store) -> None:
        """Goes by the rows of these tables from now on, and by nothing that was before."""
        self.schedules = Schedules(store, self._instance.clock())
        self._begun, self._awaited = [], None

    def seconds_to_next(self) -> float | None:
        """How long there is nothing to call; ``None`` if there never will be."""
        if self.later and self._may_run:
            return 0.0
        due = self.next_due()
        return None if due is None else max(0.0, (int(due) - int(self._instance.clock())) / 1_000_000)

    def next_due(self) -> Timestamp | None:
        """When the next row of a table with a schedule is due; ``None`` while a procedure runs for which they wait."""
        return self.schedules.next_due() if self._may_run else None

    def run(self) -> None:
        """Calls what is due now, once each."""
        if self.later and self._may_run:
            for function, args in self.later.take():
                self._run_later(function, args)
                if not self._may_run:
                    return
        if not self._may_run:
            return
        waiting = deque(self.schedules.take_due(self._instance.clock()))
        while waiting:
            self._run_scheduled(waiting.popleft())
            if not self._may_run:
                self.schedules.put_back(waiting)
                return

    @property
    def _may_run(self) -> bool:
        return self._awaited is None and self._instance.has_module

    # --- procedures --------------------------------------------------------------------------

    def take_begun(self) -> list[ProcedureCall]:
        """The procedures that are to be run now that the group is durable. When one has ended,
        :meth:`procedure_ended` must be told."""
        begun, self._begun = self._begun, []
        return begun

    def procedure_ended(self, call: ProcedureCall) -> None:
        if self._awaited is call:
            self._awaited = None

    def _begin(self, procedure: KnownProcedure, args: bytes, timestamp: Timestamp) -> None:
        joined, nobody = self._instance.joined, Caller(self._instance.identity)
        self._awaited = ProcedureCall(joined, procedure, args, nobody, timestamp)
        self._begun.append(self._awaited)

    # --- later -------------------------------------------------------------------------------

    def _run_later(self, function: str, args: bytes) -> None:
        instance = self._instance
        procedure = instance.joined.procedure(function)
        if procedure is not None:
            self._begin(procedure, args, instance.clock())
            return
        try:
            instance.run_reducer(function, Caller(instance.identity), args)
        except (StdbError, KeyError) as error:
            why = f"A call for later could not be made: {error}"
            instance.logs.system(why, level=LogLevel.ERROR, function=function)

    # --- schedules ---------------------------------------------------------------------------

    def _run_scheduled(self, due: Due) -> None:
        instance, scheduled = self._instance, due.scheduled
        row = scheduled.row(due.number)
        if row is None:
            return
        procedure = instance.joined.procedure(scheduled.function)
        if procedure is not None:
            self._begin_scheduled(due, procedure, row)
            return
        try:
            timestamp = max(due.at, instance.clock())
            instance.run_reducer(scheduled.function, Caller(instance.identity), row, timestamp=timestamp)
        except (StdbError, KeyError) as error:
            why = f"A schedule could not run: {error}"
            instance.logs.system(why, level=LogLevel.ERROR, function=scheduled.function)
        row = scheduled.row(due.number)
        if row is None:
            return
        _, at = scheduled.read(row)
        if not isinstance(at, Interval):
            self._delete_finished(scheduled, row)
        elif not self.schedules.is_noted(due):
            self.schedules.again(due, int(at.value), instance.clock())

    def _begin_scheduled(self, due: Due, procedure: KnownProcedure, row: bytes) -> None:
        """Unlike that of a reducer, a procedure's row is settled before it runs, so that it runs once at most."""
        now = self._instance.clock()
        _, at = due.scheduled.read(row)
        if isinstance(at, Interval):
            self.schedules.again(due, int(at.value), now)
        else:
            self._delete_finished(due.scheduled, row)
        self._begin(procedure, row, max(due.at, now))

    def _delete_finished(self, scheduled: ScheduledTable, row: bytes) -> None:
        """Deletes the row of a call whose time has come, unless a view that has read it fails without it."""
        instance = self._instance
        try:
            instance.transact(lambda tx: tx.delete(scheduled.table.id, row))
        except ViewFailed as failure:
            why = f"Its row stays: {failure}"
            instance.logs.system(why, level=LogLevel.ERROR, function=scheduled.function)
