"""A module that no code was generated for: classes and handles made from the schema of the database,
with the names that generated code would have."""

from __future__ import annotations

import enum
import types
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import msgspec

from stdbpy.client.binding import ModuleBinding
from stdbpy.client.named_tables import handle_of_rows
from stdbpy.client.tables import BTreeIndex, EventTableHandle, TableSource, UniqueIndex
from stdbpy.codegen.choosing import contents_of
from stdbpy.codegen.contents import Function, Part, Relation, RowStyle
from stdbpy.codegen.names import Scope, constant_case
from stdbpy.errors import nearest
from stdbpy.protocol.catalog import Catalog
from stdbpy.sats.tagged_union import TaggedUnion
from stdbpy.sats.types import UNIT, ProductType, SumType
from stdbpy.schema.model import ModuleSchema

_MADE_HERE = "stdbpy.client.runtime_module.classes"
"""What the classes say of the module that they are from."""


class RuntimeModule(ModuleBinding):
    """What generated code would hand to a connection."""

    def __init__(self, schema: ModuleSchema) -> None:
        self.contents = contents_of(schema, include_private=True, rows=RowStyle.MSGSPEC)
        classes = {part.prefix: _classes(part) for part in self.contents.walk()}
        super().__init__("", classes.pop(""), classes)
        self.schema = schema

    def tables(self, source: Callable[[str], TableSource]) -> RuntimeTables:
        return RuntimeTables(self.contents, self.catalog, source)

    def reducers(self, invoke: Callable[..., Any]) -> RuntimeCalls:
        return RuntimeCalls(self.contents, lambda part: part.reducers, invoke, "reducer")

    def procedures(self, invoke: Callable[..., Any]) -> RuntimeCalls:
        return RuntimeCalls(self.contents, lambda part: part.procedures, invoke, "procedure")


class RuntimeTables:
    """The handles of a module's tables and views as attributes; those of mounted modules one level in."""

    def __init__(self, part: Part, catalog: Catalog, source: Callable[[str], TableSource]) -> None:
        for relation in part.relations:
            setattr(self, relation.attribute, _handle(relation, source(relation.name)))
        for mounted in part.mounted:
            setattr(self, mounted.attribute, RuntimeTables(mounted, catalog, source))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(sorted(vars(self))) or 'none'}>"

    def __getattr__(self, name: str) -> Any:
        hint = nearest(name, vars(self))
        raise AttributeError(f"the module has no table {name!r}. {hint}".rstrip(), obj=self)


class RuntimeCalls:
    """The module's reducers, or its procedures, as methods that take their arguments by position or by name."""

    def __init__(
        self, part: Part, functions: Callable[[Part], tuple[Function, ...]], invoke: Callable[..., Any], kind: str
    ) -> None:
        self._invoke = invoke
        self._kind = kind
        self._functions = {function.method: function for function in functions(part)}
        for mounted in part.mounted:
            setattr(self, mounted.attribute, RuntimeCalls(mounted, functions, invoke, kind))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        __tracebackhide__ = True  # pytest shows the test's own frames
        function = self.__dict__.get("_functions", {}).get(name)
        if function is None:
            hint = nearest(name, self.__dict__.get("_functions", ()))
            raise AttributeError(f"the module has no {self.__dict__.get('_kind')} {name!r}. {hint}".rstrip(), obj=self)
        method = _method(function, self._invoke)
        setattr(self, name, method)
        return method

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._functions})

    def __repr__(self) -> str:
        mounted = (name for name, value in vars(self).items() if isinstance(value, RuntimeCalls))
        return f"<{type(self).__name__}: {', '.join(sorted({*self._functions, *mounted})) or 'none'}>"


def _method(function: Function, invoke: Callable[..., Any]) -> Callable[..., Any]:
    names = tuple(name for name, _ in function.parameters)

    def method(*arguments: Any, **named: Any) -> Any:
        __tracebackhide__ = True
        if named or len(arguments) != len(names):
            arguments = _bound(function.method, names, arguments, named)
        return invoke(function.name, arguments)

    method.__name__ = method.__qualname__ = function.method
    method.__doc__ = f"``{function.name}({', '.join(names)})``"
    return method


def _bound(
    method: str, names: tuple[str, ...], arguments: tuple[Any, ...], named: Mapping[str, Any]
) -> tuple[Any, ...]:
    __tracebackhide__ = True
    given = dict(zip(names, arguments, strict=False))
    if len(arguments) > len(names) or given.keys() & named.keys() or {*given, *named} != {*names}:
        raise TypeError(f"{method} takes ({', '.join(names)})")
    given.update(named)
    return tuple(given[name] for name in names)


def _handle(relation: Relation, source: TableSource) -> Any:
    if relation.kind.name == "EVENT_TABLE":
        return EventTableHandle[Any, Any](source)
    handle = handle_of_rows(source, relation.primary_key)
    for index in relation.indexes:
        columns = [relation.columns[position].name for position in index.columns]
        setattr(handle, index.attribute, (UniqueIndex if index.is_unique else BTreeIndex)(source, *columns))
    return handle


# --- classes ---------------------------------------------------------------------------------


def _classes(part: Part) -> dict[int, type]:
    """The classes of a module's types by their indexes, as generated code defines them."""
    return {ref: _class(part, ref, name) for ref, name in part.class_names.items()}


def _class(part: Part, ref: int, name: str) -> type:
    algebraic = part.schema.source_typespace[ref]
    if isinstance(algebraic, ProductType):
        fields = part.field_names[ref]
        renamed = {
            field: element.name
            for field, element in zip(fields, algebraic.elements, strict=True)
            if element.name and element.name != field
        }
        annotated = [(field, Any) for field in fields]
        return msgspec.defstruct(name, annotated, frozen=True, gc=False, rename=renamed or None, module=_MADE_HERE)
    assert isinstance(algebraic, SumType)
    if ref in part.unions:
        return _union(part, ref, algebraic)
    scope = Scope({"name", "value", "mro"})
    members = []
    for position, variant in enumerate(algebraic.variants):
        original = variant.name or f"variant_{position}"
        members.append((scope.claim(constant_case(original).strip("_") or "_"), original))
    make = cast("Callable[..., type]", enum.Enum)  # mypy takes a call of the class itself for a declaration
    return make(name, members, module=_MADE_HERE)


def _fill(body: Mapping[str, Any], scope: dict[str, Any]) -> None:
    scope.update(body)


def _union(part: Part, ref: int, type: SumType) -> type[TaggedUnion]:
    names = part.unions[ref]
    base = types.new_class(names.base, (TaggedUnion,), {}, lambda scope: scope.update(__module__=_MADE_HERE))
    for position, (variant, name) in enumerate(zip(type.variants, names.variants, strict=True)):
        body = {"__module__": _MADE_HERE, "__slots__": () if variant.type == UNIT else ("value",)}
        types.new_class(name, (base,), {"variant": variant.name or f"variant_{position}"}, partial(_fill, body))
    return base
