"""Fire at a server in a process of its own, and how it stands it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bench import servers
from stdbpy.api import ApiClient
from tests.server.fuzz import frames, requests

GUNS = 16
"""Connections at a time."""

SALVO = 2_000
"""Shots between two looks at the server."""

MOST_GROWTH = 256 * 1024 * 1024
"""Bytes that the server may take more in memory than at the beginning."""

DATABASE = "target"


@dataclass
class Report:
    shots: int = 0
    failed: list[bytes] = field(default_factory=list)
    """Requests, or frames of a connection, at which the server failed itself."""
    resident: list[int] = field(default_factory=list)
    """Bytes in memory at each look."""

    def __str__(self) -> str:
        memory = f"{self.resident[0] >> 20} → {self.resident[-1] >> 20} MiB"
        shown = "".join(f"\n  {one[:300]!r}" for one in self.failed[:20])
        return f"{self.shots} shots, {len(self.failed)} at which the server failed, {memory}{shown}"


def fire(count: int, seed: int, *, progress: Callable[[str], None] = lambda _: None) -> Report:
    """Half as requests, half as frames. Raises if the server ends, does not answer, or grows without bound."""
    report = Report()
    random = Random(seed)
    with servers.embedded_process(in_memory=True) as (running, process_id):
        with ApiClient(running.url, running.token) as api:
            api.publish(servers.python_module("sdk_test"), DATABASE)
            stranger = api.create_identity().token
        valid_requests = requests.valid_requests(DATABASE, stranger)
        valid_messages = frames.valid_messages()
        report.resident.append(_resident(process_id))
        while report.shots < count:
            salvo = min(SALVO, count - report.shots)
            report.failed += asyncio.run(
                _salvo(running, valid_requests, valid_messages, salvo, Random(random.getrandbits(64)))
            )
            report.shots += salvo
            report.resident.append(_resident(process_id))
            expect_answers(running)
            progress(str(report))
            if report.resident[-1] > report.resident[0] + MOST_GROWTH:
                raise MemoryError(f"the server has grown too much: {report}")
    return report


async def _salvo(
    running: servers.Running,
    valid_requests: list[bytes],
    valid_messages: dict[str, list[bytes]],
    count: int,
    random: Random,
) -> list[bytes]:
    share = max(1, count // GUNS)
    guns = [
        requests.fire(running, valid_requests, share, Random(random.getrandbits(64)))
        if number % 2
        else frames.fire(running, DATABASE, dict(valid_messages), share, Random(random.getrandbits(64)))
        for number in range(GUNS)
    ]
    return [one for failed in await asyncio.gather(*guns) for one in failed]


def expect_answers(running: servers.Running) -> None:
    """Raises unless calls are carried out and told."""
    with ApiClient(running.url, running.token, timeout=requests.PATIENCE) as api:
        api.ping()
        api.call(DATABASE, "insert_one_u8", [1])
        [result] = api.sql(DATABASE, "SELECT COUNT(*) AS n FROM one_u8")
        assert result.rows[0][0] > 0


def _resident(process_id: int) -> int:
    return int(Path(f"/proc/{process_id}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
