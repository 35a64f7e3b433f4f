"""From what the user said about a server to a client of it that shows the right token."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from stdbpy.errors import StdbError

if TYPE_CHECKING:
    from stdbpy.api import ApiClient
    from stdbpy.cli.invocation import Invocation
    from stdbpy.project.login import Account

EMBEDDED = "stdbpy"
"""The name that the embedded server answers with where the real one says ``spacetimedb-client-api``."""


def connect(
    invocation: Invocation,
    server: str | None,
    *,
    anonymous: bool = False,
    as_someone: bool = False,
    makes_identity: bool = True,
) -> ApiClient:
    """A client of the server called ``server``; of the default one if it is ``None``.

    The token is that of ``STDBPY_TOKEN``, else the one kept for that server. Without any the client
    acts as a new identity each time; a command whose effects belong to somebody says ``as_someone``:
    then a server on this machine is asked for an identity, which is kept, unless ``makes_identity`` is
    false, and others want a token.

    Raises :class:`~stdbpy.errors.ConfigError`, and :class:`~stdbpy.errors.ApiError` if an identity is
    asked for in vain.
    """
    leave_out_the_program_httpx()
    from stdbpy.api.client import ApiClient

    url, token = address_and_token(
        invocation, server, anonymous=anonymous, as_someone=as_someone, makes_identity=makes_identity
    )
    return ApiClient(url, token)


def address_and_token(
    invocation: Invocation,
    server: str | None,
    *,
    anonymous: bool = False,
    as_someone: bool = False,
    makes_identity: bool = True,
) -> tuple[str, str | None]:
    """What :func:`connect` makes its client of."""
    from stdbpy.project.credentials import find_token, is_of_another_server
    from stdbpy.project.servers import resolve_server

    config = invocation.config()
    url = resolve_server(server, config).url
    if anonymous:
        return url, None
    token = os.environ.get("STDBPY_TOKEN")
    if not token:
        store = invocation.credentials()
        token = find_token(url, store, config)
        if as_someone and (token is None or is_of_another_server(token, url, store)):
            token = _identified(url, token, invocation, makes_identity=makes_identity)
    return url, token


def _identified(url: str, token: str | None, invocation: Invocation, *, makes_identity: bool) -> str | None:
    """The token of an identity that a server on this machine takes; to others the user has to log in."""
    from stdbpy.api.address import Address

    if not Address.parse(url).is_loopback:
        if token is None:
            raise StdbError(
                f"there is no token for {url}",
                hint="Log in with `stdbpy login`, or set STDBPY_TOKEN",
            )
        return token
    if not makes_identity:
        return None
    account = account_of(invocation)
    done = account.renew(url)
    if done.is_new:
        invocation.note(f"{url} made a new identity for you: {done.identity}")
    login = account.login(url)
    return None if login is None else login.token


def account_of(invocation: Invocation) -> Account:
    """The user's login, as this run of the program finds it."""
    from stdbpy.project.login import Account

    return Account(invocation.cli_toml_path, invocation.credentials())


def server_url(invocation: Invocation, server: str | None) -> str:
    """The address of the server called ``server``. Raises :class:`~stdbpy.errors.ConfigError`."""
    from stdbpy.project.servers import resolve_server

    return resolve_server(server, invocation.config()).url


def leave_out_the_program_httpx() -> None:
    """httpx imports a command line of its own, with rich, if it can: 50 ms for what nobody uses here."""
    not_importable: Any = None
    sys.modules.setdefault("httpx._main", not_importable)
