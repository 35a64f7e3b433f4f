"""What a session makes of each message, by hand: requests and their answers, ends, and what no server should send."""

from __future__ import annotations

import logging

import pytest

from stdbpy.errors import (
    ConnectFailed,
    ConnectionClosed,
    ConnectionLost,
    EncodeError,
    NoSuchReducer,
    ProcedureFailed,
    ProtocolError,
    QueryFailed,
    ReducerCrashed,
    ReducerFailed,
    SubscriptionFailed,
)
from stdbpy.protocol.deliveries import (
    AttemptFailed,
    Connected,
    Disconnected,
    Ended,
    RequestFinished,
    RowsChanged,
    SubscriptionApplied,
    SubscriptionEnded,
)
from stdbpy.protocol.events import ReducerEvent, SubscribeAppliedEvent, TransactionEvent, UnsubscribeAppliedEvent
from stdbpy.protocol.handshake import V1, V1_JSON, V2, V3
from stdbpy.protocol.reconnecting import Retry, Stop
from stdbpy.protocol.session import State
from stdbpy.protocol.subscription import Phase
from stdbpy.protocol.v1 import messages as m1
from stdbpy.protocol.v2 import messages as m2
from stdbpy.sats.values import Err, Ok, TimeDuration, Timestamp
from tests.protocol.model_server import CATALOG
from tests.protocol.scripted import (
    ELSEWHERE,
    HERE,
    ME,
    OTHER,
    Script,
    inserted,
    query_rows,
    v1_transaction,
    v1_update,
)

ADA = (1, "ada", 5)
BOB = (2, "bob", 6)
PUT_ADA = (10, *ADA)


def text(value: str) -> bytes:
    return len(value).to_bytes(4, "little") + value.encode()


# --- connecting


def test_the_server_says_who_the_client_is() -> None:
    script = Script()
    assert script.session.state is State.CONNECTING
    script.connect()
    assert script.session.state is State.CONNECTED
    assert (script.session.identity, script.session.connection_id, script.session.token) == (ME, HERE, "token")
    assert script.told == [Connected(ME, HERE, again=False)]


def test_the_token_that_the_server_gave_is_shown_next_time() -> None:
    script = Script()
    assert dict(script.session.handshake().headers) == {}
    script.connect()
    assert script.session.handshake().headers["Authorization"] == "Bearer token"
    assert "token" not in repr(script.session.options)


@pytest.mark.parametrize("subprotocol", ["chat", None])
def test_a_subprotocol_that_nobody_speaks_ends_the_session(subprotocol: str | None) -> None:
    script = Script()
    script.session.opened(subprotocol)
    assert isinstance(script.session.hang_up, ProtocolError)
    verdict = script.session.lost()
    assert verdict == Stop(script.session.error)


def test_a_second_identity_is_against_the_protocol() -> None:
    script = Script().connect()
    script.hear(m2.InitialConnection(ME, ELSEWHERE, "other"))
    assert isinstance(script.session.hang_up, ProtocolError)
    assert script.session.connection_id == HERE


# --- calls


@pytest.mark.parametrize("subprotocol", [V2, V3])
def test_a_call_has_its_outcome_once_its_rows_are_told(subprotocol: str) -> None:
    script = Script(subprotocol).connect()
    subscription = script.session.subscribe(["players"])
    request = script.session.call_reducer("put_player", PUT_ADA)
    asked, called = script.said()
    assert called.args == CATALOG.reducers["put_player"].arguments.encode(PUT_ADA)
    script.hear(m2.SubscribeApplied(asked.request_id, subscription.query_set_id, m2.QueryRows([])))
    assert not request.done
    script.now = 100.25
    update = inserted(subscription.query_set_id, "player", ADA)
    script.hear(m2.ReducerResult(called.request_id, Timestamp(4), m2.Returned(m2.ReducerOk(b"", update))))
    changed, finished = script.told[-2:]
    assert isinstance(changed, RowsChanged) and isinstance(changed.event, ReducerEvent)
    assert [(change.table, list(change.inserted)) for change in changed.changes] == [("player", [ADA])]
    assert (changed.event.reducer, changed.event.args, changed.event.timestamp) == ("put_player", PUT_ADA, 4)
    assert changed.event.is_own and changed.event.committed and changed.event.caller_identity == ME
    assert finished == RequestFinished(request) and request.done and request.error is None
    assert request.event is changed.event
    assert request.finished is not None and request.finished - request.started == 0.25
    assert list(script.session.cache.tables["player"]) == [ADA]


