"""Module definition V9: its layout, and ↔ :class:`~stdbpy.schema.model.ModuleSchema`.

Source of the format: ``crates/lib/src/db/raw_def/v9.rs`` of SpacetimeDB. Names in it are final:
what the code says is what the database uses.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stdbpy.errors import Problem, SchemaError
from stdbpy.sats.meta import ALGEBRAIC_TYPE, PRODUCT_TYPE, type_from_raw, type_to_raw
from stdbpy.sats.types import BYTES, ArrayType, Primitive, option, product, sum_of
from stdbpy.sats.values import Variant
from stdbpy.schema import raw_parts as parts
from stdbpy.schema.complete import with_exact_defaults
from stdbpy.schema.model import (
    CasePolicy,
    Column,
    Index,
    Lifecycle,
    ModuleSchema,
    Procedure,
    Reducer,
    Schedule,
    Sequence,
    Table,
    TypeDef,
    UniqueConstraint,
    View,
    columns_of,
)
from stdbpy.schema.names import with_names

_SCHEDULE = product(
    ("name", option(parts.STRING)), ("reducer_name", parts.STRING), ("scheduled_at_column", parts.COLUMN)
)
_TABLE = product(
    ("name", parts.STRING),
    ("product_type_ref", parts.TYPE_INDEX),
    ("primary_key", parts.COLUMNS),
    ("indexes", ArrayType(parts.index_type("name"))),
    ("constraints", ArrayType(parts.constraint_type("name"))),
    ("sequences", ArrayType(parts.sequence_type("name"))),
    ("schedule", option(_SCHEDULE)),
    ("table_type", parts.TABLE_KIND),
    ("table_access", parts.TABLE_ACCESS),
)
_REDUCER = product(("name", parts.STRING), ("params", PRODUCT_TYPE), ("lifecycle", option(parts.LIFECYCLE)))
_COLUMN_DEFAULT = product(("table", parts.STRING), ("col_id", parts.COLUMN), ("value", BYTES))
_PROCEDURE = product(("name", parts.STRING), ("params", PRODUCT_TYPE), ("return_type", ALGEBRAIC_TYPE))
_VIEW = product(
    ("name", parts.STRING),
    ("index", Primitive.U32),
    ("is_public", parts.BOOL),
    ("is_anonymous", parts.BOOL),
    ("params", PRODUCT_TYPE),
    ("return_type", ALGEBRAIC_TYPE),
)
MODULE_V9 = product(
    ("typespace", parts.TYPESPACE),
    ("tables", ArrayType(_TABLE)),
    ("reducers", ArrayType(_REDUCER)),
    ("types", ArrayType(parts.type_definition_type("name", "name"))),
    (
        "misc_exports",
        ArrayType(sum_of(("ColumnDefaultValue", _COLUMN_DEFAULT), ("Procedure", _PROCEDURE), ("View", _VIEW))),
    ),
    ("row_level_security", ArrayType(parts.ROW_LEVEL_SECURITY)),
)
"""Over :data:`~stdbpy.sats.meta.META_TYPESPACE`."""


# --- reading ---------------------------------------------------------------------------------


def schema_from_raw(raw: Any) -> ModuleSchema:
    """The schema that a decoded definition describes. Raises ``SchemaError`` if no schema can."""
    raw_typespace, raw_tables, raw_reducers, raw_types, exports, security = raw
    typespace = parts.typespace_from_raw(raw_typespace)
    findings = parts.Findings()
    tables = {}
    for raw_table in raw_tables:
        table = _table(raw_table, typespace, findings)
        if table.name in tables:
            findings.add(f"table {table.name}", "two tables have this name")
        tables[table.name] = table
    for export in exports:
        if export.name == "ColumnDefaultValue":
            _set_default(export.value, tables, findings)
    findings.raise_if_any()
    schema = with_names(
        ModuleSchema(
            typespace=typespace,
            source_typespace=typespace,
            types=tuple(
                TypeDef(name, name, ref, tuple(scope), tuple(scope), custom) for (scope, name), ref, custom in raw_types
            ),
            tables=tuple(tables.values()),
            reducers=tuple(
                Reducer(name, name, parts.product_from_raw(params), lifecycle and Lifecycle(lifecycle.name))
                for name, params, lifecycle in raw_reducers
            ),
            procedures=tuple(_procedure(export.value) for export in exports if export.name == "Procedure"),
            views=tuple(_view(export.value) for export in exports if export.name == "View"),
            row_level_security=parts.rules(security),
            case_policy=CasePolicy.NONE,
            version=9,
        )
    )
    return with_exact_defaults(schema)


def _table(raw: Any, typespace: Any, findings: parts.Findings) -> Table:
    name, product_ref, primary_key, indexes, constraints, sequences, schedule, kind, access = raw
    return Table(
        name=name,
        source_name=name,
        product_ref=product_ref,
        columns=columns_of(typespace, typespace, product_ref),
        primary_key=findings.primary_key(f"table {name}", primary_key),
        indexes=tuple(
            Index(index or "", index or "", accessor, *parts.algorithm_from_raw(algorithm))
            for index, accessor, algorithm in indexes
        ),
        constraints=tuple(
            UniqueConstraint(constraint or "", constraint or "", parts.unique_columns(data))
            for constraint, data in constraints
        ),
        sequences=tuple(Sequence(sequence or "", sequence or "", *numbers) for sequence, *numbers in sequences),
        schedule=_schedule(schedule),
        is_public=access.name == "Public",
        is_system=kind.name == "System",
    )


def _schedule(raw: Any) -> Schedule | None:
    if raw is None:
        return None
    name, function, at_column = raw
    return Schedule(name or "", name or "", at_column, function)


def _set_default(raw: Any, tables: dict[str, Table], findings: parts.Findings) -> None:
    name, position, value = raw
    table = tables.get(name)
    if table is None:
        findings.add(f"table {name}", "a column of it has a default, but there is no such table")
    elif position >= len(table.columns):
        findings.add(f"table {name}", f"column number {position} has a default, but there is no such column")
    elif table.columns[position].default is not None:
        findings.add(f"table {name}.column {table.columns[position].name}", "it has two defaults")
    else:
        columns = [*table.columns]
        columns[position] = replace(columns[position], default=value)
        tables[name] = replace(table, columns=tuple(columns))


def _procedure(raw: Any) -> Procedure:
    name, params, return_type = raw
    return Procedure(name, name, parts.product_from_raw(params), type_from_raw(return_type))


def _view(raw: Any) -> View:
    name, index, is_public, is_anonymous, params, return_type = raw
    return View(name, name, index, is_public, is_anonymous, parts.product_from_raw(params), type_from_raw(return_type))


# --- writing ---------------------------------------------------------------------------------


def schema_to_raw(schema: ModuleSchema) -> Any:
    """The definition as a server prints it: sorted by names, without what V9 has no place for."""
    tables = sorted(schema.tables, key=lambda table: table.name)
    return (
        parts.typespace_to_raw(schema.typespace),
        [_table_to_raw(table) for table in tables],
        [
            (
                reducer.name,
                parts.product_to_raw(reducer.params),
                None if reducer.lifecycle is None else Variant(reducer.lifecycle.value),
            )
            for reducer in schema.reducers
        ],
        [
            ((definition.scope, definition.name), definition.ref, definition.custom_ordering)
            for definition in sorted(schema.types, key=lambda definition: (definition.scope, definition.name))
        ],
        [
            *(
                Variant("ColumnDefaultValue", (table.name, *default))
                for table in tables
                for default in parts.defaults(table)
            ),
            *(
                Variant("Procedure", (it.name, parts.product_to_raw(it.params), type_to_raw(it.return_type)))
                for it in schema.procedures
            ),
            *(Variant("View", _view_to_raw(view)) for view in schema.views),
        ],
        [(sql,) for sql in schema.row_level_security],
    )


def refuse_what_is_lost(schema: ModuleSchema) -> None:
    """Raises ``SchemaError`` if the module would not be the same one in V9."""
    uses: list[tuple[str, str, bool]] = []
    for table in schema.tables:
        uses.append((f"table {table.name}", "event tables", table.is_event))
        uses.append((f"table {table.name}", "outboxes", table.outbox is not None))
    uses.append(("module", "HTTP handlers", bool(schema.http_handlers)))
    uses.append(("module", "mounted modules", bool(schema.submodules)))
    uses.append(("module", "environment values", bool(schema.environment)))
    lost = [Problem("error", where, f"V9 has no {what}") for where, what, used in uses if used]
    if lost:
        raise SchemaError(
            f"The module uses what its definition in V9 cannot say: {lost[0].where}: {lost[0].message}",
            lost,
            hint="Use SpacetimeDB 2.x, which takes V10",
        )


def _table_to_raw(table: Table) -> Any:
    schedule = table.schedule
    return (
        table.name,
        table.product_ref,
        [] if table.primary_key is None else [table.primary_key],
        [
            (index.name, index.accessor, parts.algorithm_to_raw(index.algorithm, index.columns))
            for index in sorted(table.indexes, key=_name)
        ],
        [
            (constraint.name, parts.unique_data(tuple(sorted(constraint.columns))))
            for constraint in sorted(table.constraints, key=_name)
        ],
        [(sequence.name, *parts.sequence_numbers(sequence)) for sequence in sorted(table.sequences, key=_name)],
        None if schedule is None else (schedule.name, schedule.function, schedule.at_column),
        Variant("System" if table.is_system else "User"),
        Variant("Public" if table.is_public else "Private"),
    )


def _name(named: Column | Index | UniqueConstraint | Sequence) -> str:
    return named.name


def _view_to_raw(view: View) -> Any:
    return (
        view.name,
        view.index,
        view.is_public,
        view.is_anonymous,
        parts.product_to_raw(view.params),
        type_to_raw(view.return_type),
    )
