"""Calls of reducers from database to database, as rows of outboxes (SpacetimeDB 2.14)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any
from unittest.mock import patch

import pytest

from stdbpy.engine import Database, Engine
from stdbpy.engine.outboxes import outgoing, receiving
from stdbpy.engine.outboxes.messages import Message, Outcome
from stdbpy.engine.outboxes.outgoing import Outgoing
from stdbpy.errors import EngineError, SqlError
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.types import IDENTITY, Primitive, product
from stdbpy.sats.values import Identity
from stdbpy.schema.model import Reducer
from stdbpy.schema.signature_hash import signature_hash
from tests.engine.sample import HEAD, ME, OWNER, program

PATIENCE = 60

RECEIVER = """
@table(name="heard", public=True)
class Heard:
    text: str
    sender: Identity

@reducer
def receive(ctx: ReducerContext, body: str) -> None:
    if body == "refused":
        raise ReducerError("not this")
    ctx.db.heard.insert(Heard(text=body, sender=ctx.sender))
    if body == "bad":
        raise KeyError(body)

@reducer
def {more}(ctx: ReducerContext) -> None:
    pass
"""

SENDER = """
@remote_reducer
def receive(body: str) -> None: ...

@table(public=True, outbox=receive{telling})
class Ping:
    id: u64 = auto_inc(primary_key=True)
    audit: str
    body: str
    to: Identity = column(target=True)

@table(public=True)
class Told:
    body: str
    outcome: str
    sender: Identity

@reducer
def send(ctx: ReducerContext, to: Identity, body: str) -> None:
    ctx.db.ping.insert(Ping(audit="", body=body, to=to))
    if body == "never":
        raise ReducerError("undone")

@reducer
def hear(ctx: ReducerContext, row: Ping, outcome: RemoteResult) -> None:
    said = "ok" if isinstance(outcome, Ok) else outcome.error
    ctx.db.told.insert(Told(body=row.body, outcome=said, sender=ctx.sender))
    if row.body == "deaf":
        raise ReducerError("I do not want to know")
"""

ARRIVING = """
@table
class Arrived:
    body: str
    sender: Identity

@reducer
def arrive(ctx: ReducerContext, body: str) -> None:
    ctx.db.arrived.insert(Arrived(body=body, sender=ctx.sender))
