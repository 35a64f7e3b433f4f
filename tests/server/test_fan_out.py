"""Transactions on their way to many clients; ``python -m bench fan_out`` is the long form, with a thousand."""

from __future__ import annotations

import sys

import pytest

from bench import servers
from bench.fan_out import Load, measure, prepared

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read of /proc")

MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize(
    "load",
    [
        pytest.param(Load(clients=40, rooms=1, rate=20, seconds=1), id="all see each"),
        pytest.param(Load(clients=40, rooms=2, rate=100, seconds=1), id="twenty see each", marks=pytest.mark.long),
    ],
)
def test_everybody_sees_everything_in_order(load: Load) -> None:
    with (
        servers.embedded_process(in_memory=True) as (running, process_id),
        prepared(running, servers.python_module("sdk_test"), load) as database,
    ):
        figures = measure(running, process_id, database, load)
    assert (figures.dropped, figures.missed, figures.disordered) == (0, 0, 0)
    before, after = figures.resident
    assert after - before < 16 * MEBIBYTE
