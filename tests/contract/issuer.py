"""A local OpenID Connect issuer: a discovery document, keys, and the tokens that they sign."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys.json"
UNSET: Any = object()

_PRIVATE = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass
class Issuer:
    url: str
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """By path: status and body."""
    headers: dict[str, str] = field(default_factory=dict)
    """More ones, of each answer."""
    asked: list[str] = field(default_factory=list)
    """The paths that were asked for."""
    private: dict[str, _PRIVATE] = field(default_factory=dict)
    """By the key's name."""

    def publish(self, **private: _PRIVATE) -> None:
        """Makes these the issuer's keys."""
        self.private = private
        self.answers[DISCOVERY] = 200, json.dumps({"issuer": self.url, "jwks_uri": self.url + KEYS}).encode()
        self.answers[KEYS] = 200, json.dumps({"keys": [_public(name, key) for name, key in private.items()]}).encode()

    def token(self, key: str, *, kid: str | None = UNSET, private: _PRIVATE | None = None, **claims: Any) -> str:
        """One that the key of that name has signed, with ``kid`` for its name; ``None`` leaves a claim out."""
        now = int(time.time())
        said = {"iss": self.url, "sub": "somebody", "aud": ["web"], "iat": now, "exp": now + 3600, **claims}
        said = {name: value for name, value in said.items() if value is not None}
        signer = private or self.private[key]
        name = key if kid is UNSET else kid
        algorithm = "RS256" if isinstance(signer, rsa.RSAPrivateKey) else "ES256"
        headers = {} if name is None else {"kid": name}
        return jwt.api_jws.encode(json.dumps(said).encode(), signer, algorithm, headers)


def new_ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def new_rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _public(name: str, key: _PRIVATE) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        described = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        algorithm = "RS256"
    else:
        described = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        algorithm = "ES256"
    return {**described, "kid": name, "alg": algorithm, "use": "sig"}


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """One on a free port of this machine, without keys yet."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            status, body = issuer.answers.get(self.path, (404, b""))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            for name, value in issuer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
