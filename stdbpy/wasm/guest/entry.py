"""What the exported functions of the program call: each call of a server's, on the module and its host."""

from __future__ import annotations

import sys
from typing import NoReturn

from stdbpy.errors import InvalidArguments, ReducerError
from stdbpy.module.bound import BoundModule
from stdbpy.module.host import LogLevel
from stdbpy.module.load import LoadedModule
from stdbpy.module.tracebacks import encodable, error_text, innermost_line, user_traceback
from stdbpy.sats.values import ConnectionId, Identity, Timestamp
from stdbpy.schema.definition import write_module_def
from stdbpy.wasm.abi import AbiLevel, told_at
from stdbpy.wasm.guest.host import WasmHost
from stdbpy.wasm.guest.shim import Shim

_NOT_CONNECTED = bytes(ConnectionId.SIZE)
_NOBODY = bytes(Identity.SIZE)

_ROWS, _SQL = b"\0", b"\1"
"""What a view's result begins with: ``ViewResultHeader`` in ``crates/lib`` of SpacetimeDB."""


class Entry:
    """The module, joined with the database of this instance at its first call: it has none when the program is built.

    Identities and the like are bytes as they come, the least significant first; times are microseconds since 1970.

    A bug in the module is written into the database's log as the native host does it. A reducer's caller is told what
    it was; other functions have no words for that, and end by a trap. Every server knows what to do then: the call is
    undone, who called reads its usual sentence, and the next call is made on a new instance.
    """

    def __init__(self, loaded: LoadedModule, shim: Shim, level: AbiLevel) -> None:
        self._loaded = loaded
        self._shim = shim
        self._host = WasmHost(shim, level, loaded.schema)
        self._module: BoundModule | None = None
        self._files = frozenset(loaded.source.paths)
        self._definition = write_module_def(told_at(loaded.schema, level), level.definition_version)
        # Its state is part of the program, and would be the same in each instance.
        self._random = sys.modules.get("random")

    def describe(self) -> bytes:
        """The module's definition, in the version that servers of its level read."""
        return self._definition

    def call_reducer(self, number: int, sender: bytes, connection_id: bytes, timestamp: int, args: bytes) -> str | None:
        """Runs a reducer; returns why it failed if it did: the call is then undone."""
        self._begin(number, sender, timestamp, may_wait=False)
        try:
            self._bound().call_reducer(number, _identity(sender), _connection(connection_id), _time(timestamp), args)
        except (ReducerError, InvalidArguments) as refusal:
            return encodable(str(refusal))
        except MemoryError as bug:
            self._crash(bug)  # memory never gets smaller: the next call is to have a new one
        except BaseException as bug:  # noqa: BLE001 - authors' code may raise anything, SystemExit too
            self._tell(bug)
            return error_text(bug)
        return None

    def call_view(self, number: int, sender: bytes, args: bytes) -> bytes:  # noqa: ARG002 - views have no parameters
        """The rows of a view, or its query, behind a byte that says which."""
        return self._view(number, _identity(sender))

    def call_anonymous_view(self, number: int, args: bytes) -> bytes:  # noqa: ARG002
        return self._view(number, None)

    def call_procedure(self, number: int, sender: bytes, connection_id: bytes, timestamp: int, args: bytes) -> bytes:
        """What a procedure returns, in BSATN."""
        self._begin(number, sender, timestamp, may_wait=True)
        try:
            return self._bound().call_procedure(
                number, _identity(sender), _connection(connection_id), _time(timestamp), args
            )
        except BaseException as bug:  # noqa: BLE001
            self._crash(bug)

    def call_http_handler(self, number: int, timestamp: int, request: bytes, body: bytes) -> tuple[bytes, bytes]:
        """An HTTP handler's answer: what comes before the body, and the body."""
        self._begin(number, _NOBODY, timestamp, may_wait=True)
        try:
            return self._bound().call_http_handler(number, _time(timestamp), request, body)
        except BaseException as bug:  # noqa: BLE001
            self._crash(bug)

    # --- inside --------------------------------------------------------------------------------

    def _bound(self) -> BoundModule:
        if self._module is None:
            host = self._host
            self._module = self._loaded.bind(host, _identity(host.identity()), host.for_views())
        return self._module

    def _begin(self, number: int, sender: bytes, timestamp: int, *, may_wait: bool) -> None:
        """Views do not come by here: one may run while a procedure's transaction ends, and go on with its time."""
        self._shim.set_clock(timestamp)
        seed = int.from_bytes(sender[:8], "little") ^ timestamp ^ number << 48
        self._shim.seed_random(seed)
        if self._random is not None:
            self._random.seed(seed)
        self._host.begin(may_wait=may_wait)

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


def _identity(data: bytes) -> Identity:
    return Identity(data[::-1])


def _connection(data: bytes) -> ConnectionId | None:
    return None if data == _NOT_CONNECTED else ConnectionId(data[::-1])


def _time(micros: int) -> Timestamp:
    """Of 64 bits, of which the highest may be a sign."""
    return Timestamp(micros - (micros >> 63 << 64))


def _with_length(data: bytes) -> bytes:
    return len(data).to_bytes(4, "little") + data
