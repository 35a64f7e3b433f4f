"""What the exported functions of the program call: each call of a server's, on the module and its host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from stdbpy.errors import InvalidArguments, ReducerError
from stdbpy.module.bound import BoundModule
from stdbpy.module.host import LogLevel
from stdbpy.module.load import LoadedModule
from stdbpy.module.logs import current_host
from stdbpy.module.tracebacks import encodable, error_text, innermost_line, user_traceback
from stdbpy.sats.values import ConnectionId, Identity, Timestamp
from stdbpy.schema.definition import write_module_def
from stdbpy.wasm.abi import AbiLevel, told_at
from stdbpy.wasm.guest.direct_calls import direct_reducers
from stdbpy.wasm.guest.host import WasmHost
from stdbpy.wasm.guest.shim import Shim

_NOBODY = Identity.from_int(0)

_ROWS, _SQL = b"\0", b"\1"
"""What a view's result begins with: ``ViewResultHeader`` in ``crates/lib`` of SpacetimeDB."""


class Entry:
    """The module, joined with the database of this instance, which it knows from its first call on: there is none when
    the program is built.

    A bug in the module is written into the database's log as the native host does it. A reducer's caller is told what
    it was; other functions have no words for that, and end by a trap. Every server knows what to do then: the call is
    undone, who called reads its usual sentence, and the next call is made on a new instance.
    """

    def __init__(self, loaded: LoadedModule, shim: Shim, level: AbiLevel) -> None:
        self._shim = shim
        self._host = WasmHost(shim, level, loaded.schema)
        self._module = loaded.bind(self._host, _NOBODY, self._host.for_views())
        self._reducers = direct_reducers(self._module)
        self._is_called = False
        self._files = frozenset(loaded.source.paths)
        self._definition = write_module_def(told_at(loaded.schema, level), level.definition_version)

    def describe(self) -> bytes:
        """The module's definition, in the version that servers of its level read."""
        return self._definition

    def call_reducer(
        self, number: int, sender: Identity, connection_id: ConnectionId | None, timestamp: Timestamp, args: bytes
    ) -> str | None:
        """Runs a reducer; returns why it failed if it did: the call is then undone.

        The first call comes by here, and those that the shim does not make directly."""
        try:
            self._bound().call_reducer(number, sender, connection_id, timestamp, args)
        except BaseException as raised:  # noqa: BLE001 - authors' code may raise anything, SystemExit too
            return self.say_why(raised)
        return None

    def say_why(self, raised: BaseException) -> str:
        """What the caller is told of a reducer that has raised that."""
        if isinstance(raised, (ReducerError, InvalidArguments)):
            return encodable(str(raised))
        if isinstance(raised, MemoryError):
            self._crash(raised)  # memory never gets smaller: the next call is to have a new one
        self._tell(raised)
        return error_text(raised)

    def call_view(self, number: int, sender: Identity, args: bytes) -> bytes:  # noqa: ARG002 - views have no parameters
        """The rows of a view, or its query, behind a byte that says which."""
        return self._view(number, sender)

    def call_anonymous_view(self, number: int, args: bytes) -> bytes:  # noqa: ARG002
        return self._view(number, None)

    def call_procedure(
        self, number: int, sender: Identity, connection_id: ConnectionId | None, timestamp: Timestamp, args: bytes
    ) -> bytes:
        """What a procedure returns, in BSATN."""
        with self._waiting():
            return self._bound().call_procedure(number, sender, connection_id, timestamp, args)

    def call_http_handler(self, number: int, timestamp: Timestamp, request: bytes, body: bytes) -> tuple[bytes, bytes]:
        """An HTTP handler's answer: what comes before the body, and the body."""
        with self._waiting():
            return self._bound().call_http_handler(number, timestamp, request, body)

    # --- inside --------------------------------------------------------------------------------

    def _bound(self) -> BoundModule:
        if not self._is_called:
            self._is_called = True
            current_host.set(self._host)  # for good: there is no other
            self._module.tell_identity(Identity(self._host.identity()[::-1]))
            self._shim.set_reducers(self._reducers)
        return self._module

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Views do not come by here: one may run while a procedure's transaction ends."""
        self._host.begin_waiting()
        try:
            yield
        except BaseException as bug:  # noqa: BLE001
            self._crash(bug)
        finally:
            self._host.end_waiting()

    def _view(self, number: int, sender: Identity | None) -> bytes:
        try:
            returned = self._bound().call_view(number, sender)
        except BaseException as bug:  # noqa: BLE001
            self._crash(bug)
        if isinstance(returned, str):
            return _SQL + _with_length(returned.encode())
        return b"".join([_ROWS, len(returned).to_bytes(4, "little"), *returned])

    def _crash(self, bug: BaseException) -> NoReturn:
        self._tell(bug)
        self._shim.trap()

    def _tell(self, bug: BaseException) -> None:
        file, line = innermost_line(bug, self._files) or (None, None)
        self._host.console_log(LogLevel.PANIC, None, file, line, user_traceback(bug))


def _with_length(data: bytes) -> bytes:
    return len(data).to_bytes(4, "little") + data
