"""How much of the machine modules may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """SpacetimeDB itself bounds the energy of a call, which lasts for minutes, and no memory."""

    seconds: float = 30.0
    """How long a reducer or view may run; a procedure, without waiting for something. Code in Python is stopped only
    where it is in a line of its own, not while something in C keeps it."""
    memory_bytes: int = 1 << 30
    """Of one instance's memory, if it is compiled. A module that asks for more is told that there is none. Python
    modules run in this process and have its memory."""
