"""A module's schema for people: an outline of its tables, functions and types, and each as a record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from stdbpy.cli.output import Plain
from stdbpy.sats.naming import params_text, type_text
from stdbpy.sats.types import AlgebraicType, ProductType, SumType
from stdbpy.schema.model import Column, Index, Lifecycle, ModuleSchema, Reducer, Table, View, Visibility
from stdbpy.schema.text import type_namer

KINDS = ("table", "reducer", "procedure", "view", "type")

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
    name: str
    """As SQL and clients call it, with the namespaces of the module it is mounted in."""
    definition: str
    """In one line: ``(id: u64, name: str)``."""
    notes: tuple[str, ...] = ()
    """``public``, ``scheduled``, …"""
    details: tuple[str, ...] = ()
    """Lines that go below it: columns, variants, indexes."""
    data: dict[str, Plain] = field(default_factory=dict)
    """The same for programs, which differs by kind: ``columns`` and ``indexes``, ``params``, …"""

    def record(self) -> dict[str, Plain]:
        """All of it but what is for people alone."""
        return {
            "kind": self.kind,
            "name": self.name,
            "definition": self.definition.removeprefix(" = "),
            "notes": list(self.notes),
            **self.data,
        }


def entities(schema: ModuleSchema) -> list[Entity]:
    """Everything that a module and those mounted in it declare, by kind and then as declared."""
    found = [entity for prefix, module in schema.walk() for entity in _Reader(module, prefix).entities()]
    return sorted(found, key=lambda entity: KINDS.index(entity.kind))


def outline(found: list[Entity]) -> Iterator[str]:
    """The lines of a tree: a heading per kind, the entities of it, their details."""
    for kind in KINDS:
        of_kind = [entity for entity in found if entity.kind == kind]
        if of_kind:
            yield f"{kind}s"
        for entity in of_kind:
            notes = f"  [{', '.join(entity.notes)}]" if entity.notes else ""
            yield f"  {entity.name}{'' if entity.details else entity.definition}{notes}"
            yield from (f"    {line}" for line in entity.details)


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
        for procedure in schema.procedures:
            notes = () if procedure.visibility is Visibility.CLIENT_CALLABLE else ("private",)
            definition = f"({self._params(procedure.params)}) -> {self._text(procedure.return_type)}"
            data = {
                "params": self._typed(procedure.params),
                "returns": self._text(procedure.return_type),
                "private": bool(notes),
            }
            yield Entity("procedure", self.prefix + procedure.name, definition, notes, data=data)
        yield from map(self._view, schema.views)
        for definition_of in schema.types:
            if definition_of.ref not in rows:
                type = schema.typespace[definition_of.ref]
                name, definition = self.prefix + definition_of.full_name, f" = {self._text(type)}"
                yield Entity("type", name, definition, (), self._members(type), self._members_data(type))

    def _table(self, table: Table) -> Entity:
        notes = [*(("event",) if table.is_event else ()), "public" if table.is_public else "private"]
        if table.schedule is not None:
            notes.append(f"schedules {table.schedule.function}")
        columns = self._columns(table)
        indexes = [_index_line(index, table) for index in table.indexes if not _says_the_column(index, table)]
        return Entity(
            "table",
            self.prefix + table.name,
            f"({self._params(self.schema.row_type(table))})",
            tuple(notes),
            (*columns, *indexes),
            self._table_data(table),
        )

    def _table_data(self, table: Table) -> dict[str, Plain]:
        numbered = {sequence.column for sequence in table.sequences}
        return {
            "public": table.is_public,
            "event": table.is_event,
            "schedules": None if table.schedule is None else table.schedule.function,
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
        return Entity("reducer", self.prefix + reducer.name, definition, tuple(notes), data=data)

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
        return Entity("view", self.prefix + view.name, definition, notes, columns, data)

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

    def _members_data(self, type: AlgebraicType) -> dict[str, Plain]:
        match type:
            case ProductType():
                return {"fields": self._typed(type)}
            case SumType(variants):
                return {"variants": [{"name": each.name, "type": self._text(each.type)} for each in variants]}
            case _:
                return {}

    def _typed(self, elements: ProductType) -> list[dict[str, Plain]]:
        return [{"name": element.name, "type": self._text(element.type)} for element in elements.elements]

    def _params(self, params: ProductType) -> str:
        return params_text(params, self.type_name)

    def _text(self, type: AlgebraicType) -> str:
        return type_text(type, self.type_name)


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


def _says_the_column(index: Index, table: Table) -> bool:
    """Whether the line of the index's only column tells all about it."""
    same = [other for other in table.indexes if other.columns == index.columns]
    return len(index.columns) == 1 and same == [index]


def _index_line(index: Index, table: Table) -> str:
    columns = ", ".join(table.columns[position].name for position in index.columns)
    return f"{index.algorithm.value.lower()} index {index.accessor or index.name} ({columns})"
