"""Calls whose request's head is known: answered as all others, and to nobody's harm."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from errno import EMFILE
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest

from stdbpy.api import ApiClient
from stdbpy.engine import Agreement
from stdbpy.engine.programs import load_program
from stdbpy.module.package import ModuleSource, pack
from stdbpy.server import RunningServer, ServerConfig, quick_calls, straight_line
from stdbpy.server.asked import Asked
from stdbpy.server.connection import HEAD_PATIENCE, Connection
from stdbpy.server.quick_call import QuickCall
from stdbpy.server.routes import running
from stdbpy.server.run import KEEP_ALIVE
from stdbpy.server.straight_line import StraightLine
from tests.server.raw import RawConnection, connected

MODULE = b"""
import os
import threading

from stdbpy import ReducerContext, ReducerError, reducer, table, u32


@table(public=True)
class Seen:
    number: u32


@reducer
def see(ctx: ReducerContext, number: u32) -> None:
    ctx.db.seen.insert(Seen(number))


@reducer
def see_under_seven(ctx: ReducerContext, number: u32) -> None:
    if number >= 7:
        raise ReducerError("not under seven")


@reducer
def spin(ctx: ReducerContext, for_ever: u32, ended_by: str) -> None:
    while for_ever and ended_by not in os.environ:
        threading.Event().wait(0.001)
"""

ENDED_BY = "ENOUGH_QUICK_SPINNING"


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with RunningServer() as server:
        publish(server, "quick")
        yield server


@pytest.fixture
def slow_ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The reducers whose calls came to the route."""
    called: list[str] = []

    async def noted(asked: Asked) -> running.Answer:
        called.append(asked.path_value("function"))
        return await call(asked)

    call = running.call
    monkeypatch.setattr(running, "call", noted)
    return called


def publish(server: RunningServer, name: str) -> None:
    with ApiClient(server.url, server.owner_token) as api:
        api.publish(pack(ModuleSource({"quick.py": MODULE}, "quick", None)), name)


def numbers_seen(server: RunningServer) -> list[int]:
    with ApiClient(server.url, server.owner_token) as api:
        [result] = api.sql("quick", "SELECT * FROM seen")
    return sorted(row[0] for row in result.rows)


def test_the_second_call_takes_the_short_way_to_the_same_answer(slow_ways: list[str], server: RunningServer) -> None:
    with connected(server) as connection:
        first, *others = [connection.call("quick", "see", number) for number in range(1, 10)]
    assert slow_ways == ["see"]
    assert {other.status for other in others} == {first.status} == {200}
    for other in others:
        assert other.header_names() == first.header_names()
        assert other.body == first.body == b""
    assert numbers_seen(server) == list(range(1, 10))


def test_another_connection_may_send_the_head_that_is_known(slow_ways: list[str], server: RunningServer) -> None:
    for number in (1, 2):
        with connected(server) as connection:
            assert connection.call("quick", "see", number).status == 200
    assert slow_ways == ["see"]


def test_what_is_refused_or_fails_is_told_in_the_usual_words(slow_ways: list[str], server: RunningServer) -> None:
    with connected(server) as connection:
        assert connection.call("quick", "see_under_seven", 1).status == 200
        failed = connection.call("quick", "see_under_seven", 8)
        assert (failed.status, failed.body) == (530, b"not under seven")
        misfit = connection.call("quick", "see_under_seven", []).body
        assert connection.call("quick", "see_under_seven", 2).status == 200
    assert b"invalid arguments for reducer see_under_seven" in misfit
    assert slow_ways == ["see_under_seven"] * 3


def test_a_failure_is_not_run_again_on_the_usual_way(server: RunningServer) -> None:
    with connected(server) as connection, ApiClient(server.url, server.owner_token) as api:
        connection.call("quick", "see_under_seven", 1)
        connection.call("quick", "see_under_seven", 8)
        told = [line.message for line in api.logs("quick") if line.message == "not under seven"]
    assert told == ["not under seven"]


def test_a_database_that_is_gone_is_not_found(server: RunningServer) -> None:
    with connected(server) as connection, ApiClient(server.url, server.owner_token) as api:
        assert [connection.call("quick", "see", number).status for number in (1, 2)] == [200, 200]
        api.delete("quick")
        assert connection.call("quick", "see", 3).status == 404


