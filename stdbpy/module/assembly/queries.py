"""What authors declare of ``ctx.query`` for type checkers (``class Queries(stdbpy.Queries)``), compared with the tables
that there are."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from stdbpy.errors import nearest
from stdbpy.module.assembly.databases import KnownTables
from stdbpy.module.assembly.declared_types import RowTypes
from stdbpy.module.assembly.findings import Findings
from stdbpy.module.assembly.hints import hints_of
from stdbpy.module.bindings import TableBinding
from stdbpy.module.context import Context
from stdbpy.module.queries import Queries
from stdbpy.query import Columns, IndexedColumn, OpaqueColumn, QueryTable
from stdbpy.sats.annotations import annotation_text


def check_queries(context_class: type[Context], known: KnownTables, findings: Findings) -> None:
    """Finds what is wrong with the declaration of ``query`` in a context of views."""
    declared = hints_of(context_class, findings).get("query", Queries)
    if not (isinstance(declared, type) and issubclass(declared, Queries)):
        where = findings.of_field(context_class, "query")
        message = f"{context_class.__name__}.query has to be a subclass of Queries"
        findings.error(where, message, "class Tables(Queries): ...")
        return
    for name, hint in hints_of(declared, findings).items():
        where = findings.of_field(declared, name)
        if get_origin(hint) is not QueryTable or len(get_args(hint)) != 2:
            findings.error(
                where, f"{declared.__name__}.{name} has to be a QueryTable", f"{name}: QueryTable[Row, RowColumns]"
            )
        elif name in known.bindings:
            row, columns = get_args(hint)
            _check_table(where, row, columns, known.bindings[name], findings)
        elif name not in known.faulty:
            message = f"{declared.__name__} declares a table {name!r}, which the module does not have"
            findings.error(where, message, nearest(name, (*known.bindings, *known.faulty)))


def _check_table(where: str, row: Any, columns: Any, binding: TableBinding, findings: Findings) -> None:
    if row is not binding.row_class:
        findings.error(
            where,
            f"table {binding.name!r} holds rows of class {binding.row_class.__name__}, "
            f"not {getattr(row, '__name__', row)}",
            f"{binding.name}: QueryTable[{binding.row_class.__name__}, ...]",
        )
    if not (isinstance(columns, type) and issubclass(columns, Columns)):
        findings.error(where, f"the columns of {binding.name!r} have to be a subclass of Columns", "")
        return
    indexed = {each.columns[0] for each in binding.accessors.values() if len(each.columns) == 1}
    types = RowTypes(binding.row_class)
    for name, hint in hints_of(columns, findings).items():
        place = f"{columns.__name__}.{name}"
        kind = get_origin(hint) or hint
        where = findings.of_field(columns, name)
        if not (isinstance(kind, type) and issubclass(kind, OpaqueColumn)):
            findings.error(where, f"{place} has to be a Column", f"{name}: Column[Self, ...]")
        elif name not in binding.columns:
            message = f"{place} is declared, but table {binding.name!r} has no column {name!r}"
            findings.error(where, message, nearest(name, binding.columns))
        elif issubclass(kind, IndexedColumn) and name not in indexed:
            message = f"{place} is declared as IndexedColumn, but has no index of its own"
            findings.error(where, message, f"{name}: Column[Self, ...]")
        elif get_args(hint) and (other := types.other_than(get_args(hint)[-1], name)) is not None:
            message = f"{place} is declared with {annotation_text(get_args(hint)[-1])}"
            findings.error(where, message, f"Rows hold {other} there")
