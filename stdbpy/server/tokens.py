"""Tokens that prove an identity: JSON web tokens, of this server or of another issuer.

As SpacetimeDB 2.8.3 (``crates/core/src/auth/token_validation.rs``): what this server's key has signed is taken,
whoever the issuer is; other tokens if their issuer's keys, which OpenID Connect discovery finds, have signed them.
"""

from __future__ import annotations

import json
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from stdbpy.engine.names import identity_from_claims
from stdbpy.server.claims import Credentials, TokenError, credentials_of, payload_of
from stdbpy.server.issuers import Issuers
from stdbpy.server.keys import KeyPair

LOCAL_ISSUER = "localhost"
AUDIENCE = "spacetimedb"
ALGORITHM = "ES256"

REMEMBERED_TOKENS = 1024


class UnknownIssuerError(TokenError):
    """Whether the token is good its issuer's keys have to say, which are not known (any more)."""


class TokenAuthority:
    """Signs tokens and checks them; one per server. ``clock`` gives Unix time in seconds."""

    def __init__(
        self, keys: KeyPair, *, clock: Callable[[], float] = time.time, issuers: Issuers | None = None
    ) -> None:
        self._keys = keys
        self._public = keys.public
        self._clock = clock
        self._issuers = issuers or Issuers()
        self._checked: OrderedDict[str, Credentials] = OrderedDict()
        self._lock = Lock()

    @property
    def public_pem(self) -> bytes:
        return self._keys.public_pem

    def new_identity(self) -> Credentials:
        """Credentials of an identity that nobody had before."""
        return self.issue(str(uuid.uuid4()))

    def issue(self, subject: str, extra: Mapping[str, Any] | None = None) -> Credentials:
        """Credentials of this server's identity of that subject, without expiry, with these claims besides."""
        return self._sign(LOCAL_ISSUER, subject, (AUDIENCE,), None, dict(extra or {}))

    def shortened(self, credentials: Credentials, seconds: int) -> Credentials:
        """Credentials of the same identity that are good for so many seconds from now, signed by this server."""
        return self._sign(
            credentials.issuer,
            credentials.subject,
            credentials.audience,
            int(self._clock()) + seconds,
            credentials.extra,
        )

    def own(self, token: str) -> Credentials:
        """What a token says that this server's key has signed, whether it has expired or not. Sooner known than by
        :meth:`check`, which waits for PyJWT to be imported. Raises :class:`TokenError`."""
        if not self._keys.has_signed(token):
            raise TokenError("InvalidSignature")
        return credentials_of(token, payload_of(token))

    def check(self, token: str) -> Credentials:
        """What the token says. Any thread may ask.

        Raises :class:`TokenError`; :class:`UnknownIssuerError` for what only :meth:`check_with_issuer` can tell.
        """
        known = self._checked.get(token) or self._issuers.known(token)
        if known is None:
            known = self._read(token)
            with self._lock:
                self._checked[token] = known
                if len(self._checked) > REMEMBERED_TOKENS:
                    self._checked.popitem(last=False)
        known.expect_valid_at(self._clock())
        return known

    async def check_with_issuer(self, token: str) -> Credentials:
        """As :meth:`check`, and asks the issuer for its keys if they are needed. On the event loop's thread."""
        try:
            return self.check(token)
        except UnknownIssuerError:
            from stdbpy.server.signatures import unverified

            found = await self._issuers.check(token, unverified(token).issuer)
            found.expect_valid_at(self._clock())
            return found

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
        from stdbpy.server.signatures import signed

        payload = json.dumps(claims, separators=(",", ":"))
        token = signed(payload.encode(), self._keys.private, ALGORITHM)
        return Credentials(token, identity, subject, issuer, audience, expires, payload, extra)

    def _read(self, token: str) -> Credentials:
        from stdbpy.server.signatures import unverified, verified

        try:
            return verified(token, self._public, [ALGORITHM])
        except TokenError as refusal:
            told = unverified(token)
            if told.issuer == LOCAL_ISSUER:
                raise refusal from None
            # Nobody is asked about what could not be taken anyway.
            told.expect_valid_at(self._clock())
            raise UnknownIssuerError("InvalidSignature") from None
