"""Figures for Prometheus, under the names that the real server gives them."""

from __future__ import annotations

import asyncio

from stdbpy.server.answer import TEXT, Answer, json_answer
from stdbpy.server.asked import Asked

ADVERTISED = "node:80"
"""What a real server of one's own gives Prometheus as the address of its only node."""


async def metrics(asked: Asked) -> Answer:
    # Its library is loaded when somebody asks: most servers are never asked.
    from stdbpy.server.exposition import exposed

    return Answer(200, (TEXT,), await asyncio.to_thread(exposed, asked.backend))


async def targets(_asked: Asked) -> Answer:
    return json_answer([{"targets": [ADVERTISED], "labels": {}}])
