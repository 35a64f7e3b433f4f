"""A clock that stands still until a test turns it."""

from __future__ import annotations


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        """In seconds."""

    def __call__(self) -> float:
        return self.now
