"""How a websocket to a database is asked for: the address, the headers, the subprotocols.

Source: ``crates/client-api/src/routes/subscribe.rs`` of SpacetimeDB 2.8.3, and 1.2.0 as it behaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import msgspec

from stdbpy.errors import MissingExtra, UsageError
from stdbpy.protocol.compression import Compression, brotli_is_there
from stdbpy.protocol.options import SessionOptions

V3 = "v3.bsatn.spacetimedb"
V2 = "v2.bsatn.spacetimedb"
V1 = "v1.bsatn.spacetimedb"
V1_JSON = "v1.json.spacetimedb"

SUBPROTOCOLS = (V3, V2, V1, V1_JSON)
"""All that stdbpy speaks, the best first. They can be offered together: a server takes the first of
these that it knows, whatever their order in the offer; so who wants a lower one offers that alone."""

OFFERED = (V3, V2, V1)
"""What a client offers if nobody says otherwise."""

SESSION_BUSY = 4000
"""Close code of servers since 2.14: another connection of this identity still holds the session id,
and is being ended. Trying again soon will do."""

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


class Handshake(msgspec.Struct, frozen=True, gc=False):
    """What a client opens the websocket with."""

    url: str
    headers: Mapping[str, str]
    subprotocols: Sequence[str]

    def __repr__(self) -> str:
        """Without the headers, which hold the token."""
        return f"Handshake(url={self.url!r}, headers=..., subprotocols={self.subprotocols!r})"


def handshake_for(options: SessionOptions, token: str | None) -> Handshake:
    """The handshake for a connection as ``options`` say, under ``token`` (theirs, or a later one).

    Raises ``UsageError`` for an address that is none, and ``MissingExtra`` for brotli without it.
    """
    if options.compression == "brotli" and not brotli_is_there():
        raise MissingExtra("brotli compression", "brotli")
    query = {"compression": Compression[options.compression.upper()].value}
    if options.light:
        query["light"] = "true"
    if options.confirmed is not None:
        query["confirmed"] = "true" if options.confirmed else "false"
    if options.session_id is not None:
        query["session_id"] = options.session_id
    path = f"/v1/database/{quote(options.database, safe='')}/subscribe"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Handshake(f"{_address(options.server)}{path}?{urlencode(query)}", headers, options.subprotocols or OFFERED)


def _address(uri: str) -> str:
    hint = "As in http://127.0.0.1:3000 or wss://maincloud.spacetimedb.com."
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{uri!r} is no address of a server: {error}", hint=hint) from None
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        raise UsageError(f"{uri!r} is no address of a server", hint=hint)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return urlunsplit((scheme, host if port is None else f"{host}:{port}", parts.path.rstrip("/"), "", ""))
