"""What a module declares, one thing after the other: in words for people, as records for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from stdbpy.sats.naming import params_text
from stdbpy.sats.types import AlgebraicType, ProductType, SumType
from stdbpy.schema.definition import schema_to_json
from stdbpy.schema.model import (
    Column,
    HttpRoute,
    Index,
    Lifecycle,
    ModuleSchema,
    Outbox,
    Procedure,
    Reducer,
    Table,
    TypeDef,
    View,
    Visibility,
)
from stdbpy.schema.text import type_in_words, type_namer

KINDS = ("table", "reducer", "procedure", "view", "type", "route", "rule")
"""``route`` is of HTTP, and called ``GET /path``; ``rule`` is of row-level security, and called as its SQL is."""

Declared = Table | Reducer | Procedure | View | TypeDef | HttpRoute | str
"""A rule of row-level security is its SQL."""

_BETWEEN = {"type": " = ", "route": " -> "}
_WHEN = {
    Lifecycle.INIT: "runs when the database is created",
    Lifecycle.ON_CONNECT: "runs when a client connects",
    Lifecycle.ON_DISCONNECT: "runs when a client disconnects",
}


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing that a module declares."""

    kind: str
    """One of :data:`KINDS`."""
    declared: Declared
    module: ModuleSchema
    """Whose typespace its types are of: the one that it is mounted in may be another."""
    name: str
    """As SQL and clients call it, with the namespaces of the module it is mounted in."""
    definition: str
    """In one line: ``(id: u64, name: str)``."""
    notes: tuple[str, ...] = ()
    """``public``, ``scheduled``, …"""
    details: tuple[str, ...] = ()
    """Lines that go below it: columns, variants, indexes."""
    data: dict[str, Any] = field(default_factory=dict)
    """The same for programs, as JSON can say it, which differs by kind: ``columns`` and ``indexes``, ``params``, …"""

    @property
    def line(self) -> str:
        """Name and definition: ``send_message(text: str)``, ``Level = Free | Pro``."""
        return f"{self.name}{_BETWEEN.get(self.kind, '')}{self.definition}"

    def record(self) -> dict[str, Any]:
        """All of it but what is for people alone."""
        return {
            "kind": self.kind,
            "name": self.name,
            "definition": self.definition,
            "notes": list(self.notes),
            **self.data,
        }


_SECTIONS = {
    "table": ("Tables", "tables"),
    "reducer": ("Reducers", "reducers"),
    "procedure": ("Procedures", "procedures"),
    "view": ("Views", "views"),
    "type": ("Types", "types"),
    "route": ("HttpRoutes", "http_routes"),
    "rule": ("RowLevelSecurity", "row_level_security"),
}
"""Where each kind is in a definition V10, and in a schema."""


def definition_of(entity: Entity) -> dict[str, Any]:
    """What a definition V10 says of it, as a server prints it; but as the official program has it, what
    no client can call is private."""
    section, field = _SECTIONS[entity.kind]
    place = getattr(entity.module, field).index(entity.declared)
    sections = {name: content for part in schema_to_json(entity.module)["sections"] for name, content in part.items()}
    found: dict[str, Any] = sections[section][place]
    if isinstance(entity.declared, Reducer) and entity.declared.lifecycle is not None:
        found = {**found, "visibility": {"Private": []}}
    return found


def entities(schema: ModuleSchema) -> list[Entity]:
    """Everything that a module and those mounted in it declare, by kind and then as declared."""
    found = [entity for prefix, module in schema.walk() for entity in _Reader(module, prefix).entities()]
    return sorted(found, key=lambda entity: KINDS.index(entity.kind))


