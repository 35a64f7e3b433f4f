"""A reducer that never ends does not keep the server from ending."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from stdbpy.api import ApiClient
from stdbpy.errors import ApiError
from stdbpy.module.package import ModuleSource, pack
from stdbpy.server import RunningServer, run

ENDLESS = b"""
import os
import threading

from stdbpy import ReducerContext, reducer


@reducer
def spin(ctx: ReducerContext) -> None:
    ctx.log.info("spinning")
    while "ENOUGH_SPINNING" not in os.environ:
        threading.Event().wait(0.01)
"""


def test_the_server_stops_and_says_so_to_who_waits(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PATIENCE", 1)
    server = RunningServer()
    with ThreadPoolExecutor(1) as pool, server, ApiClient(server.url, server.owner_token) as api:
        api.publish(pack(ModuleSource({"endless.py": ENDLESS}, "endless", None)), "endless")
        called = pool.submit(api.call, "endless", "spin")
        lines = api.logs("endless", 1, follow=True)
        while "spinning" not in next(lines).message:
            pass
        subscribe = f"{server.url.replace('http', 'ws')}/v1/database/endless/subscribe"
        with connect(subscribe, subprotocols=[Subprotocol("v2.bsatn.spacetimedb")], proxy=None) as connecting:
            server.__exit__(None, None, None)
            with pytest.raises(ConnectionClosed):
                connecting.recv(30)
        with pytest.raises(ApiError, match="may have been done or not"):
            called.result(60)
    monkeypatch.setenv("ENOUGH_SPINNING", "1")  # lets the thread that was left alone end
    assert "endless is left in the middle of reducer spin" in caplog.text
    assert not any(record.exc_info for record in caplog.records)
