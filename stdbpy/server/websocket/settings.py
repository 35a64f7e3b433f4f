"""What uvicorn is told of websockets; all of it is as on the real server."""

from __future__ import annotations

LARGEST_MESSAGE = 32 * 1024 * 1024
"""Bytes of a client's message."""

PING_INTERVAL = 15.0
SILENCE = 30.0
"""Seconds between the answer to a ping and the next one, and without a word after which a client is gone."""
