"""The HTTP client on every server: each operation, and the errors that people meet."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from stdbpy.api import ApiClient, AsyncApiClient
from stdbpy.errors import ApiError, Forbidden, NotFound, ReducerFailed, TokenRejected
from stdbpy.sats.types import IDENTITY
from stdbpy.sats.values import Identity, Timestamp
from tests.contract.conftest import KINDS, on
from tests.contract.subject import Subject, fresh_name

pytestmark = on(*KINDS)


@pytest.fixture
def api(server: Subject) -> Iterator[ApiClient]:
    with server.client() as client:
        yield client


@pytest.fixture
def anonymous(server: Subject) -> Iterator[ApiClient]:
    with server.client(token=None) as client:
        yield client


def test_the_server(server: Subject, api: ApiClient):
    api.ping()
    assert api.version() == ("1.2.0" if server.is_old else "2.8.3")
    assert api.health().nodes == (0,)


def test_identities(server: Subject, api: ApiClient, anonymous: ApiClient):
    made = anonymous.create_identity()
    with server.client(made.token) as theirs:
        assert theirs.verify(made.identity)
        assert not theirs.verify(Identity.from_hex(server.identity))
        assert theirs.databases_of(made.identity) == []
        short = theirs.websocket_token()
    with server.client(short) as theirs:
        assert theirs.verify(made.identity)
    assert api.public_key().startswith("-----BEGIN PUBLIC KEY-----")
    with pytest.raises(TokenRejected):
        anonymous.websocket_token()


def test_the_life_of_a_database(server: Subject, api: ApiClient):
    name, other = fresh_name(), fresh_name()
    program = server.program("quickstart_chat")
    created = api.publish(program, name)
    assert (created.name, created.op) == (name, "created")
    assert api.publish(program, name).op == "updated"
    info = api.info(name)
    assert info.database_identity == created.database_identity == api.identity_of(name)
    assert info.owner_identity.hex() == server.identity
    assert created.database_identity in api.databases_of(info.owner_identity)
    assert abs(api.timestamp(name) - Timestamp.now()) < 60_000_000

    api.call(name, "set_name", ["Ada"])
    api.call(name, "send_message", {"text": "hello"})
    [result] = api.sql(name, "SELECT sender, text FROM message")
    assert result.names == ["sender", "text"]
    assert result.columns.elements[0].type == IDENTITY
    assert result.rows == [[[f"0x{server.identity}"], "hello"]]
    [changed] = api.sql(name, "DELETE FROM message")
    assert changed.rows_deleted == 1

    assert sorted(table.name for table in api.schema(name).tables) == ["message", "user"]
    assert api.names(name) == [name]
    api.add_name(name, other)
    assert api.names(other) == [name, other]
    third = fresh_name()
    api.set_names(name, [third])
    assert api.names(third) == [third]
    api.publish(program, third, clear=True)
    assert api.sql(third, "SELECT * FROM message")[0].rows == []
    api.delete(third)
    with pytest.raises(NotFound):
        api.info(third)


def test_an_update_that_breaks_clients_needs_consent(server: Subject, api: ApiClient, chat: str):
    program = server.program("sdk_test")
    with pytest.raises(ApiError) as caught:
        api.publish(program, chat)
    assert caught.value.status == 400
    if server.is_old:
        return  # it removes no tables at all
    assert "--break-clients" in caught.value.hint
    assert api.publish(program, chat, break_clients=True).op == "updated"
    assert "message" not in api.schema(chat).tables_by_name


def test_logs(api: ApiClient, chat: str):
    with pytest.raises(ReducerFailed) as caught:
        api.call(chat, "set_name", [""])
    assert caught.value.message == "Names must not be empty"
    *_, last = api.logs(chat)
    assert (last.level, last.message) == ("Error", "Names must not be empty")
    assert list(api.logs(chat, 1)) == [last]
    followed = api.logs(chat, 1, follow=True)
    assert next(followed) == last
    followed.close()


def test_the_nearest_name_is_suggested(server: Subject, api: ApiClient):
    chat = fresh_name("unlike-any-other")
    assert server.publish("quickstart_chat", chat).status_code == 200
    for act, suggestion in (
        (lambda: api.info(chat + "x"), chat),
        (lambda: api.call(chat, "set_nam", ["x"]), "set_name"),
        (lambda: api.sql(chat, "SELECT * FROM usr"), "user"),
    ):
        with pytest.raises(ApiError) as caught:
            act()
        assert caught.value.hint == f"Did you mean {suggestion!r}?"


def test_wrong_arguments_show_what_is_right(api: ApiClient, shared_chat: str):
    for wrong in ([], [1], ["a", "b"], {"nam": "a"}):
        with pytest.raises(ApiError) as caught:
            api.call(shared_chat, "set_name", wrong)
        assert caught.value.hint == 'It is set_name(name: str), as in ["name"]'


def test_others_are_told_that_it_is_not_theirs(server: Subject, anonymous: ApiClient, shared_chat: str):
    program = server.program("quickstart_chat")
    for act in (
        lambda: anonymous.delete(shared_chat),
        lambda: anonymous.publish(program, shared_chat),
        lambda: anonymous.publish(program, shared_chat, clear=True),
        lambda: anonymous.set_names(shared_chat, [fresh_name()]),
        lambda: anonymous.sql(shared_chat, "DELETE FROM message"),
        lambda: list(anonymous.logs(shared_chat)),
    ):
        with pytest.raises(Forbidden) as caught:
            act()
        assert "owner" in caught.value.hint


def test_a_token_of_another_server(server: Subject, shared_chat: str):
    foreign = (
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4IiwiaXNzIjoibG9jYWxob3N0IiwiYXVkIjpbXSwiaWF0IjoxfQ."
        "wBeFs7WMBbw3Ac2axhyr-rPXW9HIxZaFxq6TKS1RF7GSFJoX0MerkNjWrMxPdw1zeXirImZY2Te2e4jnQoVI-A"
    )
    with server.client(foreign) as client, pytest.raises(TokenRejected) as caught:
        client.info(shared_chat)
    assert "--anonymous" in caught.value.hint


def test_names_that_break_the_rules(server: Subject, api: ApiClient):
    with pytest.raises(ApiError) as caught:
        api.publish(server.program("quickstart_chat"), "Not_A_Name")
    assert caught.value.status == 400


def test_the_same_for_asyncio(server: Subject, shared_chat: str):
    async def use() -> None:
        async with AsyncApiClient(server.url, server.token) as api:
            await api.call(shared_chat, "set_name", ["Ada"])
            results = await asyncio.gather(*(api.sql(shared_chat, "SELECT * FROM user") for _ in range(10)))
            assert all(result.names == ["identity", "name", "online"] for [result] in results)
            assert [record.level async for record in api.logs(shared_chat, 1)]
            with pytest.raises(NotFound):
                await api.call(shared_chat, "nope")

    asyncio.run(use())
