"""What ``ctx.db`` is: declared handles (``class Db(Tables)``) compared with the tables that there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from stdbpy.errors import nearest
from stdbpy.module.assembly.declared_types import RowTypes
from stdbpy.module.assembly.findings import Findings
from stdbpy.module.assembly.hints import hints_of
from stdbpy.module.bindings import AccessorBinding, DbLayout, TableBinding
from stdbpy.module.context import Context
from stdbpy.module.handles import Index, PrimaryKey, Table, Tables, Unique, accessor_class
from stdbpy.sats.annotations import annotation_text


@dataclass(frozen=True, slots=True)
class KnownTables:
    bindings: Mapping[str, TableBinding]
    faulty: Collection[str]
    """Those of which it is known only that they are there."""
    mounted: Mapping[str, KnownTables]
    """Those of modules inside, by namespace."""

    def names(self) -> Iterator[str]:
        yield from self.bindings
        yield from self.faulty
        yield from self.mounted


def database_of(context_class: type[Context], known: KnownTables, findings: Findings) -> DbLayout:
    """``db`` of a context, and its tables, of the classes that the author declares."""
    db_class = hints_of(context_class, findings).get("db", Tables)
    if not (isinstance(db_class, type) and issubclass(db_class, Tables)):
        where = findings.of_field(context_class, "db")
        findings.error(where, f"{context_class.__name__}.db has to be a subclass of Tables", "class Db(Tables): ...")
        db_class = Tables
    return _layout(db_class, known, findings)


def _layout(db_class: type[Tables], known: KnownTables, findings: Findings) -> DbLayout:
    classes: dict[str, type[Table[Any]]] = {}
    mounted = dict.fromkeys(known.mounted, Tables)
    for name, hint in hints_of(db_class, findings).items():
        where = findings.of_field(db_class, name)
        declared = get_origin(hint) or hint
        if isinstance(declared, type) and issubclass(declared, Tables) and name in known.mounted:
            mounted[name] = declared
        elif not (isinstance(declared, type) and issubclass(declared, Table)):
            findings.error(where, f"{db_class.__name__}.{name} has to be a Table", f"{name}: Table[...]")
        elif name in known.faulty:
            continue
        elif name not in known.bindings:
            message = f"{db_class.__name__} declares a table {name!r}, which the module does not have"
            findings.error(where, message, nearest(name, known.names()))
        else:
            _check_row(where, hint, known.bindings[name], findings)
            _check_accessors(declared, known.bindings[name], findings)
            classes[name] = declared
    inside = {namespace: _layout(mounted[namespace], known.mounted[namespace], findings) for namespace in mounted}
    return DbLayout(db_class, known.bindings, classes, inside)


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
    for name, hint in hints_of(table_class, findings).items():
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
        if _is_of_kind(where, place, kind, hint, accessor, findings):
            _check_types(where, place, hint, accessor, binding, findings)


def _is_of_kind(
    where: str, place: str, kind: type[Any], hint: Any, accessor: AccessorBinding, findings: Findings
) -> bool:
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
    else:
        return True
    return False


def _check_types(
    where: str, place: str, hint: Any, accessor: AccessorBinding, binding: TableBinding, findings: Findings
) -> None:
    """``hint`` has a type for the row and each of the index's columns, or none at all."""
    row, *keys = get_args(hint) or (None,)
    if isinstance(row, type) and row is not binding.row_class:
        findings.error(where, f"{place} is declared with {row.__name__}", f"Rows are {binding.row_class.__name__}")
    types = RowTypes(binding.row_class)
    for column, declared in zip(accessor.columns, keys, strict=bool(keys)):
        other = types.other_than(declared, column)
        if other is not None:
            message = f"{place} is declared with {annotation_text(declared)} for {column!r}"
            findings.error(where, message, f"Rows hold {other} there")
