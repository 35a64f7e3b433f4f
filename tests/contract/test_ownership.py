"""What only a database's owner may: read private tables and logs, write, update, rename, delete."""

from __future__ import annotations

import pytest

from stdbpy.protocol.v1 import messages as m1
from stdbpy.protocol.v2 import messages as m2
from tests.contract.subject import JSON, Subject
from tests.contract.websocket import V1, V2, connected

PRIVATE = "SELECT * FROM indexed_table_2"
PUBLIC = "SELECT * FROM one_u8"

CALLERS = ["owner", "somebody", "nobody"]


def token_of(server: Subject, caller: str) -> str | None:
    match caller:
        case "owner":
            return server.token
        case "somebody":
            return server.new_token()[1]
    return None


@pytest.mark.parametrize("caller", CALLERS)
def test_private_tables_in_sql(server: Subject, sdk: str, caller: str):
    token = token_of(server, caller)
    assert server.sql(sdk, PUBLIC, token=token).status_code == 200
    assert server.sql(sdk, PRIVATE, token=token).status_code == (200 if caller == "owner" else 400)


@pytest.mark.parametrize(
    "statement", ["DELETE FROM one_u8", "INSERT INTO one_u8 (n) VALUES (1)", "UPDATE one_u8 SET n = 1"]
)
def test_writing_by_others(server: Subject, sdk: str, statement: str):
    before = server.rows(sdk, PUBLIC)
    for caller in ("somebody", "nobody"):
        assert server.sql(sdk, statement, token=token_of(server, caller)).status_code == 400
    assert server.rows(sdk, PUBLIC) == before


@pytest.mark.parametrize("caller", CALLERS)
def test_private_tables_over_websockets_of_v1(server: Subject, sdk: str, caller: str):
    with connected(server, sdk, V1, token=token_of(server, caller)) as wire:
        wire.next()
        answer = wire.ask(m1.SubscribeSingle(PRIVATE, 1, m1.QueryId(1)))
        assert isinstance(answer, m1.SubscribeApplied if caller == "owner" else m1.SubscriptionError)
        answer = wire.ask(m1.OneOffQuery(bytes(16), PRIVATE))
        assert (answer.error is None) == (caller == "owner")
        assert isinstance(wire.ask(m1.SubscribeSingle(PUBLIC, 2, m1.QueryId(2))), m1.SubscribeApplied)


@pytest.mark.parametrize("caller", CALLERS)
def test_private_tables_over_websockets_of_v2(newer_server: Subject, sdk: str, caller: str):
    with connected(newer_server, sdk, V2, token=token_of(newer_server, caller)) as wire:
        wire.next()
        answer = wire.ask(m2.Subscribe(1, 1, [PUBLIC, PRIVATE]))
        assert isinstance(answer, m2.SubscribeApplied if caller == "owner" else m2.SubscriptionError)


@pytest.mark.parametrize("caller", CALLERS[1:])
def test_the_database_as_a_whole(newer_server: Subject, caller: str):
    server, token = newer_server, token_of(newer_server, caller)
    chat = server.new_database("quickstart_chat")
    path = f"/v1/database/{chat}"
    for method, below in (
        ("GET", "/logs"),
        ("GET", "/logs?follow=true"),
        ("DELETE", ""),
        ("PUT", "/reset"),
        ("POST", "/lock"),
        ("POST", "/unlock"),
    ):
        assert server.ask(method, path + below, token=token).status_code == 403, (method, below)
    for method, below in (("PUT", ""), ("PUT", "?clear=true"), ("POST", "/pre_publish")):
        answer = server.ask(method, path + below, token=token, content=server.program("quickstart_chat"))
        assert answer.status_code == 403, (method, below)
    assert server.ask("PUT", f"{path}/names", token=token, headers=JSON, content=b'["stolen"]').status_code == 401
    assert server.call(chat, "set_name", '["Ada"]').status_code == 200
