"""Tokens that prove an identity: JSON web tokens, signed with the server's key.

Source of claims and rules: ``crates/auth`` and ``crates/core/src/auth`` of SpacetimeDB 2.8.3. A token
is checked for its signature (by this server's key), its expiry, issuer and subject of 1 to 128
bytes, and that the identity it names is the one that follows from the two.
"""

from __future__ import annotations

import json
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import jwt

from stdbpy.engine.names import identity_from_claims
from stdbpy.errors import StdbError
from stdbpy.sats.values import Identity
from stdbpy.server.keys import KeyPair

LOCAL_ISSUER = "localhost"
AUDIENCE = "spacetimedb"
ALGORITHM = "ES256"
LONGEST_CLAIM = 128
"""Bytes of the issuer and of the subject."""

LEEWAY = 60
"""Seconds that a token is still taken after it expired: clocks differ."""

LONGEST_TOKEN = 8192
REMEMBERED_TOKENS = 1024

_OWN_CLAIMS = frozenset({"hex_identity", "sub", "iss", "aud", "iat", "exp"})


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


class TokenAuthority:
    """Signs tokens and checks them; one per server. ``clock`` gives Unix time in seconds."""

    def __init__(self, keys: KeyPair, *, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._public = keys.public
        self._clock = clock
        self._checked: OrderedDict[str, Credentials] = OrderedDict()
        self._lock = Lock()

    @property
    def public_pem(self) -> bytes:
        return self._keys.public_pem

    def new_identity(self) -> Credentials:
        """Credentials of an identity that nobody had before."""
        return self.issue(str(uuid.uuid4()))

    def issue(self, subject: str) -> Credentials:
        """Credentials of this server's identity of that subject, without expiry."""
        return self._sign(LOCAL_ISSUER, subject, (AUDIENCE,), None, {})

    def shortened(self, credentials: Credentials, seconds: int) -> Credentials:
        """Credentials of the same identity that are good for so many seconds from now."""
        return self._sign(
            credentials.issuer,
            credentials.subject,
            credentials.audience,
            int(self._clock()) + seconds,
            credentials.extra,
        )

    def check(self, token: str) -> Credentials:
        """What the token says. Raises :class:`TokenError`."""
        known = self._checked.get(token)
        if known is None:
            known = self._read(token)
            with self._lock:
                self._checked[token] = known
                if len(self._checked) > REMEMBERED_TOKENS:
                    self._checked.popitem(last=False)
        if known.expires is not None and known.expires + LEEWAY < self._clock():
            raise TokenError("ExpiredSignature")
        return known

    def _sign(
        self, issuer: str, subject: str, audience: tuple[str, ...], expires: int | None, extra: dict[str, Any]
    ) -> Credentials:
        identity = identity_from_claims(issuer, subject)
        claims = {
            "hex_identity": identity.hex(),
            "sub": subject,
            "iss": issuer,
            "aud": list(audience),
            "iat": int(self._clock()),
            "exp": expires,
            **extra,
        }
        payload = json.dumps(claims, separators=(",", ":"))
        token = jwt.api_jws.encode(payload.encode(), self._keys.private, ALGORITHM)
        return Credentials(token, identity, subject, issuer, audience, expires, payload, extra)

    def _read(self, token: str) -> Credentials:
        if len(token) > LONGEST_TOKEN:
            raise TokenError("InvalidToken")
        try:
            payload = jwt.api_jws.decode(token, self._public, [ALGORITHM])
        except jwt.InvalidSignatureError:
            raise TokenError("InvalidSignature") from None
        except jwt.InvalidAlgorithmError:
            raise TokenError("InvalidAlgorithm") from None
        except (jwt.PyJWTError, ValueError, TypeError):
            raise TokenError("InvalidToken") from None
        try:
            claims = json.loads(payload)
        except (ValueError, RecursionError):
            raise TokenError("the payload is no JSON") from None
        return _credentials(token, claims, payload.decode("utf-8", "replace"))


_FAR = 2**63
"""Seconds; no moment that a claim names is further away. Infinity and what is no number are not below it."""


def _credentials(token: str, claims: Any, payload: str) -> Credentials:
    match claims:
        case {"iss": str(issuer), "sub": str(subject), "iat": int() | float()}:
            pass
        case _:
            raise TokenError("the claims iss, sub and iat are needed")
    for name, value in (("issuer", issuer), ("subject", subject)):
        if not 0 < len(value.encode()) <= LONGEST_CLAIM:
            raise TokenError(f"the {name} is empty or longer than {LONGEST_CLAIM} bytes")
    audience = claims.get("aud", [])
    expires = claims.get("exp")
    if isinstance(audience, str):
        audience = [audience]
    if not isinstance(audience, list) or not all(isinstance(name, str) for name in audience):
        raise TokenError("the claim aud is neither text nor a list of texts")
    if isinstance(expires, bool) or not isinstance(expires, int | float | None) or not -_FAR < (expires or 0) < _FAR:
        raise TokenError("the claim exp is no number")
    identity = identity_from_claims(issuer, subject)
    if claims.get("hex_identity", identity.hex()) != identity.hex():
        raise TokenError("the identity is not that of the issuer's subject")
    extra = {name: value for name, value in claims.items() if name not in _OWN_CLAIMS}
    whole_seconds = None if expires is None else int(expires)
    return Credentials(token, identity, subject, issuer, tuple(audience), whole_seconds, payload, extra)
