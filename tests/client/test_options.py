"""Options that connections do not have are refused where they are given."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from stdbpy.client import FileTokens, ReconnectPolicy, connect, connect_async, option_checks
from stdbpy.client.options import ConnectOptions, Settings, SyncConnectOptions
from stdbpy.client.pool import AsyncPool, Endpoint, Pool
from stdbpy.errors import UsageError
from tests.client.game import AsyncDbConnection, DbConnection


def test_a_misspelt_option_is_refused():
    options = cast("Any", {"tokn": "x"})
    with pytest.raises(UsageError, match="no option 'tokn'") as caught:
        connect("http://127.0.0.1:1", "game", **options)
    assert caught.value.hint == "Did you mean 'token'?"


def test_every_option_is_taken():
    assert SyncConnectOptions.__annotations__.keys() - ConnectOptions.__annotations__.keys() == {"delivery"}
    options = SyncConnectOptions(delivery="tick", token="x", call_timeout=1.0)
    Settings("http://127.0.0.1:1", "game", options, SyncConnectOptions)


def test_asynchronous_connections_have_no_delivery():
    async def main() -> None:
        options = cast("Any", {"delivery": "tick"})
        with pytest.raises(UsageError, match="made by connect have the option 'delivery'") as caught:
            await connect_async("http://127.0.0.1:1", "game", **options)
        assert "event loop" in caught.value.hint
        builder = AsyncDbConnection.builder().with_uri("http://127.0.0.1:1").with_database_name("game")
        with pytest.raises(UsageError, match="'delivery'"):
            builder.with_options(options).build()

    asyncio.run(main())


@pytest.mark.parametrize("name", ["v1.json", "v1.json.spacetimedb"])
def test_protocols_are_named_shortly_or_as_websockets_do(name):
    settings = Settings("http://127.0.0.1:1", "game", ConnectOptions(protocols=[name]))
    assert settings.session.subprotocols == ("v1.json.spacetimedb",)


def test_other_protocols_are_refused():
    with pytest.raises(UsageError, match=r"no websocket protocol 'v1'") as caught:
        Settings("http://127.0.0.1:1", "game", ConnectOptions(protocols=["v1"]))
    assert "v1.bsatn" in caught.value.hint


def test_every_option_is_checked():
    assert option_checks._ALLOWED.keys() == SyncConnectOptions.__annotations__.keys()


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("token", 5, "a str, or None"),
        ("delivery", "ticks", "'thread' or 'tick'"),
        ("compression", "zip", "'none', 'gzip' or 'brotli'"),
        ("connect_timeout", "x", "a number of seconds above 0"),
        ("connect_timeout", True, "a number of seconds above 0"),
        ("keep_token", "yes", "'keyring' or a TokenStore"),
        ("keep_token", FileTokens, "a TokenStore"),
        ("ping_interval", "a", "a number of seconds above 0"),
        ("ping_interval", 0, "a number of seconds above 0"),
        ("ping_timeout", float("nan"), "a number of seconds above 0"),
        ("max_message_size", "a", "a number of bytes"),
        ("max_message_size", 1.5, "a number of bytes"),
        ("library", "aio", "'picows' or 'websockets', or None"),
        ("reconnect", 5, "a ReconnectPolicy"),
        ("ssl", True, "an ssl.SSLContext"),
        ("confirmed", "yes", "True or False, or None"),
        ("light", 1, "True or False"),
        ("call_timeout", "3", "a number of seconds above 0, or None"),
        ("protocols", "v1.json", "a list of names"),
        ("session_id", 7, "a str, or None"),
    ],
)
def test_a_value_that_an_option_cannot_have_is_refused_at_once(name, value, allowed):
    with pytest.raises(UsageError, match=f"the option '{name}' is ") as caught:
        connect("http://127.0.0.1:1", "game", **{name: value})
    assert allowed in str(caught.value)


def test_the_nearest_value_is_named_and_no_token():
    with pytest.raises(UsageError) as caught:
        connect("http://127.0.0.1:1", "game", **cast("Any", {"delivery": "ticks"}))
    assert caught.value.hint == "Did you mean 'tick'?"
    with pytest.raises(UsageError) as caught:
        connect("http://127.0.0.1:1", "game", **cast("Any", {"token": b"secret"}))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"keep_token": False, "reconnect": None, "call_timeout": None, "library": None, "ssl": None, "confirmed": None},
        {"keep_token": FileTokens("x"), "reconnect": ReconnectPolicy(), "call_timeout": 3, "protocols": ("v1.json",)},
    ],
)
def test_values_that_options_can_have(options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Settings("http://127.0.0.1:1", "game", options, SyncConnectOptions)


@pytest.mark.parametrize("pool", [Pool, AsyncPool])
@pytest.mark.parametrize(
    ("endpoints", "options", "message"),
    [
        ([("http://127.0.0.1:1", "game")], {}, "an endpoint of a pool is an Endpoint, not"),
        (Endpoint("http://127.0.0.1:1", "game"), {}, "a list of them"),
        ("http://127.0.0.1:1", {}, "a list of them"),
        ([Endpoint("http://127.0.0.1:1", "game")], {"reconnect": 5}, "'reconnect'"),
        ([Endpoint("http://127.0.0.1:1", "game")], {"delivery": "tick"}, "'delivery'"),
    ],
)
def test_pools_refuse_at_once(pool, endpoints, options, message):
    with pytest.raises(UsageError, match=message):
        pool(DbConnection, endpoints, **options)
