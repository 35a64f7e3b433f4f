"""The source text of generated functions, and what readers and writers of BSATN share.

Codecs are Python source, made for one type and compiled once: a loop over the fields of a row at
run time would cost more than reading them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

from stdbpy.sats.failures import DEPTH_LIMIT, Bad
from stdbpy.sats.shapes import Float, Int, Shape


def too_deep(depth: int) -> int:
    """The depth one level further in. Raises ``Bad`` at the limit."""
    if depth >= DEPTH_LIMIT:
        raise Bad
    return depth + 1


_UNSIGNED_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}


def number_code(shape: Shape) -> str:
    """The letter that both ``struct`` and ``array`` know a number by; ``""`` if there is none."""
    match shape:
        case Int(size, signed):
            code = _UNSIGNED_CODES.get(size, "")
            return code.lower() if signed else code
        case Float(size):
            return "f" if size == 4 else "d"
        case _:
            return ""


def function_name(number: int) -> str:
    """The name of the function for a called type; numbers below 0 have one, too."""
    return f"type_{number}" if number >= 0 else f"nested_{-number}"


class GlobalNames:
    """The objects that generated source refers to, by the names it uses."""

    def __init__(self, built_in: Mapping[str, object]) -> None:
        self._objects: dict[str, Any] = {"Bad": Bad, "too_deep": too_deep, **built_in}
        self._once: dict[Callable[..., Any], str] = {}
        self._structs: dict[tuple[str, str], str] = {}

    def add(self, prefix: str, thing: object) -> str:
        """A new name for ``thing``."""
        name = f"{prefix}_{len(self._objects)}"
        self._objects[name] = thing
        return name

    def add_once(self, thing: Callable[..., Any]) -> str:
        """The name of a class or function, always the same."""
        if thing not in self._once:
            self._once[thing] = self.add("Class" if isinstance(thing, type) else "function", thing)
        return self._once[thing]

    def add_struct(self, method: str, layout: str) -> str:
        """The name of a method of the little-endian ``struct.Struct`` of this layout."""
        key = method, layout
        if key not in self._structs:
            self._structs[key] = self.add(method, getattr(struct.Struct("<" + layout), method))
        return self._structs[key]

    def compile(self, name: str, source: str) -> Callable[..., Any]:
        """Compiles ``source``; the function of it that is called ``name``."""
        exec(compile(source, f"<generated {name}>", "exec"), self._objects)  # noqa: S102 - names and numbers only
        function: Callable[..., Any] = self._objects[name]
        return function


class FunctionText:
    """The lines of one function's body, and its local variables."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._variables = 0

    def add(self, indent: int, text: str) -> None:
        self._lines.append("    " * indent + text)

    def variable(self) -> str:
        """A new local variable."""
        self._variables += 1
        return f"v{self._variables}"

    def __str__(self) -> str:
        return "\n".join(self._lines)
