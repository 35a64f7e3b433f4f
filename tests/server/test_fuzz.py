"""The server under mutated requests, frames and conversations; ``python -m tests.server.fuzz`` is the long form."""

from __future__ import annotations

import sys

import pytest

from tests.server.fuzz.firing import fire
from tests.server.fuzz.sequences import play

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read of /proc")


def test_mutated_requests_and_frames_do_no_harm() -> None:
    report = fire(600, seed=7)
    assert not report.failed, str(report)


@pytest.mark.parametrize(("count", "seed"), [(300, 1), pytest.param(20_000, 2, marks=pytest.mark.long)])
def test_harmed_conversations_do_no_harm(count: int, seed: int) -> None:
    report = play(count, seed)
    assert report.is_fine, str(report)