@pytest.mark.parametrize("kind", ["reducer", "procedure"])
def test_bugs_lead_to_the_log(kind: str) -> None:
    script = Script().connect()
    if kind == "reducer":
        request = script.session.call_reducer("refuse", (2, "no"))
        [said] = script.said()
        bug = m2.ReducerInternalError("The instance encountered a fatal error.")
        script.hear(m2.ReducerResult(said.request_id, Timestamp(4), bug))
    else:
        request = script.session.call_procedure("double", (2,))
        [said] = script.said()
        status = m2.ProcedureInternalError("The instance encountered a fatal error.")
        script.hear(m2.ProcedureResult(status, Timestamp(4), TimeDuration(1), said.request_id))
    assert request.error is not None
    assert request.error.hint == f"The log says where it went wrong: stdbpy logs {script.session.options.database}"


def test_refusals_and_bugs_are_told_apart_under_v2() -> None:
    script = Script().connect()
    refused = script.session.call_reducer("refuse", (1, "no"))
    crashed = script.session.call_reducer("refuse", (2, "no"))
    strange = script.session.call_reducer("put_player", PUT_ADA)
    one, two, three = script.said()
    script.hear(
        m2.ReducerResult(one.request_id, Timestamp(4), m2.Refused(text("no"))),
        m2.ReducerResult(two.request_id, Timestamp(4), m2.ReducerInternalError("it panicked")),
        m2.ReducerResult(three.request_id, Timestamp(4), m2.Refused(b"\xff")),
    )
    assert type(refused.error) is ReducerFailed and str(refused.error) == "no"
    assert type(crashed.error) is ReducerCrashed and str(crashed.error) == "it panicked"
    assert type(strange.error) is ReducerFailed and str(strange.error) == "ff"
    assert refused.event is not None and refused.event.error is refused.error
    assert not script.of(RowsChanged)


def test_calls_that_the_schema_does_not_have_are_refused_at_once() -> None:
    script = Script().connect()
    with pytest.raises(NoSuchReducer, match="no reducer 'put_playr'") as unknown:
        script.session.call_reducer("put_playr", ())
    assert "put_player" in unknown.value.hint
    with pytest.raises(NoSuchReducer, match="no procedure"):
        script.session.call_procedure("put_player", ())
    with pytest.raises(EncodeError):
        script.session.call_reducer("put_player", ("one",))
    assert not script.said()


def test_procedures_give_back_values() -> None:
    script = Script().connect()
    requests = [script.session.call_procedure("double", (number,)) for number in (1, 2, 3)]
    one, two, three = script.said()
    took = TimeDuration(12)
    script.hear(
        m2.ProcedureResult(m2.ProcedureReturned((2).to_bytes(8, "little")), Timestamp(4), took, one.request_id),
        m2.ProcedureResult(m2.ProcedureInternalError("it panicked"), Timestamp(4), took, two.request_id),
        m2.ProcedureResult(m2.ProcedureReturned(b"\1"), Timestamp(4), took, three.request_id),
    )
    assert (requests[0].value, requests[0].error, requests[0].duration) == (2, None, 12)
    assert isinstance(requests[1].error, ProcedureFailed) and str(requests[1].error) == "it panicked"
    assert isinstance(requests[2].error, ProtocolError)
    assert script.session.hang_up is None


