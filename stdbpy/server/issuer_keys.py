"""The public keys of one issuer, as it publishes them: a JSON web key set (RFC 7517)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from stdbpy.server.claims import Credentials, TokenError
from stdbpy.server.issuers import IssuerError
from stdbpy.server.signatures import key_id, verified

ALGORITHMS = ["ES256", "RS256"]

MOST_KEYS = 64
"""Of each issuer: a token without the name of a key is tried with all of them."""

RSA_BITS = range(2048, 8192 + 1)
LARGEST_RSA_EXPONENT = (1 << 33) - 1
"""Other keys are not used: short ones prove little, large ones take long. These are the real server's bounds."""

REMEMBERED_TOKENS = 256
"""Of each issuer."""


class IssuerKeys:
    """Those of one issuer at one moment, by their names, and the tokens that they were found to have signed."""

    def __init__(self, issuer: str, keys: Mapping[str, Any], fetched: float) -> None:
        self.issuer = issuer
        self.fetched = fetched
        self._keys = keys
        self._checked: OrderedDict[str, Credentials] = OrderedDict()

    def known(self, token: str) -> Credentials | None:
        return self._checked.get(token)

    def check(self, token: str) -> Credentials:
        """What a token says. Raises :class:`TokenError` if it was not signed by one of the keys."""
        known = self._checked.get(token)
        if known is None:
            known = self._verified(token)
            self._checked[token] = known
            if len(self._checked) > REMEMBERED_TOKENS:
                self._checked.popitem(last=False)
        return known

    def _verified(self, token: str) -> Credentials:
        name = key_id(token)
        if name is not None:
            if name not in self._keys:
                raise TokenError("Specified key ID not found in JWKs")
            return verified(token, self._keys[name], ALGORITHMS)
        refusal = TokenError("the issuer has no keys")
        for key in self._keys.values():
            try:
                return verified(token, key, ALGORITHMS)
            except TokenError as error:
                refusal = error
        raise refusal


def read_keys(document: Any) -> dict[str, Any]:
    """The keys of a JSON web key set that can be used here. Raises ``IssuerError`` if it is none."""
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise IssuerError("the issuer's keys are no JSON web key set")
    found: dict[str, Any] = {}
    for number, description in enumerate(document["keys"]):
        if len(found) == MOST_KEYS:
            break
        try:
            key = _read_key(description)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
            continue  # of a kind that is not used here
        found[key.key_id if isinstance(key.key_id, str) else f"without a name, {number}"] = key.key
    return found


_PUBLIC = ("kid", "kty", "n", "e", "crv", "x", "y")
"""What a description says of the public key, whatever else an issuer tells."""


def _read_key(description: Any) -> jwt.PyJWK:
    public = {name: description[name] for name in _PUBLIC if name in description}
    key = jwt.PyJWK.from_dict(public, algorithm=_algorithm(public))
    if isinstance(key.key, RSAPublicKey) and (
        key.key.key_size not in RSA_BITS or key.key.public_numbers().e > LARGEST_RSA_EXPONENT
    ):
        raise ValueError("an RSA key of a size that is not used here")
    return key


def _algorithm(description: Any) -> str:
    """How a key signs, by its kind: a key set need not say."""
    match description:
        case {"kty": "RSA"}:
            return "RS256"
        case {"kty": "EC", "crv": "P-256"}:
            return "ES256"
    raise ValueError("no kind of key that is used here")
