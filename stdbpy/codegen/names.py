"""Names of generated Python code: Python's style, never a keyword, never twice in one scope."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Set as AbstractSet

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+|[^\W_A-Za-z0-9]+")
_RESERVED = frozenset({"self", "cls"})


def words(name: str) -> list[str]:
    """The words of an identifier in any style: ``EnumWithPayload``, ``oneU8``, ``SEND_ALL``."""
    return _WORD.findall(name)


def snake_case(name: str) -> str:
    if name == name.lower():
        return name
    return "_".join(word.lower() for word in words(name)) or name


def pascal_case(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_")) or name


def constant_case(name: str) -> str:
    return snake_case(name).upper()


class Scope:
    """The names of one namespace of the generated code; each is given out once."""

    def __init__(self, reserved: AbstractSet[str] = frozenset()) -> None:
        self._taken = set(reserved)

    def claim(self, wanted: str) -> str:
        """``wanted``, made an identifier and with underscores appended until it is free."""
        name = _identifier(wanted)
        while name in self._taken or keyword.iskeyword(name) or name in _RESERVED:
            name += "_"
        self._taken.add(name)
        return name

    def is_free(self, name: str) -> bool:
        return name not in self._taken

    def claim_stem(self, wanted: str, endings: tuple[str, ...]) -> str:
        """As :meth:`claim`, for the first part of several names that end differently, all of them free."""
        stem = _identifier(wanted)
        while not self._taken.isdisjoint(stem + ending for ending in endings):
            stem += "_"
        self._taken.update(stem + ending for ending in endings)
        return stem


def _identifier(wanted: str) -> str:
    # Python compares identifiers in this normal form.
    normal = unicodedata.normalize("NFKC", wanted)
    name = "".join(letter if f"a{letter}".isidentifier() else "_" for letter in normal)
    if name.startswith("__"):
        name = name.strip("_")  # a class would mangle it, or take it for Python's own (__init__)
    return name if name.isidentifier() else f"_{name}"
