"""HTTP requests and responses as modules and their host pass them to each other, in BSATN.

They are what comes before the body, which travels beside it. Source of the layout: ``crates/lib/src/http.rs``
of SpacetimeDB 2.8.3.
"""

from __future__ import annotations

from dataclasses import dataclass

from stdbpy.sats import types as t
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.values import TimeDuration, Variant

Headers = tuple[tuple[str, bytes], ...]
"""Name and value of each, in order; a name that has several values stands there several times."""

_HEADERS = t.product(
    ("entries", t.ArrayType(t.product(("name", t.Primitive.STRING), ("value", t.ArrayType(t.Primitive.U8)))))
)
_METHODS = {
    name.upper(): name for name in ("Get", "Head", "Post", "Put", "Delete", "Connect", "Options", "Trace", "Patch")
}
_OTHER_METHOD = "Extension"
_METHOD = t.sum_of(*((name, t.UNIT) for name in _METHODS.values()), (_OTHER_METHOD, t.Primitive.STRING))
_VERSIONS = {"0.9": "Http09", "1.0": "Http10", "1.1": "Http11", "2": "Http2", "3": "Http3"}
_VERSION_NUMBERS = {name: number for number, name in _VERSIONS.items()}
_VERSION = t.sum_of(*((name, t.UNIT) for name in _VERSIONS.values()))

_REQUEST = compile_codec(
    t.product(
        ("method", _METHOD),
        ("headers", _HEADERS),
        ("timeout", t.option(t.TIME_DURATION)),
        ("uri", t.Primitive.STRING),
        ("version", _VERSION),
    )
)
_RESPONSE = compile_codec(t.product(("headers", _HEADERS), ("version", _VERSION), ("code", t.Primitive.U16)))


@dataclass(frozen=True, slots=True)
class HttpRequestHead:
    """All of an HTTP request but its body."""

    method: str
    """In the case that it is sent in: ``GET``."""
    uri: str
    headers: Headers = ()
    timeout: TimeDuration | None = None
    version: str = "1.1"
    """``0.9``, ``1.0``, ``1.1``, ``2`` or ``3``."""

    def encode(self) -> bytes:
        """Raises ``EncodeError``."""
        known = _METHODS.get(self.method)
        method = Variant(known) if known is not None else Variant(_OTHER_METHOD, self.method)
        headers = (list(self.headers),)
        return _REQUEST.encode((method, headers, self.timeout, self.uri, Variant(_VERSIONS[self.version])))

    @classmethod
    def decode(cls, data: bytes) -> HttpRequestHead:
        """Raises ``DecodeError``."""
        method, (headers,), timeout, uri, version = _REQUEST.decode(data)
        name = method.value if method.name == _OTHER_METHOD else method.name.upper()
        return cls(name, uri, tuple(headers), timeout, _VERSION_NUMBERS[version.name])


@dataclass(frozen=True, slots=True)
class HttpResponseHead:
    """All of an HTTP response but its body."""

    status: int
    headers: Headers = ()
    version: str = "1.1"
    """As that of a request."""

    def encode(self) -> bytes:
        """Raises ``EncodeError``."""
        return _RESPONSE.encode(((list(self.headers),), Variant(_VERSIONS[self.version]), self.status))

    @classmethod
    def decode(cls, data: bytes) -> HttpResponseHead:
        """Raises ``DecodeError``."""
        (headers,), version, status = _RESPONSE.decode(data)
        return cls(status, tuple(headers), _VERSION_NUMBERS[version.name])
