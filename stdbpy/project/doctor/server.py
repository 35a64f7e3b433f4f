"""The server that commands would ask, and the token that they would show it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from stdbpy.api.address import Address
from stdbpy.api.claims import claims_in
from stdbpy.api.client import ApiClient
from stdbpy.api.results import Health
from stdbpy.errors import ApiError, ConfigError, ServerUnreachable, TokenRejected
from stdbpy.project.cli_toml import CliToml, Server
from stdbpy.project.credentials import CredentialStore, find_token
from stdbpy.project.doctor.finding import Finding, error, failed, ok, warning
from stdbpy.project.login import identity_in

OLDEST_TRIED = (1, 2)
NEWEST_TRIED = (2, 8)
"""Versions of SpacetimeDB with which stdbpy is tested, and everything between them."""

CLOCK_TOLERANCE = 60
"""Seconds by which clocks may differ: what tokens that expire are allowed."""

TIMEOUT = 5.0
_EMBEDDED = "stdbpy"


def examine_server(
    server: Server, is_chosen: bool, token: str | None, credentials: CredentialStore, config: CliToml
) -> Iterator[Finding]:
    """Whether it answers, what it is, and as whom it takes the user. ``is_chosen`` says that somebody named this
    server; that none runs where nobody named one is no error. ``token`` takes the place of the stored one."""
    try:
        with ApiClient(server.url, timeout=TIMEOUT) as api:
            health = api.health()
            key = api.public_key() if server.fingerprint is not None else None
    except ServerUnreachable as failure:
        if is_chosen or not Address.parse(server.url).is_loopback:
            yield error("server", failure.message, failure.hint)
        else:
            yield warning("server", f"none runs at {server.url}", "stdbpy start")
    except ApiError as failure:
        yield failed("server", failure)
    else:
        yield _about(server, health)
        yield from _about_clock(health)
        if key is not None and key != server.fingerprint:
            yield warning(
                "fingerprint",
                f"{server.url} has not the key that it had when it was stored: it was reset, or is another server",
                f"stdbpy server fingerprint {shlex.quote(server.name)}",
            )
        yield from _about_token(server, token, credentials, config, is_there=True)
        return
    yield from _about_token(server, token, credentials, config, is_there=False)


def _about(server: Server, health: Health) -> Finding:
    if health.package_name == _EMBEDDED:
        return ok("server", f"{server.url} is the embedded server of stdbpy (API of SpacetimeDB {health.version})")
    about = f"{server.url} is SpacetimeDB {health.version}"
    try:
        major, minor, *_ = (int(part) for part in health.version.split("-")[0].split("."))
    except ValueError:
        return warning("server", f"{about}, which is no version that stdbpy knows")
    if (major, minor) < OLDEST_TRIED:
        return warning("server", f"{about}, which is older than what stdbpy is tested with", "Upgrade the server")
    if (major, minor) > NEWEST_TRIED:
        return warning(
            "server", f"{about}, which is newer than what stdbpy is tested with", "pip install --upgrade stdbpy"
        )
    return ok("server", about)


def _about_clock(health: Health) -> Iterator[Finding]:
    if health.clock is None:
        return
    ahead = (health.clock - datetime.now(UTC)).total_seconds()
    if abs(ahead) > CLOCK_TOLERANCE:
        direction = "ahead of" if ahead > 0 else "behind"
        yield warning(
            "clock",
            f"the server's clock is {abs(ahead):.0f} seconds {direction} this machine's",
            "Set the one that is wrong: tokens and schedules go by it",
        )


def _about_token(
    server: Server, chosen: str | None, credentials: CredentialStore, config: CliToml, *, is_there: bool
) -> Iterator[Finding]:
    try:
        token = chosen or find_token(server.url, credentials, config)
    except ConfigError:
        return  # the finding about the file of tokens says it
    if token is None:
        is_local = Address.parse(server.url).is_loopback
        advice = "The first `stdbpy publish` gets one" if is_local else "stdbpy login"
        yield ok("token", f"there is none for {server.url}: you are nobody there yet", advice)
        return
    source = "the token in STDBPY_TOKEN" if chosen else "the token"
    claims = claims_in(token)
    if claims is None:
        yield error("token", f"{source} for {server.url} is damaged, or no token at all", "stdbpy login")
        return
    expiry = _expiry(claims)
    if expiry is not None and expiry < datetime.now(UTC):
        yield error("token", f"{source} for {server.url} expired on {expiry:%Y-%m-%d %H:%M} UTC", "stdbpy login")
        return
    identity = identity_in(token)
    who = "somebody whom it does not name" if identity is None else identity.hex()
    if not is_there:
        yield ok("token", f"{source} for {server.url} is of {who}; nobody answers who could check it")
        return
    try:
        with ApiClient(server.url, token, timeout=TIMEOUT) as api:
            api.websocket_token()
    except TokenRejected as failure:
        yield error("token", f"{source} is of {who}; {failure.message}", failure.hint)
    except ApiError as failure:
        yield failed("token", failure)
    else:
        until = f" until {expiry:%Y-%m-%d}" if expiry is not None else ""
        yield ok("token", f"{server.url} takes you for {who}{until}")


def _expiry(claims: dict[str, Any]) -> datetime | None:
    """When a token ends (RFC 7519, section 4.1.4); ``None`` if it does not, or says so in a strange way."""
    with suppress(TypeError, ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(claims["exp"], UTC) if claims.get("exp") is not None else None
    return None
