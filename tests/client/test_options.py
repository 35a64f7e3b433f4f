"""Options that connections do not have are refused where they are given."""

from __future__ import annotations

from typing import Any, cast

import pytest

from stdbpy.client import connect
from stdbpy.client.options import ConnectOptions, Settings, SyncConnectOptions
from stdbpy.errors import UsageError


def test_a_misspelt_option_is_refused():
    options = cast("Any", {"tokn": "x"})
    with pytest.raises(UsageError, match="no option 'tokn'") as caught:
        connect("http://127.0.0.1:1", "game", **options)
    assert caught.value.hint == "Did you mean 'token'?"


def test_every_option_is_taken():
    assert SyncConnectOptions.__annotations__.keys() - ConnectOptions.__annotations__.keys() == {"delivery"}
    Settings("http://127.0.0.1:1", "game", SyncConnectOptions(delivery="tick", token="x", call_timeout=1.0))


@pytest.mark.parametrize("name", ["v1.json", "v1.json.spacetimedb"])
def test_protocols_are_named_shortly_or_as_websockets_do(name):
    settings = Settings("http://127.0.0.1:1", "game", ConnectOptions(protocols=[name]))
    assert settings.session.subprotocols == ("v1.json.spacetimedb",)


def test_other_protocols_are_refused():
    with pytest.raises(UsageError, match=r"no websocket protocol 'v1'") as caught:
        Settings("http://127.0.0.1:1", "game", ConnectOptions(protocols=["v1"]))
    assert "v1.bsatn" in caught.value.hint