class _Reader:
    """Reads one module; names of others come with a prefix."""

    def __init__(self, schema: ModuleSchema, prefix: str) -> None:
        self.schema = schema
        self.prefix = prefix
        self.type_name = type_namer(schema)

    def entities(self) -> Iterator[Entity]:
        schema = self.schema
        rows = {table.product_ref for table in schema.tables}
        yield from map(self._table, schema.tables)
        yield from map(self._reducer, schema.reducers)
        yield from map(self._procedure, schema.procedures)
        yield from map(self._view, schema.views)
        yield from (self._type(definition) for definition in schema.types if definition.ref not in rows)
        yield from map(self._route, schema.http_routes)
        yield from (self._entity("rule", sql, sql, "") for sql in schema.row_level_security)

    def _entity(self, kind: str, declared: Declared, name: str, definition: str, **more: Any) -> Entity:
        return Entity(kind, declared, self.schema, self.prefix + name, definition, **more)

    def _table(self, table: Table) -> Entity:
        notes = [*(("event",) if table.is_event else ()), "public" if table.is_public else "private"]
        if table.schedule is not None:
            notes.append(f"schedules {table.schedule.function}")
        if table.outbox is not None:
            notes.append(f"sends to {table.outbox.remote_reducer}")
        columns = self._columns(table)
        indexes = [_index_line(index, table) for index in table.indexes if not _says_the_column(index, table)]
        uniques = [f"unique ({', '.join(names)})" for names in _unique_together(table)]
        return self._entity(
            "table",
            table,
            table.name,
            f"({self._params(self.schema.row_type(table))})",
            notes=tuple(notes),
            details=(*columns, *uniques, *indexes),
            data=self._table_data(table),
        )

    def _table_data(self, table: Table) -> dict[str, Any]:
        numbered = {sequence.column for sequence in table.sequences}
        return {
            "public": table.is_public,
            "event": table.is_event,
            "schedules": None if table.schedule is None else table.schedule.function,
            "sends": None if table.outbox is None else self._outbox_data(table, table.outbox),
            "columns": [
                {
                    "name": column.name,
                    "type": self._text(column.type),
                    "primary_key": table.primary_key == column.position,
                    "unique": table.is_unique((column.position,)),
                    "auto_inc": column.position in numbered,
                }
                for column in table.columns
            ],
            "unique_together": _unique_together(table),
            "indexes": [
                {
                    "name": index.name,
                    "accessor": index.accessor,
                    "algorithm": index.algorithm.value.lower(),
                    "columns": [table.columns[position].name for position in index.columns],
                }
                for index in table.indexes
            ],
        }

    def _outbox_data(self, table: Table, outbox: Outbox) -> dict[str, Any]:
        return {
            "reducer": outbox.remote_reducer,
            "database": table.columns[outbox.target_column].name,
            "args": [table.columns[column].name for column in outbox.arg_columns],
            "on_result": outbox.on_result,
        }

    def _columns(self, table: Table) -> list[str]:
        width = max((len(column.name) for column in table.columns), default=0)
        types = [self._text(column.type) for column in table.columns]
        type_width = max(map(len, types), default=0)
        return [
            f"{column.name:<{width}}  {type:<{type_width}}  {', '.join(_column_notes(column, table))}".rstrip()
            for column, type in zip(table.columns, types, strict=True)
        ]

    def _reducer(self, reducer: Reducer) -> Entity:
        notes = []
        if reducer.lifecycle is not None:
            notes.append(_WHEN[reducer.lifecycle])
        elif reducer.visibility is not Visibility.CLIENT_CALLABLE:
            notes.append("private")
        data = {
            "params": self._typed(reducer.params),
            "lifecycle": None if reducer.lifecycle is None else reducer.lifecycle.name.lower(),
            "private": reducer.visibility is not Visibility.CLIENT_CALLABLE,
        }
        definition = f"({self._params(reducer.params)})"
        return self._entity("reducer", reducer, reducer.name, definition, notes=tuple(notes), data=data)

    def _procedure(self, procedure: Procedure) -> Entity:
        notes = () if procedure.visibility is Visibility.CLIENT_CALLABLE else ("private",)
        returns = self._text(procedure.return_type)
        data = {"params": self._typed(procedure.params), "returns": returns, "private": bool(notes)}
        definition = f"({self._params(procedure.params)}) -> {returns}"
        return self._entity("procedure", procedure, procedure.name, definition, notes=notes, data=data)

    def _view(self, view: View) -> Entity:
        notes = ("public" if view.is_public else "private", *(() if view.is_anonymous else ("depends on who reads",)))
        columns = tuple(f"{column.name}  {self._text(column.type)}" for column in self.schema.view_columns(view))
        definition = f"({self._params(view.params)}) -> {self._text(view.return_type)}"
        data = {
            "public": view.is_public,
            "anonymous": view.is_anonymous,
            "params": self._typed(view.params),
            "returns": self._text(view.return_type),
            "columns": [
                {"name": column.name, "type": self._text(column.type)} for column in self.schema.view_columns(view)
            ],
        }
        return self._entity("view", view, view.name, definition, notes=notes, details=columns, data=data)

    def _type(self, definition: TypeDef) -> Entity:
        type = self.schema.typespace[definition.ref]
        return self._entity(
            "type",
            definition,
            definition.full_name,
            self._text(type),
            details=self._members(type),
            data=self._members_data(type),
        )

    def _route(self, route: HttpRoute) -> Entity:
        name = f"{'ANY' if route.method == '*' else route.method} {route.path}"
        data = {"method": route.method, "path": route.path, "handler": route.handler}
        return self._entity("route", route, name, route.handler, data=data)

    def _members(self, type: AlgebraicType) -> tuple[str, ...]:
        match type:
            case ProductType(elements):
                return tuple(f"{element.name}: {self._text(element.type)}" for element in elements)
            case SumType(variants):
                unit = ProductType()
                return tuple(
                    f"| {variant.name}" + ("" if variant.type == unit else f"({self._text(variant.type)})")
                    for variant in variants
                )
            case _:
                return ()

    def _members_data(self, type: AlgebraicType) -> dict[str, Any]:
        match type:
            case ProductType():
                return {"fields": self._typed(type)}
            case SumType(variants):
                return {"variants": [{"name": each.name, "type": self._text(each.type)} for each in variants]}
            case _:
                return {}

    def _typed(self, elements: ProductType) -> list[dict[str, Any]]:
        return [{"name": element.name, "type": self._text(element.type)} for element in elements.elements]

    def _params(self, params: ProductType) -> str:
        return params_text(params, self.type_name)

    def _text(self, type: AlgebraicType) -> str:
        return type_in_words(type, self.type_name)


def _column_notes(column: Column, table: Table) -> Iterator[str]:
    here = (column.position,)
    if table.primary_key == column.position:
        yield "primary key"
    elif table.is_unique(here):
        yield "unique"
    elif any(index.columns == here for index in table.indexes):
        index = next(index for index in table.indexes if index.columns == here)
        yield f"{index.algorithm.value.lower()} index"
    if any(sequence.column == column.position for sequence in table.sequences):
        yield "auto-increment"


def _unique_together(table: Table) -> list[list[str]]:
    """The columns of each constraint that is about several."""
    return [
        [table.columns[position].name for position in constraint.columns]
        for constraint in table.constraints
        if len(constraint.columns) > 1
    ]


def _says_the_column(index: Index, table: Table) -> bool:
    """Whether the line of the index's only column tells all about it."""
    same = [other for other in table.indexes if other.columns == index.columns]
    return len(index.columns) == 1 and same == [index]


def _index_line(index: Index, table: Table) -> str:
    columns = ", ".join(table.columns[position].name for position in index.columns)
    return f"{index.algorithm.value.lower()} index {index.accessor or index.name} ({columns})"
