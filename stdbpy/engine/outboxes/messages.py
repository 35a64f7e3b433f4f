"""What goes from one database to another, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import NamedTuple

from stdbpy.errors import DatabaseNotFound
from stdbpy.sats.values import Identity


class Message(NamedTuple):
    """A call of a reducer in another database."""

    sender: Identity
    stream: int
    """The sender's number for what goes from one of its outboxes to one database."""
    sequence: int
    """The message's place in the stream; the first one has 1."""
    settled: int
    """The sender will not ask again for the outcomes of messages up to this one."""
    target: Identity
    reducer: str
    """Its full name there."""
    signature: bytes
    """What the sender takes the reducer's signature for."""
    args: bytes
    """BSATN of the arguments, one after the other."""


class Outcome(NamedTuple):
    """What a message came to, for good; ``error`` is what the caller is told of a call that failed."""

    error: str | None = None


Deliver = Callable[[Message], "Future[Outcome]"]
"""Hands a message to its target; the future is done when the outcome is durable there. If it raises, the message is to
be sent again: its target is not there, or has not had those before it."""


def to_nobody(message: Message) -> Future[Outcome]:
    """Where there are no other databases."""
    answer: Future[Outcome] = Future()
    answer.set_exception(DatabaseNotFound(f"There is no database {message.target}"))
    return answer
