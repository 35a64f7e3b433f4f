"""The server under mutated requests and frames; ``python -m tests.server.fuzz --count 100000`` is the long form."""

from __future__ import annotations

import sys

import pytest

from tests.server.fuzz.firing import fire


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read of /proc")
def test_mutated_requests_and_frames_do_no_harm() -> None:
    report = fire(600, seed=7)
    assert not report.failed, str(report)
