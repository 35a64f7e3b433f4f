"""Python modules as the engine runs them."""

from __future__ import annotations

import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from stdbpy.bounded_load import load_within
from stdbpy.debugging import was_ended_in_debugger
from stdbpy.engine.host import CallLater, Crash, ProcedureWorld, ViewQuery, ViewResult, ViewRows
from stdbpy.engine.host_python.fresh_module import FreshModule
from stdbpy.engine.host_python.native_host import NativeHost
from stdbpy.engine.limits import Limits
from stdbpy.engine.logs import Frame, LogStore
from stdbpy.engine.results import Caller
from stdbpy.engine.row_rules import rule_problems
from stdbpy.engine.store.store import Store
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import CallStopped
from stdbpy.module.bound import BoundModule
from stdbpy.module.package import unpack
from stdbpy.module.tracebacks import error_text, user_traceback
from stdbpy.sats.values import Identity, Timestamp
from stdbpy.schema.model import HttpHandler, ModuleSchema, Procedure, Reducer, View
from stdbpy.time_limit import TimeLimit

_NO_LIMITS_GIVEN = Limits()

_ENDS = 10
"""How many frames are told of each end of a long trace: that of endless recursion has a thousand."""


class PythonCode:
    """A packed Python module that was imported and found to be in order. Raises ``ModuleLoadError``
    for one that is not. If it is ``strict``, no call finds in globals what another one has left there."""

    host_type = "Python"

    def __init__(self, program: bytes, limits: Limits = _NO_LIMITS_GIVEN, *, strict: bool = False) -> None:
        self._is_strict = strict
        source = unpack(program)
        self._files = frozenset(source.paths)
        self._seconds = limits.seconds
        self.loaded = load_within(self._seconds, source, rule_problems)

    @property
    def schema(self) -> ModuleSchema:
        return self.loaded.schema

    def run(self, store: Store, identity: Identity, logs: LogStore, later: CallLater) -> PythonModule:  # noqa: ARG002
        limit = TimeLimit(self._seconds, self._files)
        host = NativeHost(store, identity, logs, limit)
        module = FreshModule(self.loaded, host, identity) if self._is_strict else self.loaded.bind(host, identity)
        return PythonModule(module, host, self._files, limit)


class PythonModule:
    """A Python module joined with a database."""

    def __init__(
        self, module: BoundModule | FreshModule, host: NativeHost, files: Collection[str], limit: TimeLimit
    ) -> None:
        self._module = module
        self._host = host
        self._files = files
        self._limit = limit

    def call_reducer(
        self, number: int, reducer: Reducer, caller: Caller, timestamp: Timestamp, args: bytes, tx: Transaction
    ) -> None:
        host = self._host
        host.tx, host.caller, host.function, host.timestamp = tx, caller, reducer.name, timestamp
        try:
            self._limit.run(
                reducer.name,
                self._module.call_reducer,
                number,
                caller.identity,
                caller.connection_id,
                timestamp,
                args,
            )
        finally:
            host.tx = host.caller = host.function = None

    def call_view(
        self,
        number: int,
        view: View,
        sender: Identity | None,
        args: bytes,  # noqa: ARG002 - views have no parameters
        tx: Transaction,
    ) -> ViewResult:
        host = self._host
        # A reducer's changes can make a view run before the reducer has ended.
        before = host.tx, host.caller, host.function
        host.tx, host.caller, host.function = tx, None, view.name
        try:
            returned = self._limit.run(view.name, self._module.call_view, number, sender)
        finally:
            host.tx, host.caller, host.function = before
        return ViewQuery(returned) if isinstance(returned, str) else ViewRows(returned)

    def call_procedure(
        self,
        number: int,
        procedure: Procedure,
        caller: Caller,
        timestamp: Timestamp,
        args: bytes,
        world: ProcedureWorld,
    ) -> bytes:
        with self._in(world, procedure.name, caller):
            return self._limit.run(
                procedure.name,
                self._module.call_procedure,
                number,
                caller.identity,
                caller.connection_id,
                timestamp,
                args,
            )

    def call_http_handler(
        self,
        number: int,
        handler: HttpHandler,
        request: bytes,
        body: bytes,
        timestamp: Timestamp,
        world: ProcedureWorld,
    ) -> tuple[bytes, bytes]:
        with self._in(world, handler.name, None):
            return self._limit.run(handler.name, self._module.call_http_handler, number, timestamp, request, body)

    @contextmanager
    def _in(self, world: ProcedureWorld, function: str, caller: Caller | None) -> Iterator[None]:
        host = self._host
        host.world, host.function, host.caller = world, function, caller
        try:
            yield
        finally:
            host.world = host.function = host.caller = None

    def crash(self, error: BaseException) -> Crash:
        if was_ended_in_debugger(error):  # which is nothing wrong with the code
            ended = "the call was ended in the debugger"
            return Crash(ended, reason=ended, is_told=True, is_answer=True)
        if isinstance(error, CallStopped):
            own = self._own_frames(error.__cause__)
            reason = str(error)
            message = "".join([f"{reason}\n", *traceback.format_list(own)]).rstrip("\n")
        else:
            own = self._own_frames(error)
            message, reason = user_traceback(error), error_text(error)
        is_answer = not isinstance(error, CallStopped)
        if not own:
            return Crash(message, reason=reason, is_answer=is_answer)
        return Crash(
            message,
            own[-1].filename,
            own[-1].lineno,
            reason=reason,
            trace=_bounded([(frame.filename, frame.name) for frame in own]),
            is_answer=is_answer,
        )

    def _own_frames(self, error: BaseException | None) -> list[traceback.FrameSummary]:
        frames = traceback.extract_tb(error.__traceback__ if error is not None else None)
        return [frame for frame in frames if frame.filename in self._files]


def _bounded(trace: list[Frame]) -> list[Frame]:
    left_out = len(trace) - 2 * _ENDS
    if left_out <= 1:
        return trace
    return [*trace[:_ENDS], (None, f"… {left_out} more …"), *trace[-_ENDS:]]
