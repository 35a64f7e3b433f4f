"""The base of generated ``Reducers`` classes."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

Outcome = TypeVar("Outcome")
"""What a call returns: ``None`` where it blocks, an awaitable under ``asyncio``."""

Outcome_co = TypeVar("Outcome_co", covariant=True)


class Invoke(Protocol[Outcome_co]):
    """Sends a call of the reducer ``name``; the arguments are in the order of its parameters."""

    def __call__(self, name: str, *args: object) -> Outcome_co: ...


class ReducerCalls(Generic[Outcome]):
    """Typed methods, one per reducer, over whatever sends the calls."""

    def __init__(self, invoke: Invoke[Outcome]) -> None:
        self.invoke = invoke
