"""Tests of what reducers refuse."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from stdbpy.errors import ReducerCrashed, ReducerFailed


@dataclass(slots=True)
class Refusal:
    """How a reducer refused, once it has."""

    message: str = ""


@contextmanager
def expecting_refusal(match: str | None) -> Generator[Refusal, None, None]:
    """Raises ``AssertionError`` unless a reducer refuses in the block, with a message in which the pattern is found."""
    __tracebackhide__ = True
    refusal = Refusal()
    try:
        yield refusal
    except ReducerCrashed:
        raise
    except ReducerFailed as error:
        refusal.message = error.message
        if match is not None and re.search(match, error.message) is None:
            raise AssertionError(f"refused with {error.message!r}, in which {match!r} is not found") from error
    else:
        raise AssertionError("no reducer has refused")
