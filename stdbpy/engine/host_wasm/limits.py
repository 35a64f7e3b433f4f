"""How much of the machine a WebAssembly module may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """SpacetimeDB has no limit of time, but one of energy, which stands for a long time."""

    seconds: float = 30.0
    """How long a reducer or view may run; a procedure without pausing."""
    memory_bytes: int = 1 << 30
    """Of one instance's memory. A module that wants more is told that there is none."""


DEFAULT = Limits()
