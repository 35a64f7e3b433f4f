"""The short form of the proof; the long one is run by hand."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.client.reconnection.proof import prove
from tests.real_servers import RealServer

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]


def test_a_client_behind_a_bad_network_misses_nothing(
    real_server: RealServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "stdbpy.client")  # each loss is logged
    report = asyncio.run(prove(real_server.url, "reconnection", seconds=2, cuts=5, pause=0.15, seed=7))
    assert sum(report.cuts.values()) >= 5
    assert report.reconciliations and report.lost and report.followed_transactions
    assert report.calls["committed"]
