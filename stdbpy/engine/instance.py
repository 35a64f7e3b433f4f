"""A database as it runs: its tables and its module. All of it belongs to one thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from time import perf_counter_ns
from typing import TypeVar

from stdbpy.engine.delta import Commit, Delta
from stdbpy.engine.due_calls import DueCalls
from stdbpy.engine.figures import Counts
from stdbpy.engine.full_disk import FullDisk
from stdbpy.engine.host import Crash, ModuleCode, RunningModule
from stdbpy.engine.journal.journal import Journal, NoJournal
from stdbpy.engine.logs import LogStore
from stdbpy.engine.outboxes.outgoing import Outgoing, resume
from stdbpy.engine.procedures.joined_module import JoinedModule, ProcedureCall
from stdbpy.engine.refused_calls import note_misfit, note_unknown
from stdbpy.engine.results import FATAL, Caller, CallOutcome, StatementResult
from stdbpy.engine.store.derived import Program
from stdbpy.engine.store.store import Store
from stdbpy.engine.subscriptions.subscriptions import Subscriptions
from stdbpy.engine.system_tables.clients import forget_client, is_noted, note_client, noted_clients
from stdbpy.engine.transaction import Transaction
from stdbpy.engine.views.views import Views
from stdbpy.errors import (
    CallStopped,
    EngineError,
    InvalidArguments,
    NoSuchProcedure,
    NoSuchReducer,
    NotAllowed,
    ReducerError,
    SqlError,
    StdbError,
    StorageFailed,
    ViewFailed,
    nearest,
)
from stdbpy.module.host import LogLevel
from stdbpy.sats.values import Identity, Timestamp
from stdbpy.schema.model import Lifecycle, ModuleSchema, Reducer, Visibility

Clock = Callable[[], Timestamp]
Listener = Callable[[Commit], None]

T = TypeVar("T")

log = logging.getLogger("stdbpy.engine")


def _nothing(_: Transaction) -> None:
    """The transaction of a reducer ends with what the reducer does."""


class IsRead(BaseException):
    """What comes after a reducer raises it: nothing of the transaction is to stay, and views have read what is not."""


class Instance:
    """The state of one database, and what can be done to it.

    Changes join a group, which :meth:`commit` makes durable or takes back as a whole.
    """

    store: Store

    def __init__(self, identity: Identity, owner: Identity, logs: LogStore, clock: Clock) -> None:
        self.identity = identity
        self.owner = owner
        self.logs = logs
        self.clock = clock
        self.journal: Journal = NoJournal()
        self.program: bytes | None = None
        """The module that runs, as it was published."""
        self.program_hash: bytes | None = None
        """Of the module that runs."""
        self.last_crash: Crash | None = None
        self.running: str | None = None
        """The reducer that runs at this moment, or the procedure that has a transaction open; other threads may
        look."""
        self.running_since: int | None = None
        """When the reducer that runs has begun, by :func:`perf_counter_ns`."""
        self.listeners: list[Listener] = []
        self.subscriptions = Subscriptions()
        self.counts = Counts()
        self.due = DueCalls(self)
        self.outgoing = Outgoing()
        self._woken: list[int] = []
        """The streams of messages that the group has added to."""
        self._group: list[Commit] = []
        self.disk = FullDisk(identity.hex)
        self._leaving: list[Caller] = []  # in the group
        self._joined: JoinedModule | None = None
        self._module: RunningModule | None = None
        self._views: Views | None = None
        self._why_no_module: StdbError = EngineError("No module was published yet")
        self._reducers: dict[str, tuple[int, Reducer]] = {}
        self._lifecycle: dict[Lifecycle, tuple[int, Reducer]] = {}
        self._on_connect: tuple[int, Reducer] | None = None
        self._on_disconnect: tuple[int, Reducer] | None = None

    # --- the module --------------------------------------------------------------------------

    def join(self, store: Store, code: ModuleCode) -> JoinedModule:
        """Joins code and tables that have the same schema, without using them yet."""
        return JoinedModule(store, lambda: code.run(store, self.identity, self.logs, self.due.later.add))

    def use(self, store: Store, module: JoinedModule, views: Views | None = None) -> None:
        """Serves these tables and runs this module from now on, with its ``views`` if some are live
        already (see :meth:`views_after_update`). The group must be empty."""
        self._views = views or self._new_views(store, module.main)
        self._views.take_place()
        self._use(store)
        self._joined, self._module = module, module.main

    def do_without(self, store: Store, why: StdbError) -> None:
        """Serves the tables alone: the module's code cannot be run."""
        self._views = store.views = None
        self._use(store)
        self._joined = self._module = None
        self._why_no_module = why

    def _use(self, store: Store) -> None:
        self.store = store
        store.program = self._program_now
        self.subscriptions.module_replaced(store)
        self.due.look_at(store)
        resume(self.outgoing, store)
        # Whoever hears of a mounted module's reducer reads its whole name.
        named = [
            replace(reducer, name=prefix + reducer.name) if prefix else reducer
            for prefix, module in store.schema.walk()
            for reducer in module.reducers
        ]
        self._reducers = {reducer.name: (number, reducer) for number, reducer in enumerate(named)}
        self._lifecycle = {
            reducer.lifecycle: self._reducers[reducer.name]
            for reducer in store.schema.reducers
            if reducer.lifecycle is not None
        }
        self._on_connect = self._lifecycle.get(Lifecycle.ON_CONNECT)
        self._on_disconnect = self._lifecycle.get(Lifecycle.ON_DISCONNECT)

    def _program_now(self) -> Program | None:
        if self.program is None or self.program_hash is None:
            return None
        return Program(self.identity, self.owner, self.program_hash, self.program)

    def views_after_update(self, store: Store, module: RunningModule) -> tuple[Views, Delta]:
        """The views that are live now as another version of the module gives them, and what will be
        different in them. Changes nothing; raises ``ViewFailed``."""
        views = self._new_views(store, module)
        return views, views.succeed(self._views) if self._views is not None else Delta()

    def _new_views(self, store: Store, module: RunningModule) -> Views:
        def note_bug(view: str, bug: BaseException) -> None:
            module.crash(bug).tell(self.logs, view)

        def note_error(view: str, error: str) -> None:
            self.logs.system(error, level=LogLevel.ERROR, function=view)

        return Views(store, module, self.clock, note_bug, note_error)

    def tell(self, delta: Delta) -> None:
        """Tells those who follow what an update of the module has changed in the rows of views."""
        if delta:
            self.subscriptions.happened(Commit(delta, self.clock()))

    @property
    def schema(self) -> ModuleSchema:
        return self.store.schema

    # --- calls -------------------------------------------------------------------------------

    def call(self, name: str, args: bytes, caller: Caller) -> CallOutcome:
        """Runs a reducer for a client.

        Raises ``NoSuchReducer``, ``NotAllowed`` for one of those that the database calls itself, and
        ``InvalidArguments``.
        """
        found = self._reducers.get(name)
        if found is None or (found[1].visibility is Visibility.PRIVATE and caller.identity != self.owner):
            note_unknown(self.logs, "reducer", name)
            raise NoSuchReducer(f"The module has no reducer {name!r}", hint=nearest(name, self._reducers))
        number, reducer = found
        if reducer.lifecycle is not None:
            raise NotAllowed(
                f"{name!r} is the module's {reducer.lifecycle.value} reducer, which only the database calls"
            )
        return self._run(number, reducer, caller, args, self.clock())

    @property
    def has_module(self) -> bool:
        """Whether one runs."""
        return self._module is not None

    @property
    def joined(self) -> JoinedModule:
        """The module that runs. Raises ``EngineError`` if none does. Any thread may ask."""
        joined = self._joined
        if joined is None:
            raise EngineError(f"The module cannot be run: {self._why_no_module}", hint=self._why_no_module.hint)
        return joined

    def procedure_call(self, name: str, args: bytes, caller: Caller) -> ProcedureCall:
        """A client's call, to be made. Raises ``NoSuchProcedure`` and ``InvalidArguments``."""
        known = self.joined.procedure(name)
        if known is None or (known.definition.visibility is Visibility.PRIVATE and caller.identity != self.owner):
            note_unknown(self.logs, "procedure", name)
            raise NoSuchProcedure("No such procedure", hint=nearest(name, self.joined.procedure_names))
        try:
            args = known.arguments_in(args)
        except InvalidArguments as mismatch:
            note_misfit(self.logs, name, mismatch)
            raise
        return ProcedureCall(self.joined, known, args, caller, self.clock())

    def reducer_number(self, name: str) -> int | None:
        """The place of a reducer among those of the module, if there is one of that name."""
        found = self._reducers.get(name)
        return found[0] if found is not None else None

    def reducer(self, name: str) -> tuple[Reducer, ModuleSchema] | None:
        """A reducer by its full name, with the schema of the module that declares it."""
        for prefix, module in self.store.schema.walk():
            for reducer in module.reducers:
                if prefix + reducer.name == name:
                    return reducer, module
        return None

    def run_reducer(
        self,
        name: str,
        caller: Caller,
        args: bytes,
        *,
        timestamp: Timestamp | None = None,
        afterwards: Callable[[Transaction], None] = _nothing,
    ) -> CallOutcome:
        """Runs the reducer of that name, now unless it is said otherwise, and then ``afterwards`` as a part of it.
        Raises ``InvalidArguments``, and ``KeyError`` if there is none."""
        return self._run(*self._reducers[name], caller, args, timestamp or self.clock(), afterwards=afterwards)

    def call_lifecycle(
        self, lifecycle: Lifecycle, caller: Caller, afterwards: Callable[[Transaction], None] = _nothing
    ) -> CallOutcome | None:
        """Runs the reducer for a moment in a database's or connection's life, if the module has one, and then
        ``afterwards`` as a part of it."""
        found = self._lifecycle.get(lifecycle)
        return self._run(*found, caller, b"", self.clock(), afterwards=afterwards) if found is not None else None

    def undo_reading(self, tx: Transaction) -> None:
        """Undoes a transaction behind which views may have been read."""
        tx.rollback()
        if self._views is not None:
            self._views.undone()

    @property
    def hears_of_clients(self) -> bool:
        """Whether the module wants to know who connects or disconnects."""
        return self._on_connect is not None or self._on_disconnect is not None

    @property
    def is_followed(self) -> bool:
        """Whether anybody could tell one transaction from several that come and go together."""
        views = self._views
        return bool(self.listeners or self.subscriptions.live_queries or (views is not None and views.some_are_live))

    def connected(self, caller: Caller, *, is_noted: bool = True) -> CallOutcome | None:
        """A client has connected: tells the module, if it wants to know. It need not be noted if it is gone at the
        end of the same job, and the database is not followed: modules cannot see who is noted."""
        found = self._on_connect
        tx = Transaction(self.store)
        if is_noted:
            note_client(caller, tx)
        if found is not None:
            return self._run(*found, caller, b"", self.clock(), tx)
        self._finish(tx, self.clock(), is_told=False)
        return None

    def disconnected(self, caller: Caller) -> None:
        """A client is gone: tells the module, if it wants to know, and then nothing can keep the client. Of a
        client that somebody has deleted from ``st_client`` the module hears nothing. If no module can be run, the next
        one is told."""
        if not is_noted(caller, self.store):
            return
        found = self._on_disconnect
        if found is not None and self._module is None:
            self.disk.to_disconnect.append(caller)
            return
        self._leaving.append(caller)
        if found is not None:
            outcome = self._run(*found, caller, b"", self.clock(), afterwards=lambda tx: forget_client(caller, tx))
            if outcome.error is None:
                return
        tx = Transaction(self.store)
        forget_client(caller, tx)
        self._finish(tx, self.clock(), is_told=False)

    def disconnect_left_behind(self) -> None:
        """The clients that were connected when the process ended are gone."""
        for caller in noted_clients(Transaction(self.store)):
            self.disconnected(caller)
        with suppress(StorageFailed):
            self.commit()

    def _run(
        self,
        number: int,
        reducer: Reducer,
        caller: Caller,
        args: bytes,
        timestamp: Timestamp,
        tx: Transaction | None = None,
        afterwards: Callable[[Transaction], None] = _nothing,
    ) -> CallOutcome:
        module = self.joined.main
        started = perf_counter_ns()
        tx = tx or Transaction(self.store)
        error: str | None = None
        is_bug = False
        self.running, self.running_since = reducer.name, started
        try:
            module.call_reducer(number, reducer, caller, timestamp, args, tx)
            afterwards(tx)
            self._refresh_views(tx)
        except IsRead:
            self.undo_reading(tx)
        except ReducerError as refusal:
            tx.rollback()
            error = str(refusal)
            self.logs.system(error, level=LogLevel.ERROR, function=reducer.name)
        except InvalidArguments as mismatch:
            tx.rollback()
            note_misfit(self.logs, reducer.name, mismatch)
            raise
        except ViewFailed as failure:
            tx.rollback()
            error, is_bug = str(failure), True
        except CallStopped as stopped:
            tx.rollback()
            error, is_bug = str(stopped), True
            self.last_crash = module.crash(stopped)
            self.last_crash.tell(self.logs, reducer.name)
        except BaseException as bug:  # noqa: BLE001 - authors' code may raise anything, SystemExit too
            tx.rollback()
            crash = self.last_crash = module.crash(bug)
            crash.tell(self.logs, reducer.name)
            error, is_bug = (crash.reason, False) if crash.is_answer else (FATAL, True)
            if crash.is_answer:
                self.logs.system(error, level=LogLevel.ERROR, function=reducer.name)
        else:
            micros = (perf_counter_ns() - started) // 1000
            self._finish(tx, timestamp, reducer.name, caller, args, number, micros)
        finally:
            self.running = self.running_since = None
        micros = (perf_counter_ns() - started) // 1000
        self.counts.count_call(reducer.name, error, is_bug=is_bug)
        return CallOutcome("committed" if error is None else "failed", error, micros, timestamp, is_bug)

    # --- transactions ------------------------------------------------------------------------

    def transact(self, function: Callable[[Transaction], T], transaction: Transaction | None = None) -> T:
        """Runs ``function`` on a transaction, which is undone if it raises, or if a view that it concerns
        fails: then this raises ``ViewFailed``."""
        tx = transaction or Transaction(self.store)
        try:
            result = function(tx)
            self._refresh_views(tx)
        except BaseException:
            tx.rollback()
            raise
        self._finish(tx, self.clock())
        return result

    def sql(self, text: str, caller: Caller, is_owner: bool) -> list[StatementResult]:
        """Runs SQL as one transaction. Raises ``SqlError``."""
        from stdbpy.engine.sql import run_sql

        is_done = False
        try:
            results = self.transact(lambda tx: run_sql(text, tx, caller=caller.identity, is_owner=is_owner))
            is_done = True
        except ViewFailed as failure:
            raise SqlError(f"The module instance encountered a fatal error: {failure.message}") from failure
        finally:
            self.counts.statements[is_done] += 1
        return results

    def _refresh_views(self, tx: Transaction) -> None:
        """The last step of every transaction. Raises ``ViewFailed``; then it must be undone."""
        if self._views is not None:
            self._views.refresh(tx)

    def _finish(
        self,
        tx: Transaction,
        timestamp: Timestamp,
        reducer: str | None = None,
        caller: Caller | None = None,
        args: bytes = b"",
        reducer_number: int | None = None,
        duration_micros: int = 0,
        *,
        is_told: bool = True,
    ) -> None:
        """``is_told`` is whether subscribers hear of it."""
        delta = tx.commit()
        if tx.scheduled:
            now = max(timestamp, self.clock())
            for table, row in tx.scheduled:
                if row in table.rows:
                    self.due.schedules.note(table, row, now)
        self._woken += tx.sending
        if delta:
            taken = self.store.taken
            if not self._group and self.disk.unwritten:
                self.journal.note(self.disk.unwritten, ())
            self.journal.note(delta, taken)
            if taken:
                taken.clear()
            commit = Commit(delta, timestamp, reducer, caller, args, reducer_number, duration_micros)
            self._group.append(commit)
            if is_told:
                self.subscriptions.happened(commit)

    def forget_group(self) -> None:
        """Leaves the group's changes to whoever writes down the whole store."""
        self._group.clear()
        self.store.taken.clear()
        self.disk.unwritten = Delta()

    def commit(self) -> None:
        """Makes the group durable and tells those who follow; on failure, which raises
        ``StorageFailed``, all of the group is undone."""
        group = self._group
        if not group and not self.disk.is_tried:
            self.subscriptions.confirmed()
            return
        self._group, self.disk.is_tried = [], False
        woken, self._woken = self._woken, []
        leaving, self._leaving = self._leaving, []
        try:
            self.journal.commit()
        except BaseException as failure:
            # Blocks that were noted in the group are not written down.
            self.store.taken.update(self.store.sequences.values())
            if isinstance(failure, StorageFailed):
                self.disk.refuses(failure)
                self.subscriptions.is_doubtful = True
                if self.disk.put_off(group):
                    self._confirm(group)
                    return
            for committed in reversed(group):
                committed.delta.undo()
            self.disk.to_disconnect += [gone for gone in leaving if is_noted(gone, self.store)]
            self.due.look_at(self.store)
            if self._views is not None:
                self._views.undone()
            self.subscriptions.undone(str(failure))
            raise
        self.disk.unwritten = Delta()
        if self.disk.is_in_doubt:
            self.disk.takes(has_room=self.journal.has_room())
            self.subscriptions.is_doubtful = False
        for stream in woken:
            self.outgoing.wake(stream)
        self._confirm(group)

    def _confirm(self, group: Sequence[Commit]) -> None:
        self.subscriptions.confirmed()
        for listener in self.listeners:
            for committed in group:
                try:
                    listener(committed)
                except Exception:
                    log.exception("A listener to the commits of database %s failed", self.identity)

    def let_go(self) -> None:
        """Forgets what was kept for those who might have asked for it again."""
        if self._views is not None:
            self._views.let_go()

    # --- by itself ---------------------------------------------------------------------------

    def seconds_to_next(self) -> float | None:
        """How long there is nothing to do by the clock; ``None`` if there never will be."""
        if self.disk.failure is not None:
            return self.disk.seconds_to_try
        if self.disk.to_disconnect and self._module is not None:
            return 0.0
        to_call = self.due.seconds_to_next()
        to_send = self.outgoing.seconds_to_next() if self._module is not None else None
        if to_call is None or to_send is None:
            return to_send if to_call is None else to_call
        return min(to_call, to_send)

    def run_due(self) -> None:
        """Does what is due now. While the disk takes nothing that can wait."""
        if self.disk.failure is not None:
            if not self._group and not self.disk.seconds_to_try:
                self.disk.note_try(self.journal)
            return
        while self.disk.to_disconnect and self._module is not None:
            self.disconnected(self.disk.to_disconnect.pop(0))
        self.due.run()
