"""Options that connections do not have are refused where they are given."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from stdbpy.client import connect, connect_async
from stdbpy.client.options import ConnectOptions, Settings, SyncConnectOptions
from stdbpy.errors import UsageError
from tests.client.game import AsyncDbConnection


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
