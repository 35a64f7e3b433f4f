"""The servers that tests run on: stdbpy's own, and an installed SpacetimeDB."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from stdbpy.api import ApiClient
from stdbpy.project.real_server import RunningRealServer, find_real_server
from stdbpy.server import RunningServer, ServerConfig
from stdbpy.testing.loaded_module import Module
from stdbpy.testing.published import PublishedDatabase

EMBEDDED = "embedded"
SPACETIMEDB = "spacetimedb"
KINDS = (EMBEDDED, SPACETIMEDB)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. What tests leave in it is not cleared away; :meth:`publish` gives each a database."""

    kind: str
    """``embedded`` or ``spacetimedb``."""
    url: str
    owner_token: str
    """Of the identity that publishes."""

    @property
    def version(self) -> str:
        """The version of SpacetimeDB that it is, or that the embedded one is like."""
        with ApiClient(self.url) as api:
            return api.version()

    def publish(self, module: Module, *, environment: Mapping[str, str] | None = None) -> PublishedDatabase:
        """A database under a fresh name; close it, or use it as a context manager. ``environment`` has the values
        that the module declares of its environment. SpacetimeDB takes a module in Python as WebAssembly, which is made
        of it. Raises as :meth:`Module.compiled_for` and :meth:`ApiClient.publish`."""
        program = module.compiled_for(self.version) if self.kind == SPACETIMEDB else module.program
        return PublishedDatabase(self.url, self.owner_token, module, program=program, environment=environment)


class Servers:
    """Those of a test run, each started when it is first wanted. Close them, or use this as a context manager."""

    def __init__(self, program: Path | None = None, *, strict: bool = False) -> None:
        """``program`` is SpacetimeDB's own server, or the folder it is in; else it is looked for. The embedded one
        imports modules in Python anew for each call if it is ``strict``."""
        self._program = program
        self._is_strict = strict
        self._running: dict[str, Server] = {}
        self._until_closed = ExitStack()

    def get(self, kind: str) -> Server:
        """Raises ``ProjectError`` if there is none of that kind here."""
        if kind not in self._running:
            self._running[kind] = self._embedded() if kind == EMBEDDED else self._installed()
        return self._running[kind]

    def _embedded(self) -> Server:
        config = ServerConfig(listen_addr="127.0.0.1:0", allow_loopback_http=True, strict=self._is_strict)
        server = self._until_closed.enter_context(RunningServer(config))
        return Server(EMBEDDED, server.url, server.owner_token)

    def _installed(self) -> Server:
        server = self._until_closed.enter_context(RunningRealServer(find_real_server(self._program)))
        with ApiClient(server.url) as api:
            return Server(SPACETIMEDB, server.url, api.create_identity().token)

    def close(self) -> None:
        self._until_closed.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
