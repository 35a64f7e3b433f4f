"""Calling reducers: arguments in every form, good and bad, and what callers are told."""

from __future__ import annotations

import pytest

from tests.contract.conftest import on
from tests.contract.subject import JSON, Subject, fresh_name

pytestmark = on("embedded", "embedded-wasm", "2.8.3")


def test_a_call(server: Subject, chat: str):
    answer = server.call(chat, "set_name", '["Ada"]')
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["spacetime-identity"] == server.identity
    assert answer.headers["spacetime-identity-token"] == server.token
    assert answer.headers["spacetime-energy-used"].isdigit()
    assert answer.headers["spacetime-execution-duration-micros"].isdigit()


def test_it_acts_for_the_caller(server: Subject, chat: str):
    stranger, token = server.new_token()
    server.call(chat, "send_message", '["hi"]', token=token)
    [[sender, _, text]] = server.rows(chat, "select * from message")
    assert (sender, text) == ([f"0x{stranger}"], "hi")


def test_it_acts_for_anonymous_callers(server: Subject, chat: str):
    answer = server.call(chat, "send_message", '["hi"]', token=None)
    [[sender, _, _]] = server.rows(chat, "select * from message")
    assert sender == [f"0x{answer.headers['spacetime-identity']}"]


def test_a_call_is_a_connection_of_its_own(server: Subject, chat: str):
    """The module's connect and disconnect reducers run: a user row appears, and is offline after."""
    stranger, token = server.new_token()
    server.call(chat, "send_message", '["hi"]', token=token)
    rows = server.rows(chat, "select * from user")
    assert [[f"0x{stranger}"], [1, []], False] in rows


@pytest.mark.parametrize(
    "body", ['["Ada"]', ' [ "Ada" ] \n', '{"name":"Ada"}', '["\\u0041da"]', '{"\\u006eame":"Ada"}']
)
def test_forms_of_arguments(server: Subject, chat: str, body: str):
    assert server.call(chat, "set_name", body).status_code == 200
    names = [name for identity, name, _ in server.rows(chat, "select * from user") if name == [0, "Ada"]]
    assert names == [[0, "Ada"]]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        '["a","b"]',
        "[1]",
        "[null]",
        "[true]",
        '[["a"]]',
        '[{"a":"b"}]',
        '"Ada"',
        "null",
        "1",
        "{}",
        '{"Name":"Ada"}',
        '{"name":"Ada","x":1}',
        '["Ada"',
        '["Ada"]x',
        "['Ada']",
        '["Ada",]',
        '["\\ud800"]',
        '\ufeff["Ada"]',
        "[" * 5000,
    ],
)
def test_arguments_that_do_not_fit(server: Subject, shared_chat: str, body: str):
    answer = server.call(shared_chat, "set_name", body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("invalid arguments for reducer set_name: ")
    assert "spacetime-energy-used" not in answer.headers


def test_bytes_that_are_no_text(server: Subject, shared_chat: str):
    answer = server.call(shared_chat, "set_name", b'["\xff"]')
    assert (answer.status_code, answer.text) == (400, "Request body didn't contain valid UTF-8")


@pytest.mark.parametrize(
    ("content_type", "status", "text"),
    [
        (None, 400, "Header of type `content-type` was missing"),
        ("garbage", 400, "invalid HTTP header (content-type)"),
        ("text/plain", 415, "Expected request with `Content-Type: application/json`"),
        ("application/octet-stream", 415, "Expected request with `Content-Type: application/json`"),
        ("application/json; charset=utf-8", 415, "Expected request with `Content-Type: application/json`"),
        ("Application/JSON", 200, ""),
    ],
)
def test_the_body_has_to_be_called_json(
    server: Subject, shared_chat: str, content_type: str | None, status: int, text: str
):
    headers = {} if content_type is None else {"content-type": content_type}
    path = f"/v1/database/{shared_chat}/call/set_name"
    answer = server.ask("POST", path, content='["Ada"]', headers=headers)
    assert (answer.status_code, answer.text) == (status, text)


def test_a_reducer_that_refuses(server: Subject, chat: str):
    answer = server.call(chat, "set_name", '[""]')
    assert (answer.status_code, answer.text) == (530, "Names must not be empty")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "spacetime-energy-used" in answer.headers
    assert "spacetime-execution-duration-micros" in answer.headers


@pytest.mark.parametrize("name", ["nope", "set_nam", "SET_NAME", "client_connected", "__init__"])
def test_unknown_reducers(server: Subject, shared_chat: str, name: str):
    answer = server.call(shared_chat, name, "[]")
    assert (answer.status_code, answer.text) == (404, "no such reducer" if server.is_old else "No such procedure")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("init", "Init"), ("identity_connected", "OnConnect"), ("identity_disconnected", "OnDisconnect")],
)
@pytest.mark.parametrize("body", ["[]", "nonsense"])
def test_lifecycle_reducers_cannot_be_called(server: Subject, shared_chat: str, name: str, kind: str, body: str):
    answer = server.call(shared_chat, name, body)
    assert (answer.status_code, answer.text) == (400, f"can't directly call special {kind} lifecycle reducer")


def test_percent_encoded_names(server: Subject, shared_chat: str):
    assert server.call(shared_chat, "set%5Fname", '["Ada"]').status_code == 200


def test_what_is_wrong_first_is_told_first(server: Subject, shared_chat: str):
    nowhere = fresh_name("nothing")
    assert server.call(nowhere, "nope", "nonsense").status_code == 404
    assert server.call(shared_chat, "nope", "nonsense").status_code == 404
    assert server.ask("POST", f"/v1/database/{shared_chat}/call/nope", content="nonsense").status_code == 400
    assert server.call("No_Name", "nope", "nonsense", token="nonsense").status_code == 401


def test_bodies_have_a_limit(server: Subject, shared_chat: str):
    answer = server.call(shared_chat, "set_name", '["' + "x" * 3_000_000 + '"]')
    assert answer.status_code == 413
    assert answer.text.startswith("Failed to buffer the request body: length limit")


def test_a_body_just_below_the_limit(server: Subject, chat: str):
    assert server.call(chat, "send_message", '["' + "x" * 2_000_000 + '"]', headers=JSON).status_code == 200


def test_nothing_of_a_refused_call_stays(server: Subject, chat: str):
    server.call(chat, "send_message", '["kept"]')
    assert server.call(chat, "send_message", '[""]').status_code == 530
    assert [text for _, _, text in server.rows(chat, "select * from message")] == ["kept"]
