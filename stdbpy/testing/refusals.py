"""Tests of what reducers refuse."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from stdbpy.errors import ReducerCrashed, ReducerFailed, UniqueConstraintViolation
from stdbpy.testing.compiled_bugs import CompiledBug


@dataclass(slots=True)
class Refusal:
    """How a reducer refused, once it has."""

    message: str = ""


@contextmanager
def expecting_refusal(match: str | None) -> Generator[Refusal, None, None]:
    """Raises ``AssertionError`` unless a reducer refuses in the block, with a message in which the pattern is found.
    A row that a unique column does not let in is refused, too."""
    __tracebackhide__ = True
    refusal = Refusal()
    try:
        yield refusal
    except ReducerFailed as error:
        refused = _refused(error)
        if refused is None:
            error.add_note("That is no refusal: pytest.raises(ReducerCrashed) is for a reducer that has a bug.")
            raise
        refusal.message = refused
        if match is not None and re.search(match, refused) is None:
            raise AssertionError(f"refused with {refused!r}, in which {match!r} is not found") from error
    else:
        raise AssertionError("no reducer has refused")


def _refused(error: ReducerFailed) -> str | None:
    """What callers are told; ``None`` if it was a bug."""
    if not isinstance(error, ReducerCrashed):
        return error.message
    cause = error.__cause__
    if isinstance(cause, CompiledBug):
        return cause.told if cause.told.startswith(f"{UniqueConstraintViolation.__name__}:") else None
    return f"{type(cause).__name__}: {cause}" if isinstance(cause, UniqueConstraintViolation) else None
