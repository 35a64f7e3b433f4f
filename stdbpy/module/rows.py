"""Row classes: what ``@table`` makes of a class of annotations.

A row class is a dataclass with slots, so that a misspelt column is an ``AttributeError``. Unlike a
plain dataclass, a column with a default may stand before one without (``id`` usually comes first
and fills itself): authors give columns by keyword, codecs by position.
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NoReturn

from stdbpy.module.declarations import COLUMN_KEY, ColumnOptions
from stdbpy.sats.shapes import PLAIN


class _Missing:
    def __repr__(self) -> str:
        return "<required>"


_MISSING: Final = _Missing()


def make_row_class(cls: type) -> type:
    """The row class for ``cls``; ``cls`` itself if it is one already, or a dataclass of its author's."""
    for base in cls.__mro__[1:]:
        if "__dataclass_fields__" not in base.__dict__ and _columns_declared(base):
            raise TypeError(
                f"the columns of {base.__name__}, from which {cls.__name__} is derived, would be lost: "
                f"make {base.__name__} a @dataclass"
            )
    if "__dataclass_fields__" in cls.__dict__:
        return cls
    if "__init__" in cls.__dict__:
        raise TypeError(f"{cls.__name__} has an __init__ of its own, but rows are made of their columns alone")
    for name in _columns_declared(cls):
        default = cls.__dict__.get(name)
        if default is not None and not isinstance(default, dataclasses.Field) and not _is_immutable(default):
            setattr(cls, name, column_field(default, ColumnOptions()))
    row_class: type = dataclasses.dataclass(init=False, slots=True)(cls)
    initialiser = _initialiser(row_class)
    type.__setattr__(row_class, "__init__", initialiser)
    if not hasattr(row_class, "__post_init__"):
        type.__setattr__(row_class, PLAIN, initialiser)
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


def annotations_of(cls: type) -> dict[str, Any]:
    """The class's own, as they are written."""
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    return inspect.get_annotations(cls)


def _columns_declared(cls: type) -> list[str]:
    # Annotations may be text, or name what does not exist yet.
    return [name for name, annotation in annotations_of(cls).items() if "ClassVar" not in str(annotation)]


def _is_immutable(value: object) -> bool:
    # What dataclasses go by, too: it refuses unhashable defaults.
    return type(value).__hash__ is not None


def _initialiser(row_class: type) -> Callable[..., None]:
    """``__init__``, in which columns with a default may stand before those without."""
    names: dict[str, Any] = {"__MISSING": _MISSING, "__refuse": partial(_refuse, row_class)}
    parameters: list[str] = []
    lines: list[str] = []
    checks: list[str] = []
    may_be_required = True
    for field in dataclasses.fields(row_class):
        name = field.name
        if field.default is not dataclasses.MISSING:
            names[f"__default_{name}"] = field.default
            parameters.append(f"{name}=__default_{name}")
        elif field.default_factory is not dataclasses.MISSING:
            names[f"__make_{name}"] = field.default_factory
            parameters.append(f"{name}=__MISSING")
            lines.append(f"if {name} is __MISSING: {name} = __make_{name}()")
        elif may_be_required:
            parameters.append(name)
            continue
        else:
            parameters.append(f"{name}=__MISSING")
            checks.append(f"{name} is __MISSING")
        may_be_required = False
    if checks:
        given = "".join(f"{field.name}, " for field in dataclasses.fields(row_class))
        lines.insert(0, f"if {' or '.join(checks)}: __refuse(({given}))")
    lines += [f"__row.{field.name} = {field.name}" for field in dataclasses.fields(row_class)]
    if hasattr(row_class, "__post_init__"):
        lines.append("__row.__post_init__()")
    text = f"def __init__(__row, {', '.join(parameters)}):" + "".join(f"\n    {line}" for line in lines or ["pass"])
    # The names in it are those of fields, so identifiers: nothing else of the author's is run.
    # As a file of stdbpy's it is left out of tracebacks, whose last line is then the author's.
    exec(compile(text, f"{__file__}:{row_class.__qualname__}", "exec"), names)  # noqa: S102
    initialiser: Callable[..., None] = names["__init__"]
    initialiser.__qualname__ = f"{row_class.__qualname__}.__init__"
    initialiser.__module__ = row_class.__module__
    return initialiser


def _refuse(row_class: type, given: tuple[object, ...]) -> NoReturn:
    missing = [
        field.name
        for field, value in zip(dataclasses.fields(row_class), given, strict=True)
        if value is _MISSING and field.default_factory is dataclasses.MISSING
    ]
    raise TypeError(f"{row_class.__name__}() needs a value for {', '.join(map(repr, missing))}")
