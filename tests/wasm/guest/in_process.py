"""The guest without WebAssembly: a ``_spacetimedb`` made of the native host, and a host for the engine that calls a
module as a server calls the functions that a program exports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from stdbpy.engine.host import CallLater, Crash, ProcedureWorld, ViewQuery, ViewResult, ViewRows
from stdbpy.engine.host_python import NativeHost
from stdbpy.engine.host_wasm.function_types import FunctionTypes
from stdbpy.engine.logs import LogStore
from stdbpy.engine.results import Caller
from stdbpy.engine.store.store import Store
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import HostError, HttpFailed, ReducerError
from stdbpy.module.load import LoadedModule, load
from stdbpy.module.package import unpack
from stdbpy.sats.values import ConnectionId, Identity, Timestamp
from stdbpy.schema.definition import read_module_def
from stdbpy.schema.model import HttpHandler, ModuleSchema, Procedure, Reducer, View
from stdbpy.time_limit import TimeLimit
from stdbpy.wasm.abi import AbiLevel
from stdbpy.wasm.guest.entry import Entry
from stdbpy.wasm.guest.host_errors import host_error

_LEVELS = {
    "get_jwt": 2,
    "procedure_start_mut_tx": 3,
    "procedure_commit_mut_tx": 3,
    "procedure_abort_mut_tx": 3,
    "procedure_sleep_until": 3,
    "procedure_http_request": 3,
    "datastore_index_scan_point_bsatn": 4,
    "datastore_delete_by_index_scan_point_bsatn": 4,
    "datastore_clear": 5,
    "env_get": 6,
}


_SECONDS = 3600.0


class Trapped(BaseException):
    """What ``trap`` raises, in the place of ending an instance."""


class ShimInProcess:
    """``_spacetimedb`` on a host in this process, as a program of some level has it."""

    def __init__(self, host: Any, level: AbiLevel = AbiLevel.V10_6) -> None:
        self.entry: Any = None
        self._host = host
        self._level = level
        self._make_error: Callable[[int, str], Exception] = host_error

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            assert self._level >= _LEVELS.get(name, 0), f"{name} is above level {self._level}"
            try:
                return getattr(self._host, name)(*args)
            except HostError as error:
                told = error.message if isinstance(error, HttpFailed) else name
                raise self._make_error(error.code, told) from None

        return call

    def set_entry(self, entry: object) -> None:
        self.entry = entry

    def set_error_class(self, make: Callable[[int, str], Exception]) -> None:
        self._make_error = make

    def set_classes(self, *_: type) -> None:
        """Values are of these classes already."""

    def set_reducers(self, *_: object) -> None:
        """They are called by the entry."""

    def set_clock(self, micros: int) -> None:
        """This process has its own clock."""

    def trap(self) -> NoReturn:
        raise Trapped

    def abi_level(self) -> int:
        return int(self._level)


class GuestCode:
    """A packed Python module, run as it is run inside WebAssembly."""

    host_type = "Python"
    level = AbiLevel.V10_6

    def __init__(self, program: bytes, *_: object, **__: object) -> None:
        self._loaded: LoadedModule = load(unpack(program))
        self.schema: ModuleSchema = read_module_def(Entry(self._loaded, ShimInProcess(None), self.level).describe())

    def run(self, store: Store, identity: Identity, logs: LogStore, later: CallLater) -> RunningGuest:
        limit = TimeLimit(_SECONDS, ())
        host = NativeHost(store, identity, logs, limit)
        entry = Entry(self._loaded, ShimInProcess(host, self.level), self.level)
        return RunningGuest(entry, host, self.schema, limit)


class RunningGuest:
    def __init__(self, entry: Entry, host: NativeHost, schema: ModuleSchema, limit: TimeLimit) -> None:
        self._entry = entry
        self._limit = limit
        self._host = host
        self._types = FunctionTypes(schema)

    def call_reducer(
        self, number: int, reducer: Reducer, caller: Caller, timestamp: Timestamp, args: bytes, tx: Transaction
    ) -> None:
        host = self._host
        host.tx, host.caller, host.function, host.timestamp = tx, caller, reducer.name, timestamp
        try:
            said = self._entry.call_reducer(number, *_who(caller), timestamp, args)
        finally:
            host.tx = host.caller = host.function = None
        if said is not None:
            raise ReducerError(said)

    def call_view(self, number: int, view: View, sender: Identity | None, args: bytes, tx: Transaction) -> ViewResult:
        host = self._host
        before = host.tx, host.caller, host.function
        host.tx, host.caller, host.function = tx, None, view.name
        try:
            if sender is None:
                written = self._entry.call_anonymous_view(number, args)
            else:
                written = self._entry.call_view(number, sender, args)
        finally:
            host.tx, host.caller, host.function = before
        result = self._types.view_result(number, written, is_anonymous=sender is None)
        assert isinstance(result, ViewQuery | ViewRows)
        return result

    def call_procedure(
        self,
        number: int,
        procedure: Procedure,
        caller: Caller,
        timestamp: Timestamp,
        args: bytes,
        world: ProcedureWorld,
    ) -> bytes:
        host = self._host
        host.world, host.caller, host.function = world, caller, procedure.name
        try:
            return self._limit.run(procedure.name, self._entry.call_procedure, number, *_who(caller), timestamp, args)
        finally:
            host.world = host.caller = host.function = None

    def call_http_handler(
        self,
        number: int,
        handler: HttpHandler,
        request: bytes,
        body: bytes,
        timestamp: Timestamp,
        world: ProcedureWorld,
    ) -> tuple[bytes, bytes]:
        host = self._host
        host.world, host.function = world, handler.name
        try:
            return self._limit.run(handler.name, self._entry.call_http_handler, number, timestamp, request, body)
        finally:
            host.world = host.function = None

    def crash(self, error: BaseException) -> Crash:
        assert isinstance(error, Trapped), "a bug is told by the guest, and nothing else leaves it"
        return Crash("", is_told=True)


def _who(caller: Caller) -> tuple[Identity, ConnectionId | None]:
    return caller.identity, caller.connection_id
