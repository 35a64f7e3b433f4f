"""Row-level security: queries of callers who do not own the database see the rows that rules allow.

A rule is a query that returns rows of one table (``SELECT * FROM users WHERE identity = :sender``).
Where a query reads a table that has rules, it reads what the rules return instead; several rules
make several queries, whose results stand one after the other, a row once for each rule that
allows it. Source: SpacetimeDB's documentation of row-level security and ``crates/expr``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property

from stdbpy.engine.sql.bind import Binder
from stdbpy.engine.sql.bound import (
    Columns,
    Comparison,
    Condition,
    Constant,
    Count,
    Field,
    Logical,
    Query,
    Rows,
    Tie,
)
from stdbpy.engine.sql.catalog import Catalog, KnownTable
from stdbpy.engine.sql.conditions import Asker
from stdbpy.engine.sql.parse import parse
from stdbpy.engine.sql.syntax import Select
from stdbpy.errors import Problem, SqlError
from stdbpy.sats.values import Identity
from stdbpy.schema.model import ModuleSchema

ANYBODY = Identity(bytes(Identity.SIZE))
_FOR_EXAMPLE = "For example: SELECT * FROM message WHERE recipient = :sender"

RulesOf = Callable[[KnownTable], Sequence[Query]]
"""The rules of a table, bound for the caller."""


class RowRules:
    """The rules of a module and those mounted in it. It is true if there are any."""

    def __init__(self, schema: ModuleSchema, catalog: Catalog) -> None:
        self._catalog = catalog
        self._texts = [(prefix, text) for prefix, module in schema.walk() for text in module.row_level_security]

    def __bool__(self) -> bool:
        return bool(self._texts)

    def restrict(self, query: Query, asker: Asker) -> list[Query]:
        """The queries that together answer ``query`` for ``asker``, who does not own the database.

        Raises :class:`~stdbpy.errors.SqlError` for rules that read a private table, and for rules
        that depend on each other in a circle.
        """
        return list(_expanded(query, lambda table: self._rules_of(table, asker), (), None))

    def _rules_of(self, table: KnownTable, asker: Asker) -> list[Query]:
        statements = self._statements.get(table.name, ())
        binders = (
            (Binder(self._catalog, asker=asker, is_owner=False, prefix=prefix), rule) for prefix, rule in statements
        )
        return [binder.select(rule) for binder, rule in binders]

    @cached_property
    def _statements(self) -> dict[str, list[tuple[str, Select]]]:
        """The rules by the name of the table whose rows they return."""
        by_table: dict[str, list[tuple[str, Select]]] = {}
        for prefix, text in self._texts:
            table, statement = _read_rule(prefix, text, self._catalog)
            by_table.setdefault(table.name, []).append((prefix, statement))
        return by_table


def rules_by_table(schema: ModuleSchema) -> Iterator[tuple[str, str]]:
    """The rules of a module that are in order, each with the name of the table whose rows it returns."""
    catalog = Catalog(schema)
    for prefix, module in schema.walk():
        for text in module.row_level_security:
            with suppress(SqlError):
                yield _read_rule(prefix, text, catalog)[0].name, text


def rule_problems(schema: ModuleSchema, *, is_update: bool = False) -> Iterator[Problem]:
    """What is wrong with the rules of a module and those mounted in it: errors are what the real
    server refuses to publish, warnings what lets nobody but the owner read a table.

    In an update, rules may be for private tables, as on the real server. Stricter than that is that it is an
    error to have a rule for one of the server's own tables.
    """
    catalog = Catalog(schema)
    reading: dict[str, tuple[str, Query]] = {}
    is_faulty = False
    for prefix, module in schema.walk():
        for text in module.row_level_security:
            where = "".join(f"module {name}." for name in prefix.split(".")[:-1]) + f"rule {text}"
            try:
                table, _ = _read_rule(prefix, text, catalog)
                if not is_update:
                    _expect_public(table)
            except SqlError as error:
                is_faulty = True
                yield Problem("error", where, error.message, error.hint)
            else:
                reading.setdefault(table.name, (where, Query((table,), (), Rows(0), table.columns)))
    if is_faulty:
        return
    rules = RowRules(schema, catalog)
    for name, (where, query) in reading.items():
        try:
            rules.restrict(query, Asker(ANYBODY))
        except SqlError as error:
            hint = error.hint or "Let it read public tables alone, which have no rules that read this one"
            yield Problem("warning", where, f"only the owner can read `{name}`: {error.message}", hint)


def _read_rule(prefix: str, text: str, catalog: Catalog) -> tuple[KnownTable, Select]:
    """The table whose rows a rule returns, and its query. Raises ``SqlError``."""
    statement = parse(text)
    if not isinstance(statement, Select):
        raise SqlError("a rule for who may read a table must be a SELECT", hint=_FOR_EXAMPLE)
    rule = Binder(catalog, asker=Asker(ANYBODY), is_owner=True, prefix=prefix).select(statement)
    if not isinstance(rule.wanted, Rows):
        raise SqlError("a rule for who may read a table must return whole rows of it", hint=_FOR_EXAMPLE)
    if rule.limit is not None:
        raise SqlError("a rule for who may read a table has no LIMIT", hint=_FOR_EXAMPLE)
    return rule.tables[rule.wanted.table], statement


def _expect_public(table: KnownTable) -> None:
    if not table.definition.is_public:
        raise SqlError(
            f"table `{table.name}` is private: there is nobody to show some of its rows to",
            hint="Make the table public, or remove the rule",
        )


def _expanded(
    query: Query, rules_of: RulesOf, within: tuple[KnownTable, ...], returned: KnownTable | None
) -> Iterator[Query]:
    """``query`` is the caller's or, inside the rules of the tables ``within``, a rule that returns
    rows of ``returned``, which it sees all of."""
    found = [query]
    # From the last to the first, because a rule's tables move those behind them.
    for number, table in reversed(list(enumerate(query.tables))):
        if returned is not None and table.name == returned.name:
            continue
        if any(table.name == outer.name for outer in within):
            raise SqlError(f"the rules for who may read `{table.name}` depend on each other in a circle")
        fragments = [
            fragment for rule in rules_of(table) for fragment in _expanded(rule, rules_of, (*within, table), table)
        ]
        if fragments:
            found = [_merged(known, number, fragment) for fragment in fragments for known in found]
    yield from found


def _merged(query: Query, number: int, rule: Query) -> Query:
    """``query`` with the rows of its table ``number`` narrowed down to those that ``rule`` returns."""
    assert isinstance(rule.wanted, Rows), "rules return whole rows"
    added = len(rule.tables) - 1
    inner = {place: number + place for place in range(len(rule.tables))}
    outer = {place: place if place < number else place + added for place in range(len(query.tables))}
    outer[number] = inner[rule.wanted.table]
    # The rule stands in the place of its table: if that is not the first, what tied it to those before is
    # a condition as any other from then on.
    before = (*query.ties[: number - 1], None) if number else ()
    ties = (*before, *(_tie(tie, inner) for tie in rule.ties), *(_tie(tie, outer) for tie in query.ties[number:]))
    behind_rules = {outer[place] for place in query.behind_rules} | {inner[place] for place in rule.behind_rules}
    if rule.conditions and not added:
        behind_rules.add(number)
    return replace(
        query,
        tables=(*query.tables[:number], *rule.tables, *query.tables[number + 1 :]),
        conditions=(
            *(_renumbered(condition, outer) for condition in query.conditions),
            *(_renumbered(condition, inner) for condition in rule.conditions),
        ),
        wanted=_wanted(query.wanted, outer),
        ties=ties,
        behind_rules=frozenset(behind_rules),
    )


def _wanted(wanted: Rows | Columns | Count, numbers: Mapping[int, int]) -> Rows | Columns | Count:
    match wanted:
        case Rows(table):
            return Rows(numbers[table])
        case Columns(fields):
            return Columns(tuple(_field(field, numbers) for field in fields))
        case Count():
            return wanted


def _tie(tie: Tie | None, numbers: Mapping[int, int]) -> Tie | None:
    return (_field(tie[0], numbers), _field(tie[1], numbers)) if tie is not None else None


def _field(field: Field, numbers: Mapping[int, int]) -> Field:
    return replace(field, table=numbers[field.table])


def _renumbered(condition: Condition, numbers: Mapping[int, int]) -> Condition:
    match condition:
        case Field():
            return _field(condition, numbers)
        case Constant():
            return condition
        case Logical(operator, terms):
            return Logical(operator, tuple(_renumbered(term, numbers) for term in terms))
        case Comparison(first, rest):
            return Comparison(
                _renumbered(first, numbers),
                tuple((operator, _renumbered(operand, numbers)) for operator, operand in rest),
            )
