"""What a client asks for, whichever version of the protocol carries it.

Every request has a number of the client's choice, ``request_id`` (a u32), that the answer repeats.
A query set, the queries of one subscription, is numbered by ``query_set_id`` (a u32).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec

from stdbpy.errors import EncodeError

Frame = TypeVar("Frame", bound=bytes | str)


class Subscribe(msgspec.Struct, frozen=True, gc=False):
    """Keep the client told of the rows that these SQL queries give."""

    request_id: int
    query_set_id: int
    queries: Sequence[str]


class QuerySet(msgspec.Struct, frozen=True, gc=False):
    """One of the subscriptions that are made at once."""

    query_set_id: int
    queries: Sequence[str]


class SubscribeBatch(msgspec.Struct, frozen=True, gc=False):
    """Several subscriptions at one moment of the database: servers since 2.14, with v2 and v3.

    Each is answered as if it had been asked for alone: with the same ``request_id``.
    """

    request_id: int
    sets: Sequence[QuerySet]


class Unsubscribe(msgspec.Struct, frozen=True, gc=False):
    """End a subscription; the answer holds the rows that it leaves."""

    request_id: int
    query_set_id: int


class OneOffQuery(msgspec.Struct, frozen=True, gc=False):
    """The rows that an SQL query gives now."""

    request_id: int
    query: str


Request: TypeAlias = Subscribe | SubscribeBatch | Unsubscribe | OneOffQuery

CallKind: TypeAlias = Literal["reducer", "procedure"]
"""What a client can have run."""

WriteCall: TypeAlias = Callable[[int, tuple[Any, ...]], Frame]
"""Gives the frame that calls one reducer or procedure with a ``request_id`` and arguments, in the order of its
parameters. Raises ``EncodeError`` with the parameter that does not fit.

Calls are what clients ask for most often. So each dialect has a function for each reducer, which is made once."""


def check_text(query: str) -> None:
    """Raises ``EncodeError`` for a query that no message can hold."""
    try:
        query.encode()
    except UnicodeEncodeError:
        raise EncodeError("the query holds a lone surrogate, which UTF-8 cannot hold") from None
