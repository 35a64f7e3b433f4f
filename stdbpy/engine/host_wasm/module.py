"""A WebAssembly module joined with a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct

from stdbpy.engine.host import Crash, ProcedureWorld, ViewResult
from stdbpy.engine.host_wasm.crashes import CrashedError, crash_of, what_ended
from stdbpy.engine.host_wasm.function_types import FunctionTypes
from stdbpy.engine.host_wasm.instance import GuestInstance
from stdbpy.engine.host_wasm.raw_calls import GuestFunction
from stdbpy.engine.limits import Limits
from stdbpy.engine.results import Caller
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import DecodeError, InvalidArguments, ReducerError
from stdbpy.module.host import Errno
from stdbpy.sats.values import Identity, Timestamp
from stdbpy.schema.model import HttpHandler, Procedure, Reducer, View

_IDENTITY = Struct("<4Q")
_CONNECTION_ID = Struct("<2Q")
_NO_CONNECTION = (0, 0)
_U64 = (1 << 64) - 1

_DONE = 0
_HEADER_FIRST = 2
"""What a view returns if what it has written begins with what it is."""


class WasmModule:
    """The module, with one instance of it, which is made anew after a crash: its memory may be in any state then."""

    def __init__(self, functions: FunctionTypes, new_instance: Callable[[], GuestInstance], limits: Limits) -> None:
        self._functions = functions
        self._new_instance = new_instance
        self._limits = limits
        self._instance: GuestInstance | None = new_instance()

    # --- calls -------------------------------------------------------------------------------

    def call_reducer(
        self, number: int, reducer: Reducer, caller: Caller, timestamp: Timestamp, args: bytes, tx: Transaction
    ) -> None:
        try:
            self._functions.arguments(number).decode_from(args, 0)  # what stands behind them is the module's to judge
        except DecodeError as error:
            raise InvalidArguments(f"the arguments of {reducer.name!r} do not fit: {error}", hint=error.hint) from None
        instance = self._taken()
        call = instance.call
        call.tx, call.caller, call.timestamp, call.entry, call.function = tx, caller, timestamp, reducer, reducer.name
        sink = call.open_sink()
        code, (said,) = self._call(
            instance,
            instance.call_reducer,
            (sink,),
            number,
            *_identity(caller.identity),
            *_connection(caller),
            int(timestamp) & _U64,
            call.open_source(args),
            sink,
        )
        if code != _DONE:
            if code == Errno.HOST_CALL_FAILURE:
                raise ReducerError(said.decode(errors="replace"))
            raise _meaningless(code)

    def call_view(self, number: int, view: View, sender: Identity | None, args: bytes, tx: Transaction) -> ViewResult:
        instance = self._taken()
        call = instance.call
        call.tx, call.entry, call.function = tx, view, view.name
        sink = call.open_sink()
        source = call.open_source(args)
        function: GuestFunction | None
        who: tuple[int, ...]
        if sender is None:
            function, who = instance.call_anonymous_view, ()
        else:
            function, who = instance.call_view, _identity(sender)
        code, (said,) = self._call(instance, function, (sink,), number, *who, source, sink)
        is_anonymous = sender is None
        if code == _DONE:
            return self._functions.view_rows(number, said, is_anonymous=is_anonymous)
        if code == _HEADER_FIRST:
            return self._functions.view_result(number, said, is_anonymous=is_anonymous)
        raise CrashedError(said.decode(errors="replace")) if code == Errno.HOST_CALL_FAILURE else _meaningless(code)

    def call_procedure(
        self,
        number: int,
        procedure: Procedure,
        caller: Caller,
        timestamp: Timestamp,
        args: bytes,
        world: ProcedureWorld,
    ) -> bytes:
        instance = self._taken()
        call = instance.call
        call.world, call.caller, call.timestamp = world, caller, timestamp
        call.entry, call.function = procedure, procedure.name
        sink = call.open_sink()
        code, (returned,) = self._call(
            instance,
            instance.call_procedure,
            (sink,),
            number,
            *_identity(caller.identity),
            *_connection(caller),
            int(timestamp) & _U64,
            call.open_source(args),
            sink,
        )
        if code != _DONE:
            raise _meaningless(code)
        return returned

    def call_http_handler(
        self,
        number: int,
        handler: HttpHandler,
        request: bytes,
        body: bytes,
        timestamp: Timestamp,
        world: ProcedureWorld,
    ) -> tuple[bytes, bytes]:
        instance = self._taken()
        call = instance.call
        call.world, call.timestamp, call.entry, call.function = world, timestamp, handler, handler.name
        sources = call.open_source(request), call.open_source(body)
        sink, body_sink = call.open_sink(), call.open_sink()
        code, (head, content) = self._call(
            instance,
            instance.call_http_handler,
            (sink, body_sink),
            number,
            int(timestamp) & _U64,
            *sources,
            sink,
            body_sink,
        )
        if code != _DONE:
            raise _meaningless(code)
        return head, content

    def crash(self, error: BaseException) -> Crash:
        return crash_of(error)

    def _taken(self) -> GuestInstance:
        """The instance, for one call. :meth:`_call` brings it back, unless it has crashed."""
        instance, self._instance = self._instance, None
        return self._new_instance() if instance is None else instance

    def _call(
        self, instance: GuestInstance, function: GuestFunction | None, sinks: Sequence[int], *arguments: int
    ) -> tuple[int, list[bytes]]:
        """What ``function`` returns, and what it has written into the sinks."""
        call = instance.call
        instance.begin()
        try:
            if function is None:
                raise CrashedError(f"The module declares {call.function!r}, but exports no function to call it")
            code = function.call(*arguments)
            written = [call.written_to(sink) for sink in sinks]
        except BaseException as error:
            ended = what_ended(call, error, self._limits)
            instance.end()
            instance.close()
            raise ended from error
        instance.end()
        self._instance = instance
        return code, written


def _meaningless(code: int) -> CrashedError:
    return CrashedError(f"The module's code returned {code}, which means nothing")


def _identity(identity: Identity) -> tuple[int, ...]:
    return _IDENTITY.unpack(identity[::-1])


def _connection(caller: Caller) -> tuple[int, ...]:
    id = caller.connection_id
    return _NO_CONNECTION if id is None else _CONNECTION_ID.unpack(id[::-1])