"""

RECEIVE = Reducer("receive", "receive", product(("body", Primitive.STRING)))


@pytest.fixture
def telling() -> str:
    return ", on_result='hear'"


@pytest.fixture
def sender_program(telling: str, monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setattr(outgoing, "SHORTEST_PAUSE", 0.005)
    return program(SENDER.replace("{telling}", telling))


@pytest.fixture
def engine(sender_program: bytes) -> Iterator[Engine]:
    with Engine(None) as engine:
        engine.publish(sender_program, owner=OWNER, name="sender")
        yield engine


def publish_receiver(engine: Engine, more: str = "other", **options: Any) -> Identity:
    return engine.publish(
        program(RECEIVER.replace("{more}", more)), owner=OWNER, name="receiver", **options
    ).database_identity


def send(engine: Engine, to: Identity, body: str) -> None:
    args = compile_codec(product(("to", IDENTITY), ("body", Primitive.STRING))).encode((to, body))
    engine.database("sender").call("send", args, ME).result(PATIENCE)


def rows(database: Database, table: str) -> list[tuple[Any, ...]]:
    (result,) = database.sql(f"SELECT * FROM {table}", ME, is_owner=True).result(PATIENCE)
    return result.rows


def told(database: Database) -> list[tuple[str, str]]:
    """What became of which bodies."""
    return [(body, outcome) for body, outcome, _ in rows(database, "told")]


def wait_until(database: Database, is_so: Callable[[], bool]) -> None:
    changed = Event()
    stop = database.on_commit(lambda _: changed.set())
    try:
        while not is_so():
            assert changed.wait(PATIENCE)
            changed.clear()
    finally:
        stop()


def wait_for_all(engine: Engine) -> None:
    """Until everything is sent, and forgotten."""
    sender = engine.database("sender")
    wait_until(sender, lambda: rows(sender, "ping") == [])


def test_a_row_is_a_call(engine: Engine) -> None:
    receiver, sender = publish_receiver(engine), engine.database("sender")
    for body in ("one", "refused", "bad", "never", "two"):
        send(engine, receiver, body)
    wait_for_all(engine)
    assert rows(engine.database("receiver"), "heard") == [("one", sender.identity), ("two", sender.identity)]
    outcomes = dict(told(sender))
    assert list(outcomes) == ["one", "refused", "bad", "two"], "in order, and nothing of what was undone"
    assert (outcomes["one"], outcomes["refused"], outcomes["two"]) == ("ok", "not this", "ok")
    assert "KeyError" in outcomes["bad"]
    assert {sender for _, _, sender in rows(sender, "told")} == {Identity.from_int(0)}


def test_a_row_can_wait_for_its_target(engine: Engine) -> None:
    sender = engine.database("sender")
    receiver = publish_receiver(engine)
    engine.delete(receiver, OWNER)
    send(engine, receiver, "early")
    wait_until(sender, lambda: any(row[3] > 1 for row in rows(sender, "st_outbound_msg")))
    assert "There is no database" in rows(sender, "st_outbound_msg")[0][4]
    assert publish_receiver(engine) == receiver
    wait_for_all(engine)
    assert told(sender) == [("early", "ok")]
    assert len(rows(engine.database("receiver"), "heard")) == 1
    assert [line for line in log_of(sender) if "has to wait" in line] == [log_of(sender)[-1]]


def log_of(database: Database) -> list[str]:
    return [json.loads(line)["message"] for line in database.logs.tail(100)]


def test_who_is_told_may_fail(engine: Engine) -> None:
    receiver = publish_receiver(engine)
    send(engine, receiver, "deaf")
    send(engine, receiver, "next")
    wait_for_all(engine)
    assert told(engine.database("sender")) == [("next", "ok")]
    assert [text for text, _ in rows(engine.database("receiver"), "heard")] == ["deaf", "next"]


@pytest.mark.parametrize("telling", [""])
def test_nobody_need_be_told(engine: Engine) -> None:
    send(engine, publish_receiver(engine), "quietly")
    wait_for_all(engine)
    assert told(engine.database("sender")) == []


def test_a_database_can_call_itself(engine: Engine) -> None:
    sender = engine.database("sender")
    send(engine, sender.identity, "me")
    wait_for_all(engine)
    [(_, outcome)] = told(sender)
    assert "no reducer 'receive'" in outcome


def test_modules_inside_others_have_outboxes(engine: Engine) -> None:
    """Those of databases that run the same are reached by the names that they have there."""
    inside = HEAD + SENDER.replace("outbox=receive{telling}", "outbox='arrive', on_result='hear'") + ARRIVING
    outer = program("import post\nmount(post, 'mail')", files={"post.py": inside})
    first, second = (engine.publish(outer, owner=OWNER, name=name).database_identity for name in ("one", "other"))
    args = compile_codec(product(("to", IDENTITY), ("body", Primitive.STRING))).encode((second, "hello"))
    sender = engine.database("one")
    sender.call("mail.send", args, ME).result(PATIENCE)
    wait_until(sender, lambda: rows(sender, "mail.told") != [])
    assert rows(sender, "mail.told")[0][:2] == ("hello", "ok")
    assert rows(engine.database("other"), "mail.arrived") == [("hello", first)]


def test_reducers_with_other_parameters_are_not_called(engine: Engine) -> None:
    receiver = engine.publish(
        program(RECEIVER.replace("{more}", "other").replace("body", "text_of_it")), owner=OWNER, name="receiver"
    ).database_identity
    send(engine, receiver, "lost")
    wait_for_all(engine)
    [(_, outcome)] = told(engine.database("sender"))
    assert outcome.endswith("'receive' for one with other parameters than it has: receive(text_of_it: str)")


def test_a_signature_is_computed_once(engine: Engine) -> None:
    receiver = publish_receiver(engine)
    with patch.object(receiving, "signature_hash", wraps=signature_hash) as computed:
        for body in ("one", "two", "three"):
            send(engine, receiver, body)
        wait_for_all(engine)
        assert publish_receiver(engine, "another") == receiver
        send(engine, receiver, "four")
        wait_for_all(engine)
    assert computed.call_count == 2, "and for the next version of the module"
    assert [outcome for _, outcome in told(engine.database("sender"))] == ["ok"] * 4


def test_what_was_not_sent_is_sent_after_a_restart(tmp_path: Path, sender_program: bytes) -> None:
    with Engine(tmp_path) as engine:
        engine.publish(sender_program, owner=OWNER, name="sender")
        receiver = publish_receiver(engine)
        engine.delete(receiver, OWNER)
        send(engine, receiver, "late")
        send(engine, receiver, "later")
    with Engine(tmp_path) as engine:
        publish_receiver(engine)
        wait_for_all(engine)
        assert [text for text, _ in rows(engine.database("receiver"), "heard")] == ["late", "later"]
    with Engine(tmp_path) as engine:
        send(engine, receiver, "last")
        wait_for_all(engine)
        assert told(engine.database("sender")) == [("late", "ok"), ("later", "ok"), ("last", "ok")]


def test_rows_that_wait_go_where_the_module_says_when_they_are_sent(engine: Engine, telling: str) -> None:
    receiver = publish_receiver(engine)
    engine.delete(receiver, OWNER)
    send(engine, receiver, "waiting")
    newer = SENDER.replace("{telling}", telling).replace("def receive(body: str)", "def hear_it(body: str, audit: str)")
    engine.publish(program(newer.replace("outbox=receive", "outbox=hear_it")), owner=OWNER, name="sender")
    publish_receiver(engine)
    wait_for_all(engine)
    [(_, outcome)] = told(engine.database("sender"))
    assert "There is no reducer 'hear_it'" in outcome


def test_a_message_that_comes_twice_is_carried_out_once(engine: Engine) -> None:
    publish_receiver(engine)
    receiver = engine.database("receiver")

    def message(sequence: int, settled: int = 0, body: str = "hello") -> Message:
        args = compile_codec(Primitive.STRING).encode(body)
        signature = signature_hash(RECEIVE, ())
        return Message(Identity.from_int(5), 7, sequence, settled, receiver.identity, "receive", signature, args)

    def receive(*args: Any) -> Outcome:
        return receiver.receive(message(*args)).result(PATIENCE)

    assert receive(1) == receive(1) == Outcome()
    assert receive(2, 1, "refused") == receive(2, 1, "refused") == Outcome("not this")
    assert len(rows(receiver, "heard")) == 1
    with pytest.raises(EngineError, match="out of order"):
        receive(4)
    with pytest.raises(EngineError, match="was carried out"):
        receive(1)
    assert receive(3, 2) == Outcome()
    assert len(rows(receiver, "st_inbound_msg")) == 1


def test_sql_changes_no_outbox(engine: Engine) -> None:
    sender = engine.database("sender")
    statements = [
        "INSERT INTO ping VALUES (1, '', '', 0x00)",
        "DELETE FROM ping",
        "UPDATE ping SET body = ''",
        "DELETE FROM st_outbound_stream",
    ]
    for statement in statements:
        with pytest.raises(SqlError, match="outbox") as caught:
            sender.sql(statement, ME, is_owner=True).result(PATIENCE)
        assert caught.value.hint.endswith("Until then, only publish --delete-data helps.")  # no reducer can


def test_what_is_sent_again_waits_ever_longer() -> None:
    now = 0.0
    streams = Outgoing(lambda: now)
    assert streams.seconds_to_next() is None
    streams.wake(1)
    pauses = []
    for _ in range(12):
        assert list(streams.ready()) == [1]
        streams.begin(1)
        assert (list(streams.ready()), streams.seconds_to_next()) == ([], None)
        streams.fail(1)
        streams.wake(1)
        pause = streams.seconds_to_next()
        assert pause is not None
        assert list(streams.ready()) == []
        pauses.append(pause)
        now += pause
    assert pauses[0] == outgoing.SHORTEST_PAUSE
    assert pauses[1] == pytest.approx(2 * outgoing.SHORTEST_PAUSE)
    assert pauses[-1] == pytest.approx(outgoing.LONGEST_PAUSE)
    streams.begin(1)
    streams.finish(1)
    assert list(streams.ready()) == [1]
    streams.be_idle(1)
    assert streams.seconds_to_next() is None


def test_few_messages_are_under_way() -> None:
    streams = Outgoing()
    for stream in range(100):
        streams.wake(stream)
    for stream in streams.ready():
        streams.begin(stream)
    assert (list(streams.ready()), streams.seconds_to_next()) == ([], None)
    streams.finish(3)
    assert len(list(streams.ready())) == 1 + 36
