"""What a client asks for when it connects: the protocol, and how it wants to be told of things.

Source: ``crates/client-api/src/routes/subscribe.rs`` of SpacetimeDB 2.8.3.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from stdbpy.protocol.compression import Compression, brotli_is_there
from stdbpy.sats.values import ConnectionId
from stdbpy.server.asked import Asked
from stdbpy.server.refusal import BAD_REQUEST, refuse

V1_BSATN = "v1.bsatn.spacetimedb"
V1_JSON = "v1.json.spacetimedb"
V2_BSATN = "v2.bsatn.spacetimedb"
V3_BSATN = "v3.bsatn.spacetimedb"

SUBPROTOCOLS = (V3_BSATN, V2_BSATN, V1_BSATN, V1_JSON)
"""Of those that a client offers, the first of these is taken."""

_CONFIRMED_BY_DEFAULT = {V2_BSATN, V3_BSATN}
LONGEST_SESSION = 256

_NONE = ConnectionId(bytes(ConnectionId.SIZE))


@dataclass(frozen=True, slots=True)
class Terms:
    subprotocol: str
    connection_id: ConnectionId
    compression: Compression
    is_light: bool
    confirmed: bool
    session: str | None
    """What the client calls the session that this connection goes on with, if it has such a thing."""

    @property
    def is_first_version(self) -> bool:
        return self.subprotocol in (V1_BSATN, V1_JSON)


def read_connection_id(asked: Asked) -> ConnectionId:
    """The query's, or a new one. Refuses what is none, and zeros."""
    text = asked.query.get("connection_id")
    if text is None:
        return ConnectionId(secrets.token_bytes(ConnectionId.SIZE))
    try:
        found = ConnectionId.from_hex(text)
    except ValueError:
        raise refuse(BAD_REQUEST, "the query's connection_id must be 32 hexadecimal digits") from None
    if found == _NONE:
        raise refuse(BAD_REQUEST, "Invalid connection ID: the one of zeros stands for none.")
    return found


def read_terms(asked: Asked, connection_id: ConnectionId) -> Terms:
    """Refuses a client that offers no protocol which is spoken here, and values that mean nothing."""
    offered = set(asked.scope["subprotocols"])
    subprotocol = next((name for name in SUBPROTOCOLS if name in offered), None)
    if subprotocol is None:
        raise refuse(BAD_REQUEST, "no valid protocol selected: " + ", ".join(SUBPROTOCOLS) + " are spoken here")
    confirmed = asked.flag("confirmed")
    return Terms(
        subprotocol,
        connection_id,
        _compression(asked),
        bool(asked.flag("light")),
        subprotocol in _CONFIRMED_BY_DEFAULT if confirmed is None else confirmed,
        _session(asked),
    )


def _session(asked: Asked) -> str | None:
    name = asked.query.get("session_id")
    if name is not None and not 0 < len(name) <= LONGEST_SESSION:
        raise refuse(BAD_REQUEST, f"the query's session_id must have 1 to {LONGEST_SESSION} characters")
    return name


def _compression(asked: Asked) -> Compression:
    try:
        wanted = Compression(asked.query.get("compression", Compression.BROTLI.value))
    except ValueError:
        raise refuse(BAD_REQUEST, "the query's compression must be None, Gzip or Brotli") from None
    if wanted is Compression.BROTLI and not brotli_is_there():
        # Clients take what is not compressed as well.
        return Compression.NONE
    return wanted
