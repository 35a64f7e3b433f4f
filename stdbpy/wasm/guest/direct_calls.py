"""What the shim calls and makes by itself, because each call and each row would feel the Python code in between.

What is not as simple as it mostly is, it leaves to Python: contexts and rows with an ``__init__`` of their author's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from typing import Any

from stdbpy.module.bound import BoundModule
from stdbpy.module.function_bindings import ReducerBinding
from stdbpy.module.load import LoadedModule
from stdbpy.module.reducer_context import ReducerContext
from stdbpy.module.scope import Scope
from stdbpy.sats.bsatn_builtin import is_plain
from stdbpy.wasm.guest.shim import DirectReducer, Shim

_CONSTANT = 0
_OF_CALL: tuple[Any, ...] = (object(), object(), object())
"""Stand for the sender, the connection and the timestamp: 1, 2 and 3 in ``runtime/shim/reducer_calls.c``."""

_LOST = "db"
"""What a context has only while its call lasts."""


def direct_reducers(module: BoundModule) -> tuple[DirectReducer | None, ...]:
    return tuple(_direct(binding, scope) for binding, scope in module.reducers)


def _direct(binding: ReducerBinding, scope: Scope) -> DirectReducer | None:
    cls = binding.context_class
    if any(getattr(cls, name) is not getattr(ReducerContext, name) for name in ("__init__", "__new__", "__setattr__")):
        return None
    make_context: Callable[..., ReducerContext] = cls
    example = make_context(scope, *_OF_CALL, binding.name)
    given = tuple((name, *_source(getattr(example, name))) for name in _slots(cls))
    return binding.function, cls, given, _LOST, binding.arguments.reader()


def _slots(cls: type) -> Iterator[str]:
    for base in cls.__mro__:
        yield from base.__dict__.get("__slots__", ())


def _source(value: object) -> tuple[int, object]:
    for number, each in enumerate(_OF_CALL, 1):
        if value is each:
            return number, None
    return _CONSTANT, value


def prepare(loaded: LoadedModule, shim: Shim) -> None:
    """What each instance would do at its first calls. From now on the shim makes rows."""
    for codec in loaded.codecs():
        codec.reader()
        codec.writer()
    for cls in _classes(loaded):
        if is_plain(cls):
            columns = fields(cls)
            defaults = (None if each.default is MISSING else (each.default,) for each in columns)
            shim.make_quick(cls, tuple(sys.intern(each.name) for each in columns), tuple(defaults))


def _classes(loaded: LoadedModule) -> Iterator[type]:
    for classes in (loaded.classes, *loaded.mounted_classes.values()):
        yield from classes.values()
