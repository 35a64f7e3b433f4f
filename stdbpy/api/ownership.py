"""Who somebody is on a server, and which databases belong to them there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stdbpy.api.claims import claims_in
from stdbpy.errors import ApiError, ServerUnreachable, UnexpectedAnswer
from stdbpy.sats.values import Identity

if TYPE_CHECKING:
    from stdbpy.api.client import ApiClient

_AT_A_TIME = 8
"""Databases whose names are asked for together."""


@dataclass(frozen=True, slots=True)
class OwnedDatabase:
    identity: Identity
    names: tuple[str, ...]
    """Empty as well if the server does not tell them."""


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
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        return list(pool.map(lambda identity: OwnedDatabase(identity, _names(api, identity)), identities))


def _names(api: ApiClient, identity: Identity) -> tuple[str, ...]:
    """None if the server refuses to tell them, which must not hide the other databases."""
    try:
        return tuple(api.names(identity.hex()))
    except ServerUnreachable:
        raise
    except ApiError:
        return ()
