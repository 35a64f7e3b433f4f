"""What clients of 2.14 know: several subscriptions at once, and sessions; no real server here knows them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from stdbpy.engine.subscriptions import subscriptions
from stdbpy.protocol.handshake import SESSION_BUSY
from stdbpy.protocol.v2 import messages as m
from stdbpy.server import RunningServer
from tests.contract.websocket import V2, Wire, connected
from tests.server.test_websocket import ADDED, NOTES, PATIENCE, Asked, add, opened, publish


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer() as running:
        yield running


@pytest.fixture
def database(server: RunningServer) -> str:
    publish(server)
    return "notes"


@pytest.fixture
def wire(server: RunningServer, database: str) -> Iterator[Wire]:
    with opened(server, database) as wire:
        yield wire


def asked_as_owner(server: RunningServer) -> Asked:
    return Asked(server.url, server.owner_token)


@pytest.mark.difference("several subscriptions in one message, and sessions")
class TestBatches:
    def test_all_sets_are_told_at_once(self, wire: Wire):
        sets = [m.SubscribeSet(1, [NOTES]), m.SubscribeSet(2, ["SELECT * FROM nothing"]), m.SubscribeSet(3, [ADDED])]
        applied = wire.ask(m.SubscribeBatch(7, sets))
        assert isinstance(applied, m.SubscribeBatchApplied)
        assert (applied.request_id, [result.query_set_id for result in applied.results]) == (7, [1, 2, 3])
        first, second, third = (result.outcome for result in applied.results)
        assert isinstance(first, m.SetApplied) and isinstance(third, m.SetApplied)
        assert isinstance(second, m.SetError) and "nothing" in second.value
        update = wire.ask(add("x"))
        assert isinstance(update.result, m.Returned)
        assert [one.query_set_id for one in update.result.value.transaction_update.query_sets] == [1, 3]

    def test_a_number_that_is_taken_fails_alone(self, wire: Wire):
        applied = wire.ask(m.SubscribeBatch(1, [m.SubscribeSet(1, [NOTES]), m.SubscribeSet(1, [ADDED])]))
        assert [type(result.outcome) for result in applied.results] == [m.SetApplied, m.SetError]

    def test_the_number_of_sets_is_bounded(self, wire: Wire, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(subscriptions, "MOST_SETS", 2)
        monkeypatch.setattr(subscriptions, "MOST_QUERIES", 3)
        sets = [m.SubscribeSet(1, [NOTES] * 4), *(m.SubscribeSet(number, [NOTES]) for number in (2, 3, 4))]
        applied = wire.ask(m.SubscribeBatch(1, sets))
        kinds = [type(result.outcome) for result in applied.results]
        assert kinds == [m.SetError, m.SetApplied, m.SetApplied, m.SetError]
        assert isinstance(wire.ask(m.Unsubscribe(2, 2, m.UnsubscribeFlags.Default)), m.UnsubscribeApplied)
        assert isinstance(wire.ask(m.Subscribe(3, 4, [NOTES])), m.SubscribeApplied)


class TestSessions:
    QUERY = "compression=None&session_id=mine"

    def test_one_connection_holds_one_at_a_time(self, server: RunningServer, database: str):
        with connected(asked_as_owner(server), database, V2, query=self.QUERY) as first:
            first.next()
            with connected(asked_as_owner(server), database, V2, query=self.QUERY) as second:
                assert second.closing()[0] == SESSION_BUSY
            assert first.closing() == (1006, "")
            deadline = time.monotonic() + PATIENCE
            while True:
                with (
                    connected(asked_as_owner(server), database, V2, query=self.QUERY) as third,
                    suppress(ConnectionClosed),
                ):
                    assert isinstance(third.next(), m.InitialConnection)
                    break
                assert time.monotonic() < deadline

    def test_those_of_others_are_others(self, server: RunningServer, database: str):
        stranger = server.backend.tokens.new_identity().token
        with (
            connected(asked_as_owner(server), database, V2, query=self.QUERY) as mine,
            connected(asked_as_owner(server), database, V2, query=self.QUERY, token=stranger) as theirs,
            connected(asked_as_owner(server), database, V2, query=self.QUERY + "2") as another,
        ):
            for wire in (mine, theirs, another):
                assert isinstance(wire.next(), m.InitialConnection)

    @pytest.mark.parametrize("name", ["", "x" * 257])
    def test_names_have_a_length(self, server: RunningServer, database: str, name: str):
        with (
            pytest.raises(InvalidStatus, match="400"),
            connected(asked_as_owner(server), database, V2, query=f"session_id={name}"),
        ):
            pass
