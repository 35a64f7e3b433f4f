"""Connections of programs without an event loop, on the embedded server and real ones."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from stdbpy.client import connect
from stdbpy.errors import (
    CallTimeout,
    ClientError,
    ConnectFailed,
    ConnectionClosed,
    ConnectionLost,
    CredentialsRefused,
    NoSuchDatabase,
    NoSuchTable,
    QueryFailed,
    ReducerFailed,
    SubscriptionFailed,
    UsageError,
    WouldDeadlock,
)
from stdbpy.protocol.options import ReconnectPolicy
from tests.client.live import eventually


@pytest.fixture(autouse=True)
def _nothing_is_left():
    """No thread, and (by way of warnings, which are errors) no socket."""
    yield
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith(("stdbpy-io", "stdbpy live"))]
    assert left == []
    gc.collect()


@pytest.fixture(params=["thread", "tick"])
def delivery(request):
    return request.param


def interrupt(begun: Callable[[], bool]) -> threading.Thread:
    """Ctrl-C a moment after what it is to interrupt has begun."""

    def press() -> None:
        eventually(begun)
        threading.Event().wait(0.1)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    pressing = threading.Thread(target=press)
    pressing.start()
    return pressing


def test_a_call_is_done_when_its_rows_are_cached_and_told(chat, library, delivery):
    with (
        connect(chat.url, chat.database, library=library, delivery=delivery) as db,
        db.subscribe("SELECT * FROM message", "SELECT * FROM user") as sub,
    ):
        told = []
        db.message.on_insert(lambda ctx, row: told.append((row.text, threading.current_thread().name)))
        assert sub.is_applied
        assert [user.identity for user in db.user] == [db.identity]
        assert db.reducers.send_message(text="first") is None
        where = f"stdbpy {chat.database}" if delivery == "thread" else threading.current_thread().name
        assert told == [("first", where)]
        assert [message.text for message in db.message] == ["first"]
        assert db.tables["message"].count() == 1
        sub.unsubscribe()
        assert db.message.count() == 0


def test_what_is_refused_is_raised(chat, delivery):
    with connect(chat.url, chat.database, delivery=delivery) as db:
        with pytest.raises(ReducerFailed, match="Names must not be empty"):
            db.reducers.set_name("")
        with pytest.raises(QueryFailed):
            db.query("SELECT * FROM nothing")
        with pytest.raises(SubscriptionFailed):
            db.subscribe("SELECT * FROM nothing")
        with pytest.raises(AttributeError, match=r"no reducer 'set_nam'. Did you mean 'set_name'\?"):
            db.reducers.set_nam("x")
        with pytest.raises(TypeError, match=r"set_name takes \(name\)"):
            db.reducers.set_name("a", name="b")
        with pytest.raises(NoSuchTable, match="nobody"):
            db.tables["nobody"]
        assert "nobody" not in db.tables
        db.reducers.set_name("Ada")
        assert [user.name for user in db.query("SELECT * FROM user")] == ["Ada"]


def test_calls_from_many_threads(chat):
    with connect(chat.url, chat.database) as db, db.subscribe("SELECT * FROM message"):

        def talk(number: int) -> None:
            for each in range(10):
                db.reducers.send_message(f"{number}.{each}")
                with db.lock:
                    assert f"{number}.{each}" in {message.text for message in db.message}

        with ThreadPoolExecutor(16) as threads:
            list(threads.map(talk, range(16)))
        assert len(db.message) == 160


def test_a_thousand_calls_in_one_go(chat, delivery):
    with connect(chat.url, chat.database, delivery=delivery) as db, db.subscribe("SELECT * FROM message"):
        calls = [db.send.send_message(str(number)) for number in range(1000)]
        for call in calls:
            call.result(timeout=60)
        assert len(db.message) == 1000
        assert db.stats().calls_finished == 1000
        assert len(db.stats().latency) == 1000


def test_waiting_inside_of_a_callback_says_so(chat, delivery):
    with connect(chat.url, chat.database, delivery=delivery) as db, db.subscribe("SELECT * FROM message"):
        refused, pending = [], []

        def refuses(wait) -> None:
            with pytest.raises(WouldDeadlock) as caught:
                wait()
            refused.append(caught.value)

        @db.message.on_insert
        def _(ctx, row):
            if row.text == "begin":
                pending.append(ctx.reducers.send_message("from inside"))
                refuses(lambda: db.reducers.send_message("x"))
                refuses(lambda: db.query("SELECT * FROM user"))
                refuses(lambda: db.subscribe("SELECT * FROM user"))
                refuses(lambda: pending[0].result())
                refuses(lambda: next(db.user.changes()))

        db.reducers.send_message("begin")
        pending[0].result()
        assert {message.text for message in db.message} == {"begin", "from inside"}
        assert len(refused) == 5
        assert "ctx.reducers" in refused[0].hint


def test_a_callback_that_raises_keeps_no_other_from_running(chat, delivery, caplog):
    with connect(chat.url, chat.database, delivery=delivery) as db, db.subscribe("SELECT * FROM message"):
        told = []

        @db.message.on_insert
        def breaks(ctx, row):
            raise ValueError(row.text)

        @db.message.on_insert
        async def is_async(ctx, row):
            pass

        db.message.on_insert(lambda ctx, row: told.append(row.text))
        for text in ("one", "two"):
            db.reducers.send_message(text)
        assert told == ["one", "two"]
        assert db.stats().callbacks_failed == 4
    assert "ValueError: two" in caplog.text
    assert "is an async function" in caplog.text


def test_close_inside_of_a_callback(chat, delivery):
    db = connect(chat.url, chat.database, delivery=delivery)
    sub = db.subscribe("SELECT * FROM message")
    ended = threading.Event()
    sub.on_ended(lambda subscription: ended.set())
    db.message.on_insert(lambda ctx, row: ctx.connection.close())
    with suppress(ConnectionClosed):  # it closes behind the callback, perhaps before the call was told
        db.reducers.send_message("x")
    assert ended.wait(60)
    db.close()


def test_after_close(chat, proxy, delivery):
    db = connect(proxy.url, chat.database, delivery=delivery)
    db.subscribe("SELECT * FROM user")
    errors = []
    db.on_disconnect(lambda connection, error: errors.append(error))
    proxy.freeze()  # or the answer may come first
    call = db.send.set_name("Ada")
    db.close()
    assert errors == [None]
    with pytest.raises(ConnectionClosed):
        call.result()
    for use in (lambda: db.reducers.set_name("x"), lambda: db.subscribe("x"), lambda: db.query("x")):
        with pytest.raises(ConnectionClosed):
            use()
    assert db.user.count() == 1
    assert list(db.user.changes()) == []
    db.close()


def test_ticks_deliver_on_the_callers_thread(chat):
    with connect(chat.url, chat.database, delivery="tick") as db, db.subscribe("SELECT * FROM message"):
        told = []
        db.message.on_insert(lambda ctx, row: told.append((row.text, threading.current_thread())))
        with connect(chat.url, chat.database) as other:
            other.reducers.send_message("x")
        eventually(lambda: len(db._inbox))
        assert told == []
        assert db.message.count() == 0
        db.tick()
        assert told == [("x", threading.current_thread())]
        assert db.message.count() == 1


def test_ticks_in_another_thread_than_calls(chat):
    with connect(chat.url, chat.database, delivery="tick") as db:
        over = threading.Event()

        def game() -> None:
            while not over.wait(0.001):
                db.tick()

        loop = threading.Thread(target=game)
        loop.start()
        try:
            eventually(lambda: db._ticker is loop)
            db.reducers.set_name("Ada")
            assert [user.name for user in db.query("SELECT * FROM user")] == ["Ada"]
        finally:
            over.set()
            loop.join()


def test_ctrl_c_in_a_tick_loses_no_callback(chat):
    with connect(chat.url, chat.database, delivery="tick") as db, db.subscribe("SELECT * FROM message"):
        told = []

        @db.message.on_insert
        def _(ctx, row):
            if row.text == "interrupted" and not told:
                told.append("interrupted")
                raise KeyboardInterrupt

        db.message.on_insert(lambda ctx, row: told.append(row.text))
        with pytest.raises(KeyboardInterrupt):
            db.reducers.send_message("interrupted")
        assert told == ["interrupted"]
        db.tick()
        assert told == ["interrupted", "interrupted"]
        db.reducers.send_message("after")
        assert told[-1] == "after"


def test_ctrl_c_while_waiting(chat, proxy, delivery):
    with connect(proxy.url, chat.database, delivery=delivery) as db:
        proxy.freeze()
        pressing = interrupt(lambda: db.stats().calls_pending == 1)
        with pytest.raises(KeyboardInterrupt):
            db.reducers.set_name("Ada")
        pressing.join()
        proxy.thaw()
        assert db.query("SELECT * FROM user").rows()[0].name == "Ada"


def test_no_ticks_for_a_connection_with_a_thread(chat):
    with connect(chat.url, chat.database) as db, pytest.raises(ClientError, match="takes no ticks"):
        db.tick()


def test_a_call_without_answer_in_time(chat, proxy, delivery):
    with connect(proxy.url, chat.database, delivery=delivery, call_timeout=0.1) as db:
        proxy.freeze()
        with pytest.raises(CallTimeout, match="set_name"):
            db.reducers.set_name("Ada")
        with pytest.raises(CallTimeout, match="not applied"):
            db.subscribe("SELECT * FROM user")
        call = db.send.set_name("Grace")
        with pytest.raises(TimeoutError):
            call.result(timeout=0.01)
        proxy.thaw()
        call.result(timeout=60)
        eventually(lambda: db.query("SELECT * FROM user", timeout=60).rows()[0].name == "Grace")


def test_changes(chat, delivery):
    with connect(chat.url, chat.database, delivery=delivery) as db, db.subscribe("SELECT * FROM user"):
        changes = db.user.changes(timeout=60)
        db.send.set_name("Ada")
        change = next(changes)
        assert (change.old.name, change.new.name) == (None, "Ada")
        assert list(db.user.changes(timeout=0.02)) == []


def test_a_lost_connection_comes_back(chat, proxy, library, delivery):
    policy = ReconnectPolicy(base=0.01, cap=0.05)
    with (
        connect(proxy.url, chat.database, library=library, delivery=delivery, reconnect=policy) as db,
        db.subscribe("SELECT * FROM message"),
        connect(chat.url, chat.database) as other,
    ):
        told, back, lost = [], [], []
        db.on_reconnect(lambda connection: back.append(connection))
        db.on_disconnect(lambda connection, error: lost.append(error))
        db.message.on_insert(lambda ctx, row: told.append(row.text))
        find = db.user.identity.find
        db.reducers.send_message("before")
        proxy.refuse()
        call = db.send.send_message("on its way")
        call.result()
        proxy.cut()
        db.wait_until(lambda: bool(lost), 60)
        with pytest.raises(ConnectionLost) as caught:
            db.reducers.send_message("away")
        assert not caught.value.may_have_run
        other.reducers.send_message("meanwhile")
        proxy.refuse(False)
        assert db.wait_until(lambda: bool(back), 60)
        db.reducers.send_message("after")
        assert told == ["before", "on its way", "meanwhile", "after"]
        db.subscribe("SELECT * FROM user")
        assert find(db.identity).online


def test_connections_that_do_not_come_about(chat, library, delivery):
    options = {"library": library, "delivery": delivery}
    made = chat.sync_class
    with pytest.raises(ConnectFailed, match="nothing answers there"):
        made.connect("http://127.0.0.1:1", chat.database, **options)
    with pytest.raises(ConnectFailed, match="no server answers"):
        connect("http://127.0.0.1:1", chat.database, **options)
    for way in (made.connect, connect):
        with pytest.raises(NoSuchDatabase) as missing:
            way(chat.url, "no-such-database", **options)
        assert missing.value.hint
        with pytest.raises(CredentialsRefused) as refused:
            way(chat.url, chat.database, token="a.b.c", **options)
        assert "a.b.c" not in f"{refused.value} {refused.value.hint}"
    with pytest.raises(UsageError, match="no address of a server"):
        made.connect("127.0.0.1:3000", chat.database, **options)


def test_the_nearest_name_is_told(chat):
    with pytest.raises(NoSuchDatabase) as caught:
        chat.sync_class.connect(chat.url, chat.database + "x", token=chat.token)
    assert caught.value.hint.startswith("Did you mean 'live-")


def test_tokens_are_kept(chat, tmp_path, caplog):
    from stdbpy.client import FileTokens

    tokens = FileTokens(tmp_path / "tokens")
    with connect(chat.url, chat.database, keep_token=tokens) as db:
        first, token = db.identity, db.token
        assert token not in repr(db) + repr(db._settings.session) + repr(tokens)
    with connect(chat.url, chat.database, keep_token=tokens) as db:
        assert db.identity == first
    with connect(chat.url, chat.database) as db:
        assert db.identity != first
    with connect(chat.url, chat.database, token=token) as db:
        assert db.identity == first
    assert token not in caplog.text
    [file] = (tmp_path / "tokens").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert tokens.forget(chat.url, chat.database)
    assert not tokens.forget(chat.url, chat.database)


def test_the_builder(chat, delivery):
    told = []
    db = (
        chat.sync_class.builder()
        .with_uri(chat.url)
        .with_database_name(chat.database)
        .with_compression("gzip")
        .with_light_mode(False)
        .with_confirmed_reads(True)
        .with_options({"delivery": delivery})
        .on_connect(lambda db, identity, token: told.append((db.identity == identity, token == db.token)))
        .on_disconnect(lambda db, error: told.append(error))
        .build()
    )
    with db:
        db.wait_until_connected()
        assert told == [(True, True)]
        applied = []
        sub = db.subscribe("SELECT * FROM user", wait=False)
        sub.on_applied(applied.append)
        sub.wait_applied()
        assert applied == [sub]
    assert told == [(True, True), None]


def test_a_builder_tells_of_what_fails(chat):
    failed = threading.Event()
    builder = chat.sync_class.builder().on_connect_error(lambda db, error: failed.set())
    with pytest.raises(UsageError, match="what to connect to"):
        builder.build()
    with builder.with_uri("http://127.0.0.1:1").with_database_name("x").build():
        assert failed.wait(60)


def test_a_sync_call_can_be_awaited(chat):
    import asyncio

    with connect(chat.url, chat.database) as db:

        async def main() -> None:
            await asyncio.gather(*(db.send.send_message(str(number)) for number in range(20)))
            with pytest.raises(ReducerFailed):
                await db.send.set_name("")

        asyncio.run(main())


def test_what_tools_are_told(chat, caplog):
    with caplog.at_level("INFO", logger="stdbpy.client"), connect(chat.url, chat.database) as db:
        happenings = []
        db.event_bus.listen(happenings.append)
        with db.subscribe("SELECT * FROM message"):
            db.reducers.send_message("x")
            with pytest.raises(ReducerFailed):
                db.reducers.set_name("")
        stats = db.stats()
        assert (stats.calls_finished, stats.calls_failed, stats.calls_pending) == (2, 1, 0)
        assert stats.bytes_in > 0 < stats.bytes_out
        assert len(stats.latency) == 2
        assert stats.rows_changed == 2
        token = db.token
    kinds = [happening.kind for happening in db.event_bus.history()]
    assert kinds[0] == "connected"
    assert kinds[-1] == "disconnected"
    assert [happening.details["tables"] for happening in happenings if happening.kind == "rows_changed"][1:] == [
        {"message": 1},
        {"message": 1},
    ]
    [failed] = [happening for happening in db.event_bus.history() if happening.details.get("error")]
    assert failed.details["name"] == "set_name"
    assert token not in repr(db.event_bus.history()) + caplog.text
    assert {record.database for record in caplog.records if record.name == "stdbpy.client"} == {chat.database}


def test_what_nobody_expects_ends_the_connection_with_a_reason(chat, delivery, monkeypatch, caplog):
    with connect(chat.url, chat.database, delivery=delivery) as db:

        def breaks(message):
            raise AssertionError("a bug")

        monkeypatch.setattr(db._session, "receive", breaks)
        with pytest.raises(ConnectionLost):
            db.reducers.set_name("Ada")
        with pytest.raises(ConnectionClosed):
            db.reducers.set_name("Ada")
        assert "a bug" in str(db.error)
    assert "a message could not be taken in" in caplog.text


def test_ctrl_c_while_connecting(chat, proxy, delivery):
    proxy.freeze()
    pressing = interrupt(lambda: proxy.accepted > 0)
    with pytest.raises(KeyboardInterrupt):
        chat.sync_class.connect(proxy.url, chat.database, delivery=delivery)
    pressing.join()


def test_a_callback_that_ends_its_thread_ends_only_itself(chat, caplog):
    with connect(chat.url, chat.database) as db, db.subscribe("SELECT * FROM message"):
        told = []

        @db.message.on_insert
        def _(ctx, row):
            raise SystemExit

        db.message.on_insert(lambda ctx, row: told.append(row.text))
        db.reducers.send_message("one")
        assert told == ["one"]
    assert "SystemExit" in caplog.text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Python since 3.12: there are threads
def test_a_forked_process_connects_anew(chat, delivery):
    with connect(chat.url, chat.database, delivery=delivery) as db:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:  # nothing of pytest's must run here
            said = "nothing"
            try:
                signal.alarm(20)
                try:
                    db.reducers.set_name("child")
                except ConnectionClosed as error:
                    said = str(error)
                db.close()
                with connect(chat.url, chat.database, delivery=delivery) as own:
                    own.reducers.set_name("child")
                    said += f" / {own.is_connected}"
            finally:
                os.write(writing, said.encode())
                os._exit(0)
        os.waitpid(child, 0)
        said = os.read(reading, 1000).decode()
        os.close(reading)
        os.close(writing)
        assert said == "the connection is closed: it belongs to the process that this one was forked from / True"
        db.reducers.set_name("Ada")
