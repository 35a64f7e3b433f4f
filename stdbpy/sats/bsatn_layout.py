"""Facts about the BSATN layout and limits shared by reading, writing and checking."""

from __future__ import annotations

from stdbpy.sats.shapes import Float, Int, Shape

DEPTH_LIMIT = 200
"""How many references to recursive types may be inside each other. Reading and writing stop there
with an error, long before Python's own recursion limit."""

ZERO_SIZE_LIMIT = 1024
"""How long an array of elements without bytes (units) may be: its length is backed by no data."""

_UNSIGNED = {1: "B", 2: "H", 4: "I", 8: "Q"}


def number_code(shape: Shape) -> str:
    """The letter that both ``struct`` and ``array`` know the number by; ``""`` if there is none."""
    match shape:
        case Int(size, signed):
            code = _UNSIGNED.get(size, "")
            return code.lower() if signed else code
        case Float(size):
            return "f" if size == 4 else "d"
        case _:
            return ""


def function_name(verb: str, index: int) -> str:
    """What the generated function for the called type ``index`` is called."""
    return f"{verb}_{index}" if index >= 0 else f"{verb}_nested_{-index}"


class Bad(Exception):  # noqa: N818 - never leaves this room: the checker turns it into a DecodeError
    """Raised by generated code where the bytes or the value are found wrong."""


class TooDeep(Exception):  # noqa: N818 - as above
    """Raised by generated code at :data:`DEPTH_LIMIT`."""
