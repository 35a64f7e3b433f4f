"""Calls of one instance of a program: none sees, or pays for, what another has left."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hosts.town import HOSTS, Town, on
from tests.real_servers import RealServer

IN_WASM = tuple(host for host in HOSTS if host not in ("native", "strict"))


def megabytes(process_id: int) -> float:
    """Of memory that the process has now."""
    [line] = [line for line in Path(f"/proc/{process_id}/status").read_text().splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


@on(hosts=["2.8.3"])
@pytest.mark.parametrize("is_global", [True, False])
def test_scans_that_are_left_open_take_no_memory(town: Town, real_server: RealServer, is_global: bool) -> None:
    """The server reads all rows when a scan begins."""
    town.call("stack_crates", 64)
    for _ in range(10):
        town.call("begin_to_look_into_crates", is_global)
    before = megabytes(real_server.process_id)
    for _ in range(40):
        town.call("begin_to_look_into_crates", is_global)
    assert megabytes(real_server.process_id) - before < 40
    town.call("stack_crates", 0)


@on("wasm", hosts=IN_WASM)
def test_random_numbers_are_those_of_the_call(town: Town) -> None:
    assert [town.said("draw_by_random") for _ in range(3)] == [["False"]] * 3
