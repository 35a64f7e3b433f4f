"""Row classes: what ``@table`` makes of a class of annotations.

A row class is a dataclass with slots, so that a misspelt column is an ``AttributeError``. Unlike a
plain dataclass, a column with a default may stand before one without (``id`` usually comes first
and fills itself): authors give columns by keyword, codecs by position.
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NoReturn

from stdbpy.module.declarations import COLUMN_KEY, ColumnOptions


class _Missing:
    def __repr__(self) -> str:
        return "<required>"


_MISSING: Final = _Missing()


def make_row_class(cls: type) -> type:
    """The row class for ``cls``; ``cls`` itself if it is one already, or a dataclass of its author's."""
    if "__dataclass_fields__" in cls.__dict__:
        return cls
    if "__init__" in cls.__dict__:
        raise TypeError(f"{cls.__name__} has an __init__ of its own, but rows are made of their columns alone")
    for name in inspect.get_annotations(cls):
        default = cls.__dict__.get(name)
        if default is not None and not isinstance(default, dataclasses.Field) and not _is_immutable(default):
            setattr(cls, name, column_field(default, ColumnOptions()))
    row_class: type = dataclasses.dataclass(init=False, slots=True)(cls)
    type.__setattr__(row_class, "__init__", _initialiser(row_class))
    return row_class


def column_field(default: object, options: ColumnOptions) -> Any:
    """A dataclass field; a mutable default is copied for each row."""
    metadata = {COLUMN_KEY: options}
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata)
    if _is_immutable(default):
        return dataclasses.field(default=default, metadata=metadata)
    return dataclasses.field(default_factory=partial(copy.deepcopy, default), metadata=metadata)


def column_options(field: dataclasses.Field[Any]) -> ColumnOptions:
    options = field.metadata.get(COLUMN_KEY)
    return options if isinstance(options, ColumnOptions) else ColumnOptions()


def column_default(field: dataclasses.Field[Any]) -> object:
    """The value that rows get where none is given, or ``dataclasses.MISSING``.

    A ``default_factory`` of the author's own is no default of the column: it may give another value
    each time.
    """
    if isinstance(field.default_factory, partial) and COLUMN_KEY in field.metadata:
        return field.default_factory()
    return field.default


def _is_immutable(value: object) -> bool:
    # What dataclasses go by, too: it refuses unhashable defaults.
    return type(value).__hash__ is not None


def _initialiser(row_class: type) -> Callable[..., None]:
    names: dict[str, object] = {"_MISSING": _MISSING, "_refuse": partial(_refuse, row_class)}
    parameters = ["self"]
    required: list[str] = []
    lines: list[str] = []
    for field in dataclasses.fields(row_class):
        name = field.name
        if field.default is not dataclasses.MISSING:
            names[f"_default_{name}"] = field.default
            parameters.append(f"{name}=_default_{name}")
        elif field.default_factory is not dataclasses.MISSING:
            names[f"_make_{name}"] = field.default_factory
            parameters.append(f"{name}=_MISSING")
            lines.append(f"if {name} is _MISSING: {name} = _make_{name}()")
        elif len(parameters) == len(required) + 1:
            parameters.append(name)
            required.append(name)
            continue
        else:
            parameters.append(f"{name}=_MISSING")
            lines.append(f"if {name} is _MISSING: _refuse(locals())")
    lines += [f"self.{field.name} = {field.name}" for field in dataclasses.fields(row_class)]
    if hasattr(row_class, "__post_init__"):
        lines.append("self.__post_init__()")
    body = "".join(f"\n    {line}" for line in lines or ["pass"])
    # Names are those of fields, so identifiers: the text holds nothing else of the author's.
    exec(f"def __init__({', '.join(parameters)}):{body}", names)  # noqa: S102
    initialiser: Callable[..., None] = names["__init__"]  # type: ignore[assignment]  # defined by the line above
    initialiser.__qualname__ = f"{row_class.__qualname__}.__init__"
    initialiser.__module__ = row_class.__module__
    return initialiser


def _refuse(row_class: type, given: dict[str, object]) -> NoReturn:
    missing = [field.name for field in dataclasses.fields(row_class) if given[field.name] is _MISSING]
    raise TypeError(f"{row_class.__name__}() needs a value for {', '.join(map(repr, missing))}")
