"""The login host: the web site that knows users and gives them tokens which many servers take.

Routes and shapes are those that SpacetimeDB's own program 2.8.3 uses (``subcommands/login.rs``,
``logout.rs``). A user is asked for in the browser; meanwhile the program asks the host from time to time
whether that happened, gets a *session* for it, and for the session a token.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, Self, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from stdbpy.api.address import Address
from stdbpy.api.answers import OK, UNAUTHORIZED
from stdbpy.api.transport import bearer, client_settings, failure
from stdbpy.errors import ApiError, TokenRejected, UnexpectedAnswer

TIMEOUT = 30.0
"""Seconds without a sign of life until a request counts as failed."""

LOGOUT_TIMEOUT = 5.0
"""Seconds; ending a session is a courtesy that nobody should wait for."""

PAUSE = 1.0
"""Seconds between two questions whether the user has logged in."""

QUESTIONS = 15 * 60
"""How often that is asked until a login that nobody finishes counts as failed."""

T = TypeVar("T")


class _Token(msgspec.Struct):
    token: str


class _Approval(msgspec.Struct, rename="camel"):
    approved: bool
    session_token: str | None = None


class _Answer(msgspec.Struct, Generic[T]):
    success: bool
    error: str | None = None
    data: T | None = None


@dataclass(frozen=True, slots=True)
class WebLogin:
    """A login that waits for its user."""

    page: str
    """Where the user logs in."""
    token: str = field(repr=False)


class LoginHost:
    """The login host at ``url``. Use it as a context manager.

    Every method raises :class:`ApiError` or one of its kinds: ``ServerUnreachable``,
    ``UnexpectedAnswer``, ``TokenRejected``.
    """

    def __init__(self, url: str) -> None:
        self._address = Address.parse(url)
        self._http = httpx.Client(**client_settings(self._address, None, TIMEOUT))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()

    @property
    def url(self) -> str:
        return self._address.url

    def begin(self) -> WebLogin:
        """Begins a login in the browser."""
        answer = self._ask("POST", "/api/auth/cli/login/request-token", _Answer[_Token])
        token = self._data(answer).token
        return WebLogin(f"{self.url}/login/cli?token={quote(token, safe='')}", token)

    def session(self, login: WebLogin) -> str | None:
        """The session of a user who has logged in; ``None`` if that is still to come."""
        answer = self._ask("GET", "/api/auth/cli/status", _Answer[_Approval], query={"token": login.token})
        approval = self._data(answer)
        if approval.approved and approval.session_token is None:
            raise self._strange("it approves a login and gives no session")
        return approval.session_token if approval.approved else None

    def wait_for_session(self, login: WebLogin, *, pause: Callable[[float], None] = time.sleep) -> str:
        """Asks for the session until it is there; ``pause`` waits for as many seconds as it is told."""
        for _ in range(QUESTIONS):
            pause(PAUSE)
            if (session := self.session(login)) is not None:
                return session
        raise ApiError(
            f"nobody logged in at {login.page} within {QUESTIONS * PAUSE / 60:g} minutes",
            hint="Run the command again for a new address.",
        )

    def token(self, session: str) -> str:
        """A token of the user of a session, for SpacetimeDB servers."""
        return self._data(self._ask("POST", "/api/spacetimedb-token", _Answer[_Token], session=session)).token

    def end(self, session: str) -> None:
        """Ends a session."""
        self._send("POST", "/auth/cli/logout", session=session, timeout=LOGOUT_TIMEOUT)

    def _ask(
        self, method: str, path: str, shape: type[T], *, query: dict[str, str] | None = None, session: str | None = None
    ) -> T:
        response = self._send(method, path, query=query, session=session)
        if response.status_code == UNAUTHORIZED and session is not None:
            raise TokenRejected(
                f"{self.url} does not take the session of the last login any more",
                status=UNAUTHORIZED,
                hint="Log out with `stdbpy logout`, then log in again.",
            )
        if response.status_code != OK:
            raise self._strange(f"status {response.status_code}")
        try:
            return msgspec.json.decode(response.content, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self._strange(str(error)) from None

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        session: str | None = None,
        timeout: float = TIMEOUT,
    ) -> httpx.Response:
        headers = {} if session is None else {"authorization": bearer(session)}
        try:
            return self._http.request(method, self.url + path, params=query, headers=headers, timeout=timeout)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise failure(self._address, error, timeout) from error

    def _data(self, answer: _Answer[T]) -> T:
        if not answer.success:
            raise ApiError(f"{self.url} refused the login: {answer.error or 'it does not say why'}")
        if answer.data is None:
            raise self._strange("it has no data")
        return answer.data

    def _strange(self, what: str) -> UnexpectedAnswer:
        return UnexpectedAnswer(
            f"{self.url} did not answer as a login host does: {what}", hint="Is --auth-host the right address?"
        )
