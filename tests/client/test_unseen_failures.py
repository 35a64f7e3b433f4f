"""Failures of calls that nobody asks for: the connection is told when the call goes, and of no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stdbpy.client.pending_call import PendingCall
from stdbpy.errors import ConnectionClosed, ReducerFailed, StdbError


class Connection:
    call_timeout = None

    def __init__(self) -> None:
        self.told: list[tuple[str, str, StdbError]] = []

    def failed_unseen(self, kind: str, name: str, error: StdbError) -> None:
        self.told.append((kind, name, error))


def failed(connection: Connection, error: StdbError | None) -> PendingCall[None]:
    call = PendingCall[None]("reducer", "level_up", (3,), 1, 1, 0.0, connection)
    call.error = error
    return call


def test_a_failure_that_nobody_asks_for_is_told_once() -> None:
    connection, error = Connection(), ReducerFailed("no")
    call = failed(connection, error)
    call.settle()
    assert connection.told == []
    del call
    assert connection.told == [("reducer", "level_up", error)]


@pytest.mark.parametrize("error", [None, ConnectionClosed("closed")])
def test_success_and_the_end_of_the_connection_are_not(error: StdbError | None) -> None:
    connection = Connection()
    failed(connection, error).settle()
    assert connection.told == []


def _raised(call: PendingCall[None]) -> None:
    with pytest.raises(ReducerFailed):
        call.result()


@pytest.mark.parametrize("look", [_raised, lambda call: call.exception(), lambda call: call.add_done_callback(id)])
def test_what_was_asked_for_is_not_told(look: Callable[[PendingCall[None]], Any]) -> None:
    connection = Connection()
    call = failed(connection, ReducerFailed("no"))
    call.settle()
    look(call)
    call.error = None  # whose traceback holds the call
    del call
    assert connection.told == []


def test_what_a_callback_gets_is_not_told() -> None:
    connection = Connection()
    call = failed(connection, ReducerFailed("no"))
    call.add_done_callback(id)
    assert list(call.settle()) == [id]
    del call
    assert connection.told == []
