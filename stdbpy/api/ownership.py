"""Who somebody is on a server, and which databases belong to them there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from stdbpy.api.claims import claims_in
from stdbpy.errors import ApiError, ServerUnreachable, UnexpectedAnswer
from stdbpy.sats.values import Identity

if TYPE_CHECKING:
    from stdbpy.api.client import ApiClient

T = TypeVar("T")

_AT_A_TIME = 8
"""Databases that are asked about together."""


@dataclass(frozen=True, slots=True)
class OwnedDatabase:
    identity: Identity
    names: tuple[str, ...]
    """Empty as well if the server does not tell them."""
    problem: str | None = None
    """Why it cannot be used, as far as the server tells of that."""


def own_identity(api: ApiClient) -> Identity:
    """Whom the server takes the token for: the tokens that it makes say so, whoever made this one.

    Raises :class:`~stdbpy.errors.ApiError`.
    """
    try:
        return Identity.from_hex((claims_in(api.websocket_token()) or {})["hex_identity"])
    except (ValueError, LookupError, TypeError, AttributeError):
        raise UnexpectedAnswer("the server made a token that names no identity") from None


def owned_databases(api: ApiClient, owner: Identity) -> list[OwnedDatabase]:
    """The databases of an identity, with their names. Raises :class:`~stdbpy.errors.ApiError`."""
    identities = api.databases_of(owner)

    def told(identity: Identity) -> OwnedDatabase:
        names = _if_told(api.names, identity)
        info = _if_told(api.info, identity)
        return OwnedDatabase(identity, tuple(names or ()), None if info is None else info.problem)

    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        return list(pool.map(told, identities))


def _if_told(ask: Callable[[str], T], database: Identity) -> T | None:
    """``None`` if the server refuses to tell, which must not hide the other databases."""
    try:
        return ask(database.hex())
    except ServerUnreachable:
        raise
    except ApiError:
        return None
