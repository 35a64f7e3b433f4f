"""One database, as the rest of the program uses it: from any thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from threading import Event
from typing import TypeVar

from stdbpy.engine import deployment
from stdbpy.engine.awaited import Awaited
from stdbpy.engine.connection import DatabaseConnection
from stdbpy.engine.environment import EnvironmentState, stored_values
from stdbpy.engine.figures import Figures
from stdbpy.engine.host import ModuleCode
from stdbpy.engine.instance import Instance, Listener
from stdbpy.engine.outboxes.messages import Deliver, Message, Outcome, to_nobody
from stdbpy.engine.outboxes.receiving import receive
from stdbpy.engine.outboxes.sending import Sent, delivered, not_delivered, take_messages
from stdbpy.engine.procedures.joined_module import ProcedureCall
from stdbpy.engine.procedures.procedures import Procedures
from stdbpy.engine.reading_in_passing import read_in_passing
from stdbpy.engine.results import Caller, CallOutcome, ProcedureOutcome, StatementResult, expect_allowed
from stdbpy.engine.subscriptions.events import EndReason, Mailbox
from stdbpy.engine.subscriptions.subscriber import ConnectionOptions, Subscriber
from stdbpy.engine.transaction import Transaction
from stdbpy.engine.update_plan import Agreement, UpdatePlan
from stdbpy.engine.worker import Worker
from stdbpy.errors import DataDirectoryError, EngineError, ModuleChanged, StdbError, StorageFailed
from stdbpy.sats.values import Identity
from stdbpy.schema.environment import UNCHANGED, EnvironmentUpdate
from stdbpy.schema.http import HttpRequestHead, HttpResponseHead
from stdbpy.schema.model import Lifecycle, ModuleSchema

T = TypeVar("T")

AnswerHttp = Callable[[HttpRequestHead, bytes], Future[tuple[HttpResponseHead, bytes]]]
"""Runs an HTTP handler of a module on a thread of its own, with a request and its body. The future raises
``EngineError`` for a bug in it."""

log = logging.getLogger("stdbpy.engine")


class Database:
    """A database of an :class:`~stdbpy.engine.engine.Engine`, which makes these.

    A thread of its own does one thing after the other. What it does returns a future, which is done
    when its effects are durable; asyncio programs use ``asyncio.wrap_future``. All these futures
    may raise ``StorageFailed`` (then nothing was changed) and ``EngineError`` (the database cannot
    be opened, or was closed).
    """

    def __init__(
        self,
        instance: Instance,
        start: Callable[[Instance], None],
        *,
        host_type: str,
        program_hash: bytes,
        names: Callable[[Identity], list[str]],
        allow_loopback_http: bool = False,
        deliver: Deliver = to_nobody,
    ) -> None:
        """``deliver`` is how calls of reducers in other databases get there."""
        self.identity = instance.identity
        self.owner = instance.owner
        self.logs = instance.logs
        self.host_type = host_type
        """What runs the module: ``Python``, or ``Wasm`` as the real server says."""
        self.program_hash = program_hash
        """Hash of the program that the database was made with, or cleared."""
        self._names = names
        self._instance = instance
        self._work = _Work(instance, start)
        self._worker = Worker(f"stdbpy-{self.identity.hex()[:8]}", self._work)
        self._procedures = Procedures(instance, self._worker, allow_loopback_http=allow_loopback_http)
        self._work.begin_scheduled = self._begin_scheduled
        self._work.send = self._send
        self._deliver = deliver
        instance.due.later.wake = self._wake
        instance.disk.name = lambda: next(iter(self.names), self.identity.hex())
        self._worker.start()

    # --- about it ----------------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        return self._names(self.identity)

    @property
    def schema(self) -> ModuleSchema:
        """What the module declares. Waits while the database is being opened; raises as futures do."""
        if self.failure() is not None:
            raise self._work.refusal()
        return self._instance.schema

    @property
    def is_open(self) -> bool:
        """Whether asking for the schema does not wait any more."""
        return self._work.opened.is_set()

    def failure(self) -> Exception | None:
        """Why the database cannot be used, if so. Waits while it is being opened."""
        if not self._work.opened.is_set():
            self._work.opened.wait()
        return self._work.failure

    @property
    def problem(self) -> str | None:
        """Why it cannot be used, as far as that is known by now. Does not wait."""
        return str(self._work.refusal()) if self.is_open and self._work.failure is not None else None

    def figures(self) -> Figures:
        """What it has done and has at this moment. Does not wait; not all of it is of one moment."""
        instance = self._instance
        subscribers = instance.subscriptions.subscribers
        sets = [subscriber.sets for subscriber in subscribers if subscriber.sets]
        rows = {}
        if self.is_open and self._work.failure is None:
            rows = {(table.id, table.name): len(table.rows) for table in list(instance.store.tables.values())}
        return Figures(
            counts=instance.counts,
            requests=self._procedures.requests,
            rows=rows,
            waiting=self._worker.waiting,
            clients=len(subscribers),
            subscribed_clients=len(sets),
            subscription_sets=sum(map(len, sets)),
            live_queries=instance.subscriptions.live_queries,
            held_queries=sum(len(queries) for held in sets for queries in list(held.values())),
        )

    # --- using it ----------------------------------------------------------------------------

    def call(
        self, reducer: str, args: bytes, caller: Caller, *, connects: bool = False, schema: ModuleSchema | None = None
    ) -> Future[CallOutcome]:
        """Calls a reducer; ``args`` are its arguments in BSATN, one after the other.

        A reducer that refuses, or has a bug, gives an outcome that says so. The future raises
        ``NoSuchReducer``, ``InvalidArguments``, and ``NotAllowed`` for a lifecycle reducer.
        ``connects`` is for a client that connects for this alone: it also raises as
        :meth:`connected` does, and the client is disconnected when the future is done.
        ``schema`` is what ``args`` were written for: when the call's turn comes and the module has another
        one, nothing is done and the future raises ``ModuleChanged``.
        """
        return self._worker.submit(self._call, reducer, args, caller, connects, schema)

    def expect_call(self, reducer: str, args: bytes, caller: Caller, schema: ModuleSchema) -> Awaited[CallOutcome]:
        """As :meth:`call` of a client that connects for this alone, for one who is told of the outcome."""
        return self._worker.expect(self._call, reducer, args, caller, True, schema)

    def call_procedure(
        self, procedure: str, args: bytes, caller: Caller, *, connects: bool = False, schema: ModuleSchema | None = None
    ) -> Future[ProcedureOutcome]:
        """Runs a procedure on a thread of its own. A bug in it gives an outcome that says so. The future raises
        ``NoSuchProcedure``; ``connects`` and ``schema`` are as in :meth:`call`."""
        answer: Future[ProcedureOutcome] = Future()
        answer.set_running_or_notify_cancel()

        def begin(expected: Future[ProcedureCall]) -> None:
            error = expected.exception()
            if error is not None:
                answer.set_exception(error)
            else:
                self._procedures.call(expected.result()).add_done_callback(end)

        def end(running: Future[ProcedureOutcome]) -> None:
            if connects:
                self._worker.submit(self._disconnected, caller).add_done_callback(lambda _: _pass_on(running, answer))
            else:
                _pass_on(running, answer)

        self._worker.submit(self._expect_procedure, procedure, args, caller, connects, schema).add_done_callback(begin)
        return answer

    def http_handler(self, method: str, path: str) -> AnswerHttp | None:
        """What answers HTTP requests with this method to this path below the database's routes, if anything
        does. Raises ``EngineError`` if the module cannot be run."""
        joined = self._instance.joined
        found = joined.http_handler(method, path)
        return partial(self._procedures.answer, joined, *found) if found is not None else None

    def receive(self, message: Message) -> Future[Outcome]:
        """Carries out a call that another database has sent; the future is as :data:`Deliver` says."""
        return self._worker.submit(receive, self._instance, message)

    def sql(
        self, text: str, caller: Caller, *, is_owner: bool, connects: bool = False
    ) -> Future[list[StatementResult]]:
        """Runs SQL as one transaction; who is not the owner may only read public tables. The future
        raises ``SqlError``; ``connects`` is as in :meth:`call`. Reading needs no space on the disk: while it is full,
        what the module does when the client connects is undone."""
        if connects:
            return self._sql_of_visitor(text, caller, is_owner)
        return self._worker.submit(self._instance.sql, text, caller, is_owner)

    def transact(self, function: Callable[[Transaction], T]) -> Future[T]:
        """Runs ``function`` on the database's thread with a transaction, which is undone if it
        raises. The future has what it returns; it must not keep the transaction."""
        return self._worker.submit(self._instance.transact, function)

    def connected(self, caller: Caller) -> Future[None]:
        """A client has connected. The future raises ``NotAllowed`` if the module refuses it."""
        return self._worker.submit(self._connected, caller)

    def disconnected(self, caller: Caller) -> Future[None]:
        """A client whose connection was accepted is gone."""
        return self._worker.submit(self._disconnected, caller)

    def connect(self, caller: Caller, mailbox: Mailbox, options: ConnectionOptions) -> Future[DatabaseConnection]:
        """A client has connected, and stays: ``mailbox`` is given what happens to it. The future raises as
        that of :meth:`connected`; whoever has its result closes it."""
        subscriber = Subscriber(caller, is_owner=caller.identity == self.owner, mailbox=mailbox, options=options)

        def forget_if_failed(connecting: Future[DatabaseConnection]) -> None:
            if not connecting.cancelled() and connecting.exception() is not None:
                self._instance.subscriptions.remove(subscriber)

        connecting = self._worker.submit(self._connect, subscriber)
        connecting.add_done_callback(forget_if_failed)
        return connecting

    def run_due(self) -> Future[None]:
        """Looks at the clock: the future is done when the schedules that were due have run. Only a
        program that sets the clock needs this; otherwise they run by themselves. Procedures are begun, and those
        that sleep look at the clock."""
        self._procedures.look_at_clock()
        return self._worker.submit(_nothing)

    def _call(
        self, reducer: str, args: bytes, caller: Caller, connects: bool, schema: ModuleSchema | None
    ) -> CallOutcome:
        self._expect_schema(schema)
        instance = self._instance
        if not (connects and instance.hears_of_clients):  # nobody could see that it is connected
            return instance.call(reducer, args, caller)
        if instance.is_followed:
            return self._while_connected(caller, instance.call, reducer, args, caller)
        expect_allowed(instance.connected(caller, is_noted=False))
        try:
            return instance.call(reducer, args, caller)
        finally:
            instance.call_lifecycle(Lifecycle.ON_DISCONNECT, caller)

    def _sql_of_visitor(self, text: str, caller: Caller, is_owner: bool) -> Future[list[StatementResult]]:
        work = partial(self._sql_while_connected, text, caller, is_owner)
        answer: Future[list[StatementResult]] = Future()
        answer.set_running_or_notify_cancel()

        def end(asked: Future[list[StatementResult]]) -> None:
            if isinstance(asked.exception(), StorageFailed):
                # It may have failed for what others wanted to change, or the module when the client connected.
                self._worker.submit_alone(work).add_done_callback(partial(_pass_on, to=answer))
            else:
                _pass_on(asked, answer)

        self._worker.submit(work).add_done_callback(end)
        return answer

    def _sql_while_connected(self, text: str, caller: Caller, is_owner: bool) -> list[StatementResult]:
        instance = self._instance
        is_full = instance.disk.failure is not None
        read = read_in_passing(instance, text, caller, is_owner=is_owner) if is_full else None
        return read if read is not None else self._while_connected(caller, instance.sql, text, caller, is_owner)

    def _expect_schema(self, schema: ModuleSchema | None) -> None:
        if schema is not None and schema is not self._instance.schema:
            raise ModuleChanged("The module has been updated since the call was written down", hint="Call again.")

    def _expect_procedure(
        self, procedure: str, args: bytes, caller: Caller, connects: bool, schema: ModuleSchema | None
    ) -> ProcedureCall:
        self._expect_schema(schema)
        if connects:
            self._connected(caller)
        try:
            return self._instance.procedure_call(procedure, args, caller)
        except StdbError:
            if connects:
                self._disconnected(caller)
            raise

    def _begin_scheduled(self, call: ProcedureCall) -> None:
        ended = self._instance.due.procedure_ended
        self._procedures.call(call).add_done_callback(lambda _: self._worker.submit(ended, call))

    def _send(self, sent: Sent) -> None:
        instance = self._instance

        def note(delivering: Future[Outcome]) -> None:
            if delivering.cancelled():
                self._worker.post(not_delivered, instance, sent, "its database was closed")
            elif (error := delivering.exception()) is not None:
                self._worker.post(not_delivered, instance, sent, str(error))
            else:
                self._worker.post(delivered, instance, sent, delivering.result())

        self._deliver(sent.message).add_done_callback(note)

    def _wake(self) -> None:
        self._worker.submit(_nothing)

    def _connected(self, caller: Caller) -> None:
        for gone in self._instance.disk.take_gone(caller):
            self._instance.disconnected(gone)
        expect_allowed(self._instance.connected(caller))

    def _connect(self, subscriber: Subscriber) -> DatabaseConnection:
        self._connected(subscriber.caller)
        self._instance.subscriptions.add(subscriber)
        return DatabaseConnection(subscriber, self._instance, self._worker, self._procedures)

    def _disconnected(self, caller: Caller) -> None:
        self._instance.disconnected(caller)

    def _while_connected(self, caller: Caller, function: Callable[..., T], *args: object) -> T:
        self._connected(caller)
        try:
            return function(*args)
        finally:
            self._disconnected(caller)

    def on_commit(self, listener: Listener) -> Callable[[], None]:
        """Calls ``listener`` on the database's thread with each transaction that changed something
        and is durable, in order, until the function that is returned is called. It must not block."""
        listeners = self._instance.listeners
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    # --- changing it as a whole --------------------------------------------------------------

    def plan_update(self, program: bytes, code: ModuleCode) -> Future[UpdatePlan]:
        """What :meth:`update` would do."""
        return self._worker.submit(deployment.plan_update, self._instance, program, code)

    def update(
        self,
        program: bytes,
        code: ModuleCode,
        agreement: Agreement,
        environment: EnvironmentUpdate = UNCHANGED,
    ) -> Future[None]:
        """Replaces the module. The future raises ``MigrationRefused`` and ``EnvironmentRefused``: then nothing has
        changed."""
        return self._worker.submit_alone(deployment.update, self._instance, program, code, agreement, environment)

    def environment(self) -> Future[EnvironmentState]:
        """What its module declares of its environment, and which values there are."""
        return self._worker.submit(self._environment)

    def update_environment(self, environment: EnvironmentUpdate, program_hash: bytes | None = None) -> Future[None]:
        """Changes the values of the environment. The future raises ``EnvironmentRefused`` and ``MigrationRefused``,
        and ``ModuleChanged`` if the module that runs is not the one of that hash; then nothing has changed."""
        return self._worker.submit(self._update_environment, environment, program_hash)

    def _environment(self) -> EnvironmentState:
        instance = self._instance
        stored = list(stored_values(instance.store))
        return EnvironmentState(instance.program_hash or b"", instance.schema.environment, stored)

    def _update_environment(self, environment: EnvironmentUpdate, program_hash: bytes | None) -> None:
        if program_hash not in (None, self._instance.program_hash):
            raise ModuleChanged(
                "The module has been updated since its declarations were asked for", hint="Ask for them again."
            )
        deployment.update_environment(self._instance, environment)

    def stop_procedures(self) -> None:
        """What can be done ahead of :meth:`close` without waiting: procedures end that wait for something."""
        self._procedures.stop()

    def close(self, patience: float | None = None) -> bool:
        """Returns when everything that was asked for has been done and is durable; or, with false,
        when that has taken ``patience`` seconds (see :attr:`busy_with`). Clients are not connected any more."""
        self._procedures.close(patience)
        has_ended = self._worker.close(patience)
        self._instance.subscriptions.end_all(EndReason.DATABASE_GONE)
        return has_ended

    @property
    def is_alive(self) -> bool:
        """Whether code of its module runs or may run: also after :meth:`close`, if that does not end."""
        return self._worker.is_alive or not self._procedures.are_idle

    @property
    def busy_with(self) -> str | None:
        """The reducer that runs at this moment, or the procedure that has a transaction open."""
        return self._instance.running

    @property
    def running_since(self) -> int | None:
        """When the reducer that runs at this moment has begun, by ``perf_counter_ns``."""
        return self._instance.running_since

    @property
    def thread_id(self) -> int | None:
        """Of the thread that reducers run on, once it has begun."""
        return self._worker.thread_id


def _pass_on(done: Future[T], to: Future[T]) -> None:
    error = done.exception()
    if error is None:
        to.set_result(done.result())
    else:
        to.set_exception(error)


class _Work:
    """What the thread does besides jobs."""

    begin_scheduled: Callable[[ProcedureCall], None]
    """Runs a procedure whose time has come, elsewhere."""

    send: Callable[[Sent], None]
    """Hands a message to the database that it is for."""

    def __init__(self, instance: Instance, start: Callable[[Instance], None]) -> None:
        self.opened = Event()
        self.failure: Exception | None = None
        self._instance = instance
        self._start = start

    def begin(self) -> bool:
        try:
            self._start(self._instance)
        except Exception as error:  # noqa: BLE001 - whoever uses the database gets it
            self.failure = error
            self.end()
        self.opened.set()
        return self.failure is None

    def tick(self) -> None:
        try:
            self._instance.run_due()
        except Exception:
            log.exception("The schedules of database %s could not run", self._instance.identity)

    def commit(self) -> None:
        self._instance.commit()
        for call in self._instance.due.take_begun():
            self.begin_scheduled(call)
        for sent in take_messages(self._instance):
            self.send(sent)

    def expects_failure(self) -> bool:
        return self._instance.disk.failure is not None

    def rest(self) -> bool:
        try:
            self._instance.let_go()
            if self._instance.disk.unwritten:  # what is to be written down first is in the tables
                return False
            return self._instance.journal.tend(self._instance.store)
        except Exception:
            log.exception("The journal of database %s could not be tended", self._instance.identity)
            return False

    def seconds_to_next(self) -> float | None:
        return self._instance.seconds_to_next()

    def end(self) -> None:
        self._instance.journal.close()
        self._instance.logs.close()

    def refusal(self) -> Exception:
        if self.failure is None:
            return EngineError("The database was closed")
        kind = DataDirectoryError if isinstance(self.failure, DataDirectoryError) else EngineError
        hint = self.failure.hint if isinstance(self.failure, StdbError) else ""
        return kind(f"Database {self._instance.identity} cannot be opened: {self.failure}", hint=hint)


def _nothing() -> None:
    """The work is done at the end of each group."""
