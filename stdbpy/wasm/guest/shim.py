"""The builtin module ``_spacetimedb``: the server's host functions, and what the program is told beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, Protocol

from stdbpy.module.host import Host


class Shim(Host, Protocol):
    """Host functions under their own names, with bytes in and out. Those above the level that the program is built
    for raise an error when they are called. Numbers of 64 bits are unsigned."""

    def set_entry(self, entry: object) -> None:
        """Says whose methods the exported functions call."""

    def set_error_class(self, make: Callable[[int, str], Exception]) -> None:
        """Says what is raised for an error code of the host, and the message that comes with it."""

    def set_clock(self, micros: int) -> None:
        """Says what all clocks show from now on, in microseconds since 1970."""

    def seed_random(self, seed: int) -> None:
        """Says what ``os.urandom`` follows from: the lowest 64 bits of ``seed``."""

    def trap(self) -> NoReturn:
        """Ends the call, as a panic does in Rust: the server undoes it and makes a new instance for the next."""
        raise SystemExit

    def abi_level(self) -> int:
        """The level that the program is built for: 4 is ``spacetime_10.4``."""
