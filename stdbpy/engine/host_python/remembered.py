"""What a call has left in the globals of a module."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from enum import Enum
from itertools import count
from random import Random
from types import ModuleType

_PLAIN = (str, bytes, int, float, bool)
"""Types of which a value is what another one is that equals it."""


class Globals:
    """What global names stand for: values, what is in collections, attributes of the module's own classes and of
    their instances. What functions have around them and what iterators will give is not seen, but for ``count``."""

    def __init__(self, modules: Mapping[str, ModuleType]) -> None:
        """``modules`` are those of one module of SpacetimeDB, by their paths."""
        self._modules = modules
        self._before = dict(self._contents())

    def changed(self) -> list[tuple[str, str]]:
        """The paths and names of what is something else since then."""
        now = dict(self._contents())
        names = dict.fromkeys([*self._before, *now])
        return [name for name in names if not _is_same(self._before.get(name, ()), now.get(name, ()))]

    def _contents(self) -> Iterator[tuple[tuple[str, str], Collection[object]]]:
        own = {module.__name__ for module in self._modules.values()}
        for path, module in self._modules.items():
            for name, value in _named(vars(module)):
                yield (path, name), [*_parts(value, own, set())]


def _named(attributes: Mapping[str, object]) -> list[tuple[str, object]]:
    """Without what Python itself keeps there, and the parts of a package that have been imported."""
    return [
        (name, value)
        for name, value in list(attributes.items())
        if not (name.startswith("__") and name.endswith("__")) and not isinstance(value, ModuleType)
    ]


def _parts(value: object, own: Collection[str], seen: set[int]) -> Iterator[object]:
    """The value, and all that it consists of."""
    yield value
    if isinstance(value, _PLAIN) or id(value) in seen:
        return
    seen.add(id(value))
    inside: list[object] = []
    if isinstance(value, dict):
        inside = [part for item in list(value.items()) for part in item]
    elif isinstance(value, list | tuple | deque):
        inside = list(value)
    elif isinstance(value, set):
        inside = sorted(value, key=id)
    elif isinstance(value, bytearray | count):
        yield repr(value)
    elif isinstance(value, Random):
        yield str(value.getstate())
    elif isinstance(value, type):
        if value.__module__ in own and not issubclass(value, Enum):
            inside = [part for name, part in _named(vars(value)) for part in (name, part)]
    elif type(value).__module__ in own and hasattr(value, "__dict__"):
        inside = [part for item in list(vars(value).items()) for part in item]
    for part in inside:
        yield from _parts(part, own, seen)


def _is_same(one: Collection[object], other: Collection[object]) -> bool:
    return len(one) == len(other) and all(
        each is another or (type(each) is type(another) and isinstance(each, _PLAIN) and each == another)
        for each, another in zip(one, other, strict=True)
    )