def test_queries_give_rows() -> None:
    script = Script().connect()
    answered, refused = script.session.query("players"), script.session.query("nonsense")
    one, two = script.said()
    script.hear(m2.OneOffQueryResult(one.request_id, Ok(query_rows("player", ADA))))
    script.hear(m2.OneOffQueryResult(two.request_id, Err("no such table")))
    [table] = answered.value
    assert (table.table, len(table.inserts)) == ("player", 1)
    assert isinstance(refused.error, QueryFailed) and str(refused.error) == "no such table"
    assert not script.of(RowsChanged)


def test_answers_that_nobody_waits_for_are_logged_and_their_rows_applied(caplog: pytest.LogCaptureFixture) -> None:
    script = Script().connect()
    subscription = script.session.subscribe(["players"])
    [asked] = script.said()
    script.hear(m2.SubscribeApplied(asked.request_id, subscription.query_set_id, m2.QueryRows([])))
    update = inserted(subscription.query_set_id, "player", ADA)
    with caplog.at_level(logging.WARNING):
        script.hear(
            m2.ReducerResult(99, Timestamp(1), m2.Returned(m2.ReducerOk(b"", update))),
            m2.ProcedureResult(m2.ProcedureReturned(b""), Timestamp(1), TimeDuration(1), 98),
            m2.OneOffQueryResult(97, Err("?")),
        )
    assert [record.args for record in caplog.records] == [(99,), (98,), (97,)]
    assert list(script.session.cache.tables["player"]) == [ADA]
    assert script.session.hang_up is None and not script.of(RequestFinished)


def test_an_answer_of_another_kind_leaves_the_request_pending() -> None:
    script = Script().connect()
    request = script.session.query("players")
    [asked] = script.said()
    script.hear(m2.ReducerResult(asked.request_id, Timestamp(1), m2.OkEmpty()))
    assert not request.done


def test_done_callbacks_are_handed_out_once_in_order() -> None:
    script = Script().connect()
    request = script.session.query("players")
    request.add_done_callback(first := lambda _: None)
    request.add_done_callback(second := lambda _: None)
    script.hear(m2.OneOffQueryResult(script.said()[0].request_id, Err("?")))
    assert list(request.take_callbacks()) == [first, second]
    assert list(request.take_callbacks()) == []


# --- v1: calls come back as transactions


@pytest.mark.parametrize("subprotocol", [V1, V1_JSON])
def test_a_call_under_v1_is_answered_by_its_transaction(subprotocol: str) -> None:
    script = Script(subprotocol).connect()
    request = script.session.call_reducer("put_player", PUT_ADA)
    [called] = script.said()
    sent = '[10,1,"ada",5]' if subprotocol == V1_JSON else CATALOG.reducers["put_player"].arguments.encode(PUT_ADA)
    assert called.args == sent
    committed = m1.Committed(m1.DatabaseUpdate([]))
    script.hear(v1_transaction(committed, "put_player", sent, called.request_id))
    assert request.done and request.error is None and request.duration == 3
    assert request.event is not None and request.event.energy == 5
    assert [type(delivery) for delivery in script.told[1:]] == [RowsChanged, RequestFinished]


def test_other_clients_calls_under_v1_are_told_with_their_arguments() -> None:
    script = Script(V1).connect()
    mine = script.session.call_reducer("put_player", (11, *BOB))
    [called] = script.said()
    arguments = CATALOG.reducers["put_player"].arguments.encode(PUT_ADA)
    status = m1.Committed(v1_update("player", ADA))
    other = v1_transaction(status, "put_player", arguments, called.request_id, identity=OTHER, connection_id=ELSEWHERE)
    script.hear(other)
    [changed] = script.of(RowsChanged)
    event = changed.event
    assert isinstance(event, ReducerEvent) and not event.is_own and event.args == PUT_ADA
    assert (event.caller_identity, event.caller_connection_id) == (OTHER, ELSEWHERE)
    assert not mine.done  # although the other client numbered its call alike


