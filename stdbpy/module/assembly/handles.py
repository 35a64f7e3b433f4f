"""Declared handles (``class Db(Tables)``) compared with the tables that there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, get_args, get_origin

from stdbpy.errors import TypeNotSupported, nearest
from stdbpy.module.assembly.findings import Findings
from stdbpy.module.bindings import AccessorBinding, TableBinding
from stdbpy.module.context import Context
from stdbpy.module.handles import Index, PrimaryKey, Table, Tables, Unique, accessor_class
from stdbpy.sats.annotations import resolve_hints


def declared_tables(
    context_class: type[Context],
    bindings: Mapping[str, TableBinding],
    faulty: Collection[str],
    findings: Findings,
) -> tuple[type[Tables], dict[str, type[Table[Any]]]]:
    """The class of ``ctx.db``, and the classes of its tables that the author declares. Of the tables
    called ``faulty`` it is known only that they are there."""
    db_class = _hints(context_class, findings).get("db", Tables)
    if not (isinstance(db_class, type) and issubclass(db_class, Tables)):
        where = findings.of_field(context_class, "db")
        findings.error(where, f"{context_class.__name__}.db has to be a subclass of Tables", "class Db(Tables): ...")
        return Tables, {}
    classes: dict[str, type[Table[Any]]] = {}
    for name, hint in _hints(db_class, findings).items():
        where = findings.of_field(db_class, name)
        table_class = get_origin(hint) or hint
        if not (isinstance(table_class, type) and issubclass(table_class, Table)):
            findings.error(where, f"{db_class.__name__}.{name} has to be a Table", f"{name}: Table[...]")
        elif name in faulty:
            continue
        elif name not in bindings:
            message = f"{db_class.__name__} declares a table {name!r}, which the module does not have"
            findings.error(where, message, nearest(name, (*bindings, *faulty)))
        else:
            _check_row(where, hint, bindings[name], findings)
            _check_accessors(table_class, bindings[name], findings)
            classes[name] = table_class
    return db_class, classes


def _check_row(where: str, hint: Any, binding: TableBinding, findings: Findings) -> None:
    row = _row_of(hint)
    if isinstance(row, type) and row is not binding.row_class:
        findings.error(
            where,
            f"table {binding.name!r} holds rows of class {binding.row_class.__name__}, not {row.__name__}",
            f"{binding.name}: Table[{binding.row_class.__name__}]",
        )


def _row_of(hint: Any) -> Any:
    """``Row`` of ``Table[Row]``, or of the ``Table[Row]`` that a class is derived from."""
    arguments = get_args(hint)
    if arguments:
        return arguments[0]
    bases = getattr(hint, "__orig_bases__", ())
    return next((row for row in map(_row_of, bases) if row is not None), None)


def _check_accessors(table_class: type[Table[Any]], binding: TableBinding, findings: Findings) -> None:
    if table_class is Table:
        return
    for name, hint in _hints(table_class, findings).items():
        kind = get_origin(hint) or hint
        if not (isinstance(kind, type) and issubclass(kind, (Index, Unique))):
            continue
        place = f"{table_class.__name__}.{name}"
        where = findings.of_field(table_class, name)
        accessor = binding.accessors.get(name)
        if accessor is None:
            has_column = name in binding.columns
            message = f"{place} is declared, but table {binding.name!r} has no index {name!r}"
            hint_text = f"{name}: ... = column(index='btree')" if has_column else nearest(name, binding.accessors)
            findings.error(where, message, hint_text)
            continue
        _check_kind(where, place, kind, hint, accessor, findings)


def _check_kind(
    where: str, place: str, kind: type[Any], hint: Any, accessor: AccessorBinding, findings: Findings
) -> None:
    actual = accessor_class(accessor)
    if kind is not actual and not (kind is Unique and actual is PrimaryKey):
        keys = ", ".join(["..."] * (1 + len(accessor.columns)))
        findings.error(where, f"{place} is declared as {kind.__name__}", f"It is {actual.__name__}[{keys}]")
    elif get_args(hint) and len(get_args(hint)) != 1 + len(accessor.columns):
        findings.error(
            where,
            f"{place} is declared with {len(get_args(hint)) - 1} key types",
            f"The index has {len(accessor.columns)}: {', '.join(accessor.columns)}",
        )


def _hints(cls: type, findings: Findings) -> dict[str, Any]:
    try:
        return resolve_hints(cls)
    except TypeNotSupported as error:
        findings.not_supported(findings.of_class(cls), error)
        return {}
