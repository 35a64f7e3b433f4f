"""Asking for something that is answered: from what is asked to the message, and the request that waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from stdbpy.errors import NoSuchReducer, nearest
from stdbpy.protocol.catalog import FunctionLayout
from stdbpy.protocol.dialect import Dialect
from stdbpy.protocol.outbox import Outbox
from stdbpy.protocol.pending import LAST_NUMBER, Kind, PendingRequest, PendingRequests
from stdbpy.protocol.requests import CallKind, OneOffQuery, WriteCall

Write: TypeAlias = WriteCall[bytes | str]

Ask: TypeAlias = Callable[[str, tuple[Any, ...]], PendingRequest]
"""Asks for a run of a function by its name, with arguments in the order of its parameters; or for a query.

Raises ``NoSuchReducer`` and ``EncodeError`` for what the schema does not have, ``ConnectionLost`` while there is
no connection and ``ConnectionClosed`` after its end."""


class Writers(Protocol):
    """What writes the messages of one kind, by what is asked for."""

    def __getitem__(self, name: str, /) -> Write: ...


def asker(kind: Kind, writers: Writers, *, pending: PendingRequests, outbox: Outbox, clock: Callable[[], float]) -> Ask:
    """What asks for things of one kind.

    Nothing else is done as often by a client. Hence a closure, whose variables cost half of what attributes do.
    """
    by_number, make, driver, next_serial = pending.by_number, pending.factory, pending.driver, pending.next_serial
    put = outbox.put

    def ask(name: str, args: tuple[Any, ...]) -> PendingRequest:
        write = writers[name]
        if not outbox.is_announced:
            outbox.announce()
        serial = next_serial()
        number = serial if serial <= LAST_NUMBER else pending.number_of(serial)
        put(write(number, args))
        request = by_number[number] = make(kind, name, args, number, serial, clock(), driver)
        return request

    return ask


class CallWriters(dict[str, Write]):
    """For functions that can be called: those that have been, in the present connection.

    ``connected`` gives its dialect, or raises why there is none. To be cleared with its end.
    """

    def __init__(
        self, kind: CallKind, functions: Mapping[str, FunctionLayout], connected: Callable[[], Dialect]
    ) -> None:
        self._kind = kind
        self._functions = functions
        self._connected = connected

    def __missing__(self, name: str) -> Write:
        function = self._functions.get(name)
        if function is None:
            raise NoSuchReducer(f"the schema has no {self._kind} {name!r}", hint=nearest(name, self._functions))
        write = self[name] = self._connected().call_writer(self._kind, function)
        return write


class QueryWriters:
    """For queries, by their SQL."""

    def __init__(self, connected: Callable[[], Dialect]) -> None:
        self._connected = connected

    def __getitem__(self, sql: str) -> Write:
        dialect = self._connected()
        return lambda number, _: dialect.encode(OneOffQuery(number, sql))
