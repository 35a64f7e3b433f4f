"""When a lost connection is tried again, and when it is given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from stdbpy.errors import (
    ConnectFailed,
    ConnectionLost,
    CredentialsRefused,
    IdentityChanged,
    NoSuchDatabase,
    SessionHeld,
    StdbError,
)
from stdbpy.protocol.handshake import SESSION_BUSY
from stdbpy.protocol.options import ReconnectPolicy

_SESSION_HELD_DELAY = 0.25
_SESSION_HELD_ATTEMPTS = 40


@dataclass(frozen=True, slots=True)
class Retry:
    """Connect again after ``seconds``."""

    seconds: float
    error: StdbError


@dataclass(frozen=True, slots=True)
class Stop:
    """The session has ended, with that error."""

    error: StdbError


Verdict: TypeAlias = Retry | Stop


class Reconnection:
    """Counts failures in a row and judges each of them."""

    __slots__ = ("_failures", "_held", "_policy", "_random")

    def __init__(self, policy: ReconnectPolicy | None, random: Callable[[], float]) -> None:
        self._policy = policy
        self._random = random
        self._failures = 0
        self._held = 0

    def succeeded(self) -> None:
        """The connection is up and in step: what fails from now on is a new series."""
        self._failures = self._held = 0

    def judge(self, error: StdbError, *, code: int | None, had_connected: bool) -> Verdict:
        """What to do after ``error``; ``had_connected`` says whether the session ever had a connection."""
        policy = self._policy
        if code == SESSION_BUSY and policy is not None:
            self._held += 1
            if self._held > _SESSION_HELD_ATTEMPTS:
                return Stop(SessionHeld("another connection holds the session id and is not let go", hint=_HELD_HINT))
            return Retry(_SESSION_HELD_DELAY * (0.5 + self._random() / 2), error)
        if policy is None or is_final(error) or not (had_connected or policy.first):
            return Stop(error)
        if policy.attempts is not None and self._failures >= policy.attempts:
            return Stop(ConnectFailed(f"{error.message}; gave up after {self._failures} attempts", hint=error.hint))
        delay = policy.delay(self._failures, self._random)
        self._failures += 1
        return Retry(delay, error)


_HELD_HINT = "Give each connection a session id of its own"

_ABOUT_THE_MOMENT = (408, 425, 429)
"""Statuses of 4xx that another attempt may not meet."""


def is_final(error: StdbError) -> bool:
    """Whether trying again would only give the same answer."""
    if isinstance(error, CredentialsRefused | NoSuchDatabase | IdentityChanged):
        return True
    if isinstance(error, ConnectFailed):
        return 400 <= error.status < 500 and error.status not in _ABOUT_THE_MOMENT
    return not isinstance(error, ConnectionLost)
