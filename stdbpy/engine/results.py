"""What goes into and comes out of a database's operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from stdbpy.errors import NotAllowed
from stdbpy.sats.types import ProductType
from stdbpy.sats.values import ConnectionId, Identity, Timestamp

FATAL = "The instance encountered a fatal error."
"""What callers read when a module has a bug: SpacetimeDB's words, which clients may look for."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an identity, the connection it calls through, and the claims of its token."""

    identity: Identity
    connection_id: ConnectionId | None = None
    claims: str | None = None
    """The payload of the connection's token as JSON text, if it has one."""


class CallOutcome(NamedTuple):
    """How a reducer ended. A failed one has changed nothing."""

    status: Literal["committed", "failed"]
    error: str | None = None
    """What the reducer said when it refused, or what its exception was; else the sentence that callers get."""
    duration_micros: int = 0
    timestamp: Timestamp = Timestamp(0)
    """When it began, which is ``ctx.timestamp``."""
    is_bug: bool = False
    """Whether the module gave no answer: it crashed, or was stopped. An exception of Python's is an answer."""


def expect_allowed(outcome: CallOutcome | None) -> None:
    """Raises ``NotAllowed`` if a module has turned away a client: what came of its reducer for new ones, if any."""
    if outcome is not None and outcome.error is not None:
        raise NotAllowed(outcome.error)


class ProcedureOutcome(NamedTuple):
    """How a procedure ended: with what it returned, or by a bug. Its transactions are as they were by then."""

    returned: bytes | None
    """In BSATN; ``None`` after a bug, which :attr:`error` tells as callers read it."""
    error: str | None = None
    duration_micros: int = 0
    timestamp: Timestamp = Timestamp(0)
    """When it began, which is ``ctx.timestamp``. As on the real server nothing is told of a failed one's times."""


@dataclass(frozen=True, slots=True)
class PublishResult:
    database_identity: Identity
    op: Literal["created", "updated"]
    name: str | None = None
    """The name that was published to; ``None`` if an identity was given or nothing."""


@dataclass(frozen=True, slots=True)
class StatementResult:
    """The answer to one SQL statement: its rows, and how many rows it changed."""

    columns: ProductType
    rows: list[tuple[Any, ...]]
    duration_micros: int = 0
    rows_inserted: int = 0
    rows_deleted: int = 0
    rows_updated: int = 0
