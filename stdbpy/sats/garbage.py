"""Keeping the garbage collector from walking growing tables of rows again and again, to find nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

GC_PAUSE_SIZE = 1 << 16
"""From this many bytes of rows on a pause pays (half of the time for rows with an ``Identity`` and a
``Timestamp``, which the collector tracks)."""


@contextmanager
def garbage_left_alone() -> Iterator[None]:
    """Pauses the collector, unless it is paused already."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
