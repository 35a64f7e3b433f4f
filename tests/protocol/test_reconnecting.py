"""When a lost connection is tried again, when it is given up, and what it brings back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stdbpy.errors import (
    ClientError,
    ConnectFailed,
    ConnectionLost,
    CredentialsRefused,
    IdentityChanged,
    NoSuchDatabase,
    ProtocolError,
    ReducerFailed,
    SessionHeld,
    SubscriptionFailed,
)
from stdbpy.protocol.deliveries import (
    AttemptFailed,
    Connected,
    Disconnected,
    RequestFinished,
    RowsChanged,
    SubscriptionApplied,
    SubscriptionEnded,
)
from stdbpy.protocol.events import ReconnectedEvent, ReducerEvent
from stdbpy.protocol.options import ReconnectPolicy
from stdbpy.protocol.reconnecting import Reconnection, Retry, Stop
from stdbpy.protocol.session import State
from stdbpy.protocol.subscription import Phase
from stdbpy.protocol.v2 import messages as m2
from stdbpy.sats.values import Timestamp
from tests.protocol.scripted import ELSEWHERE, HERE, OTHER, Script, inserted, query_rows, rows

ADA = (1, "ada", 5)
BOB = (2, "bob", 6)
EVE = (3, "eve", 1)
LOST = ConnectionLost("gone")


# --- the policy


def delays(policy: ReconnectPolicy, failures: int, draw: Callable[[], float]) -> list[float]:
    reconnection = Reconnection(policy, draw)
    verdicts = [reconnection.judge(LOST, code=None, had_connected=True) for _ in range(failures)]
    return [verdict.seconds for verdict in verdicts if isinstance(verdict, Retry)]


def test_delays_double_up_to_the_cap_and_are_drawn_from_zero_on() -> None:
    policy = ReconnectPolicy()
    assert delays(policy, 8, lambda: 1.0) == [1, 2, 4, 8, 16, 30, 30, 30]
    assert delays(policy, 3, lambda: 0.0) == [0, 0, 0]
    assert delays(policy, 3, lambda: 0.5) == [0.5, 1, 2]
    assert delays(ReconnectPolicy(base=0.1, cap=0.3), 4, lambda: 1.0) == [0.1, 0.2, 0.3, 0.3]
    assert policy.delay(10_000, lambda: 1.0) == 30


def test_a_success_begins_a_new_series() -> None:
    reconnection = Reconnection(ReconnectPolicy(), lambda: 1.0)
    assert [reconnection.judge(LOST, code=None, had_connected=True) for _ in range(2)][1] == Retry(2.0, LOST)
    reconnection.succeeded()
    assert reconnection.judge(LOST, code=None, had_connected=True) == Retry(1.0, LOST)


def test_attempts_can_be_limited() -> None:
    reconnection = Reconnection(ReconnectPolicy(attempts=2), lambda: 1.0)
    verdicts = [reconnection.judge(LOST, code=None, had_connected=True) for _ in range(3)]
    assert [type(verdict) for verdict in verdicts] == [Retry, Retry, Stop]
    assert "gave up after 2 attempts" in str(verdicts[2].error)


def test_without_a_policy_a_lost_connection_stays_lost() -> None:
    assert Reconnection(None, lambda: 1.0).judge(LOST, code=None, had_connected=True) == Stop(LOST)


def test_the_first_attempt_counts_for_nothing_unless_asked() -> None:
    assert Reconnection(ReconnectPolicy(), lambda: 1.0).judge(LOST, code=None, had_connected=False) == Stop(LOST)
    patient = Reconnection(ReconnectPolicy(first=True), lambda: 1.0)
    assert patient.judge(LOST, code=None, had_connected=False) == Retry(1.0, LOST)


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, CredentialsRefused), (403, CredentialsRefused), (404, NoSuchDatabase), (400, ConnectFailed)],
)
@pytest.mark.parametrize("had_connected", [False, True])
def test_refusals_are_final(status: int, error: type[ClientError], had_connected: bool) -> None:
    script = Script(reconnect=ReconnectPolicy(first=True))
    if had_connected:
        script.connect()
        assert isinstance(script.session.lost(), Retry)
    verdict = script.session.lost("because", status=status)
    assert isinstance(verdict, Stop) and type(verdict.error) is error
    assert verdict.error.status == status and verdict.error.message
    assert script.session.error is verdict.error and script.session.state is State.CLOSED


def test_a_database_that_was_deleted_is_gone_whatever_the_status() -> None:
    """2.8.3 still knows the name, and fails inside."""
    script = Script().connect()
    script.session.lost()
    text = f"Unable to authorize {'c2' * 32} for SQL: database {'c2' * 32} not found"
    verdict = script.session.lost(text, status=500)
    assert isinstance(verdict, Stop) and isinstance(verdict.error, NoSuchDatabase)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_troubles_of_the_moment_are_not(status: int) -> None:
    script = Script().connect()
    script.session.lost()
    assert isinstance(script.session.lost("busy", status=status), Retry)
    assert script.session.state is State.RECONNECTING


def test_another_identity_is_final() -> None:
    script = Script().connect()
    script.session.lost()
    script.connect(OTHER)
    assert isinstance(script.session.hang_up, IdentityChanged)
    assert len(script.of(Connected)) == 1
    verdict = script.session.lost()
    assert isinstance(verdict, Stop) and isinstance(verdict.error, IdentityChanged)


def test_a_held_session_id_is_waited_for_shortly_and_not_for_ever() -> None:
    """Servers since 2.14 end the older connection and expect the client again soon."""
    script = Script(draw=lambda: 1.0, session_id="one").connect()
    assert "session_id=one" in script.session.handshake().url
    script.session.lost()
    verdicts = []
    while not verdicts or isinstance(verdicts[-1], Retry):
        script.session.opened(script.subprotocol)
        verdicts.append(script.session.lost("busy", code=4000))
    *waits, end = verdicts
    assert all(isinstance(wait, Retry) and wait.seconds <= 0.25 for wait in waits)
    assert 5 <= len(waits) * 0.25 <= 60
    assert isinstance(end.error, SessionHeld)


def test_a_held_session_id_does_not_count_as_a_failure() -> None:
    script = Script(draw=lambda: 1.0, session_id="one").connect()
    for _ in range(3):
        script.session.lost(code=4000)
    assert script.session.lost("refused") == Retry(1.0, script.of(AttemptFailed)[-1].error)


def test_the_series_ends_only_once_the_cache_is_in_step() -> None:
    script = Script(draw=lambda: 1.0).connect()
    subscription = script.session.subscribe(["players"])
    script.hear(m2.SubscribeApplied(1, subscription.query_set_id, query_rows("player")))
    seconds = []
    for _ in range(3):  # the server takes the client and dies of its subscriptions
        verdict = script.session.lost()
        assert isinstance(verdict, Retry)
        seconds.append(verdict.seconds)
        script.connect()
    assert seconds == [1, 2, 4]
    script.hear(m2.SubscribeApplied(1, subscription.query_set_id, query_rows("player")))
    assert script.session.lost() == Retry(1.0, script.of(Disconnected)[-1].error)


# --- what is lost


def test_pending_requests_fail_and_say_whether_they_may_have_run() -> None:
    script = Script().connect()
    sent = script.session.call_reducer("refuse", (1, "x"))
    script.said()
    unsent = script.session.call_reducer("refuse", (2, "x"))
    script.session.lost("reset by peer", code=1006)
    for request, may_have_run in ((sent, True), (unsent, False)):
        assert isinstance(request.error, ConnectionLost) and request.error.may_have_run is may_have_run
        assert request.done
    assert "may have run" in str(sent.error) and "did not run" in str(unsent.error)
    finished, disconnected = script.of(RequestFinished), script.of(Disconnected)
    assert [delivery.request for delivery in finished] == [sent, unsent]
    [told] = disconnected
    assert told.retry_after == 0.5 and "reset by peer" in str(told.error) and "1006" in str(told.error)
    with pytest.raises(ConnectionLost, match="no connection at present"):
        script.session.call_reducer("refuse", (3, "x"))
    assert not script.connect().said()  # what was not sent is not sent later


# --- what comes back


def subscribed(*values: tuple[object, ...]) -> tuple[Script, int]:
    script = Script().connect()
    subscription = script.session.subscribe(["players"])
    script.hear(m2.SubscribeApplied(1, subscription.query_set_id, query_rows("player", *values)))
    script.said()
    return script, subscription.query_set_id


def test_subscriptions_are_replayed_and_only_differences_told() -> None:
    script, number = subscribed(ADA, BOB)
    table = script.session.cache.tables["player"]
    kept = {row[0]: row for row in table}
    script.session.lost()
    assert set(table) == {ADA, BOB}  # shown on while the connection is away
    script.forget()
    script.connect(connection_id=ELSEWHERE)
    [asked] = script.said()
    assert (asked.query_set_id, list(asked.query_strings)) == (number, ["players"])
    changed_bob = (2, "bob", 7)
    script.hear(m2.SubscribeApplied(asked.request_id, number, query_rows("player", ADA, changed_bob, EVE)))
    connected, changed = script.told
    assert connected == Connected(script.session.identity, ELSEWHERE, again=True)  # type: ignore[arg-type]
    assert isinstance(changed, RowsChanged) and changed.event == ReconnectedEvent(ELSEWHERE)
    [changes] = changed.changes
    assert (changes.inserted, changes.deleted, changes.updated) == ([EVE], [], [(BOB, changed_bob)])
    assert script.session.cache.tables["player"] is table
    assert next(row for row in table if row[0] == 1) is kept[1]


def test_a_reconnection_without_changes_tells_none() -> None:
    script, number = subscribed(ADA)
    script.session.lost()
    script.forget()
    script.connect(connection_id=HERE)
    script.hear(m2.SubscribeApplied(1, number, query_rows("player", ADA)))
    assert [delivery.changes for delivery in script.of(RowsChanged)] == [[]]


def test_without_subscriptions_the_cache_is_in_step_at_once() -> None:
    script = Script().connect()
    script.session.lost()
    script.connect()
    assert [type(delivery) for delivery in script.told[-2:]] == [Connected, RowsChanged]


def test_calls_made_during_the_replay_are_answered_after_it() -> None:
    script, number = subscribed(ADA)
    script.session.lost()
    script.connect()
    script.forget()
    request = script.session.call_reducer("put_player", (1, *BOB))
    refused = script.session.call_reducer("refuse", (2, "no"))
    _, first, second = script.said()
    outcome = m2.Returned(m2.ReducerOk(b"", m2.TransactionUpdate([])))
    script.hear(
        m2.ReducerResult(first.request_id, Timestamp(1), outcome),
        m2.ReducerResult(second.request_id, Timestamp(1), m2.ReducerInternalError("no")),
    )
    assert not request.done and not refused.done and script.told == []
    script.hear(m2.SubscribeApplied(1, number, query_rows("player", ADA, BOB)))
    assert request.done and refused.done and isinstance(refused.error, ReducerFailed)
    assert [type(delivery) for delivery in script.told] == [RowsChanged, RequestFinished, RequestFinished]
    assert set(script.session.cache.tables["player"]) == {ADA, BOB}


def test_transactions_during_the_replay_are_part_of_the_difference() -> None:
    script = Script().connect()
    first, second = script.session.subscribe(["players"]), script.session.subscribe(["notes"])
    for subscription in (first, second):
        script.hear(m2.SubscribeApplied(1, subscription.query_set_id, m2.QueryRows([])))
    script.session.lost()
    script.connect()
    script.forget()
    script.hear(
        m2.SubscribeApplied(1, first.query_set_id, query_rows("player", ADA)),
        inserted(first.query_set_id, "player", BOB),
    )
    assert script.told == [] and not list(script.session.cache.tables["player"])
    script.hear(m2.SubscribeApplied(1, second.query_set_id, m2.QueryRows([])))
    [changed] = script.of(RowsChanged)
    assert sorted(changed.changes[0].inserted) == [ADA, BOB]


def test_events_during_the_replay_are_told_after_it() -> None:
    script = Script().connect()
    shouts, players = script.session.subscribe(["shouts"]), script.session.subscribe(["players"])
    for subscription in (shouts, players):
        script.hear(m2.SubscribeApplied(1, subscription.query_set_id, m2.QueryRows([])))
    script.session.lost()
    script.connect()
    script.forget()
    events = m2.EventTable(m2.EventTableRows(rows("shout", ("hey",))))
    update = m2.QuerySetUpdate(shouts.query_set_id, [m2.TableUpdate("shout", [events])])
    script.hear(
        m2.SubscribeApplied(1, shouts.query_set_id, m2.QueryRows([])),
        m2.TransactionUpdate([update]),
        m2.SubscribeApplied(1, players.query_set_id, m2.QueryRows([])),
    )
    reconnected, told = script.of(RowsChanged)
    assert isinstance(reconnected.event, ReconnectedEvent) and reconnected.changes == []
    assert [(change.table, change.inserted) for change in told.changes] == [("shout", [("hey",)])]


def test_an_outcome_that_came_during_a_replay_is_told_when_that_is_lost_as_well() -> None:
    script, number = subscribed(ADA)
    script.session.lost()
    script.connect()
    request = script.session.call_reducer("put_player", (1, *BOB))
    _, called = script.said()
    update = inserted(number, "player", BOB)
    script.hear(m2.ReducerResult(called.request_id, Timestamp(1), m2.Returned(m2.ReducerOk(b"", update))))
    script.session.lost()
    assert request.done and request.error is None and isinstance(request.event, ReducerEvent)
    assert set(script.session.cache.tables["player"]) == {ADA}


def test_what_is_ended_while_away_ends_with_the_reconnection() -> None:
    script, _ = subscribed(ADA)
    [applied] = script.of(SubscriptionApplied)
    script.session.lost()
    script.session.unsubscribe(applied.subscription)
    assert not script.of(SubscriptionEnded) and applied.subscription.phase is Phase.ENDING
    script.forget()
    script.connect()
    assert not script.said()
    changed, ended = script.told[1:]
    assert isinstance(changed, RowsChanged) and changed.changes[0].deleted == [ADA]
    assert ended == SubscriptionEnded(applied.subscription) and applied.subscription.error is None


def test_what_the_server_refuses_on_its_return_has_failed() -> None:
    script, number = subscribed(ADA)
    script.session.lost()
    script.forget()
    script.connect()
    script.hear(m2.SubscriptionError(1, number, "the table is private now"))
    _, changed, ended = script.told
    assert isinstance(changed, RowsChanged) and changed.changes[0].deleted == [ADA]
    assert isinstance(ended, SubscriptionEnded) and isinstance(ended.subscription.error, SubscriptionFailed)


def test_all_subscriptions_are_replayed_at_once_where_the_server_can() -> None:
    script = Script(batches=True).connect()
    subscriptions = [script.session.subscribe([query]) for query in ("players", "notes")]
    assert [type(message) for message in script.said()] == [m2.Subscribe, m2.Subscribe]
    script.session.lost()
    script.connect()
    [batch] = script.said()
    assert [(wanted.query_set_id, list(wanted.query_strings)) for wanted in batch.sets] == [
        (subscription.query_set_id, list(subscription.queries)) for subscription in subscriptions
    ]
    results = [m2.SubscribeSetResult(wanted.query_set_id, m2.SetApplied(m2.QueryRows([]))) for wanted in batch.sets]
    script.hear(m2.SubscribeBatchApplied(batch.request_id, results))
    assert [delivery.subscription for delivery in script.of(SubscriptionApplied)] == subscriptions


def test_a_reason_of_the_last_connection_does_not_judge_the_next() -> None:
    script, number = subscribed(ADA)
    script.hear(m2.SubscriptionError(None, number, "a join broke"))
    assert script.session.hang_up is not None
    assert isinstance(script.session.lost(), Retry)
    verdict = script.session.lost("no such database", status=404)
    assert isinstance(verdict, Stop) and isinstance(verdict.error, NoSuchDatabase)


def test_a_broken_protocol_is_not_tried_again() -> None:
    script, _ = subscribed(ADA)
    script.session.receive(b"\0\xff")
    verdict = script.session.lost()
    assert isinstance(verdict, Stop) and isinstance(verdict.error, ProtocolError)
