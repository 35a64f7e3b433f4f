"""The websocket endpoint beyond what real servers are compared by: slow clients, ends, bounds, secrets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from stdbpy.engine import Caller
from stdbpy.engine.connection import DatabaseConnection
from stdbpy.engine.subscriptions.events import QueryAnswered
from stdbpy.errors import StorageFailed
from stdbpy.module.package import ModuleSource, pack
from stdbpy.protocol.compression import Compression, brotli_is_there
from stdbpy.protocol.v1 import messages as m1
from stdbpy.protocol.v2 import messages as m
from stdbpy.protocol.v2.codec import decode_server_messages, encode_client_message
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.types import Primitive
from stdbpy.server import RunningServer, run
from stdbpy.server.websocket import client, v2
from stdbpy.server.websocket import mailbox as mailboxes
from tests.contract.websocket import V1, V1_JSON, V2, V3, Wire, connected, rows_of
from tests.server import raw

PATIENCE = 60

STRING = compile_codec(Primitive.STRING)

SOURCE = b"""
from stdbpy import ReducerContext, ReducerError, client_connected, client_disconnected, reducer, table, u32, u64, column


@table(name="note", public=True)
class Note:
    id: u64 = column(primary_key=True, auto_inc=True)
    text: str


@reducer
def add(ctx: ReducerContext, text: str) -> None:
    ctx.db.note.insert(Note(id=0, text=text))


@reducer
def add_many(ctx: ReducerContext, count: u32, text: str) -> None:
    for _ in range(count):
        ctx.db.note.insert(Note(id=0, text=text))


@reducer
def wait(ctx: ReducerContext) -> None:
    import threading
    threading.Event().wait(0.3)


@client_connected
def hello(ctx: ReducerContext) -> None:
    if ctx.connection_id is not None and int(ctx.connection_id) == 13:
        raise ReducerError("not you, \xc3\xa9ver: " + "x" * 200)
    ctx.db.note.insert(Note(id=0, text="hello"))


@client_disconnected
def bye(ctx: ReducerContext) -> None:
    ctx.db.note.insert(Note(id=0, text="bye"))
