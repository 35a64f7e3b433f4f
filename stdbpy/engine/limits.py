"""How much of the machine compiled modules may use. Python modules have no such bounds: they run in this process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """SpacetimeDB itself bounds the energy of a call, which lasts for minutes, and no memory."""

    seconds: float = 30.0
    """How long a reducer or view may run; a procedure, without waiting for something."""
    memory_bytes: int = 1 << 30
    """Of one instance's memory. A module that asks for more is told that there is none."""