def test_arguments_that_do_not_fit_stay_as_they_came() -> None:
    script = Script(V1).connect()
    committed = m1.Committed(m1.DatabaseUpdate([]))
    script.hear(v1_transaction(committed, "put_player", b"\1", 0, identity=OTHER, connection_id=ELSEWHERE))
    script.hear(v1_transaction(committed, "new_reducer", b"\2", 0, identity=OTHER, connection_id=ELSEWHERE))
    events = [changed.event for changed in script.of(RowsChanged)]
    assert [event.args for event in events if isinstance(event, ReducerEvent)] == [b"\1", b"\2"]


def test_light_transactions_have_no_call() -> None:
    script = Script(V1, light=True).connect()
    script.hear(m1.TransactionUpdateLight(0, v1_update("player", ADA)))
    [changed] = script.of(RowsChanged)
    assert changed.event == TransactionEvent()
    assert "light=true" in script.session.handshake().url


def test_failures_under_v1_may_come_without_a_number() -> None:
    """As 1.2.0 tells of every failure, and 2.8.3 of calls that it could not run."""
    script = Script(V1).connect()
    first = script.session.call_reducer("refuse", (1, "a"))
    other = script.session.call_reducer("put_player", PUT_ADA)
    second = script.session.call_reducer("refuse", (2, "b"))
    script.said()
    script.hear(v1_transaction(m1.Failed("a"), "refuse", b"", 0))
    assert first.done and str(first.error) == "a"
    assert not second.done and not other.done
    script.hear(v1_transaction(m1.Failed("b"), "refuse", b"", 0))
    assert second.done and type(second.error) is ReducerFailed
    script.hear(v1_transaction(m1.OutOfEnergy(), "put_player", b"", 0))
    assert isinstance(other.error, ReducerCrashed) and "energy" in str(other.error)


def test_a_failure_that_belongs_to_no_call_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    script = Script(V1).connect()
    with caplog.at_level(logging.WARNING):
        script.hear(v1_transaction(m1.Failed("exists already"), "<none>", b"", 0))
    assert "exists already" in caplog.text
    assert script.session.hang_up is None


# --- subscriptions


def test_a_subscription_from_its_request_to_its_end() -> None:
    script = Script().connect()
    subscription = script.session.subscribe(["players"])
    assert subscription.phase is Phase.PENDING
    [asked] = script.said()
    assert (asked.query_set_id, list(asked.query_strings)) == (subscription.query_set_id, ["players"])
    script.hear(m2.SubscribeApplied(asked.request_id, subscription.query_set_id, query_rows("player", ADA)))
    changed, applied = script.told[1:]
    assert isinstance(changed, RowsChanged)
    assert changed.event == SubscribeAppliedEvent(subscription.query_set_id, ("players",))
    assert applied == SubscriptionApplied(subscription) and subscription.phase is Phase.APPLIED

    script.session.unsubscribe(subscription)
    script.session.unsubscribe(subscription)
    [asked] = script.said()
    assert asked.flags is m2.UnsubscribeFlags.SendDroppedRows and subscription.phase is Phase.ENDING
    script.hear(m2.UnsubscribeApplied(asked.request_id, subscription.query_set_id, query_rows("player", ADA)))
    changed, ended = script.told[3:]
    assert isinstance(changed, RowsChanged)
    assert changed.event == UnsubscribeAppliedEvent(subscription.query_set_id, ("players",))
    assert [list(change.deleted) for change in changed.changes] == [[ADA]]
    assert ended == SubscriptionEnded(subscription) and subscription.error is None


