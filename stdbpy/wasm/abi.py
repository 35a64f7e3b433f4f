"""Levels of the ABI between modules and servers, and which of them a Python module needs.

A server takes modules that import host functions up to a level of its own (``spacetime_10.0`` to
``spacetime_10.6``) and refuses all others. What the guest can do without a level's functions it does with those
below, slower: points are looked for as ranges (below 10.4), tables cleared row by row (below 10.5).

Source of the levels: ``crates/bindings-sys`` and ``abi_funcs!`` in ``crates/core/src/host/wasm_common.rs`` of
SpacetimeDB.
"""

from __future__ import annotations

import ast
import enum
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from stdbpy.errors import StdbError
from stdbpy.module.package import LONGEST_PARSED
from stdbpy.sats.types import AlgebraicType, TypeRef, Typespace, as_result, children
from stdbpy.schema.definition import Version
from stdbpy.schema.model import IndexAlgorithm, ModuleSchema

_DEFAULTS = 1
"""The level from which on all servers read default values of columns in a definition: 1.2.0, which has 10.0, reads
no definition that has some."""

_RESULTS = 1
"""The same of types as ``Ok[u32] | Err[str]``."""

_CLAIMS = "sender_auth"
"""The attribute of a context whose claims the host function ``get_jwt`` gives."""


class AbiLevel(enum.IntEnum):
    """``AbiLevel.V10_4`` is ``spacetime_10.4``, and says ``10.4``; its number is 4."""

    V10_0 = 0
    V10_1 = 1
    V10_2 = 2
    V10_3 = 3
    V10_4 = 4
    V10_5 = 5
    V10_6 = 6

    def __str__(self) -> str:
        return f"10.{self.value}"

    @property
    def definition_version(self) -> Version:
        """The version of the module definition that all servers of this level read."""
        return 10 if self >= AbiLevel.V10_4 else 9

    @property
    def servers(self) -> str:
        """The servers that are known to take modules of this level."""
        if self is AbiLevel.V10_0:
            return "SpacetimeDB 1.0 and later"
        return "SpacetimeDB 2.14 and later" if self is AbiLevel.V10_6 else "SpacetimeDB 2.8 and later"

    @classmethod
    def named(cls, text: str) -> AbiLevel:
        """The level that is written as ``10.4``. Raises ``StdbError``."""
        for level in cls:
            if str(level) == text:
                return level
        raise StdbError(f"there is no ABI level {text!r}", hint=f"There are {', '.join(map(str, cls))}")


@dataclass(frozen=True, slots=True)
class Need:
    """A level that a module needs, and what for: ``the procedure 'fetch'``."""

    level: AbiLevel
    what: str


def needs_of(schema: ModuleSchema, names: Collection[str] = ()) -> list[Need]:
    """What a module needs a level above 10.0 for, the highest first. ``names`` are those that its code uses,
    as :func:`names_in` finds them."""
    needs = [*_needs_of_schema(schema)]
    if _CLAIMS in names:
        needs.append(Need(AbiLevel.V10_2, f"ctx.{_CLAIMS}, the claims of a token"))
    return sorted(needs, key=lambda need: -need.level)


def needed_by(schema: ModuleSchema, names: Collection[str] = ()) -> AbiLevel:
    """The lowest level that a module can be built for."""
    return max((need.level for need in needs_of(schema, names)), default=AbiLevel.V10_0)


def level_without_loss(schema: ModuleSchema, names: Collection[str] = ()) -> AbiLevel:
    """The lowest level at which servers are told all of the schema: see :func:`told_at`."""
    needed = needed_by(schema, names)
    return max(needed, AbiLevel(_DEFAULTS)) if told_at(schema, needed) is not schema else needed


def told_at(schema: ModuleSchema, level: AbiLevel) -> ModuleSchema:
    """The schema as servers of that level can be told it, which is at 10.0 without the default values of columns.
    The module's own code knows them; what is lost is that such a column can be added to a table with rows."""
    if level >= _DEFAULTS or all(column.default is None for table in schema.tables for column in table.columns):
        return schema
    tables = [
        replace(table, columns=tuple(replace(column, default=None) for column in table.columns))
        for table in schema.tables
    ]
    return replace(schema, tables=tuple(tables))


def names_in(files: Mapping[str, bytes]) -> frozenset[str]:
    """The attributes that Python code uses: those after a dot, and texts, which may be meant for ``getattr``.
    Raises ``SyntaxError``."""
    return frozenset(name for source in files.values() for name in _names(source))


@lru_cache(maxsize=256)
def _names(source: bytes) -> frozenset[str]:
    if len(source) > LONGEST_PARSED:
        return frozenset(found[0].decode() for found in re.finditer(rb"[a-zA-Z_]+", source))
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
    return frozenset(names)


def _needs_of_schema(schema: ModuleSchema) -> Iterator[Need]:
    # What V9 of the definition has no words for is in V10, which the servers with 10.4 read.
    if schema.submodules:
        yield Need(AbiLevel.V10_5, f"the mounted module {schema.submodules[0].name!r}")
    if schema.environment:
        yield Need(AbiLevel.V10_6, f"the value {schema.environment[0].name!r} of the environment")
    for _, module in schema.walk():
        for handler in module.http_handlers:
            yield Need(AbiLevel.V10_5, f"the HTTP handler {handler.name!r}")
        for procedure in module.procedures:
            yield Need(AbiLevel.V10_3, f"the procedure {procedure.name!r}")
        for view in module.views:
            yield Need(AbiLevel.V10_4, f"the view {view.name!r}")
        for reducer in module.reducers:
            for parameter in reducer.params.elements:
                if _has_result(parameter.type, module.typespace):
                    yield Need(AbiLevel(_RESULTS), f"the result in {parameter.name!r} of the reducer {reducer.name!r}")
        for table in module.tables:
            if table.outbox is not None:
                # No function of 10.6 is called, but servers with less cannot read such a definition.
                yield Need(AbiLevel.V10_6, f"the outbox {table.name!r}")
            for column in table.columns:
                if _has_result(column.type, module.typespace):
                    yield Need(AbiLevel(_RESULTS), f"the result in {column.name!r} of the table {table.name!r}")
            if table.is_event:
                yield Need(AbiLevel.V10_4, f"the event table {table.name!r}")
            for index in table.indexes:
                if index.algorithm is IndexAlgorithm.HASH:
                    # It has points alone, and below are only ranges.
                    yield Need(AbiLevel.V10_4, f"the hash index {index.name!r}")


def _has_result(type: AlgebraicType, typespace: Typespace) -> bool:
    """Whether there is a type as ``Ok[u32] | Err[str]`` in it."""
    seen: set[int] = set()
    left = [type]
    while left:
        each = left.pop()
        if as_result(each) is not None:
            return True
        if not isinstance(each, TypeRef):
            left += children(each)
        elif each.index not in seen:
            seen.add(each.index)
            left.append(typespace[each.index])
    return False
