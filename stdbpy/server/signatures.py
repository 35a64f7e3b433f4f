"""Who has signed a token.

PyJWT takes as long to be imported as a quarter of the server: whoever needs this imports it then.
"""

from __future__ import annotations

from typing import Any

import jwt

from stdbpy.server.claims import LONGEST_TOKEN, Credentials, TokenError, credentials_of


def signed(payload: bytes, key: Any, algorithm: str) -> str:
    """A token with these claims, JSON, and the signature of this private key."""
    return jwt.api_jws.encode(payload, key, algorithm)


def verified(token: str, key: Any, algorithms: list[str]) -> Credentials:
    """What a token says that was signed by one of ``algorithms`` and this public key. Raises :class:`TokenError`."""
    if len(token) > LONGEST_TOKEN:
        raise TokenError("InvalidToken")
    try:
        payload = jwt.api_jws.decode(token, key, algorithms)
    except jwt.InvalidSignatureError:
        raise TokenError("InvalidSignature") from None
    except (jwt.InvalidAlgorithmError, jwt.InvalidKeyError):
        raise TokenError("InvalidAlgorithm") from None
    except (jwt.PyJWTError, ValueError, TypeError):
        raise TokenError("InvalidToken") from None
    return credentials_of(token, payload)


def unverified(token: str) -> Credentials:
    """What a token says of itself, whoever signed it. Raises :class:`TokenError`."""
    if len(token) > LONGEST_TOKEN:
        raise TokenError("InvalidToken")
    try:
        payload = jwt.api_jws.decode_complete(token, options={"verify_signature": False})["payload"]
    except (jwt.PyJWTError, ValueError, TypeError):
        raise TokenError("InvalidToken") from None
    return credentials_of(token, payload)


def key_id(token: str) -> str | None:
    """The name that a token gives the key which signed it. Raises :class:`TokenError`."""
    try:
        found = jwt.get_unverified_header(token).get("kid")
    except (jwt.PyJWTError, ValueError, TypeError):
        raise TokenError("InvalidToken") from None
    return found if isinstance(found, str) else None
