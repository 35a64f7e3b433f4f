"""The procedures and HTTP handlers of one database, as they run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from threading import Lock
from time import perf_counter_ns
from typing import TYPE_CHECKING, TypeVar

from stdbpy.engine.figures import RequestCounts
from stdbpy.engine.host import RunningModule
from stdbpy.engine.instance import Instance
from stdbpy.engine.procedures.joined_module import JoinedModule, ProcedureCall
from stdbpy.engine.procedures.lease import Lease
from stdbpy.engine.procedures.sleepers import Sleepers
from stdbpy.engine.procedures.threads import Threads
from stdbpy.engine.procedures.world import World
from stdbpy.engine.results import ProcedureOutcome
from stdbpy.engine.store.store import Store
from stdbpy.engine.worker import Worker
from stdbpy.errors import EngineError, ModuleChanged
from stdbpy.module.host import LogLevel
from stdbpy.sats.values import Timestamp
from stdbpy.schema.http import HttpRequestHead, HttpResponseHead
from stdbpy.schema.model import HttpHandler

if TYPE_CHECKING:
    from stdbpy.engine.procedures.http_requests import HttpRequests

FATAL = "The module instance encountered a fatal error: "
"""What callers read of a bug in a procedure begins so: SpacetimeDB's words, which clients may look for."""

HANDLER_FAILED = "The HTTP handler failed. The log of the database says where it went wrong."
"""What is answered to a request whose handler has a bug."""

_PATIENCE = 2.0
"""Seconds that running procedures have to end, when they are asked to and when they are made to."""

T = TypeVar("T")

log = logging.getLogger("stdbpy.engine")


class Procedures:
    """Calls of them, from any thread; each runs on a thread of its own."""

    def __init__(self, instance: Instance, worker: Worker, *, allow_loopback_http: bool) -> None:
        self.clock = instance.clock
        self.requests = RequestCounts()
        self._instance = instance
        self._worker = worker
        self._threads = Threads(f"{worker.name}-procedure")
        self._sleepers = Sleepers(instance.clock)
        self._allow_loopback_http = allow_loopback_http
        self._http: HttpRequests | None = None
        self._lock = Lock()
        self._leases: set[Lease] = set()
        self._has_ended = False

    # --- calls -------------------------------------------------------------------------------

    def call(self, call: ProcedureCall) -> Future[ProcedureOutcome]:
        """Runs a procedure. A bug in it gives an outcome that says so."""
        began = perf_counter_ns()

        def run(instance: RunningModule, world: World) -> bytes:
            procedure, number = call.procedure, call.procedure.number
            returned = instance.call_procedure(
                number, procedure.definition, call.caller, call.timestamp, call.args, world
            )
            # A compiled module can return anything.
            return returned[: procedure.returned.decode_from(returned, 0)[1]]

        def outcome() -> ProcedureOutcome:
            try:
                returned = self._run(call.module, call.procedure.name, run)
            except _FailedError as failure:
                return ProcedureOutcome(None, FATAL + failure.reason)
            return ProcedureOutcome(returned, None, (perf_counter_ns() - began) // 1000, call.timestamp)

        return self._begin(outcome)

    def answer(
        self, module: JoinedModule, number: int, handler: HttpHandler, request: HttpRequestHead, body: bytes
    ) -> Future[tuple[HttpResponseHead, bytes]]:
        """Lets an HTTP handler answer a request. The future raises ``EngineError`` for a bug in it, which says nothing
        of it: anybody may have asked. The log does."""
        timestamp = self.clock()

        def run(instance: RunningModule, world: World) -> tuple[bytes, bytes]:
            return instance.call_http_handler(number, handler, request.encode(), body, timestamp, world)

        def answer() -> tuple[HttpResponseHead, bytes]:
            try:
                head, content = self._run(module, handler.name, run)
            except _FailedError:
                raise EngineError(HANDLER_FAILED) from None
            return HttpResponseHead.decode(head), content

        return self._begin(answer)

    def look_at_clock(self) -> None:
        """The clock may have been set."""
        self._sleepers.look_at_clock()

    def stop(self) -> None:
        """Nothing can be begun any more, and what waits for a time or an answer fails."""
        with self._lock:
            self._has_ended = True
            http = self._http
        self._sleepers.close()
        if http is not None:
            http.close()
        self._threads.close()

    @property
    def are_idle(self) -> bool:
        """Whether none of them runs."""
        return self._threads.wait_until_idle(0)

    def close(self, patience: float | None = None) -> None:
        """Returns when nothing runs any more, or after a moment, at most ``patience`` seconds: then no
        transaction is open any more."""
        self.stop()
        moment = _PATIENCE if patience is None else min(_PATIENCE, patience / 2)
        if self._threads.wait_until_idle(moment):
            return
        with self._lock:
            leases = list(self._leases)
        for lease in leases:
            lease.take_back()
        if leases:
            self._threads.wait_until_idle(moment)

    # --- what they can do --------------------------------------------------------------------

    def lend(self, lease: Lease) -> Future[bool]:
        """As :meth:`Surroundings.lend`."""
        with self._lock:
            self._expect_open()
            self._leases.add(lease)
        lending = self._worker.submit_alone(lease.lend, self._instance)
        lending.add_done_callback(lambda _: self._leases.discard(lease))
        return lending

    def blocked(self) -> AbstractContextManager[None]:
        """As :meth:`Surroundings.blocked`."""
        return self._threads.blocked()

    def sleep_until(self, when: Timestamp) -> Timestamp:
        with self._threads.blocked():
            return self._sleepers.sleep_until(when)

    def expect_current(self, store: Store) -> None:
        """As :meth:`Surroundings.expect_current`."""
        if store is not self._instance.store:
            raise ModuleChanged("The module was updated while this ran, and reads no values of its successor's")

    def send(self, request: HttpRequestHead, body: bytes) -> tuple[HttpResponseHead, bytes]:
        # httpx is loaded when the first procedure wants it: servers shall start quickly.
        from stdbpy.engine.procedures.http_requests import HttpRequests

        with self._lock:
            self._expect_open()
            http = self._http = self._http or HttpRequests(
                allow_loopback=self._allow_loopback_http, counts=self.requests
            )
        with self._threads.blocked():
            return http.send(request, body)

    # --- on their threads --------------------------------------------------------------------

    def _begin(self, function: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()

        def job() -> None:
            try:
                self._expect_open()
                result = function()
            except BaseException as error:  # noqa: BLE001 - whoever waits for the future gets it
                future.set_exception(error)
            else:
                future.set_result(result)

        try:
            self._threads.run(job)
        except EngineError as refusal:
            future.set_exception(refusal)
        return future

    def _expect_open(self) -> None:
        if self._has_ended:
            raise EngineError("The database was closed")

    def _run(self, module: JoinedModule, name: str, function: Callable[[RunningModule, World], T]) -> T:
        world = World(name, module.store, self)
        logs = self._instance.logs
        try:
            with module.another() as instance:
                try:
                    return function(instance, world)
                except BaseException as bug:
                    crash = instance.crash(bug)
                    crash.tell(logs, name)
                    raise _FailedError(crash.reason or crash.message.partition("\n")[0]) from bug
                finally:
                    if world.close():
                        why = f"{name} has left a transaction open, which was undone"
                        logs.system(why, level=LogLevel.ERROR, function=name)
        except _FailedError:
            raise
        except Exception as error:
            log.exception("The module of database %s could not be run", self._instance.identity)
            raise _FailedError(str(error)) from error


class _FailedError(Exception):
    """A call came to its end by a bug in the module."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
