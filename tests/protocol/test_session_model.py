"""A session against a model of the server, over a pipe that is cut at any place.

Every delivered change of rows is applied to a mirror, which refuses what cannot happen (a row that comes
twice, an update that changes nothing). After each message that is applied the mirror must show what the
server says that the client's subscriptions give at that moment; while a reconnection is under way it must
not change at all. Each call must have become what its outcome says.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from stdbpy.errors import ConnectionLost, ReducerFailed, SubscriptionFailed
from stdbpy.protocol.deliveries import (
    AttemptFailed,
    Connected,
    Delivery,
    Disconnected,
    Ended,
    RequestFinished,
    RowsChanged,
    SubscriptionApplied,
    SubscriptionEnded,
)
from stdbpy.protocol.events import ReconnectedEvent, ReducerEvent
from stdbpy.protocol.handshake import V3
from stdbpy.protocol.options import SessionOptions
from stdbpy.protocol.pending import PendingRequest
from stdbpy.protocol.reconnecting import Retry
from stdbpy.protocol.session import Session, State
from stdbpy.protocol.subscription import Phase, SubscriptionState
from tests.examples_to_try import up_to
from tests.protocol.mirror import Mirror, report_everything
from tests.protocol.model_server import CATALOG, Connection, Database, Rows

ids = st.integers(0, 3)
texts = st.sampled_from(["ada", "bob"])
queries = st.lists(
    st.sampled_from(["players", "players", "low players", "notes", "shouts", "nonsense"]), min_size=1, max_size=3
)
calls = st.one_of(
    st.tuples(st.just("put_player"), st.tuples(ids, texts, st.integers(0, 9))),
    st.tuples(st.just("drop_player"), st.tuples(ids)),
    st.tuples(st.just("toggle_note"), st.tuples(ids, texts)),
    st.tuples(st.just("shout"), st.tuples(texts)),
    st.tuples(st.just("refuse"), st.tuples(texts)),
)


class SessionMachine(RuleBasedStateMachine):
    """The client's half is the real session; the rest is a model."""

    def __init__(self) -> None:
        super().__init__()
        self.database = Database()
        options = SessionOptions("http://model", "model")
        self.session = Session(CATALOG, options, clock=lambda: 0.0, random=random.Random(1).random)
        report_everything(self.session.cache)
        self.mirror = Mirror()
        self.connection: Connection | None = None
        self.connections = 0
        self.to_server: list[bytes] = []
        self.subscriptions: list[SubscriptionState] = []
        self.ended_by_owner: set[int] = set()
        self.ended: list[SubscriptionState] = []
        self.tags: dict[int, PendingRequest] = {}
        self.finished: set[int] = set()
        self.told: list[Delivery] = []
        self.handed_over: set[int] = set()

    # --- the network

    @precondition(lambda self: self.connection is None)
    @rule()
    def connect(self) -> None:
        self.session.handshake()
        self.session.opened(V3)
        self.connections += 1
        self.connection = Connection(self.database, self.connections)

    @precondition(lambda self: self.connection is None and self.session.identity is not None)
    @rule()
    def fail_to_connect(self) -> None:
        assert isinstance(self.session.lost("refused"), Retry)
        self.hear()

    @precondition(lambda self: self.connection is not None and self.session.identity is not None)
    @rule(code=st.sampled_from([None, 1000, 1001, 1006, 1011]))
    def cut(self, code: int | None) -> None:
        assert self.connection is not None
        self.connection.end()
        self.connection = None
        self.to_server.clear()
        verdict = self.session.lost("cut", code=code)
        assert isinstance(verdict, Retry) and 0 <= verdict.seconds <= 30
        assert not self.session.take_outgoing()
        self.hear()

    @precondition(lambda self: self.connection is not None)
    @rule()
    def flush(self) -> None:
        for frame in self.session.take_outgoing():
            assert isinstance(frame, bytes)
            self.to_server.append(frame)
        self.handed_over |= set(self.tags)

    @precondition(lambda self: self.connection is not None and self.to_server)
    @rule()
    def server_hears(self) -> None:
        assert self.connection is not None
        self.connection.hear(self.to_server.pop(0))

    @precondition(lambda self: self.connection is not None and self.connection.outgoing)
    @rule()
    def client_hears(self) -> None:
        assert self.connection is not None
        frame, view, shouts = self.connection.outgoing.pop(0)
        was_in_step = self.in_step
        before = self.mirror.rows()
        self.session.receive(frame)
        assert self.session.hang_up is None or isinstance(self.session.hang_up, ConnectionLost)
        self.hear()
        if self.session.hang_up is not None:
            self.cut(1000)
            return
        if self.in_step:
            assert self.mirror.rows() == view
        else:
            assert self.mirror.rows() == before
        if was_in_step and self.in_step:
            assert set(self.mirror.take_shouts()) == set(shouts)
        else:
            self.mirror.take_shouts()

    @property
    def in_step(self) -> bool:
        return self.session.state is State.CONNECTED and self.session._replica.in_step

    # --- the database

    @rule(call=calls)
    def other_client_calls(self, call: tuple[str, tuple[object, ...]]) -> None:
        self.database.run(call[0], (0, *call[1]), None)

    @precondition(lambda self: self.connection is not None and self.connection.sets)
    @rule(data=st.data())
    def set_fails(self, data: st.DataObject) -> None:
        assert self.connection is not None
        self.connection.fail(data.draw(st.sampled_from(sorted(self.connection.sets))))

    # --- the user

    @rule(queries=queries)
    def subscribe(self, queries: list[str]) -> None:
        self.subscriptions.append(self.session.subscribe(queries))

    @precondition(lambda self: self.subscriptions)
    @rule(data=st.data())
    def unsubscribe(self, data: st.DataObject) -> None:
        subscription = data.draw(st.sampled_from(self.subscriptions))
        if subscription.phase in (Phase.PENDING, Phase.APPLIED):
            self.ended_by_owner.add(subscription.query_set_id)
        self.session.unsubscribe(subscription)
        self.hear()

    @precondition(lambda self: self.session.state is State.CONNECTED)
    @rule(call=calls)
    def call(self, call: tuple[str, tuple[object, ...]]) -> None:
        tag = len(self.tags) + 1
        request = self.session.call_reducer(call[0], (tag, *call[1]))
        self.tags[tag] = request

    @precondition(lambda self: self.session.state is not State.CONNECTED)
    @rule(call=calls)
    def call_without_connection(self, call: tuple[str, tuple[object, ...]]) -> None:
        try:
            self.session.call_reducer(call[0], (0, *call[1]))
        except ConnectionLost as error:
            assert not error.may_have_run
        else:
            raise AssertionError("the call was accepted")

    # --- what is told

    def hear(self) -> None:
        for delivery in self.session.take_deliveries():
            self.told.append(delivery)
            if isinstance(delivery, RowsChanged):
                self.mirror.apply(delivery)
            elif isinstance(delivery, RequestFinished):
                self.outcome(delivery.request)
            elif isinstance(delivery, SubscriptionApplied):
                assert delivery.subscription.phase is Phase.APPLIED
            elif isinstance(delivery, SubscriptionEnded):
                self.end_of(delivery.subscription)
            else:
                assert isinstance(delivery, Connected | Disconnected | AttemptFailed | Ended)

    def outcome(self, request: PendingRequest) -> None:
        tag: Any = request.args[0]
        assert request.done and self.tags[tag] is request
        assert tag not in self.finished, "an outcome was told twice"
        self.finished.add(tag)
        truth = self.database.outcomes.get(tag)
        if request.error is None:
            assert truth == "committed"
            assert isinstance(request.event, ReducerEvent) and request.event.args == request.args
        elif isinstance(request.error, ReducerFailed):
            assert truth == "refused" and str(request.error) == request.args[1]
        else:
            assert isinstance(request.error, ConnectionLost)
            assert request.error.may_have_run == (tag in self.handed_over)
            assert request.error.may_have_run or truth is None

    def end_of(self, subscription: SubscriptionState) -> None:
        assert subscription.phase is Phase.ENDED and subscription not in self.ended
        self.ended.append(subscription)
        if subscription.error is not None:
            assert isinstance(subscription.error, SubscriptionFailed)
        else:
            assert subscription.query_set_id in self.ended_by_owner

    @invariant()
    def the_cache_shows_what_was_told(self) -> None:
        assert cached(self.session) == self.mirror.rows()

    # --- the end: all is delivered, and everything is where it belongs

    def teardown(self) -> None:
        if self.connection is None:
            self.connect()
        while True:
            self.flush()
            if self.to_server:
                self.server_hears()
            elif self.connection is not None and self.connection.outgoing:
                self.client_hears()
                if self.connection is None:
                    self.connect()
            else:
                break
        self.hear()
        assert self.connection is not None
        assert self.in_step
        assert self.mirror.rows() == self.connection.view() == cached(self.session)
        assert self.finished == set(self.tags)
        live = [subscription for subscription in self.subscriptions if subscription not in self.ended]
        assert {subscription.query_set_id for subscription in live} == set(self.connection.sets)
        assert all(subscription.phase is Phase.APPLIED for subscription in live)
        assert all(
            subscription in self.ended for subscription in self.subscriptions if subscription.phase is Phase.ENDED
        )
        self.reconnections_are_told()
        rows = cached(self.session)
        self.session.close()
        self.ended_by_owner |= {subscription.query_set_id for subscription in live}
        self.hear()
        assert len(self.ended) == len(self.subscriptions)
        assert cached(self.session) == rows

    def reconnections_are_told(self) -> None:
        """``Connected`` and ``Disconnected`` alternate, and a connection that comes back is reconciled once at most."""
        connected = False
        reconciled = True
        for delivery in self.told:
            if isinstance(delivery, Connected):
                assert not connected
                connected, reconciled = True, not delivery.again
            elif isinstance(delivery, Disconnected):
                assert connected
                connected = False
            elif isinstance(delivery, RowsChanged) and isinstance(delivery.event, ReconnectedEvent):
                assert connected and not reconciled
                reconciled = True
        assert connected and reconciled


def cached(session: Session) -> Rows:
    return frozenset((name, row) for name, table in session.cache.tables.items() for row in table)


TestSessionModel = SessionMachine.TestCase
TestSessionModel.settings = settings(up_to(60), stateful_step_count=60)
