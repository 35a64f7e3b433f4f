"""``ctx.sender_auth``: what the token of a call's sender says."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from typing import Any

from stdbpy.sats.values import ConnectionId


class JwtClaims:
    """The claims of a token, which the server has checked."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        """All of them as JSON text."""

    @cached_property
    def claims(self) -> dict[str, Any]:
        """All of them by their names, such as ``ctx.sender_auth.jwt.claims["email"]``."""
        claims: dict[str, Any] = json.loads(self.raw)
        return claims

    @property
    def subject(self) -> str:
        """Whom the issuer knows the sender as (``sub``)."""
        return str(self.claims["sub"])

    @property
    def issuer(self) -> str:
        """Who made the token (``iss``)."""
        return str(self.claims["iss"])

    @property
    def audience(self) -> list[str]:
        """Whom the token is meant for (``aud``); empty if it does not say."""
        audience = self.claims.get("aud") or []
        return [audience] if isinstance(audience, str) else list(audience)

    def __repr__(self) -> str:
        return f"<claims of {self.subject!r} by {self.issuer!r}>"


class SenderAuth:
    """Where a call comes from."""

    def __init__(self, connection_id: ConnectionId | None, get_jwt: Callable[[bytes], bytes | None]) -> None:
        self._connection_id = connection_id
        self._get_jwt = get_jwt

    @property
    def is_internal(self) -> bool:
        """Whether the call came through no connection: that of a schedule or ``init``, but also that of an HTTP
        handler, which anybody can send a request to."""
        return self._connection_id is None

    @cached_property
    def jwt(self) -> JwtClaims | None:
        """The claims of the sender's token; ``None`` if it has none, as internal calls."""
        if self._connection_id is None:
            return None
        raw = self._get_jwt(bytes(self._connection_id)[::-1])
        return JwtClaims(raw.decode()) if raw is not None else None

    @property
    def has_jwt(self) -> bool:
        return self.jwt is not None
