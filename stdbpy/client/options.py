"""How a connection is asked for: the keyword arguments that every way of connecting takes."""

from __future__ import annotations

from collections.abc import Sequence
from ssl import SSLContext
from typing import Literal, TypeAlias, TypedDict

from stdbpy.client.option_checks import check_values
from stdbpy.client.token_store import FileTokens, KeepToken, KeyringTokens, TokenStore, token_store
from stdbpy.client.transport.socket import Library, SocketSettings
from stdbpy.errors import CredentialsRefused, StdbError, UsageError, nearest
from stdbpy.protocol.handshake import SUBPROTOCOLS
from stdbpy.protocol.options import CompressionName, ReconnectPolicy, SessionOptions

Delivery: TypeAlias = Literal["thread", "tick"]
"""Where a synchronous connection applies messages and runs callbacks: on a thread of its own, or in ``tick()``
and blocking calls of the caller's thread."""


class ConnectOptions(TypedDict, total=False):
    """Keyword arguments of ``connect``, ``connect_async`` and the builder's methods; all may be left out."""

    token: str | None
    """Proves an identity; without one the server makes a new identity."""
    keep_token: KeepToken
    """``True``: the token is kept in a file of the user's alone and shown the next time; ``"keyring"``: in the
    operating system's keyring (extra ``keyring``); or a :class:`TokenStore`."""
    compression: CompressionName
    """Of great messages from the server: ``"none"`` (default), ``"gzip"`` or ``"brotli"`` (extra)."""
    light: bool
    """Under protocol v1: leave out what other clients called."""
    confirmed: bool | None
    """Whether to be told of transactions only once they are on disk; ``None``: the server's default."""
    reconnect: ReconnectPolicy | None
    """When a lost connection is tried again; ``None``: never."""
    session_id: str | None
    """Servers from 2.14 on end an older connection of the same id before they take the new one."""
    protocols: Sequence[str]
    """Websocket subprotocols to offer: ``"v3.bsatn"``, ``"v2.bsatn"``, ``"v1.bsatn"``, ``"v1.json"``; by default all
    but the last one. Servers take the newest of them."""
    check_schema: bool
    """Whether to compare the database's schema with the one that the code was generated for (default: yes)."""
    connect_timeout: float
    """Seconds until the first connection must stand (default 10)."""
    call_timeout: float | None
    """Seconds after which waiting for a call ends with :class:`~stdbpy.errors.CallTimeout`; ``None``: never."""
    ping_interval: float
    """Seconds of silence after which the server is asked for a sign of life (default 15)."""
    ping_timeout: float
    """Seconds that it then has (default 15) before the connection counts as lost."""
    max_message_size: int
    """The greatest message to take from the server, in bytes (default 256 MiB)."""
    ssl: SSLContext | None
    """For ``https``; by default the system's certificates."""
    library: Library | None
    """The websocket library; by default picows where it is installed, else websockets."""


class SyncConnectOptions(ConnectOptions, total=False):
    """Those of synchronous connections."""

    delivery: Delivery
    """Where callbacks run: ``"thread"`` (default) or ``"tick"``."""


_SOCKET = SocketSettings()
_SUFFIX = ".spacetimedb"


def _subprotocol(name: str) -> str:
    """The name that websockets have for it, which is longer and taken as well."""
    full = name.removesuffix(_SUFFIX) + _SUFFIX
    if full not in SUBPROTOCOLS:
        known = ", ".join(known.removesuffix(_SUFFIX) for known in SUBPROTOCOLS)
        raise UsageError(f"there is no websocket protocol {name!r}", hint=f"There are {known}.")
    return full


def _no_such_option(name: str, kind: type[ConnectOptions]) -> UsageError:
    if name in SyncConnectOptions.__annotations__:
        hint = "Asynchronous connections run callbacks on their event loop, those of a Pool on threads."
        return UsageError(f"only connections made by connect have the option {name!r}", hint=hint)
    return UsageError(f"connections have no option {name!r}", hint=nearest(name, kind.__annotations__))


def check_options(options: ConnectOptions, kind: type[ConnectOptions] = ConnectOptions) -> None:
    """Raises :class:`UsageError` for one that connections of this ``kind`` do not have, or that cannot be this."""
    for name in options:
        if name not in kind.__annotations__:
            raise _no_such_option(name, kind)
    check_values(options)


class Settings:
    """The options with their defaults, sorted by who needs them. Raises what :func:`check_options` raises."""

    def __init__(
        self, uri: str, database: str, options: ConnectOptions, kind: type[ConnectOptions] = ConnectOptions
    ) -> None:
        check_options(options, kind)
        self.token_store: TokenStore | None = token_store(options.get("keep_token", False))
        token = options.get("token")
        if token is None and self.token_store is not None:
            token = self.token_store.load(uri, database)
        self.kept_token = token if self.token_store is not None else None
        self.is_token_kept = options.get("token") is None and token is not None
        """The token that is shown first is one that was kept."""
        self.check_schema = options.get("check_schema", True)
        self.connect_timeout = options.get("connect_timeout", 10.0)
        self.call_timeout = options.get("call_timeout")
        self.session = SessionOptions(
            server=uri,
            database=database,
            token=token,
            subprotocols=tuple(map(_subprotocol, options.get("protocols", ()))),
            compression=options.get("compression", "none"),
            light=options.get("light", False),
            confirmed=options.get("confirmed"),
            session_id=options.get("session_id"),
            reconnect=options.get("reconnect", ReconnectPolicy()),
        )
        self.socket = SocketSettings(
            library=options.get("library"),
            max_message_size=options.get("max_message_size", _SOCKET.max_message_size),
            open_timeout=self.connect_timeout,
            ping_interval=options.get("ping_interval", _SOCKET.ping_interval),
            ping_timeout=options.get("ping_timeout", _SOCKET.ping_timeout),
            ssl=options.get("ssl"),
        )

    def explain(self, error: StdbError) -> None:
        """Gives the refusal of a kept token a hint that says how to forget it: its user has never seen it."""
        if isinstance(error, CredentialsRefused) and self.is_token_kept:
            store = _STORES.get(type(self.token_store), "the TokenStore")
            forget = f"{store}.forget({self.session.server!r}, {self.session.database!r})"
            error.hint = (
                "The server does not know the kept token, perhaps as it has new keys: "
                f"forget it with {forget}, to come back as a new identity"
            )


_STORES: dict[type, str] = {FileTokens: "FileTokens()", KeyringTokens: "KeyringTokens()"}
