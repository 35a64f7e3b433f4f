"""Who the user is: logging in and out, as both programs then see it.

A login is in ``cli.toml``, for all servers. What a server on this machine or anywhere issues by itself is
also kept for that server alone (:mod:`stdbpy.project.credentials`), so that a login elsewhere does not
take it away.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stdbpy.api.claims import claims_in
from stdbpy.errors import ApiError, MissingExtra, TokenRejected, UsageError
from stdbpy.project import cli_toml
from stdbpy.project.cli_toml import CliToml
from stdbpy.project.cli_toml_edit import forget_tokens, set_token, set_web_session_token
from stdbpy.project.credentials import CredentialStore, find_token
from stdbpy.sats.values import Identity

if TYPE_CHECKING:
    from stdbpy.api.login_host import WebLogin
    from stdbpy.api.results import NewIdentity

# httpx takes longer to import than all the rest, and who only looks or goes needs none: hence the imports below.


@dataclass(frozen=True, slots=True)
class Login:
    """As whom somebody acts."""

    identity: Identity | None
    """``None`` if the token does not tell."""
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """A login that is over."""

    identity: Identity | None
    """Whose it was; ``None`` if the token does not tell."""
    warning: str = ""
    """Why the login host may still take its session, if that could not be ended."""
    kept_for: tuple[str, ...] = ()
    """The servers that gave the user this identity: to them the user is still the same."""

    @property
    def sentence(self) -> str:
        """What a person is told."""
        return "Logged out." if self.identity is None else f"Logged out (identity {self.identity.hex()})."


@dataclass(frozen=True, slots=True)
class LoggedIn:
    identity: Identity | None
    """Who the user is now; ``None`` if the token does not tell."""
    before: LoggedOut | None
    """The login that this one takes the place of."""
    lost: tuple[Identity, ...] = ()
    """Who the user was before and can be no more, as no token of theirs is left here."""


@dataclass(frozen=True, slots=True)
class Renewal:
    identity: Identity
    """Who the user is on that server now."""
    is_new: bool
    """Whether that is another identity than before, one that owns nothing yet."""


class Account:
    """The user's login in the ``cli.toml`` at ``config_path`` (``None``: the user's own) and the tokens in ``store``.

    Methods raise :class:`ConfigError` if one of the files is broken or cannot be written, and
    :class:`ApiError` if a server or login host does not do its part; the login is then as it was.
    """

    def __init__(self, config_path: Path | None, store: CredentialStore) -> None:
        self._config_path = config_path
        self._store = store

    def config(self) -> CliToml:
        return cli_toml.read(self._config_path)

    def login(self, server_url: str | None = None) -> Login | None:
        """The login that there is; with ``server_url`` the one that commands to that server use."""
        config = self.config()
        token = config.token if server_url is None else find_token(server_url, self._store, config)
        return None if token is None else Login(identity_in(token), token)

    def log_in_with_token(self, token: str, *, login_host: str) -> LoggedIn:
        """Takes a token that the user got elsewhere. Raises :class:`UsageError` for what is none, if that would
        take the place of one."""
        before, known = self.config(), self._known()
        if claims_in(token) is None and before.token is not None and claims_in(before.token) is not None:
            raise UsageError(
                "that is no token: one has three parts with dots between, eyJ….eyJ….…",
                hint="Was it copied whole and alone? Your login stays as it was; `stdbpy logout` ends it.",
            )
        set_token(self._config_path, token)
        return LoggedIn(identity_in(token), self._end(before, login_host), self._lost(known))

    def log_in_at_server(self, server_url: str, *, login_host: str) -> LoggedIn:
        """Takes a new identity that a server issues; no other server takes its token."""
        before, known = self.config(), self._known()
        issued = _new_identity(server_url)
        set_token(self._config_path, issued.token)
        self._store.save(server_url, issued.token, beside=issued.token)
        return LoggedIn(issued.identity, self._end(before, login_host), self._lost(known))

    def log_in_at_host(self, login_host: str, show: Callable[[WebLogin], None]) -> LoggedIn:
        """Lets the user log in in the browser: ``show`` is given the page, and returns at once. A session of a
        login that was not finished is taken up. Stopped in the middle, nothing has changed."""
        from stdbpy.api.login_host import LoginHost

        before = self.config()
        with LoginHost(login_host) as host:
            session = before.web_session_token if before.token is None else None
            if session is None:
                login = host.begin()
                show(login)
                session = host.wait_for_session(login)
                if before.token is None:
                    set_web_session_token(self._config_path, session)
            token = host.token(session)
        set_token(self._config_path, token, web_session_token=session)
        return LoggedIn(identity_in(token), None if before.token is None else self._end(before, login_host))

    def log_out(self, *, login_host: str) -> LoggedOut | None:
        """Forgets the login, at the login host too if that answers; ``None`` if there is none.

        What a server gave the user stays for that server, also if it was the login: nothing else proves whose
        the databases there are. What a login host gave goes everywhere, as it can be had again.
        """
        before = self.config()
        if before.token is None and before.web_session_token is None:
            return None
        forget_tokens(self._config_path)
        servers = [server for server, kept in self._store.all().items() if kept.token == before.token]
        if before.web_session_token is not None:
            for server in servers:
                self._store.forget(server)
            servers = []
        return replace(self._end(before, login_host) or LoggedOut(None), kept_for=tuple(servers))

    def renew(self, server_url: str) -> Renewal:
        """Sees to it that the user is somebody on a server: for the first time, or after it was reset.

        Does it take the token that it is shown, that stays; else one that was kept for it before; else the
        user gets a new identity there. Who has no login anywhere is logged in by that, as with the official
        program; a login that other servers take is left alone.
        """
        config = self.config()
        shown, kept = find_token(server_url, self._store, config), self._store.token(server_url)
        for token in dict.fromkeys(filter(None, (shown, kept))):
            if (identity := _accepted_as(server_url, token)) is not None:
                if token in (kept, config.token) and not shown == token == kept:
                    self._store.save(server_url, token, beside=config.token)
                return Renewal(identity, is_new=False)
        issued = _new_identity(server_url)
        is_login = config.token in (None, kept)
        if is_login:
            set_token(self._config_path, issued.token, web_session_token=config.web_session_token)
        self._store.save(server_url, issued.token, beside=issued.token if is_login else config.token)
        return Renewal(issued.identity, is_new=True)

    def _known(self) -> frozenset[Identity]:
        """Whom the user can be by the tokens that are kept. A login in the browser can be had again."""
        config = self.config()
        tokens = [kept.token for kept in self._store.all().values()]
        if config.token is not None and config.web_session_token is None:
            tokens.append(config.token)
        return frozenset(filter(None, map(identity_in, tokens)))

    def _lost(self, known: frozenset[Identity]) -> tuple[Identity, ...]:
        return tuple(sorted(known - self._known(), key=Identity.hex))

    def _end(self, config: CliToml, login_host: str) -> LoggedOut | None:
        """Ends the session of the login that ``cli.toml`` had; ``None`` if it had no login."""
        warning = ""
        if config.web_session_token is not None:
            from stdbpy.api.login_host import LoginHost

            try:
                with LoginHost(login_host) as host:
                    host.end(config.web_session_token)
            except ApiError as error:
                warning = f"the session at {login_host} may go on: {error}"
        return None if config.token is None else LoggedOut(identity_in(config.token), warning)


def _new_identity(server_url: str) -> NewIdentity:
    from stdbpy.api.client import ApiClient

    with ApiClient(server_url) as api:
        return api.create_identity()


def _accepted_as(server_url: str, token: str) -> Identity | None:
    """Whom a server takes a token for; ``None`` if it does not take it."""
    from stdbpy.api.client import ApiClient

    try:
        client = ApiClient(server_url, token)
    except ApiError:  # it has characters that no token has
        return None
    with client, suppress(TokenRejected):
        return identity_in(client.websocket_token())
    return None


def identity_in(token: str) -> Identity | None:
    """Whom a token is of, by its own words: nobody has checked them. ``None`` if it does not tell.

    Tokens name their issuer and subject; those of SpacetimeDB also the identity that follows from the two.
    """
    claims = claims_in(token)
    if claims is None:
        return None
    named, issuer, subject = (claims.get(key) for key in ("hex_identity", "iss", "sub"))
    if isinstance(named, str):
        with suppress(ValueError):
            return Identity.from_hex(named)
    if not isinstance(issuer, str) or not isinstance(subject, str):
        return None
    with suppress(MissingExtra):
        from stdbpy.engine.names import identity_from_claims  # needs blake3

        return identity_from_claims(issuer, subject)
    return None
