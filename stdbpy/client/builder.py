"""Connecting step by step, as the official clients have it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Self, TypeVar

from stdbpy.client.connection import LiveConnection
from stdbpy.client.options import SyncConnectOptions
from stdbpy.client.token_store import KeepToken
from stdbpy.errors import StdbError, UsageError
from stdbpy.protocol.options import CompressionName, ReconnectPolicy
from stdbpy.sats.values import Identity

C = TypeVar("C", bound=LiveConnection)


class DbConnectionBuilder(Generic[C]):
    """Collects what a connection is to be like; :meth:`build` makes it, and does not wait until it stands.

    >>> db = (
    ...     Connection.builder()
    ...     .with_uri("http://127.0.0.1:3000")
    ...     .with_database_name("game")
    ...     .on_connect(lambda db, identity, token: db.subscribe("SELECT * FROM player", wait=False))
    ...     .build()
    ... )
    """

    def __init__(self, start: Callable[[str, str, SyncConnectOptions, Callable[[C], object]], C]) -> None:
        self._start = start
        self._uri: str | None = None
        self._database: str | None = None
        self._options: SyncConnectOptions = {}
        self._hooks: list[tuple[str, Callable[..., object]]] = []

    def with_uri(self, uri: str) -> Self:
        """The server's address: ``http://``, ``https://``, ``ws://`` or ``wss://``."""
        self._uri = uri
        return self

    def with_database_name(self, database: str) -> Self:
        """Name or identity of the database."""
        self._database = database
        return self

    def with_token(self, token: str | None) -> Self:
        self._options["token"] = token
        return self

    def with_kept_token(self, keep: KeepToken = True) -> Self:  # the one thing that it says
        """The token is kept and shown the next time: see :class:`~stdbpy.client.ConnectOptions`."""
        self._options["keep_token"] = keep
        return self

    def with_compression(self, compression: CompressionName) -> Self:
        self._options["compression"] = compression
        return self

    def with_light_mode(self, light: bool) -> Self:
        self._options["light"] = light
        return self

    def with_confirmed_reads(self, confirmed: bool) -> Self:
        self._options["confirmed"] = confirmed
        return self

    def with_reconnection(self, policy: ReconnectPolicy | None) -> Self:
        self._options["reconnect"] = policy
        return self

    def with_options(self, options: SyncConnectOptions) -> Self:
        """Any of the keyword arguments of ``connect``."""
        self._options.update(options)
        return self

    def on_connect(self, callback: Callable[[C, Identity, str], object]) -> Self:
        """See :meth:`Connection.on_connect`; so for the other three."""
        self._hooks.append(("on_connect", callback))
        return self

    def on_disconnect(self, callback: Callable[[C, StdbError | None], object]) -> Self:
        self._hooks.append(("on_disconnect", callback))
        return self

    def on_connect_error(self, callback: Callable[[C, StdbError], object]) -> Self:
        self._hooks.append(("on_connect_error", callback))
        return self

    def on_closed(self, callback: Callable[[C, StdbError | None], object]) -> Self:
        self._hooks.append(("on_closed", callback))
        return self

    def build(self) -> C:
        """The connection, which has begun to connect. Raises :class:`UsageError` without an address or a name."""
        if self._uri is None or self._database is None:
            missing = "with_uri" if self._uri is None else "with_database_name"
            raise UsageError("the builder does not know what to connect to", hint=f"Call {missing} first.")

        def prepare(connection: C) -> None:
            for kind, callback in self._hooks:
                getattr(connection, kind)(callback)

        return self._start(self._uri, self._database, self._options, prepare)
