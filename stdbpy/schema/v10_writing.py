""":class:`~stdbpy.schema.model.ModuleSchema` → module definition V10, in either of its dialects
(``v10_reading.py`` says which these are)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from stdbpy.sats.meta import type_to_raw
from stdbpy.sats.values import Variant
from stdbpy.schema import raw_parts as parts
from stdbpy.schema.model import (
    EnvironmentKind,
    EnvironmentValue,
    HttpRoute,
    Lifecycle,
    ModuleSchema,
    Outbox,
    Reducer,
    Schedule,
    Table,
    View,
)
from stdbpy.schema.names import (
    canonical_name,
    column_names,
    constraint_name,
    generated_index_name,
    schedule_name,
    sequence_name,
)
from stdbpy.schema.raw_v10 import HTTP_METHODS


def sections_of(schema: ModuleSchema, *, printed_by_server: bool) -> list[Variant]:
    """The definition's sections, in the order in which servers print them; empty ones are left out."""
    writing = _ServerWriting(schema) if printed_by_server else _ModuleWriting(schema)
    return [Variant(name, value) for name, value in writing.sections()]


class _ModuleWriting:
    """As a module says it: with the names of its code, and explicit ones where the policy would not
    make the canonical name out of them."""

    printed_by_server = False

    def __init__(self, schema: ModuleSchema) -> None:
        self.schema = schema
        self._functions = {name: source_name for _, source_name, name in _named_functions(schema)}
        self._functions |= {handler.name: handler.source_name for handler in schema.http_handlers}

    # what the dialects say differently

    def table_reference(self, table: Table) -> str:
        return table.source_name

    def function_reference(self, name: str) -> str:
        return self._functions.get(name, name)

    def policy(self) -> Variant | None:
        return Variant(self.schema.case_policy.value)

    def needs_saying(self, name: str, by_default: str) -> str | None:
        return None if name == by_default else name

    def explicit_names(self) -> Iterator[tuple[str, str, str]]:
        """``(kind, source name, canonical name)``."""
        policy = self.schema.case_policy
        for kind, source_name, name in _named(self.schema):
            if name != canonical_name(source_name, policy):
                yield kind, source_name, name
        for handler in self.schema.http_handlers:
            if handler.name != canonical_name(handler.source_name, policy):
                yield "Function", handler.source_name, handler.name
        for table in self.schema.tables:
            for index in table.indexes:
                if index.name != generated_index_name(table, index):
                    yield "Index", index.source_name, index.name
        for submodule in self.schema.submodules:
            if submodule.name != submodule.source_name:
                yield "Namespace", submodule.source_name, submodule.name

    # what they say alike

    def sections(self) -> Iterator[tuple[str, Any]]:
        schema = self.schema
        sections: list[tuple[str, Any]] = [
            ("Environment", [_environment_value_to_raw(value) for value in schema.environment]),
            (
                "Types",
                [((it.source_scope, it.source_name), it.ref, it.custom_ordering) for it in schema.types],
            ),
            ("Tables", [self._table(table) for table in schema.tables]),
            ("Reducers", [_reducer_to_raw(reducer) for reducer in schema.reducers]),
            (
                "Procedures",
                [
                    (
                        it.source_name,
                        parts.product_to_raw(it.params),
                        type_to_raw(it.return_type),
                        Variant(it.visibility.value),
                    )
                    for it in schema.procedures
                ],
            ),
            ("HttpHandlers", [(handler.source_name,) for handler in schema.http_handlers]),
            ("HttpRoutes", [self._route(route) for route in schema.http_routes]),
            ("Views", [_view_to_raw(view) for view in schema.views]),
            (
                "ViewPrimaryKeys",
                [(view.source_name, self._view_key(view)) for view in schema.views if view.primary_key],
            ),
            ("Schedules", [self._schedule(table, table.schedule) for table in schema.tables if table.schedule]),
            (
                "LifeCycleReducers",
                [
                    (Variant(lifecycle.value), self.function_reference(reducer.name))
                    for lifecycle in Lifecycle
                    for reducer in schema.reducers
                    if reducer.lifecycle is lifecycle
                ],
            ),
            ("RowLevelSecurity", [(sql,) for sql in schema.row_level_security]),
            ("Outboxes", [self._outbox(table, table.outbox) for table in schema.tables if table.outbox]),
        ]
        if policy := self.policy():
            yield "CaseConversionPolicy", policy
        yield "Typespace", parts.typespace_to_raw(schema.source_typespace)
        yield from ((name, section) for name, section in sections if section)
        entries = [Variant(kind, (source_name, name)) for kind, source_name, name in self.explicit_names()]
        if entries or self.printed_by_server:
            yield "ExplicitNames", (entries,)
        if schema.submodules:
            yield (
                "Submodules",
                [
                    (it.source_name, (sections_of(it.schema, printed_by_server=self.printed_by_server),))
                    for it in schema.submodules
                ],
            )

    def _table(self, table: Table) -> Any:
        return (
            table.source_name,
            table.product_ref,
            [] if table.primary_key is None else [table.primary_key],
            [
                (index.source_name, index.accessor, parts.algorithm_to_raw(index.algorithm, index.columns))
                for index in table.indexes
            ],
            [
                (
                    self.needs_saying(it.source_name, constraint_name(table.name, column_names(table, it.columns))),
                    parts.unique_data(it.columns),
                )
                for it in table.constraints
            ],
            [
                (
                    self.needs_saying(it.name, sequence_name(table.name, column_names(table, (it.column,))[0])),
                    *parts.sequence_numbers(it),
                )
                for it in table.sequences
            ],
            Variant("System" if table.is_system else "User"),
            Variant("Public" if table.is_public else "Private"),
            parts.defaults(table),
            table.is_event,
        )

    def _schedule(self, table: Table, schedule: Schedule) -> Any:
        return (
            self.needs_saying(schedule.source_name, schedule_name(table.name)),
            self.table_reference(table),
            schedule.at_column,
            self.function_reference(schedule.function),
        )

    def _outbox(self, table: Table, outbox: Outbox) -> Any:
        return (
            table.source_name,
            outbox.remote_reducer,
            outbox.target_column,
            outbox.arg_columns,
            None if outbox.on_result is None else self._functions.get(outbox.on_result, outbox.on_result),
            outbox.signature_hash,
        )

    def _route(self, route: HttpRoute) -> Any:
        return self.function_reference(route.handler), _method_to_raw(route.method), route.path

    def _view_key(self, view: View) -> list[str]:
        source_names = {column.name: column.source_name for column in self.schema.view_columns(view)}
        return [source_names.get(name, name) for name in view.primary_key]


