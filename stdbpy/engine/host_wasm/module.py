"""A WebAssembly module joined with a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from struct import Struct

import wasmtime

from stdbpy.engine.host import Crash, ViewResult
from stdbpy.engine.host_wasm.instance import GuestInstance
from stdbpy.engine.host_wasm.raw_calls import GuestFunction
from stdbpy.engine.host_wasm.syscalls import Syscalls
from stdbpy.engine.host_wasm.view_results import ViewResults
from stdbpy.engine.results import Caller
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import DecodeError, EngineError, InvalidArguments, ReducerError
from stdbpy.module.host import Errno
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.values import Identity, Timestamp
from stdbpy.schema.model import ModuleSchema, Reducer, View

_IDENTITY = Struct("<4Q")
_CONNECTION_ID = Struct("<2Q")
_NO_CONNECTION = (0, 0)
_U64 = (1 << 64) - 1

_ROWS, _HEADER_FIRST = 0, 2
"""What a view returns if it has written rows, or says first what it has written."""


class WasmModule:
    """The module, with one instance of it, which is made anew after a crash: its memory may be in any state then."""

    def __init__(self, module: wasmtime.Module, schema: ModuleSchema, new_syscalls: Callable[[], Syscalls]) -> None:
        self._module = module
        self._new_syscalls = new_syscalls
        self._arguments = [
            compile_codec(reducer.params, owner.typespace) for _, owner in schema.walk() for reducer in owner.reducers
        ]
        self._view_results = ViewResults(schema)
        self._instance: GuestInstance | None = GuestInstance(module, new_syscalls())

    def call_reducer(
        self, number: int, reducer: Reducer, caller: Caller, timestamp: Timestamp, args: bytes, tx: Transaction
    ) -> None:
        try:
            self._arguments[number].decode(args)
        except DecodeError as error:
            raise InvalidArguments(f"the arguments of {reducer.name!r} do not fit: {error}", hint=error.hint) from None
        with self._calling(reducer.name, tx) as instance:
            syscalls = instance.syscalls
            syscalls.caller, syscalls.timestamp = caller, timestamp
            sink = syscalls.open_sink()
            code = _exported(instance.call_reducer, "reducers").call(
                number,
                *_identity(caller.identity),
                *_connection(caller),
                int(timestamp) & _U64,
                syscalls.open_source(args),
                sink,
            )
            said = syscalls.written_to(sink)
        if code != 0:
            raise _refusal(code, said)

    def call_view(self, number: int, view: View, sender: Identity | None, args: bytes, tx: Transaction) -> ViewResult:
        with self._calling(view.name, tx) as instance:
            syscalls = instance.syscalls
            source, sink = syscalls.open_source(args), syscalls.open_sink()
            if sender is None:
                code = _exported(instance.call_anonymous_view, "anonymous views").call(number, source, sink)
            else:
                code = _exported(instance.call_view, "views").call(number, *_identity(sender), source, sink)
            said = syscalls.written_to(sink)
        if code == _ROWS:
            return self._view_results.rows(view, said)
        if code == _HEADER_FIRST:
            return self._view_results.with_header(view, said)
        raise _refusal(code, said)

    def crash(self, error: BaseException) -> Crash:
        return Crash(str(error).strip() or type(error).__name__)

    @contextmanager
    def _calling(self, function: str, tx: Transaction) -> Iterator[GuestInstance]:
        instance, self._instance = self._instance, None
        if instance is None:
            instance = GuestInstance(self._module, self._new_syscalls())
        syscalls = instance.syscalls
        syscalls.tx, syscalls.function = tx, function
        yield instance
        # After a crash it is not used again.
        syscalls.forget_call()
        self._instance = instance


def _exported(function: GuestFunction | None, what: str) -> GuestFunction:
    if function is None:
        raise EngineError(f"The module declares {what}, but exports no function to call them")
    return function


def _refusal(code: int, said: bytes) -> Exception:
    if code == Errno.HOST_CALL_FAILURE:
        return ReducerError(said.decode(errors="replace"))
    return EngineError(f"The module's code returned {code}, which means nothing")


def _identity(identity: Identity) -> tuple[int, ...]:
    return _IDENTITY.unpack(bytes(identity)[::-1])


def _connection(caller: Caller) -> tuple[int, ...]:
    id = caller.connection_id
    return _NO_CONNECTION if id is None else _CONNECTION_ID.unpack(bytes(id)[::-1])
