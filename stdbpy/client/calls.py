"""The bases of generated classes of calls, and of records of their arguments."""

from __future__ import annotations

from typing import ClassVar, Generic, Protocol, Self, TypeVar

import msgspec

Outcome = TypeVar("Outcome")
"""What a call returns: ``None`` where it blocks, an awaitable under ``asyncio``."""

Outcome_co = TypeVar("Outcome_co", covariant=True)
Value = TypeVar("Value")


class Invoke(Protocol[Outcome_co]):
    """Sends a call of the reducer ``name``; the arguments are in the order of its parameters."""

    def __call__(self, name: str, args: tuple[object, ...], /) -> Outcome_co: ...


class InvokeProcedure(Protocol):
    """Sends a call of the procedure ``name``; returns what it gives back, or the pending call: a value of
    the type that is expected where it is called."""

    # What comes back is of whatever type the generated method says.
    def __call__(self, name: str, args: tuple[object, ...], /) -> Value: ...  # type: ignore[type-var]


class _Named:
    """Says of itself what can be called."""

    def _names(self) -> set[str]:
        return {name for name in (*dir(type(self)), *vars(self)) if not name.startswith("_")} - {"invoke"}

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(sorted(self._names())) or 'none'}>"


class ReducerCalls(_Named, Generic[Outcome]):
    """Typed methods, one per reducer, over whatever sends the calls."""

    def __init__(self, invoke: Invoke[Outcome]) -> None:
        self.invoke = invoke


class ProcedureCalls(_Named):
    """Typed methods, one per procedure, over whatever sends the calls."""

    def __init__(self, invoke: InvokeProcedure) -> None:
        self.invoke = invoke


class ReducerArguments(msgspec.Struct, frozen=True):
    """What a reducer was called with; generated code has a subclass for each reducer.

    >>> @db.message.on_insert
    ... def _(ctx, message):
    ...     if call := arguments.SendMessage.of(ctx.event):
    ...         print(call.text)
    """

    __reducer__: ClassVar[str]

    @classmethod
    def of(cls, event: object) -> Self | None:
        """The arguments, if ``event`` is that a call of this reducer ended; else ``None``."""
        args: object = getattr(event, "args", None) if getattr(event, "reducer", None) == cls.__reducer__ else None
        return cls(*args) if isinstance(args, tuple) else None
