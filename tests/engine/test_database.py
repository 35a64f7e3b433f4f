from __future__ import annotations

import json
import threading
from concurrent.futures import wait
from contextlib import ExitStack

import pytest

from stdbpy.engine import Caller, Commit
from stdbpy.errors import (
    EngineError,
    InvalidArguments,
    NoSuchReducer,
    NotAllowed,
    SqlError,
    UniqueConstraintViolation,
)
from stdbpy.sats.bsatn import compile_codec
from tests.engine.sample import CONNECTED, ME, OWNER, STRANGER, Clock, call, encoded, rows, running

LIFECYCLE = """
@table(name="event", public=True)
class Event:
    text: str


@table(name="secret")
class Secret:
    text: str


@init
def born(ctx: ReducerContext) -> None:
    ctx.db.event.insert(Event(f"born {ctx.sender} {ctx.connection_id}"))


@client_connected
def hello(ctx: ReducerContext) -> None:
    ctx.db.event.insert(Event(f"hello {ctx.sender} {ctx.connection_id}"))
    if ctx.connection_id is not None and int(ctx.connection_id) == 13:
        raise ReducerError("not you")


@client_disconnected
def bye(ctx: ReducerContext) -> None:
    ctx.db.event.insert(Event("bye"))
    if ctx.connection_id is not None and int(ctx.connection_id) == 14:
        raise RuntimeError("too bad")


@reducer
def note(ctx: ReducerContext, text: str) -> None:
    ctx.db.event.insert(Event(text))
"""


def names(database):
    return [row[1] for row in rows(database, "person")]


def test_a_reducer_changes_tables():
    with running() as database:
        outcome = call(database, "add", "Ada", 36)
        assert (outcome.status, outcome.error) == ("committed", None)
        assert rows(database, "person") == [(1, "Ada", 36)]


def test_a_reducer_that_refuses_has_changed_nothing_and_says_why():
    with running() as database:
        outcome = call(database, "add_then_refuse", "Ada")
        assert (outcome.status, outcome.error) == ("failed", "never mind")
        assert names(database) == []
        [line] = map(json.loads, database.logs.tail(1))
        assert (line["level"], line["function"], line["message"]) == ("Error", "add_then_refuse", "never mind")
        assert line["target"] == line["filename"] == "__spacetimedb__"


def test_a_bug_in_a_reducer_is_undone_and_its_traceback_is_logged():
    with running() as database:
        outcome = call(database, "add_then_fail", "Ada")
        assert (outcome.status, outcome.error) == ("failed", "KeyError: 'Ada'")
        assert names(database) == []
        line, told = map(json.loads, database.logs.tail(2))
        assert (told["level"], told["message"]) == ("Error", "KeyError: 'Ada'")
        assert line["level"] == "Panic"
        assert (line["filename"], line["function"]) == ("sample.py", "add_then_fail")
        assert "KeyError: 'Ada'" in line["message"]
        assert "stdbpy" not in line["message"]
        assert line["trace"] == [{"module_name": "sample.py", "func_name": "add_then_fail"}]


def test_the_trace_of_endless_recursion_is_short():
    source = """
        def again(n):
            return again(n + 1)

        @reducer
        def recurse(ctx: ReducerContext) -> None:
            again(0)
    """
    with running(source) as database:
        assert call(database, "recurse").error.startswith("RecursionError: maximum recursion depth exceeded")
        line, _ = map(json.loads, database.logs.tail(2))
        trace = [frame["func_name"] for frame in line["trace"]]
        assert trace[:2] == ["recurse", "again"]
        assert len(trace) == 21
        assert trace[10].startswith("… ")
        assert trace[10].endswith(" more …")
        assert len(line["message"]) < 2000


@pytest.mark.parametrize("statement", ["raise SystemExit(1)", "raise KeyboardInterrupt", "import sys; sys.exit()"])
def test_a_reducer_that_tries_to_end_the_process_has_a_bug(statement):
    source = f"@reducer\ndef leave(ctx: ReducerContext) -> None:\n    {statement}\n"
    with running(source) as database:
        assert call(database, "leave").status == "failed"
        assert call(database, "leave").status == "failed"


def test_numbers_of_a_failed_call_are_not_given_out_again():
    with running() as database:
        call(database, "add", "a", 1)
        call(database, "add_then_refuse", "b")
        call(database, "add", "c", 1)
        assert rows(database, "person") == [(1, "a", 1), (3, "c", 1)]


def test_unknown_reducer_and_bad_arguments():
    with running() as database:
        with pytest.raises(NoSuchReducer) as unknown:
            database.call("ad", b"", ME).result()
        assert "'add'" in unknown.value.hint
        with pytest.raises(InvalidArguments):
            database.call("add", b"\xff", ME).result()
        assert [json.loads(line)["level"] for line in database.logs.tail(2)] == ["Error", "Error"]