@pytest.mark.parametrize("is_known", [True, False])
def test_a_call_behind_an_update_is_read_for_the_new_module(is_known: bool, server: RunningServer) -> None:
    code = MODULE.replace(b"import ReducerContext", b"import f32, ReducerContext").replace(
        b"Seen(number)", b"Seen(int(number))"
    )
    code = code.replace(b"number: u32) -> None", b"number: f32) -> None")
    program = pack(ModuleSource({"quick.py": code}, "quick", None))
    database = server.backend.engine.database("quick")
    may_go_on = Event()
    with connected(server) as connection:
        if is_known:
            assert connection.call("quick", "see", 1).status == 200
        database.transact(lambda _: may_go_on.wait(60))
        update = database.update(program, load_program(program), Agreement())
        connection.socket.sendall(connection.call_request("quick", "see", 7))
        await_all_read(server)
        may_go_on.set()
        assert connection.answer().status == 200
    assert update.result(60) is None
    assert numbers_seen(server)[-1] == 7


def test_a_token_that_has_expired_since_is_refused(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = server.backend.tokens
    token = tokens.shortened(tokens.new_identity(), 60).token
    with connected(server) as connection:
        assert [connection.call("quick", "see", number, token=token).status for number in (1, 2)] == [200, 200]
        later = time.time() + 3600
        monkeypatch.setattr(tokens, "_clock", lambda: later)
        assert connection.call("quick", "see", 3, token=token).status == 401
    assert numbers_seen(server) == [1, 2]


def test_requests_sent_at_once_are_answered_in_order(server: RunningServer) -> None:
    with connected(server) as connection:
        connection.call("quick", "see_under_seven", 1)
        connection.socket.sendall(
            b"".join(connection.call_request("quick", "see_under_seven", number) for number in (2, 8, 3, 9))
        )
        assert [connection.answer().status for _ in range(4)] == [200, 530, 200, 530]


@pytest.mark.parametrize("missing", [2, 4, 40])
def test_a_request_in_two_parts_is_one_call(missing: int, server: RunningServer) -> None:
    with connected(server) as connection:
        for number in (1, 2, 3):
            request = connection.call_request("quick", "see", number)
            # A body that could end before its last two bytes.
            request = request.replace(b"content-length: 3", b"content-length: 5") + b"  "
            if number == 3:
                connection.socket.sendall(request[:-missing])
                await_all_read(server)
                request = request[-missing:]
            assert connection.ask(request).status == 200
        assert connection.call("quick", "see", 4).status == 200
    assert numbers_seen(server) == [1, 2, 3, 4]


def test_what_looks_like_a_call_within_a_header_is_none(server: RunningServer) -> None:
    with connected(server) as connection:
        assert [connection.call("quick", "see", number).status for number in (1, 2)] == [200, 200]
        connection.socket.sendall(b"GET /v1/ping HTTP/1.1\r\nquoted: ")
        await_all_read(server)
        assert b"spacetime-identity" not in connection.ask(connection.call_request("quick", "see", 3)).head
    assert numbers_seen(server) == [1, 2]


@pytest.mark.parametrize("in_memory", [True, False])
def test_many_connections_are_all_served(in_memory: bool, tmp_path: Path) -> None:
    config = ServerConfig(listen_addr="127.0.0.1:0", data_dir=tmp_path, in_memory=in_memory)

    def call_some(first: int) -> None:
        with connected(server) as connection:
            for number in range(first, first + 20):
                assert connection.call("quick", "see", number).status == 200

    with RunningServer(config) as server, ThreadPoolExecutor(32) as pool:
        publish(server, "quick")
        list(pool.map(call_some, range(0, 32 * 20, 20)))
        assert numbers_seen(server) == list(range(32 * 20))


def test_a_reducer_that_never_ends_holds_up_its_own_database_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with RunningServer() as server, connected(server) as stuck, connected(server) as free:
        publish(server, "quick")
        publish(server, "other")
        assert [stuck.call("quick", "spin", 0, ENDED_BY).status for _ in range(3)] == [200] * 3
        stuck.socket.sendall(stuck.call_request("quick", "spin", 1, ENDED_BY))
        assert [free.call("other", "see", number).status for number in range(50)] == [200] * 50
        assert server.backend.engine.database("quick").busy_with == "spin"
        monkeypatch.setenv(ENDED_BY, "1")
        assert stuck.answer().status == 200


@pytest.fixture
def straight(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each answer that was to go past the event loop, whether all of it could be sent."""
    answers: list[bool] = []

    def noted(line: StraightLine, call: QuickCall, answer: bytes) -> bool:
        answers.append(True)  # before the client can have it
        answers[-1] = is_sent = send(line, call, answer)
        return is_sent

    send = StraightLine.answer
    monkeypatch.setattr(StraightLine, "answer", noted)
    return answers


def test_calls_of_one_connection_are_answered_past_the_event_loop(
    slow_ways: list[str], server: RunningServer, straight: list[bool]
) -> None:
    database = server.backend.engine.database("quick").identity
    traffic = server.backend.traffic.of(database)
    with connected(server) as connection:
        connection.call("quick", "see", 1)
        first = traffic.answered_bytes
        assert [connection.call("quick", "see", number).status for number in (2, 3)] == [200, 200]
    assert slow_ways == ["see"]
    assert straight == [True, True]
    assert traffic.answered_bytes == first
    assert traffic.straight_bytes >= 2 * first > 0


def test_calls_of_several_connections_are_answered_together(
    slow_ways: list[str], server: RunningServer, straight: list[bool]
) -> None:
    with connected(server) as one, connected(server) as other:
        for connection in (one, other, one, other):
            assert connection.call("quick", "see", 1).status == 200
        assert slow_ways == ["see"]
        assert straight == []
        assert other.call("quick", "see", 1).status == 200
        assert len(straight) == 1
        assert [served._line._socket is not None for served in connections_of(server)].count(True) == 1
        assert one.call("quick", "see", 1).status == 200
        assert [served._line._socket for served in connections_of(server)] == [None, None]


@pytest.mark.parametrize("most", [0, 10])
def test_what_cannot_be_sent_at_once_is_sent_by_the_event_loop(
    most: int, server: RunningServer, straight: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def send_some(line: StraightLine, answer: bytes) -> int:
        return send(line, answer[:most]) if most else 0

    send = StraightLine._send
    monkeypatch.setattr(StraightLine, "_send", send_some)
    with connected(server) as connection:
        assert [connection.call("quick", "see_under_seven", 1).status for _ in range(5)] == [200] * 5
        assert straight == [False] * 4
        for number in (2, 8, 3):
            connection.socket.sendall(connection.call_request("quick", "see_under_seven", number))
        assert [connection.answer().status for _ in range(3)] == [200, 530, 200]


def test_where_no_more_files_can_be_opened_calls_are_answered(
    server: RunningServer, straight: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise OSError(EMFILE, "too many open files")

    monkeypatch.setattr(straight_line, "_another_socket", refuse)
    with connected(server) as connection:
        assert [connection.call("quick", "see", 1).status for _ in range(3)] == [200] * 3
    assert straight == []


def test_what_is_asked_while_an_answer_is_being_sent_is_answered_behind_it(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_sending, may_send = Event(), Event()

    def send_later(line: StraightLine, answer: bytes) -> int:
        is_sending.set()
        may_send.wait(10)
        return send(line, answer)

    def allow(line: StraightLine) -> bytes:
        may_send.set()
        return rest(line)

    send, rest = StraightLine._send, StraightLine.rest
    monkeypatch.setattr(StraightLine, "_send", send_later)
    monkeypatch.setattr(StraightLine, "rest", allow)
    with connected(server) as connection:
        connection.call("quick", "see", 1)
        connection.socket.sendall(connection.call_request("quick", "see", 2))
        assert is_sending.wait(30)
        connection.socket.sendall(b"GET /v1/ping HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b"spacetime-execution-duration-micros" in connection.answer().head
        assert b"spacetime-execution-duration-micros" not in connection.answer().head


def test_an_answer_comes_behind_the_rest_of_the_one_before(
    server: RunningServer, straight: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    is_sending, is_held, may_go_on, rest_is_handed_over = Event(), Event(), Event(), Event()
    late: list[bytes] = []

    def send_some(line: StraightLine, answer: bytes) -> int:
        if is_sending.is_set():
            return send(line, answer)
        sent = send(line, answer[:40])
        is_sending.set()
        may_go_on.wait(30)
        return sent

    def opened(line: StraightLine) -> bool:
        is_open = look(line)
        if is_sending.is_set():
            is_held.set()
        return is_open

    def write_when_there_is_room(served: Connection, answer: bytes) -> None:
        if answer:
            late.append(answer)
            rest_is_handed_over.set()
        if len(late) == 2:
            served.transport.write(b"".join(late))

    send, look = StraightLine._send, StraightLine.open
    with connected(server) as connection:
        assert [connection.call("quick", "see", number).status for number in (1, 2)] == [200, 200]
        monkeypatch.setattr(StraightLine, "_send", send_some)
        monkeypatch.setattr(StraightLine, "open", opened)
        monkeypatch.setattr(Connection, "_write", write_when_there_is_room)
        connection.socket.sendall(connection.call_request("quick", "see", 3))
        assert is_sending.wait(30)
        server.backend.engine.database("quick").transact(lambda _: rest_is_handed_over.wait(30))
        connection.socket.sendall(connection.call_request("quick", "see", 4))
        assert is_held.wait(30)
        may_go_on.set()
        for _ in range(2):
            answer = connection.answer()
            assert (answer.status, answer.head.count(b"HTTP/1.1")) == (200, 1)
        assert straight == [True, False, False]
        assert connection.call("quick", "see", 5).status == 200
    assert straight[3:] == [True]


def test_a_client_that_is_gone_when_it_is_answered_harms_nobody(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_tried = Event()

    def fail(_: bytes) -> int:
        is_tried.set()
        raise ConnectionResetError

    with connected(server) as connection:
        connection.call("quick", "see", 1)
        [served] = connections_of(server)
        connection.call("quick", "see", 2)
        with monkeypatch.context() as patched:
            patched.setattr(served._line, "_socket", SimpleNamespace(send=fail, close=lambda: None))
            connection.socket.sendall(connection.call_request("quick", "see", 3))
            assert is_tried.wait(30)
    with connected(server) as other:
        assert other.call("quick", "see", 4).status == 200
    assert numbers_seen(server) == [1, 2, 3, 4]


Gate = tuple[RawConnection, Connection, Event]


@pytest.fixture(params=[True, False], ids=["alone", "among others"])
def is_alone(request: pytest.FixtureRequest) -> bool:
    """Whether the connection was answered last before it calls."""
    return bool(request.param)


@pytest.fixture
def gate(slow_ways: list[str], server: RunningServer, is_alone: bool) -> Iterator[Gate]:
    """A connection whose call waits on the short way, as the server sees it, too; and what lets the database go on."""
    may_go_on = Event()
    with connected(server) as other, connected(server) as connection:
        (connection if is_alone else other).call("quick", "see_under_seven", 1)
        slow_ways.clear()
        server.backend.engine.database("quick").transact(lambda _: may_go_on.wait(60))
        connection.socket.sendall(connection.call_request("quick", "see_under_seven", 2))
        await_all_read(server)
        port = connection.socket.getsockname()[1]
        [served] = [one for one in connections_of(server) if one.client is not None and one.client[1] == port]
        yield connection, served, may_go_on
        may_go_on.set()


def test_a_call_that_is_done_later_is_answered_on_the_short_way(gate: Gate, slow_ways: list[str]) -> None:
    connection, _, may_go_on = gate
    may_go_on.set()
    assert connection.answer().status == 200
    assert connection.call("quick", "see_under_seven", 3).status == 200
    assert slow_ways == []


def test_what_comes_behind_a_call_that_waits_is_answered_behind_it(
    gate: Gate, server: RunningServer, slow_ways: list[str]
) -> None:
    connection, _, may_go_on = gate
    for number in (8, 3):
        connection.socket.sendall(connection.call_request("quick", "see_under_seven", number))
        await_all_read(server)
    assert slow_ways == ["see_under_seven"]
    may_go_on.set()
    assert [connection.answer().status for _ in range(3)] == [200, 530, 200]


def test_a_connection_whose_call_waits_is_not_closed_as_idle(gate: Gate, server: RunningServer) -> None:
    connection, served, may_go_on = gate
    served.loop.call_soon_threadsafe(served.timeout_keep_alive_handler)
    await_all_read(server)
    may_go_on.set()
    assert connection.answer().status == 200


def test_a_server_that_ends_answers_a_call_that_waits(gate: Gate, server: RunningServer) -> None:
    connection, served, may_go_on = gate
    served.loop.call_soon_threadsafe(served.shutdown)
    await_all_read(server)
    may_go_on.set()
    answer = connection.answer()
    assert (answer.status, b"connection: close" in answer.head.lower()) == (200, True)


def test_a_client_that_leaves_while_its_call_waits_harms_nobody(gate: Gate, server: RunningServer) -> None:
    connection, _, may_go_on = gate
    connection.socket.close()
    await_all_read(server)
    may_go_on.set()
    with connected(server) as other:
        assert other.call("quick", "see_under_seven", 3).status == 200


def test_a_connection_that_has_all_answers_the_short_way_has_sent_heads(server: RunningServer) -> None:
    def look_later(served: Connection) -> None:
        if served._head_began is not None:
            served._head_began -= HEAD_PATIENCE
        served._end_if_silent()

    with connected(server) as first, connected(server) as connection:
        first.call("quick", "see", 1)
        assert connection.call("quick", "see", 2).status == 200
        for served in connections_of(server):
            served.loop.call_soon_threadsafe(look_later, served)
        await_all_read(server)
        assert connection.call("quick", "see", 3).status == 200


def test_a_connection_in_use_is_not_closed_as_idle(server: RunningServer) -> None:
    with connected(server) as connection:
        assert [connection.call("quick", "see", number).status for number in (1, 2)] == [200, 200]
        [served] = connections_of(server)
        # The timer was set when the first call was answered.
        served.loop.call_soon_threadsafe(served.timeout_keep_alive_handler)
        await_all_read(server)
        assert connection.call("quick", "see", 3).status == 200


def test_a_connection_is_idle_from_its_last_answer_on(
    gate: Gate, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def it_is(seconds: float) -> None:
        monkeypatch.setattr("stdbpy.server.connection.monotonic", lambda: began + seconds)

    began = time.monotonic()
    connection, served, may_go_on = gate
    it_is(KEEP_ALIVE - 1)
    may_go_on.set()
    assert connection.answer().status == 200
    it_is(KEEP_ALIVE + 1)
    served.loop.call_soon_threadsafe(served.timeout_keep_alive_handler)
    await_all_read(server)
    assert connection.call("quick", "see_under_seven", 3).status == 200
    it_is(2 * KEEP_ALIVE + 2)
    served.loop.call_soon_threadsafe(served.timeout_keep_alive_handler)
    assert connection.is_closed()


def test_a_connection_that_was_answered_quickly_alone_is_closed_when_idle(server: RunningServer) -> None:
    with connected(server) as first, connected(server) as connection:
        first.call("quick", "see", 1)
        assert connection.call("quick", "see", 2).status == 200
        served = connections_of(server)
        assert len(served) == 2
        assert all(one.timeout_keep_alive_task is not None for one in served)


def test_who_does_not_read_answers_gets_them_the_usual_way(slow_ways: list[str], server: RunningServer) -> None:
    with connected(server) as connection:
        assert [connection.call("quick", "see", number).status for number in (1, 2)] == [200, 200]
        [served] = connections_of(server)
        served.loop.call_soon_threadsafe(served.pause_writing)
        await_all_read(server)
        connection.socket.sendall(connection.call_request("quick", "see", 3))
        await_all_read(server)
        served.loop.call_soon_threadsafe(served.resume_writing)
        assert connection.answer().status == 200
    assert slow_ways == ["see", "see"]


def test_great_heads_are_not_remembered(server: RunningServer) -> None:
    calls = quick_calls.QuickCalls(server.backend)
    with connected(server) as connection:
        request = connection.call_request("quick", "see", 1)
    request = request.replace(b"host:", b"padding: %b\r\nhost:" % (b"x" * quick_calls.LONGEST_HEAD), 1)
    calls.learn(request, headers_of(request))
    assert calls.begin(request) is None


def connections_of(server: RunningServer) -> list[Connection]:
    return [one for one in server._server.server_state.connections if isinstance(one, Connection)]


def await_all_read(server: RunningServer) -> None:
    """Returns when the server has read what was sent before."""
    with ApiClient(server.url) as api:
        api.ping()


def headers_of(request: bytes) -> list[tuple[bytes, bytes]]:
    lines = request.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
