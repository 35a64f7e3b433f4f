"""Calls by the name of the function, with arguments by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from stdbpy.errors import EncodeError, NoSuchReducer, nearest
from stdbpy.protocol.catalog import Catalog, FunctionLayout
from stdbpy.sats.bsatn import Codec
from stdbpy.sats.satsjson import JsonCodec

V = TypeVar("V")


def function_of(catalog: Catalog, name: str) -> FunctionLayout:
    """The reducer or procedure of that name. Raises ``NoSuchReducer`` with the nearest name."""
    __tracebackhide__ = True
    layout = catalog.reducers.get(name) or catalog.procedures.get(name)
    if layout is None:
        known = [*catalog.reducers, *catalog.procedures]
        raise NoSuchReducer(f"the module has no reducer or procedure {name!r}", hint=nearest(name, known))
    return layout


def in_order(layout: FunctionLayout, args: tuple[object, ...], named: Mapping[str, object]) -> tuple[object, ...]:
    """The arguments by place, some of which were given by name. Raises ``TypeError``."""
    __tracebackhide__ = True
    names = [element.name or f"arg_{place}" for place, element in enumerate(layout.params.elements)]
    given = {**dict(zip(names, args, strict=False)), **named}
    if len(args) + len(named) != len(names) or given.keys() != set(names):
        raise TypeError(f"{layout.name} takes ({', '.join(names)})")
    return tuple(given[name] for name in names)


def encoded(codec: Codec[V], value: V) -> bytes:
    """``value`` in BSATN. Raises ``EncodeError``, with none of the frames in which it was found."""
    __tracebackhide__ = True
    try:
        return codec.encode(value)
    except EncodeError as error:
        raise error.with_traceback(None) from None


def encoded_as_json(codec: JsonCodec[V], value: V) -> Any:
    """The same as JSON."""
    __tracebackhide__ = True
    try:
        return codec.to_json(value)
    except EncodeError as error:
        raise error.with_traceback(None) from None
