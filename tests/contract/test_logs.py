"""A database's log."""

from __future__ import annotations

import json
import threading

import pytest

from stdbpy.protocol.v1 import messages as m1
from tests.contract.subject import Subject, fresh_name
from tests.contract.websocket import V1, V1_JSON, connected

OF_ITSELF = "__spacetimedb__"
"""What a database says of itself has this for a function."""


def log(server: Subject, database: str, query: str = "") -> list[dict[str, object]]:
    answer = server.ask("GET", f"/v1/database/{database}/logs{query}")
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_lines(server: Subject, chat: str):
    server.call(chat, "set_name", '[""]')
    answer = server.ask("GET", f"/v1/database/{chat}/logs")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.text.endswith("\n")
    *_, last = (json.loads(line) for line in answer.text.splitlines())
    assert (last["level"], last["message"]) == ("Error", "Names must not be empty")
    assert isinstance(last["ts"], int)
    if not server.is_old:
        assert last["function"] == "set_name"


def test_a_new_databases_log_says_what_was_made(server: Subject, chat: str):
    records = log(server, chat)
    assert {record["level"] for record in records} == {"Info"}
    messages = [str(record["message"]) for record in records]
    assert {table for table in ("`message`", "`user`") for message in messages if table in message} == {
        "`message`",
        "`user`",
    }


def test_a_new_databases_log_says_which_views_it_has(newer_server: Subject):
    wanted = ["my_player", "my_player_and_level", "nearby_players", "players_at_level_0"]
    program = newer_server.program("sdk_test_view")
    answer = newer_server.ask("PUT", f"/v1/database/{fresh_name('views')}", content=program)
    messages = [str(record["message"]) for record in log(newer_server, answer.json()["Success"]["domain"])]
    assert [view for message in messages for view in wanted if f"`{view}`" in message] == wanted


def test_the_last_lines(server: Subject, chat: str):
    everything = log(server, chat)
    assert len(everything) > 2
    assert log(server, chat, "?num_lines=2") == everything[-2:]
    assert log(server, chat, "?num_lines=0") == []
    assert log(server, chat, "?num_lines=1000") == everything


@pytest.mark.parametrize(
    "query", ["num_lines=x", "num_lines=-1", "num_lines=", "num_lines=99999999999", "follow=1", "follow="]
)
def test_queries_that_make_no_sense(server: Subject, shared_chat: str, query: str):
    assert server.ask("GET", f"/v1/database/{shared_chat}/logs?{query}").status_code == 400


def test_somebody_elses(server: Subject, shared_chat: str):
    for token in (None, server.new_token()[1]):
        answer = server.ask("GET", f"/v1/database/{shared_chat}/logs", token=token)
        assert answer.status_code == (400 if server.is_old else 403)


def test_following(server: Subject, chat: str):
    """Lines come while they are written, without the log's end."""
    path, headers = f"/v1/database/{chat}/logs?num_lines=1&follow=true", {"authorization": f"Bearer {server.token}"}
    with server.http.stream("GET", path, headers=headers) as answer:
        lines = answer.iter_lines()
        assert json.loads(next(lines))["level"] == "Info"
        caller = threading.Thread(target=server.call, args=(chat, "set_name", '[""]'))
        caller.start()
        assert json.loads(next(lines))["message"] == "Names must not be empty"
        caller.join()


def test_following_ends_when_the_client_leaves(server: Subject, chat: str):
    path, headers = f"/v1/database/{chat}/logs?num_lines=1&follow=true", {"authorization": f"Bearer {server.token}"}
    for _ in range(3):
        with server.http.stream("GET", path, headers=headers) as answer:
            assert next(answer.iter_lines())
    assert server.call(chat, "set_name", '["still here"]').status_code == 200


def test_following_without_a_number_of_lines_begins_at_the_end(server: Subject, chat: str):
    if server.is_old:
        pytest.skip("1.2.0 begins with the whole log")
    path, headers = f"/v1/database/{chat}/logs?follow=true", {"authorization": f"Bearer {server.token}"}
    with server.http.stream("GET", path, headers=headers) as answer:
        server.ask("POST", f"/v1/database/{chat}/call/set_name", json=[""])
        assert json.loads(next(answer.iter_lines()))["message"] == "Names must not be empty"


def said_of_calls(server: Subject, database: str) -> list[tuple[object, object]]:
    """What the log has besides what it begins with: levels, and what was called."""
    return [
        (record["level"], record["function"]) for record in log(server, database) if record["function"] != OF_ITSELF
    ]


class TestCallsThatAreRefused:
    """Somebody looks for them whose client is older than the module."""

    @pytest.fixture(autouse=True)
    def _newer(self, newer_server: Subject) -> None:
        """Servers 1.x write other functions into their logs."""

    def test_over_http(self, server: Subject, chat: str):
        assert server.call(chat, "set_name", "[5]").status_code == 400
        assert said_of_calls(server, chat) == [("Error", "set_name")]
        assert server.call(chat, "nope", "[]").status_code == 404
        assert said_of_calls(server, chat)[1:] == [("Error", "nope")] * 2, "it is no reducer and no procedure"

    def test_of_what_only_the_database_calls(self, server: Subject, chat: str):
        assert server.call(chat, "init", "[]").status_code == 400
        assert said_of_calls(server, chat) == []

    @pytest.mark.parametrize(("protocol", "misfit"), [(V1, b"\5"), (V1_JSON, "[5]")])
    def test_over_websockets(self, server: Subject, chat: str, protocol: str, misfit: bytes | str):
        with connected(server, chat, protocol) as wire:
            wire.next()
            wire.ask(m1.CallReducer("set_name", misfit, 1, m1.FULL_UPDATE))
            wire.ask(m1.CallReducer("nope", misfit, 2, m1.FULL_UPDATE))
            wire.ask(m1.CallProcedure("set_name", misfit, 3, 0))
        assert said_of_calls(server, chat) == [("Error", "set_name"), ("Error", "nope"), ("Error", "set_name")]

    @pytest.mark.parametrize(("protocol", "misfit"), [(V1, b"\5"), (V1_JSON, "[5]")])
    def test_of_procedures(self, server: Subject, protocol: str, misfit: bytes | str):
        database = server.new_database("sdk_test_procedure")
        assert server.call(database, "return_primitive", "[5]").status_code == 400
        with connected(server, database, protocol) as wire:
            wire.next()
            wire.ask(m1.CallProcedure("return_primitive", misfit, 1, 0))
        said = said_of_calls(server, database)
        assert set(said) == {("Error", "return_primitive")}
        assert len(said) == (2 if server.is_embedded else 3), "there, over HTTP, also of a reducer that does not exist"
