"""Classes that have columns, but lack the decorator that makes a table of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType

from stdbpy.module.assembly.declared import DeclaredModule
from stdbpy.module.assembly.findings import Findings
from stdbpy.module.declarations import COLUMN_KEY, TableDeclaration


def check_classes_without_table(own: Mapping[str, ModuleType], declared: DeclaredModule, findings: Findings) -> None:
    """Finds the classes of the Python modules ``own`` with ``column(...)`` in them of which no table is made. Those
    that tables derive from, and those that ``table(...)(…)`` was called with, are in order."""
    of_tables = {_place(base) for row in _row_classes(declared) for base in row.__mro__}
    for name, module in own.items():
        for cls in list(vars(module).values()):
            if not isinstance(cls, type) or cls.__module__ != name or _place(cls) in of_tables:
                continue
            column = next(_columns(cls), None)
            if column is None:
                continue
            where = findings.of_class(cls)
            if "__dataclass_fields__" not in cls.__dict__:
                message = f"the class {cls.__name__} has a column of tables, {column!r}, but is none"
                findings.error(where, message, f"Write @table above the class {cls.__name__}")
            else:
                message = f"{column!r} of {cls.__name__} is a column of tables, but no table is made of it"
                findings.warning(where, message, "Write @table above the class, instead of @dataclass")


def _row_classes(declared: DeclaredModule) -> Iterator[type]:
    for each in declared.placed:
        if isinstance(each.declaration, TableDeclaration):
            yield each.declaration.row
    for mounted in declared.mounted:
        yield from _row_classes(mounted.module)


def _place(cls: type) -> tuple[str, str]:
    """A row class is another object than the class that it is made of, as slots ask for, but of the same name."""
    return cls.__module__, cls.__qualname__


def _columns(cls: type) -> Iterator[str]:
    """The attributes that ``column(...)`` gave the class itself."""
    fields: Iterable[tuple[str, object]] = cls.__dict__.get("__dataclass_fields__", cls.__dict__).items()
    for name, value in fields:
        if isinstance(value, dataclasses.Field) and COLUMN_KEY in value.metadata:
            yield name