"""

NOTES = "SELECT * FROM note"
ADDED = "SELECT * FROM note WHERE text <> 'hello'"


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
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


@contextmanager
def opened(server: RunningServer, database: str, protocol: str = V3, **options: Any) -> Iterator[Wire]:
    """A client that has been greeted."""
    with connected(Asked(server.url, server.owner_token), database, protocol, **options) as wire:
        wire.next()
        yield wire


class Asked(NamedTuple):
    """As much of a server under the contract as a client needs."""

    url: str
    token: str


def add(text: str, request_id: int = 1) -> m.CallReducer:
    return m.CallReducer(request_id, m.CallFlags.Default, "add", STRING.encode(text))


def texts(server: RunningServer) -> list[str]:
    owner = server.backend.owner.identity
    database = server.backend.engine.database("notes")
    return [row[1] for row in database.sql(NOTES, Caller(owner), is_owner=True).result(PATIENCE)[0].rows]


class TestClientsThatDoNotRead:
    def test_are_cut_off_alone(self, server: RunningServer, database: str, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(mailboxes, "MOST_BYTES", 20_000_000)
        with opened(server, database) as slow, opened(server, database) as quick:
            for client in (slow, quick):
                client.ask(m.Subscribe(1, 1, [ADDED]))
            big = "x" * 1_000_000
            for number in range(60):
                quick.send(add(big, number))
                answers = [quick.next()]
                while not isinstance(answers[-1], m.ReducerResult):  # it is told that the other has gone
                    answers.append(quick.next())
                assert answers[-1].request_id == number
            assert slow.closing()[0] == 1006

    def test_are_cut_off_for_the_answers_that_they_do_not_read(
        self, server: RunningServer, database: str, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(mailboxes, "MOST_ROWS", 5000)
        with opened(server, database) as wire:
            arguments = (1500).to_bytes(4, "little") + STRING.encode("x" * 1000)
            wire.ask(m.CallReducer(1, m.CallFlags.Default, "add_many", arguments))
            wire.send(*(m.OneOffQuery(number, NOTES) for number in range(1000)))
            assert wire.closing()[0] == 1006

    @pytest.mark.parametrize("joins_messages", [False, True], ids=["v2", "v3"])
    def test_have_one_frame_at_a_time_made_for_them(self, joins_messages: bool, monkeypatch: pytest.MonkeyPatch):
        made: list[bytes] = []
        monkeypatch.setattr(v2, "compress", lambda message, _compression: made.append(message) or message)
        events = [QueryAnswered(m.OneOffQuery(number, NOTES), None, "x" * 1_000_000, 0) for number in range(3)]
        frames = v2.V2Speaker(Compression.NONE, joins_messages=joins_messages).frames(events)
        for count in (1, 2, 3):
            next(frames)
            assert len(made) == count

    def test_may_be_slow_with_what_they_asked_for(
        self, server: RunningServer, database: str, monkeypatch: pytest.MonkeyPatch
    ):
        """Answers are not counted: a large set of rows takes its time."""
        monkeypatch.setattr(mailboxes, "MOST_BYTES", 100_000)
        with opened(server, database) as wire:
            arguments = (2000).to_bytes(4, "little") + STRING.encode("x" * 1000)
            wire.ask(m.CallReducer(1, m.CallFlags.Default, "add_many", arguments))
            [table] = wire.ask(m.Subscribe(1, 1, [NOTES])).rows.tables
            assert len(rows_of(table.rows)) == 2001


class TestCompression:
    @pytest.mark.parametrize("name", ["Gzip", "Brotli", "None"])
    @pytest.mark.parametrize("protocol", [V1, V2, V3])
    def test_of_large_frames(self, server: RunningServer, database: str, name: str, protocol: str):
        if name == "Brotli" and not brotli_is_there():
            pytest.skip("brotli is not installed")
        with opened(server, database, protocol, query=f"compression={name}") as wire:
            frame = self.frame_of(wire, STRING.encode("x" * 5000))
            assert frame[0] == {"None": 0, "Brotli": 1, "Gzip": 2}[name]
            assert (len(frame) < 1000) == (name != "None")
            assert self.frame_of(wire, STRING.encode("x"))[0] == 0, "small ones are left as they are"

    def frame_of(self, wire: Wire, args: bytes) -> bytes:
        """Of the answer to a call."""
        if wire.subprotocol == V1:
            wire.ask(m1.SubscribeSingle(ADDED, 1, m1.QueryId(len(args))))
            wire.send(m1.CallReducer("add", args, 1, 0))
        else:
            wire.ask(m.Subscribe(1, len(args), [ADDED]))
            wire.send(m.CallReducer(1, m.CallFlags.Default, "add", args))
        frame = wire.connection.recv(timeout=PATIENCE)
        assert isinstance(frame, bytes)
        return frame


class TestFrames:
    def test_what_came_before_a_bad_one_is_answered(self, wire: Wire):
        for number in range(50):
            wire.send(add("x", number))
        wire.connection.send(b"\x99")
        assert [wire.next().request_id for _ in range(50)] == list(range(50))
        assert wire.closing()[0] == 1011

    def test_text_that_is_none_ends_the_connection(
        self, server: RunningServer, database: str, caplog: pytest.LogCaptureFixture
    ):
        with opened(server, database, V1_JSON) as wire:
            wire.connection.send(b"\xff", text=True)
            assert wire.closing()[0] == 1007
        assert not caplog.records

    def test_several_requests_in_one(self, wire: Wire):
        wire.connection.send(b"".join(encode_client_message(add("x", number)) for number in range(50)))
        assert [wire.next().request_id for _ in range(50)] == list(range(50))

    def test_several_answers_in_one(self, wire: Wire):
        wire.send(m.CallReducer(0, m.CallFlags.Default, "wait", b""), *(add("x", number) for number in range(1, 50)))
        frames = 0
        answers: list[Any] = []
        while len(answers) < 50:
            answers += decode_server_messages(wire.connection.recv(timeout=PATIENCE))
            frames += 1
        assert [answer.request_id for answer in answers] == list(range(50))
        assert frames < 25

    def test_larger_than_any(self, wire: Wire):
        with suppress(ConnectionClosed):
            wire.connection.send(b"\0" * (32 * 1024 * 1024 + 1))
        assert wire.closing()[0] in {1009, 1006}, "it may be cut off before it reads why"

    def test_large_ones_wait_as_many_small_ones_would(self, wire: Wire, database: str, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(client, "BYTES_OF_A_REQUEST", 10)
        monkeypatch.setattr(client, "MANY_REQUESTS", 10)
        settled: list[None] = []
        monkeypatch.setattr(DatabaseConnection, "settled", counting(DatabaseConnection.settled, settled))
        wire.ask(add("x" * 100))
        assert len(settled) == 1

    def test_more_requests_than_are_kept_waiting(self, wire: Wire, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(client, "MANY_REQUESTS", 10)
        count = 500
        for number in range(count):
            wire.send(add("x", number))
        assert [wire.next().request_id for _ in range(count)] == list(range(count))


def counting(function: Callable[..., Any], calls: list[None]) -> Callable[..., Any]:
    def counted(*args: Any) -> Any:
        calls.append(None)
        return function(*args)

    return counted


class TestModules:
    def test_that_turn_a_client_away(self, server: RunningServer, database: str):
        query = f"compression=None&connection_id={13:032x}"
        with connected(Asked(server.url, server.owner_token), database, V2, query=query) as wire:
            assert wire.closing() == (1006, ""), "without a closing frame, as on the real server"
        assert "bye" not in texts(server), "it was never there"

    def test_are_told_that_clients_have_gone(self, server: RunningServer, database: str):
        with opened(server, database) as watching:
            watching.ask(m.Subscribe(1, 1, [ADDED]))
            with opened(server, database) as wire:
                wire.send(add("last words"))
                wire.connection.close()
            assert texts_of(watching.next()) == ["last words"]
            assert texts_of(watching.next()) == ["bye"]

    def test_that_are_busy_keep_nobody_from_going(self, server: RunningServer, database: str):
        with opened(server, database) as wire:
            wire.send(m.CallReducer(1, m.CallFlags.Default, "wait", b""))
        with opened(server, database):
            assert "bye" in texts(server)


def texts_of(update: Any) -> list[str]:
    [of_set] = update.query_sets
    return [row[12:].decode() for row in rows_of(of_set.tables[0].rows[0].value.inserts)]


class TestClientsThatAreGone:
    def test_are_noticed_because_they_answer_no_ping(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(run, "PING_INTERVAL", 0.05)
        monkeypatch.setattr(run, "SILENCE", 0.35)
        with RunningServer() as server:
            publish(server)
            with opened(server, "notes") as alive, raw.connected(server) as dead:
                alive.ask(m.Subscribe(1, 1, [ADDED]))
                request = (
                    "GET /v1/database/notes/subscribe HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\n"
                    "connection: upgrade\r\nsec-websocket-version: 13\r\n"
                    f"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: {V2}\r\n\r\n"
                )
                assert dead.ask(request.encode()).status == 101
                assert texts_of(alive.next()) == ["bye"], "the module was told"
                said = b""
                while part := dead.socket.recv(65536):
                    said += part
                ping, closing = b"\x89\x04", b"\x88"
                assert said.index(ping) < said.index(closing + bytes([2 + len(TIMED_OUT)]) + b"\x03\xf3" + TIMED_OUT)
                assert alive.ask(add("still here")).request_id == 1

    def test_are_not_those_whose_answers_to_pings_wait_to_be_read(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(run, "PING_INTERVAL", 0.02)
        monkeypatch.setattr(run, "SILENCE", 0.07)
        monkeypatch.setattr(client, "MANY_REQUESTS", 1)
        with RunningServer() as server:
            publish(server)
            with opened(server, "notes", V2) as wire:
                for number in range(4):
                    wire.send(m.CallReducer(number, m.CallFlags.Default, "wait", b""))
                assert [wire.next().request_id for _ in range(4)] == [0, 1, 2, 3]


TIMED_OUT = b"keepalive ping timeout"


def publish(server: RunningServer) -> None:
    """Makes the database anew."""
    program = pack(ModuleSource({"notes.py": SOURCE}, "notes"))
    server.backend.engine.publish(program, owner=server.backend.owner.identity, name="notes", clear=True)


class TestDatabasesThatCannotWrite:
    def test_keep_their_clients(self, server: RunningServer, database: str, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(client, "MANY_REQUESTS", 1)

        def refuse() -> None:
            raise StorageFailed("the disk is full")

        with opened(server, database, V2) as wire:
            journal = server.backend.engine.database(database)._instance.journal
            with monkeypatch.context() as full:
                full.setattr(journal, "commit", refuse)
                for number in range(5):
                    wire.send(add("x", number))
                failed = [wire.next() for _ in range(5)]
            assert all(isinstance(answer.result, m.ReducerInternalError) for answer in failed)
            assert isinstance(wire.ask(add("y", 9)).result, m.Returned)


class TestServersThatStop:
    def test_close_their_clients(self):
        with RunningServer() as server:
            publish(server)
            heard = threading.Event()
            database = server.backend.engine.database("notes")
            database.on_commit(lambda commit: commit.reducer == "bye" and heard.set())
            with opened(server, "notes") as wire, ThreadPoolExecutor() as pool:
                closing = pool.submit(wire.closing)
                server.__exit__(None, None, None)
                assert closing.result(PATIENCE)[0] in {1001, 1012}
            assert heard.is_set(), "the module was told"


class TestSecrets:
    def test_tokens_are_in_no_log(self, server: RunningServer, database: str, caplog: pytest.LogCaptureFixture):
        caplog.set_level(logging.DEBUG)
        token = server.backend.tokens.new_identity().token
        with opened(server, database, V1, token=None, query=f"token={token}") as wire:
            wire.ask(m1.OneOffQuery(b"", NOTES))
        with pytest.raises(InvalidStatus), opened(server, database, "v9", token=None, query=f"token={token}"):
            pass
        servers = [record for record in caplog.records if not record.name.startswith("websockets")]
        assert not any(token in record.getMessage() for record in servers)
        assert not any(record.levelno >= logging.WARNING for record in servers)