def test_one_that_is_ended_before_it_is_applied_is_never_told_as_applied() -> None:
    script = Script().connect()
    subscription = script.session.subscribe(["players"])
    script.session.unsubscribe(subscription)
    number = subscription.query_set_id
    script.hear(m2.SubscribeApplied(1, number, query_rows("player", ADA)))
    script.hear(m2.UnsubscribeApplied(2, number, query_rows("player", ADA)))
    assert not script.of(SubscriptionApplied)
    assert script.of(SubscriptionEnded) == [SubscriptionEnded(subscription)]
    assert not list(script.session.cache.tables["player"])


@pytest.mark.parametrize("ended_by_owner", [False, True])
def test_one_that_the_server_refuses_has_failed(ended_by_owner: bool) -> None:
    script = Script().connect()
    subscription = script.session.subscribe(["nonsense"])
    if ended_by_owner:
        script.session.unsubscribe(subscription)
    script.hear(m2.SubscriptionError(1, subscription.query_set_id, "no such table"))
    script.hear(m2.SubscriptionError(2, subscription.query_set_id, "no such query set"))  # it answers the unsubscribe
    assert script.of(SubscriptionEnded) == [SubscriptionEnded(subscription)]
    assert subscription.phase is Phase.ENDED
    assert (subscription.error is None) == ended_by_owner
    if not ended_by_owner:
        assert isinstance(subscription.error, SubscriptionFailed) and str(subscription.error) == "no such table"
    assert script.session.hang_up is None


def test_one_that_fails_later_has_its_rows_removed_by_a_new_connection() -> None:
    script = Script().connect()
    failing, other = script.session.subscribe(["players"]), script.session.subscribe(["low players"])
    script.hear(
        m2.SubscribeApplied(1, failing.query_set_id, query_rows("player", ADA, BOB)),
        m2.SubscribeApplied(2, other.query_set_id, query_rows("player", ADA)),
        m2.SubscriptionError(None, failing.query_set_id, "a join broke"),
    )
    assert isinstance(failing.error, SubscriptionFailed) and other.phase is Phase.APPLIED
    assert isinstance(script.session.hang_up, ConnectionLost)
    script.hear(inserted(other.query_set_id, "player", (3, "eve", 1)))  # nothing is taken any more
    assert isinstance(script.session.lost(code=1000), Retry)
    assert script.session.hang_up is None
    script.said()
    script.connect()
    [again] = script.said()
    assert again.query_set_id == other.query_set_id
    script.told.clear()
    script.hear(m2.SubscribeApplied(again.request_id, other.query_set_id, query_rows("player", ADA)))
    [changed] = script.of(RowsChanged)
    assert [(change.inserted, change.deleted, change.updated) for change in changed.changes] == [([], [BOB], [])]


def test_under_v1_an_error_may_end_all_subscriptions() -> None:
    script = Script(V1).connect()
    subscriptions = [script.session.subscribe([query]) for query in ("players", "notes", "low players")]
    for subscription in subscriptions[:2]:
        number = m1.QueryId(subscription.query_set_id)
        script.hear(m1.SubscribeMultiApplied(1, 2, number, m1.DatabaseUpdate([])))
    script.hear(m1.SubscriptionError(1, None, None, None, "evaluation failed"))
    assert [subscription.phase for subscription in subscriptions] == [Phase.ENDED, Phase.ENDED, Phase.PENDING]
    assert script.session.hang_up is not None


@pytest.mark.parametrize(
    "message",
    [
        m2.SubscribeApplied(1, 99, query_rows("player", ADA)),
        m2.UnsubscribeApplied(1, 99, query_rows("player", ADA)),
        m2.UnsubscribeApplied(1, 1, None),
        m2.SubscribeApplied(1, 1, query_rows("player", BOB)),
        m2.SubscribeApplied(1, 1, m2.QueryRows([])),
    ],
)
def test_what_no_server_says_of_subscriptions_ends_the_session(message: m2.ServerMessage) -> None:
    script = Script().connect()
    subscription = script.session.subscribe(["players"])
    assert subscription.query_set_id == 1
    script.hear(m2.SubscribeApplied(1, 1, query_rows("player", ADA)))
    assert script.session.hang_up is None
    script.hear(message)
    assert isinstance(script.session.hang_up, ProtocolError)
    verdict = script.session.lost()
    assert verdict == Stop(script.session.error)
    assert script.session.state is State.CLOSED
    assert list(script.session.cache.tables["player"]) == [ADA]


