"""What tokens say of who bears them, and when that counts.

Source of claims and rules: ``crates/auth`` and ``crates/core/src/auth`` of SpacetimeDB 2.8.3. Issuer and subject have
1 to 128 bytes, and the identity that a token names is the one that follows from the two.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from stdbpy.engine.names import identity_from_claims
from stdbpy.errors import StdbError
from stdbpy.sats.values import Identity

LONGEST_CLAIM = 128
"""Bytes of the issuer and of the subject."""

LONGEST_TOKEN = 8192

LEEWAY = 60
"""Seconds that a token is still taken after it expired: clocks differ."""

_OWN_CLAIMS = frozenset({"hex_identity", "sub", "iss", "aud", "iat", "exp"})

_FAR = 2**63
"""Seconds; no moment that a claim names is further away. Infinity and what is no number are not below it."""


class TokenError(StdbError):
    """The token proves nothing; the message says why and holds no part of the token."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A token that was checked, and what it says."""

    token: str = field(repr=False)
    identity: Identity
    subject: str
    issuer: str
    audience: tuple[str, ...]
    expires: int | None
    """Unix time in seconds."""
    payload: str = field(repr=False)
    """The claims as the token has them, JSON text."""
    extra: dict[str, Any] = field(default_factory=dict, repr=False)
    headers: tuple[tuple[bytes, bytes], ...] = field(init=False, repr=False, compare=False)
    """What answers tell the caller about itself."""

    def __post_init__(self) -> None:
        identity = (b"spacetime-identity", self.identity.hex().encode())
        token = (b"spacetime-identity-token", self.token.encode())
        object.__setattr__(self, "headers", (identity, token))

    def expect_valid_at(self, now: float) -> None:
        """Raises :class:`TokenError` if they have expired."""
        if self.expires is not None and self.expires + LEEWAY < now:
            raise TokenError("ExpiredSignature")


def payload_of(token: str) -> bytes:
    """The claims that a token has, JSON, whoever signed it. Raises :class:`TokenError`."""
    payload = token.split(".")[1:2]
    try:
        return base64.urlsafe_b64decode(payload[0] + "=" * (-len(payload[0]) % 4))
    except (IndexError, ValueError):
        raise TokenError("InvalidToken") from None


def credentials_of(token: str, payload: bytes) -> Credentials:
    """Those of a token with these claims, JSON. Raises :class:`TokenError`."""
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        raise TokenError("the payload is no JSON") from None
    match claims:
        case {"iss": str(issuer), "sub": str(subject), "iat": int() | float()}:
            pass
        case _:
            raise TokenError("the claims iss, sub and iat are needed")
    for name, value in (("issuer", issuer), ("subject", subject)):
        if not 0 < len(value.encode(errors="surrogatepass")) <= LONGEST_CLAIM:
            raise TokenError(f"the {name} is empty or longer than {LONGEST_CLAIM} bytes")
    audience = claims.get("aud", [])
    expires = claims.get("exp")
    if isinstance(audience, str):
        audience = [audience]
    if not isinstance(audience, list) or not all(isinstance(name, str) for name in audience):
        raise TokenError("the claim aud is neither text nor a list of texts")
    if isinstance(expires, bool) or not isinstance(expires, int | float | None) or not -_FAR < (expires or 0) < _FAR:
        raise TokenError("the claim exp is no number")
    try:
        identity = identity_from_claims(issuer, subject)
    except UnicodeEncodeError:
        raise TokenError("the issuer or the subject is no text") from None
    if claims.get("hex_identity", identity.hex()) != identity.hex():
        raise TokenError("the identity is not that of the issuer's subject")
    extra = {name: value for name, value in claims.items() if name not in _OWN_CLAIMS}
    whole_seconds = None if expires is None else int(expires)
    text = payload.decode("utf-8", "replace")
    return Credentials(token, identity, subject, issuer, tuple(audience), whole_seconds, text, extra)
