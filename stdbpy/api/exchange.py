"""Requests and responses without I/O, and the conversations made of them.

What the HTTP API needs to know is written once, as generators: an :data:`Exchange` yields each
:class:`Request` that it wants sent, is given the :class:`Response`, and returns the result or raises
:class:`stdbpy.errors.ApiError`. The drivers (``client.py``, ``async_client.py``) only carry them.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote

from stdbpy.api.names import check_reference
from stdbpy.errors import InvalidName

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """One request; the driver adds the server's address and the token."""

    method: str
    path: str
    """From the root, percent-encoded."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    content_type: str | None = None
    streams: bool = False
    """The answer goes on for as long as there is something to say, so silence is no failure."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Further ones. Not shown: they can carry secrets."""
    proves_identity: bool = True
    """Whether the client's token goes with it."""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case. Not shown: they carry tokens."""
    body: bytes = field(repr=False)
    server: str = ""
    """The address of the server that gave it, as far as it is known."""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace").strip()

    @property
    def caller(self) -> str | None:
        """Whom the server took the caller for, 64 hex digits; only routes below a database tell."""
        return self.headers.get("spacetime-identity")


T = TypeVar("T")

Exchange = Generator[Request, Response, T]


def database_path(database: str, *below: str) -> str:
    """The path of a database, by name or identity, or of something below it.

    Raises :class:`InvalidName` for what cannot stand in a path; other rules are the server's.
    """
    return path_of("database", check_reference(database), *below)


def identity_path(identity: str, *below: str) -> str:
    return path_of("identity", identity, *below)


def path_of(*parts: str) -> str:
    """The path below the root of the API."""
    return "/v1/" + "/".join(_segment(part) for part in parts)


def _segment(part: str) -> str:
    if part in {"", ".", ".."}:
        raise InvalidName(f"{part!r} is not a name", hint="Give the name or identity of a database.")
    return quote(part, safe="")


def flag(value: bool) -> str:
    """A boolean as the server's query strings have it."""
    return "true" if value else "false"
