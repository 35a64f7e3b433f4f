"""Requests as they are made: the numbers that they get, and what the driver is told of them."""

from __future__ import annotations

import itertools
from itertools import count

import pytest

from stdbpy.protocol.handshake import V2
from stdbpy.protocol.options import SessionOptions
from stdbpy.protocol.session import Session
from stdbpy.protocol.v2 import messages as m2
from stdbpy.protocol.v2.codec import encode_server_message
from tests.protocol.model_server import CATALOG
from tests.protocol.scripted import HERE, ME, Script

PUT_ADA = (10, 1, "ada", 5)


def test_the_driver_is_told_of_the_first_request_that_is_to_be_sent() -> None:
    told: list[str] = []

    def outgoing() -> None:
        told.append(session.state.value)
        if len(told) == 3:
            raise RuntimeError("not here")

    options = SessionOptions("http://s", "game")
    session = Session(CATALOG, options, clock=float, random=float, driver=told, outgoing=outgoing)
    session.opened(V2)
    session.receive(encode_server_message(m2.InitialConnection(ME, HERE, "token")))
    for times in (1, 2):
        assert session.call_reducer("put_player", PUT_ADA).driver is told
        session.query("players")
        assert len(told) == times
        assert len(session.take_outgoing()) == 2
    with pytest.raises(RuntimeError, match="not here"):
        session.call_procedure("double", (1,))
    assert session.requests_pending == 4
    assert session.take_outgoing() == []


def test_numbers_of_pending_requests_are_not_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    last = (1 << 32) - 1
    monkeypatch.setattr("stdbpy.protocol.pending.count", lambda first: itertools.chain((first, last), count(last + 1)))
    session = Script(V2).connect().session
    numbers = [session.query("players").request_id for _ in range(4)]
    assert numbers == [1, last, 2, 3]  # 0 and those that are pending are left out
