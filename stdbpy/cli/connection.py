"""From what the user said about a server to a client of it that shows the right token."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from stdbpy.errors import StdbError

if TYPE_CHECKING:
    from stdbpy.api import ApiClient
    from stdbpy.cli.invocation import Invocation
    from stdbpy.project.credentials import CredentialStore

EMBEDDED = "stdbpy"
"""The name that the embedded server answers with where the real one says ``spacetimedb-client-api``."""


def connect(
    invocation: Invocation, server: str | None, *, anonymous: bool = False, as_someone: bool = False
) -> ApiClient:
    """A client of the server called ``server``; of the default one if it is ``None``.

    The token is that of ``STDBPY_TOKEN``, else the one kept for that server. Without any the client
    acts as a new identity each time; a command whose effects belong to somebody says ``as_someone``:
    then a server on this machine is asked for an identity, which is kept.

    Raises :class:`~stdbpy.errors.ConfigError`, and :class:`~stdbpy.errors.ApiError` if an identity is
    asked for in vain.
    """
    leave_out_the_program_httpx()
    from stdbpy.api.client import ApiClient
    from stdbpy.project.credentials import find_token
    from stdbpy.project.servers import resolve_server

    config = invocation.config()
    url = resolve_server(server, config).url
    if anonymous:
        return ApiClient(url)
    store = invocation.credentials()
    token = os.environ.get("STDBPY_TOKEN") or find_token(url, store, config)
    if token is None and as_someone:
        token = _new_identity(url, store, invocation)
    return ApiClient(url, token)


def _new_identity(url: str, store: CredentialStore, invocation: Invocation) -> str:
    from stdbpy.api.address import Address
    from stdbpy.api.client import ApiClient

    if not Address.parse(url).is_loopback:
        raise StdbError(
            f"there is no token for {url}",
            hint="Log in with `stdbpy login`, set STDBPY_TOKEN, or act with --anonymous",
        )
    with ApiClient(url) as api:
        created = api.create_identity()
    store.save(url, created.token)
    invocation.note(f"{url} made a new identity for you: {created.identity}")
    return created.token


def server_url(invocation: Invocation, server: str | None) -> str:
    """The address of the server called ``server``. Raises :class:`~stdbpy.errors.ConfigError`."""
    from stdbpy.project.servers import resolve_server

    return resolve_server(server, invocation.config()).url


def leave_out_the_program_httpx() -> None:
    """httpx imports a command line of its own, with rich, if it can: 50 ms for what nobody uses here."""
    not_importable: Any = None
    sys.modules.setdefault("httpx._main", not_importable)


def is_embedded(api: ApiClient) -> bool:
    """Whether the server is stdbpy's own, which runs Python, and not SpacetimeDB itself."""
    return api.health().package_name == EMBEDDED
