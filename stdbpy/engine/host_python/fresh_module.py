"""Python modules that forget everything between two calls, as SpacetimeDB may make them do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from stdbpy.engine.host_python.native_host import NativeHost
from stdbpy.engine.host_python.remembered import Globals
from stdbpy.errors import ModuleLoadError
from stdbpy.module.bound import BoundModule
from stdbpy.module.host import Host, LogLevel
from stdbpy.module.load import LoadedModule, load
from stdbpy.module.logs import current_host
from stdbpy.sats.values import ConnectionId, Identity, Timestamp


class FreshModule:
    """Does what :class:`BoundModule` does, in a namespace of its own for each call: the module's files are imported
    anew for it. What a call leaves in globals is told in the log, once for each of them.

    Packages that the module imports, and the standard library, are what they are in all of the process.
    """

    def __init__(self, loaded: LoadedModule, host: NativeHost, identity: Identity) -> None:
        self._loaded = loaded
        """As it was when it was checked; no function of that is ever called."""
        self._host = host
        self._identity = identity
        self._told: set[tuple[str, str]] = set()

    def call_reducer(
        self,
        reducer: int,
        sender: Identity,
        connection_id: ConnectionId | None,
        timestamp: Timestamp,
        args: bytes,
    ) -> None:
        with self._imported() as module:
            module.call_reducer(reducer, sender, connection_id, timestamp, args)

    def call_view(self, number: int, sender: Identity | None) -> list[bytes] | str:
        with self._imported() as module:
            return module.call_view(number, sender)

    def call_procedure(
        self, number: int, sender: Identity, connection_id: ConnectionId | None, timestamp: Timestamp, args: bytes
    ) -> bytes:
        with self._imported() as module:
            return module.call_procedure(number, sender, connection_id, timestamp, args)

    def call_http_handler(self, number: int, timestamp: Timestamp, request: bytes, body: bytes) -> tuple[bytes, bytes]:
        with self._imported() as module:
            return module.call_http_handler(number, timestamp, request, body)

    @contextmanager
    def _imported(self) -> Iterator[BoundModule]:
        loaded = self._again()
        before = Globals(loaded.namespaces)
        try:
            yield loaded.bind(self._host, self._identity)
        finally:
            for path, name in before.changed():
                self._tell(path, name)

    def _again(self) -> LoadedModule:
        """Raises what the code raises, which it did not when it was published."""
        running = current_host.set(cast("Host", _NOBODY))  # all that is asked of it is to log
        try:
            loaded = load(self._loaded.source)
        except ModuleLoadError as error:
            raise error.__cause__ or error from None
        finally:
            current_host.reset(running)
        if loaded.schema != self._loaded.schema:
            raise ModuleLoadError(
                "the module declares something else each time that it is imported",
                hint="Neither time nor chance nor what others have changed may decide on tables and functions.",
            )
        return loaded

    def _tell(self, path: str, name: str) -> None:
        if (path, name) in self._told:
            return
        self._told.add((path, name))
        message = f"The global {name} was changed, and is forgotten now. What is to last belongs in a table"
        self._host.console_log(LogLevel.WARN, None, path, None, message)


class _Nobody:
    """Hears what a module says while it is imported, which it has said when it was published."""

    def console_log(self, *_: object) -> None:
        pass


_NOBODY = _Nobody()
