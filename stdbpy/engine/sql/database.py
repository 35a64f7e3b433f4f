"""Statements of one database: compiled once, run over its transactions."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import lru_cache

from stdbpy.engine.results import StatementResult
from stdbpy.engine.sql import bound, syntax
from stdbpy.engine.sql.bind import Binder
from stdbpy.engine.sql.catalog import catalog_of
from stdbpy.engine.sql.conditions import Asker
from stdbpy.engine.sql.execute import PreparedSelect, change, insert, remove
from stdbpy.engine.sql.parse import parse
from stdbpy.engine.sql.per_schema import once_per_schema
from stdbpy.engine.sql.row_limit import check_row_limit
from stdbpy.engine.sql.row_security import ANYBODY, RowRules
from stdbpy.engine.sql.variables import SHOWN, check_variable, new_value, set_variable, show_variable
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import HostError, SqlError
from stdbpy.sats.types import UNIT
from stdbpy.sats.values import Identity
from stdbpy.schema.model import ModuleSchema

_KEPT_STATEMENTS = 256
_LONGEST_KEPT = 1_000
"""Characters: longer statements are rarely sent twice."""


@dataclass(frozen=True, slots=True)
class _SetVariable:
    value: int


_Compiled = PreparedSelect | bound.Insertion | bound.Change | bound.Removal | _SetVariable | syntax.ShowVariable


class Sql:
    """The SQL of a database with one schema. It may be used from several threads."""

    def __init__(self, schema: ModuleSchema) -> None:
        self._catalog = catalog_of(schema)
        self._rules = RowRules(schema, self._catalog)
        self._kept = lru_cache(_KEPT_STATEMENTS)(self._compile)

    def run(self, text: str, transaction: Transaction, *, caller: Identity, is_owner: bool) -> list[StatementResult]:
        """Runs the one statement that ``text`` holds and returns its result, as the only one.

        Only the owner of the database sees private tables and may change anything. Raises
        :class:`~stdbpy.errors.SqlError`; whoever owns the transaction must then undo it, because
        a statement may fail at its last row.
        """
        started = time.perf_counter_ns()
        compiled = self._compiled(text, caller, is_owner=is_owner)
        if not is_owner and not isinstance(compiled, PreparedSelect | syntax.ShowVariable):
            raise SqlError(f"{caller} may not change this database", hint="Only its owner may, with SQL.")
        if isinstance(compiled, PreparedSelect):
            check_row_limit(compiled.queries, transaction, is_owner=is_owner)
        try:
            result = _run(compiled, transaction)
        except HostError as error:
            raise SqlError(error.message, hint=error.hint) from error
        return [replace(result, duration_micros=(time.perf_counter_ns() - started) // 1000)]

    def _compiled(self, text: str, caller: Identity, *, is_owner: bool) -> _Compiled:
        if len(text) > _LONGEST_KEPT:
            return self._compile(text, caller, is_owner)[0]
        compiled, depends_on_caller = self._kept(text, ANYBODY, is_owner)
        return self._kept(text, caller, is_owner)[0] if depends_on_caller else compiled

    def _compile(self, text: str, caller: Identity, is_owner: bool) -> tuple[_Compiled, bool]:
        """The statement, and whether it means something else for another caller."""
        asker = Asker(caller)
        return self._work(text, asker, is_owner), asker.matters

    def _work(self, text: str, asker: Asker, is_owner: bool) -> _Compiled:
        statement = parse(text)
        match statement:
            case syntax.ShowVariable():
                check_variable(statement.name)
                return statement
            case syntax.SetVariable():
                return _SetVariable(new_value(statement))
        work = Binder(self._catalog, asker=asker, is_owner=is_owner).bind(statement)
        if not isinstance(work, bound.Query):
            return work
        return PreparedSelect([work] if is_owner else self._rules.restrict(work, asker))


def run_sql(text: str, transaction: Transaction, *, caller: Identity, is_owner: bool) -> list[StatementResult]:
    """:meth:`Sql.run` for whoever keeps no :class:`Sql`: one is kept here for as long as the
    transaction's schema is in use."""
    return _sql_of(transaction.schema).run(text, transaction, caller=caller, is_owner=is_owner)


_sql_of = once_per_schema(Sql)


def _run(compiled: _Compiled, transaction: Transaction) -> StatementResult:
    match compiled:
        case PreparedSelect():
            return StatementResult(compiled.columns, compiled.rows(transaction))
        case bound.Insertion():
            return StatementResult(UNIT, [], rows_inserted=insert(compiled, transaction))
        case bound.Change():
            return StatementResult(UNIT, [], rows_updated=change(compiled, transaction))
        case bound.Removal():
            return StatementResult(UNIT, [], rows_deleted=remove(compiled, transaction))
        case _SetVariable(value):
            return StatementResult(UNIT, [], rows_inserted=set_variable(value, transaction))
        case syntax.ShowVariable():
            return StatementResult(SHOWN, show_variable(compiled, transaction))