class _ServerWriting(_ModuleWriting):
    """As a 2.8.3 server prints it: canonical names in types and references, every name of tables
    and functions said explicitly, no case policy."""

    printed_by_server = True

    def __init__(self, schema: ModuleSchema) -> None:
        types = [replace(it, source_name=it.name, source_scope=it.scope) for it in schema.types]
        tables = [
            replace(
                table,
                constraints=tuple(
                    replace(it, source_name=it.name, columns=tuple(sorted(it.columns))) for it in table.constraints
                ),
                schedule=table.schedule and replace(table.schedule, source_name=table.schedule.name),
            )
            for table in schema.tables
        ]
        super().__init__(replace(schema, source_typespace=schema.typespace, types=tuple(types), tables=tuple(tables)))

    def table_reference(self, table: Table) -> str:
        return table.name

    def function_reference(self, name: str) -> str:
        return name

    def policy(self) -> Variant | None:
        return None

    def needs_saying(self, name: str, by_default: str) -> str | None:  # noqa: ARG002
        return name

    def explicit_names(self) -> Iterator[tuple[str, str, str]]:
        return _named(self.schema)


def _named(schema: ModuleSchema) -> Iterator[tuple[str, str, str]]:
    for table in schema.tables:
        yield "Table", table.source_name, table.name
    yield from _named_functions(schema)


def _named_functions(schema: ModuleSchema) -> Iterator[tuple[str, str, str]]:
    for reducer in schema.reducers:
        yield "Function", reducer.source_name, reducer.name
    for procedure in schema.procedures:
        yield "Function", procedure.source_name, procedure.name
    for view in schema.views:
        yield "Function", view.source_name, view.name


def _reducer_to_raw(reducer: Reducer) -> Any:
    return (
        reducer.source_name,
        parts.product_to_raw(reducer.params),
        Variant(reducer.visibility.value),
        type_to_raw(reducer.ok_return_type),
        type_to_raw(reducer.err_return_type),
    )


def _view_to_raw(view: View) -> Any:
    return (
        view.source_name,
        view.index,
        view.is_public,
        view.is_anonymous,
        parts.product_to_raw(view.params),
        type_to_raw(view.return_type),
    )


def _method_to_raw(method: str) -> Variant:
    if method == "*":
        return Variant("Any")
    name = method.capitalize()
    known = name in HTTP_METHODS and method == method.upper()
    return Variant("Method", Variant(name) if known else Variant("Extension", method))


def _environment_value_to_raw(value: EnvironmentValue) -> Any:
    match value.kind:
        case EnvironmentKind.STRING:
            type = Variant(value.kind.value)
        case EnvironmentKind.LITERAL:
            type = Variant(value.kind.value, value.literals[0])
        case EnvironmentKind.UNION:
            type = Variant(value.kind.value, value.literals)
    return value.name, type, value.optional
