"""The builtin module ``_spacetimedb``: the server's host functions, and what the program is told beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, Protocol, TypeAlias

from stdbpy.module.host import Host

DirectReducer: TypeAlias = tuple[
    Callable[..., object], type, tuple[tuple[str, int, object], ...], str, Callable[[bytes], tuple[Any, ...]]
]
"""Function, class of its context, fields of that, the field that is gone after the call, and what reads arguments."""


class Shim(Host, Protocol):
    """Host functions under their own names, with bytes in and out. Those above the level that the program is built
    for raise an error when they are called. Numbers of 64 bits are unsigned."""

    def set_entry(self, entry: object) -> None:
        """Says whose methods the exported functions call."""

    def set_classes(self, identity: type, connection_id: type, timestamp: type, /) -> None:
        """Says of which classes the values are that the exported functions hand over."""

    def set_reducers(self, reducers: tuple[DirectReducer | None, ...], /) -> None:
        """Says how reducers are called without the entry: ``runtime/shim/reducer_calls.h``."""

    def make_quick(self, cls: type, columns: tuple[str, ...], defaults: tuple[tuple[object] | None, ...], /) -> None:
        """Has rows of a class made without its ``__init__``, which does no more than to set the columns; each has
        the value that it is by default, if there is one."""

    def set_error_class(self, make: Callable[[int, str], Exception]) -> None:
        """Says what is raised for an error code of the host, and the message that comes with it."""

    def set_clock(self, micros: int) -> None:
        """Says what all clocks show from now on, in microseconds since 1970. At the beginning of a call, but that of
        a view, it is the call's own time."""

    def seed_random(self, seed: int) -> None:
        """Says what ``os.urandom`` follows from: the lowest 64 bits of ``seed``. At the beginning of a call, but that
        of a view, it is the call."""

    def tell_of_uses(self, listener: Callable[[str], None] | None) -> None:
        """Says who is told from now on that the ``time`` is asked for, or ``chance``."""

    def trap(self) -> NoReturn:
        """Ends the call, as a panic does in Rust: the server undoes it and makes a new instance for the next."""
        raise SystemExit

    def abi_level(self) -> int:
        """The level that the program is built for: 4 is ``spacetime_10.4``."""
