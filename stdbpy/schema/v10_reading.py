"""Module definition V10 → :class:`~stdbpy.schema.model.ModuleSchema`.

Two dialects share the layout. A *module* hands out its definition with the names of its code, and
the server makes the canonical ones (``crates/schema/src/def/validate/v10.rs`` of SpacetimeDB 2.8.3).
A *server* prints (``GET …/schema?version=10``) what came of that: canonical names everywhere, those
of the code beside them for tables and functions alone, and visibilities as they are in force.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Sequence as ListOf
from dataclasses import replace
from typing import Any

from stdbpy.sats.meta import type_from_raw
from stdbpy.sats.values import Variant
from stdbpy.schema import raw_parts as parts
from stdbpy.schema.complete import complete
from stdbpy.schema.model import (
    CasePolicy,
    EnvironmentKind,
    EnvironmentValue,
    HttpHandler,
    HttpRoute,
    Index,
    Lifecycle,
    ModuleSchema,
    Outbox,
    Procedure,
    Reducer,
    Schedule,
    Sequence,
    Submodule,
    Table,
    TypeDef,
    UniqueConstraint,
    View,
    Visibility,
    columns_of,
)
from stdbpy.schema.names import canonical_name, canonical_type, with_names


def schema_from_sections(sections: ListOf[Variant], *, printed_by_server: bool) -> ModuleSchema:
    """The schema that decoded sections describe; of several of one kind the first counts.

    Raises ``SchemaError`` if no schema can hold what they say.
    """
    findings = parts.Findings()
    schema = _Reading(sections, findings, printed_by_server).schema()
    findings.raise_if_any()
    return schema


class _Reading:
    def __init__(self, sections: ListOf[Variant], findings: parts.Findings, printed_by_server: bool) -> None:
        self._sections: dict[str, Any] = {}
        for section in sections:
            self._sections.setdefault(section.name, section.value)
        self._findings = findings
        self._printed_by_server = printed_by_server
        policy = self._sections.get("CaseConversionPolicy")
        if policy is not None:
            self._policy = CasePolicy(policy.name)
        else:
            self._policy = CasePolicy.NONE if printed_by_server else CasePolicy.SNAKE_CASE
        self._explicit: Mapping[str, dict[str, str]] = defaultdict(dict)
        (entries,) = self._sections.get("ExplicitNames", ((),))
        for entry in entries:
            source_name, name = entry.value
            self._explicit[entry.name][source_name] = name

    def schema(self) -> ModuleSchema:
        source_typespace = parts.typespace_from_raw(self._sections.get("Typespace", ((),)))
        schema = ModuleSchema(
            typespace=tuple(canonical_type(type, self._policy) for type in source_typespace),
            source_typespace=source_typespace,
            types=tuple(
                TypeDef("", name, ref, (), tuple(scope), custom)
                for (scope, name), ref, custom in self._section("Types")
            ),
            reducers=self._reducers(),
            procedures=tuple(
                Procedure(
                    self._function(name),
                    name,
                    parts.product_from_raw(params),
                    type_from_raw(return_type),
                    Visibility(visibility.name),
                )
                for name, params, return_type, visibility in self._section("Procedures")
            ),
            row_level_security=parts.rules(self._section("RowLevelSecurity")),
            http_handlers=tuple(HttpHandler(self._function(name), name) for (name,) in self._section("HttpHandlers")),
            http_routes=tuple(
                HttpRoute(self._function(handler), _method(method), path)
                for handler, method, path in self._section("HttpRoutes")
            ),
            submodules=tuple(self._submodule(*raw) for raw in self._section("Submodules")),
            environment=tuple(_environment_value(*raw) for raw in self._section("Environment")),
            case_policy=self._policy,
            version=10,
        )
        schema = replace(schema, tables=self._tables(schema), views=self._views())
        schema = self._with_view_keys(schema)
        return with_names(schema) if self._printed_by_server else complete(schema)

    def _section(self, name: str) -> ListOf[Any]:
        section: ListOf[Any] = self._sections.get(name, ())
        return section

    # names

    def _name(self, kind: str, source_name: str) -> str:
        explicit = self._explicit[kind].get(source_name)
        return canonical_name(source_name, self._policy) if explicit is None else explicit

    def _table(self, source_name: str) -> str:
        return self._name("Table", source_name)

    def _function(self, source_name: str) -> str:
        return self._name("Function", source_name)

    # tables

    def _tables(self, schema: ModuleSchema) -> tuple[Table, ...]:
        tables: dict[str, Table] = {}
        for raw in self._section("Tables"):
            table = self._read_table(raw, schema)
            if table.name in tables:
                self._findings.add(f"table {table.name}", "two tables have this name")
            tables[table.name] = table
        for source_name, table_name, at_column, function in self._section("Schedules"):
            schedule = Schedule("", source_name or "", at_column, self._function(function))
            if scheduled := self._marked_table(tables, table_name, "schedule"):
                tables[scheduled.name] = replace(scheduled, schedule=schedule)
        for table_name, remote, target, arguments, on_result, signature in self._section("Outboxes"):
            result = None if on_result is None else self._function(on_result)
            outbox = Outbox(remote, target, tuple(arguments), result, signature)
            if sending := self._marked_table(tables, table_name, "outbox"):
                tables[sending.name] = replace(sending, outbox=outbox)
        return tuple(tables.values())

    def _read_table(self, raw: Any, schema: ModuleSchema) -> Table:
        name, product_ref, primary_key, indexes, constraints, sequences, kind, access, default_values, is_event = raw
        where = f"table {self._table(name)}"
        columns = [*columns_of(schema.typespace, schema.source_typespace, product_ref)]
        for position, value in default_values:
            if position < len(columns):
                columns[position] = replace(columns[position], default=value)
            else:
                self._findings.add(where, f"column number {position} has a default, but there is no such column")
        return Table(
            name=self._table(name),
            source_name=name,
            product_ref=product_ref,
            columns=tuple(columns),
            primary_key=self._findings.primary_key(where, primary_key),
            indexes=tuple(
                Index(
                    self._explicit["Index"].get(source_name, ""),
                    source_name or "",
                    accessor,
                    *parts.algorithm_from_raw(algorithm),
                )
                for source_name, accessor, algorithm in indexes
            ),
            constraints=tuple(
                UniqueConstraint("", source_name or "", parts.unique_columns(data)) for source_name, data in constraints
            ),
            sequences=tuple(Sequence(name or "", name or "", *numbers) for name, *numbers in sequences),
            is_public=access.name == "Public",
            is_system=kind.name == "System",
            is_event=is_event,
        )

    def _marked_table(self, tables: Mapping[str, Table], source_name: str, mark: str) -> Table | None:
        table = tables.get(self._table(source_name))
        if table is None:
            self._findings.add(f"table {source_name}", f"it has a {mark}, but there is no such table")
        elif getattr(table, mark) is not None:
            self._findings.add(f"table {table.name}", f"it has two {mark}s")
        return table

    # functions

    def _reducers(self) -> tuple[Reducer, ...]:
        lifecycles: dict[str, Lifecycle] = {}
        for spec, function in self._section("LifeCycleReducers"):
            name = self._function(function)
            if name in lifecycles:
                self._findings.add(f"reducer {name}", "it is there for two lifecycle events")
            if Lifecycle(spec.name) in lifecycles.values():
                self._findings.add(f"reducer {name}", f"another reducer is there for {spec.name} already")
            lifecycles[name] = Lifecycle(spec.name)
        reducers = tuple(
            Reducer(
                self._function(name),
                name,
                parts.product_from_raw(params),
                lifecycles.get(self._function(name)),
                Visibility(visibility.name),
                type_from_raw(ok_type),
                type_from_raw(err_type),
            )
            for name, params, visibility, ok_type, err_type in self._section("Reducers")
        )
        for name in lifecycles.keys() - {reducer.name for reducer in reducers}:
            self._findings.add(f"reducer {name}", "it is named for a lifecycle event, but there is no such reducer")
        return reducers

    def _views(self) -> tuple[View, ...]:
        return tuple(
            View(
                self._function(name),
                name,
                index,
                is_public,
                is_anonymous,
                parts.product_from_raw(params),
                type_from_raw(return_type),
            )
            for name, index, is_public, is_anonymous, params, return_type in self._section("Views")
        )

    def _with_view_keys(self, schema: ModuleSchema) -> ModuleSchema:
        keys: dict[str, list[str]] = {}
        for view_name, columns in self._section("ViewPrimaryKeys"):
            if view_name not in {view.source_name for view in schema.views}:
                self._findings.add(f"view {view_name}", "it has a primary key, but there is no such view")
            if view_name in keys:
                self._findings.add(f"view {view_name}", "it has two primary keys")
            keys[view_name] = columns

        def with_key(view: View) -> View:
            canonical = {column.source_name: column.name for column in schema.view_columns(view)}
            columns = keys.get(view.source_name, [])
            return replace(view, primary_key=tuple(canonical.get(column, column) for column in columns))

        return replace(schema, views=tuple(with_key(view) for view in schema.views))

    def _submodule(self, namespace: str, module: Any) -> Submodule:
        (sections,) = module
        inner = _Reading(sections, self._findings, self._printed_by_server).schema()
        return Submodule(self._explicit["Namespace"].get(namespace, namespace), namespace, inner)


def _method(raw: Any) -> str:
    if raw.name == "Any":
        return "*"
    method: str = raw.value.value if raw.value.name == "Extension" else raw.value.name.upper()
    return method


def _environment_value(name: str, type: Any, optional: bool) -> EnvironmentValue:
    kind = EnvironmentKind(type.name)
    match kind:
        case EnvironmentKind.STRING:
            literals: tuple[str, ...] = ()
        case EnvironmentKind.LITERAL:
            literals = (type.value,)
        case EnvironmentKind.UNION:
            literals = tuple(type.value)
    return EnvironmentValue(name, kind, literals, optional)