# --- what cannot be read


@pytest.mark.parametrize("frame", [b"", b"\0", b"\0\xff", b"\0\0" + bytes(10), "text", b"\7\0"])
def test_frames_that_cannot_be_read_end_the_session(frame: bytes | str) -> None:
    script = Script().connect()
    request = script.session.query("players")
    script.said()
    script.session.receive(frame)
    assert isinstance(script.session.hang_up, ProtocolError)
    verdict = script.session.lost(code=1002)
    assert isinstance(verdict, Stop) and isinstance(verdict.error, ProtocolError)
    assert isinstance(request.error, ConnectionLost)
    assert script.of(Disconnected) == [Disconnected(verdict.error, None)]


def test_rows_that_do_not_fit_the_schema_end_the_session() -> None:
    script = Script().connect()
    subscription = script.session.subscribe(["players"])
    broken = m2.QueryRows([m2.SingleTableRows("player", query_rows("note", (1, "x")).tables[0].rows)])
    script.hear(m2.SubscribeApplied(1, subscription.query_set_id, broken))
    assert isinstance(script.session.hang_up, ProtocolError)
    assert not script.of(SubscriptionApplied) and not script.of(RowsChanged)


# --- ends


def test_after_close_nothing_is_possible() -> None:
    script = Script().connect()
    applied, pending = script.session.subscribe(["players"]), script.session.subscribe(["notes"])
    script.hear(m2.SubscribeApplied(1, applied.query_set_id, query_rows("player", ADA)))
    sent = script.session.call_reducer("put_player", PUT_ADA)
    script.said()
    unsent = script.session.query("players")
    script.session.close()
    script.session.close()
    assert script.session.take_outgoing() == []
    for request, may_have_run in ((sent, True), (unsent, False)):
        assert isinstance(request.error, ConnectionClosed) and request.error.may_have_run is may_have_run
    assert script.of(Disconnected) == [Disconnected(None, None)]
    assert script.of(Ended) == [Ended(None)]
    assert [delivery.subscription for delivery in script.of(SubscriptionEnded)] == [applied, pending]
    assert applied.error is None
    assert script.session.error is None
    for attempt in (
        lambda: script.session.call_reducer("put_player", PUT_ADA),
        lambda: script.session.query("players"),
        lambda: script.session.subscribe(["players"]),
    ):
        with pytest.raises(ConnectionClosed, match="is closed"):
            attempt()
    script.session.unsubscribe(applied)
    script.connect()
    assert script.session.state is State.CLOSED
    assert isinstance(script.session.lost(), Stop)
    assert list(script.session.cache.tables["player"]) == [ADA]


def test_without_a_connection_calls_fail_and_subscriptions_wait() -> None:
    script = Script()
    with pytest.raises(ConnectionLost) as lost:
        script.session.call_reducer("put_player", PUT_ADA)
    assert not lost.value.may_have_run
    subscription = script.session.subscribe(["players"])
    cancelled = script.session.subscribe(["notes"])
    script.session.unsubscribe(cancelled)
    assert script.of(SubscriptionEnded) == [SubscriptionEnded(cancelled)]
    assert not script.said()
    script.connect()
    assert [asked.query_set_id for asked in script.said()] == [subscription.query_set_id]