def test_lifecycle_reducers():
    with running(LIFECYCLE) as database:
        database.connected(CONNECTED).result()
        call(database, "note", "here", caller=CONNECTED)
        database.disconnected(CONNECTED).result()
        connection = str(CONNECTED.connection_id)
        assert rows(database, "event") == [
            (f"born {OWNER} None",),
            (f"hello {STRANGER} {connection}",),
            ("here",),
            ("bye",),
        ]


def test_a_refused_connection_leaves_nothing_behind():
    with running(LIFECYCLE) as database:
        unwelcome = Caller(STRANGER, type(CONNECTED.connection_id).from_int(13))
        with pytest.raises(NotAllowed, match="not you"):
            database.connected(unwelcome).result()
        assert len(rows(database, "event")) == 1


def test_a_disconnect_reducer_that_fails_cannot_keep_a_client():
    with running(LIFECYCLE) as database:
        database.disconnected(Caller(STRANGER, type(CONNECTED.connection_id).from_int(14))).result()
        assert len(rows(database, "event")) == 1


def test_clients_cannot_call_lifecycle_reducers():
    with running(LIFECYCLE) as database, pytest.raises(NotAllowed, match="Init"):
        database.call("born", b"", ME).result()


def test_sql_reads_and_writes():
    with running() as database:
        [inserted] = database.sql(
            "INSERT INTO person (id, name, age) VALUES (0, 'Ada', 36)", ME, is_owner=True
        ).result()
        assert inserted.rows_inserted == 1
        [result] = database.sql("SELECT name FROM person WHERE age > 30", CONNECTED, is_owner=False).result()
        assert result.rows == [("Ada",)]
        with pytest.raises(SqlError):
            database.sql("INSERT INTO person (id, name, age) VALUES (0, 'Ada', 36)", ME, is_owner=True).result()
        assert len(rows(database, "person")) == 1


def test_a_transaction_that_raises_is_undone():
    with running() as database:
        codec = compile_codec(database.schema.row_type(database.schema.tables_by_name["person"]))

        def twice(tx):
            for _ in range(2):
                tx.insert(tx.table_id("person"), codec.encode((0, "Ada", 1)))

        with pytest.raises(UniqueConstraintViolation, match="name = 'Ada'"):
            database.transact(twice).result()
        assert rows(database, "person") == []


def test_commits_are_told_in_order_with_what_changed():
    with running(clock=Clock()) as database:
        heard: list[Commit] = []
        stop = database.on_commit(heard.append)
        call(database, "add", "a", 1)
        call(database, "add_then_refuse", "b")
        call(database, "remove", "a")
        call(database, "remove", "a")
        stop()
        call(database, "add", "c", 1)
        assert [commit.reducer for commit in heard] == ["add", "remove"]
        assert heard[0].args == encoded(database, "add", "a", 1)
        assert heard[0].caller == ME
        [first], [second] = heard[0].delta, heard[1].delta
        assert (len(first.inserted), len(first.deleted)) == (1, 0)
        assert first.inserted == second.deleted
        assert first.table.name == "person"


def test_a_listener_that_raises_harms_nobody(caplog):
    with running() as database:

        def broken(commit: Commit) -> None:
            raise RuntimeError

        database.on_commit(broken)
        assert call(database, "add", "a", 1).status == "committed"
        assert "listener" in caplog.text


def test_calls_from_many_threads_all_count():
    with running() as database:
        arguments = [encoded(database, "add", f"n{number}", 1) for number in range(400)]

        def send(part):
            assert all(
                future.result().status == "committed" for future in [database.call("add", it, ME) for it in part]
            )

        threads = [threading.Thread(target=send, args=(arguments[start::8],)) for start in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(names(database)) == sorted(f"n{number}" for number in range(400))
        assert sorted(row[0] for row in rows(database, "person")) == list(range(1, 401))


def test_calls_of_one_caller_are_done_in_order():
    with running() as database:
        arguments = [encoded(database, "add", f"n{number}", 1) for number in range(200)]
        wait([database.call("add", it, ME) for it in arguments])
        assert names(database) == [f"n{number}" for number in range(200)]


def test_a_cancelled_call_is_not_made():
    with running() as database:
        gate = threading.Event()
        database.transact(lambda _tx: gate.wait())
        unwanted = database.call("add", encoded_without_waiting, ME)
        assert unwanted.cancel()
        gate.set()
        assert names(database) == []


encoded_without_waiting = (1).to_bytes(4, "little") + b"x" + (1).to_bytes(4, "little")


def test_after_closing_everything_fails_with_a_sentence():
    with ExitStack() as stack:
        database = stack.enter_context(running())
    with pytest.raises(EngineError, match="closed"):
        database.call("add", encoded_without_waiting, ME).result(timeout=60)


def test_what_was_queued_is_done_before_closing():
    with running() as database:
        futures = [database.call("add", encoded(database, "add", f"n{n}", 1), ME) for n in range(50)]
    assert all(future.result(timeout=0).status == "committed" for future in futures)
