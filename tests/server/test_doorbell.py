"""Connections that are woken together."""

from __future__ import annotations

import asyncio

import pytest

from stdbpy.server.doorbell import Doorbell


def test_one_that_fails_leaves_the_others_to_be_woken(caplog: pytest.LogCaptureFixture) -> None:
    async def woken() -> list[str]:
        called: list[str] = []
        done = asyncio.get_running_loop().create_future()

        def fail() -> None:
            called.append("first")
            raise ValueError("a bug")

        doorbell = Doorbell(asyncio.get_running_loop())
        for wake in (fail, lambda: called.append("second"), lambda: done.set_result(None)):
            doorbell.ring(wake)
        await asyncio.wait_for(done, 30)
        return called

    assert asyncio.run(woken()) == ["first", "second"]
    [record] = caplog.records
    assert "a bug" in (record.exc_text or "")