def test_a_connection_that_never_was_ends_the_session() -> None:
    script = Script()
    subscription = script.session.subscribe(["players"])
    verdict = script.session.lost("connection refused")
    assert isinstance(verdict, Stop) and isinstance(verdict.error, ConnectFailed)
    assert "connection refused" in str(verdict.error)
    assert script.of(AttemptFailed) == [AttemptFailed(verdict.error, None)]
    assert script.of(Ended) == [Ended(verdict.error)]
    assert script.of(SubscriptionEnded) and subscription.error is verdict.error
    with pytest.raises(ConnectionClosed, match="connection refused"):
        script.session.subscribe(["players"])


def test_a_server_that_closes_before_the_identity_may_have_refused_the_client() -> None:
    script = Script()
    script.session.opened(V3)
    verdict = script.session.lost(code=1006)
    assert isinstance(verdict, Stop) and isinstance(verdict.error, ConnectFailed)
    assert "log" in verdict.error.hint


# --- sending


def test_under_v3_waiting_requests_share_a_frame() -> None:
    script = Script(V3).connect()
    for _ in range(100):
        script.session.query("players")
    [frame] = script.session.take_outgoing()
    assert len(frame) > 100 * len("players")
    script.session.call_reducer("shout", (1, "x" * 300_000))
    script.session.query("players")
    assert len(script.session.take_outgoing()) == 2


def test_under_v2_each_request_is_a_frame() -> None:
    script = Script(V2).connect()
    for _ in range(3):
        script.session.query("players")
    assert len(script.session.take_outgoing()) == 3


# --- what would end a session for good


@pytest.mark.parametrize("subprotocol", [V1, V1_JSON, V2, V3])
def test_queries_that_are_no_text_are_refused_at_once(subprotocol: str) -> None:
    script = Script(subprotocol)
    for _ in range(2):
        with pytest.raises(EncodeError, match="surrogate"):
            script.session.subscribe(["SELECT * FROM player WHERE name = '\ud800'"])
        script.connect()
        assert script.session.hang_up is None
        assert script.said() == []
        script.session.lost("gone")
    script.connect()
    with pytest.raises(EncodeError, match="surrogate"):
        script.session.query("\ud800")
    assert script.session.requests_pending == 0


def test_subscriptions_are_asked_for_one_by_one_where_there_are_no_batches() -> None:
    script = Script(V1, batches=True)
    for query in ("SELECT * FROM player", "SELECT * FROM note"):
        script.session.subscribe([query])
    script.connect()
    assert [type(message) for message in script.said()] == [m1.SubscribeMulti, m1.SubscribeMulti]


@pytest.mark.parametrize("row", ["[" * 100_000, "[" + "1" * 5000 + ',"a",1]'], ids=["deep", "long number"])
def test_rows_in_json_that_no_parser_takes_end_the_connection(row: str) -> None:
    script = Script(V1_JSON).connect()
    update = m1.DatabaseUpdate([m1.TableUpdate(1, "player", 1, [m1.QueryUpdate([], [row])])])
    script.hear(m1.TransactionUpdateLight(1, update))
    assert isinstance(script.session.hang_up, ProtocolError)


def test_results_in_json_that_no_parser_takes_fail_the_call() -> None:
    script = Script(V1_JSON).connect()
    request = script.session.call_procedure("double", (6,))
    script.hear(m1.ProcedureResult(m1.ProcedureReturned("[" * 100_000), Timestamp(1), TimeDuration(1), 1))
    assert isinstance(request.error, ProtocolError)


@pytest.mark.parametrize("again", [False, True], ids=["first", "again"])
def test_nothing_is_said_before_who_the_client_is(again: bool) -> None:
    script = Script()
    subscription = script.session.subscribe(["SELECT * FROM player"])
    if again:
        script.connect()
        script.session.lost("gone")
        script.forget()
    script.session.opened(V3)
    script.hear(m2.SubscribeApplied(1, subscription.query_set_id, query_rows("player", ADA)))
    assert isinstance(script.session.hang_up, ProtocolError)
    assert script.told == []
    assert not script.session.cache.tables["player"].rows
