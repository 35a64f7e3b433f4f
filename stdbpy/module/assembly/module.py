"""All declarations of a module → its schema, and what running it needs; or what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from stdbpy.errors import Problem, SatsError, nearest
from stdbpy.module.assembly.findings import Findings
from stdbpy.module.assembly.functions import AssembledReducer, assemble_reducer
from stdbpy.module.assembly.handles import declared_tables
from stdbpy.module.assembly.signatures import read_signature
from stdbpy.module.assembly.tables import assemble_table
from stdbpy.module.bindings import TableBinding, bind_tables
from stdbpy.module.context import ReducerContext
from stdbpy.module.declarations import Declaration, ReducerDeclaration, TableDeclaration, VisibilityFilter
from stdbpy.module.handles import Table, Tables
from stdbpy.sats.annotations import TypeRegistry
from stdbpy.sats.bsatn import Codec, compile_codec
from stdbpy.schema.complete import complete
from stdbpy.schema.model import ModuleSchema, TypeDef
from stdbpy.schema.model import Table as SchemaTable
from stdbpy.schema.validate import validate

_KINDS: dict[type[Declaration], str] = {
    TableDeclaration: "table",
    ReducerDeclaration: "reducer",
    VisibilityFilter: "rule",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A declaration and the Python module that it was made in."""

    module: str
    declaration: Declaration


@dataclass(frozen=True, slots=True)
class ReducerBinding:
    """What calling a reducer needs, whatever host runs it."""

    name: str
    function: Any
    context_class: type[ReducerContext]
    arguments: Codec[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Assembled:
    schema: ModuleSchema
    tables: dict[str, TableBinding] = field(default_factory=dict)
    reducers: tuple[ReducerBinding, ...] = ()
    """In the order of the schema's, by which hosts number them."""
    db_classes: dict[type[ReducerContext], tuple[type[Tables], dict[str, type[Table[Any]]]]] = field(
        default_factory=dict
    )


SchemaCheck = Callable[[ModuleSchema], Iterable[Problem]]
"""Finds what is wrong with a schema; the places are those that :func:`stdbpy.schema.validate.validate` gives,
and ``rule SELECT …`` for a rule of row-level security."""


def assemble(placed: Iterable[Placed], findings: Findings, also: SchemaCheck = lambda _: ()) -> Assembled:
    """Joins the declarations. The result is only good for something if ``findings`` has no errors.
    ``also`` is asked about the schema, too.

    Tables and reducers are taken in the order of their names, as Rust modules do: moving code
    around does not change the definition.
    """
    return _Assembly(sorted(placed, key=lambda each: each.declaration.name), findings).assembled(also)


class _Assembly:
    """What is in order is joined and looked at even if something else is not: authors are told all
    that can be found at once."""

    def __init__(self, placed: Sequence[Placed], findings: Findings) -> None:
        self.placed = placed
        self.findings = findings
        self.registry = TypeRegistry()
        self.places: dict[str, str] = {}
        """The author's line of what the schema calls ``table person``, ``reducer add`` or ``rule SELECT …``."""
        self.tables: dict[str, SchemaTable] = {}
        self.reducers: dict[str, AssembledReducer] = {}
        self.row_classes: dict[str, type] = {}
        """Of all tables, those that are not in order too."""
        self.context_classes: dict[type[ReducerContext], None] = {}
        """As a set that keeps its order."""
        self.rules: list[str] = []

    def assembled(self, also: SchemaCheck) -> Assembled:
        for each in self.placed:
            self._assemble(each)
        self._check_schedules()
        schema = self._schema()
        for problem in validate(schema):
            self._report(problem)
        tables = bind_tables(schema, self.registry.classes)
        faulty = self.row_classes.keys() - tables.keys()
        for problem in also(schema) if not faulty else ():
            self._report(problem)
        db_classes = {
            context: declared_tables(context, tables, faulty, self.findings) for context in self.context_classes
        }
        if self.findings.has_errors:
            return Assembled(schema)
        return Assembled(schema, tables, self._bindings(schema), db_classes)

    def _assemble(self, placed: Placed) -> None:
        declaration = placed.declaration
        where = self.findings.line_of_module(placed.module, declaration.line)
        kind = _KINDS[type(declaration)]
        name = f"{kind} {declaration.name}"
        if name in self.places:
            self._repeated(declaration, where, self.places[name])
            return
        self.places[name] = where
        try:
            match declaration:
                case TableDeclaration():
                    self._table(declaration, where)
                case ReducerDeclaration():
                    self._reducer(declaration)
                case VisibilityFilter(sql):
                    self.rules.append(sql)
        except SatsError as error:
            # Found only when joined: two classes of one name.
            self.findings.error(where, error.message, error.hint)

    def _table(self, declaration: TableDeclaration, where: str) -> None:
        known = len(self.findings.problems)
        self.row_classes[declaration.name] = declaration.row
        table = assemble_table(declaration, where, self.registry, self.findings)
        if table is not None and not self.findings.has_errors_since(known):
            self.tables[table.name] = table

    def _reducer(self, declaration: ReducerDeclaration) -> None:
        signature = read_signature(declaration.function, self.findings)
        if signature.context_class is not None:
            self.context_classes[signature.context_class] = None
        reducer = assemble_reducer(declaration, signature, self.registry, self.findings)
        if reducer is not None:
            self.reducers[declaration.name] = reducer

    def _repeated(self, declaration: Declaration, where: str, first: str) -> None:
        if isinstance(declaration, VisibilityFilter):
            self.findings.warning(where, f"the same filter is declared already, at {first}", "Remove one of them")
            return
        kind = _KINDS[type(declaration)]
        message = f"there is a {kind} {declaration.name!r} already, at {first}"
        self.findings.error(where, message, f'@{kind}(name="another_name")')

    def _check_schedules(self) -> None:
        names = [each.declaration.name for each in self.placed if isinstance(each.declaration, ReducerDeclaration)]
        for each in self.placed:
            declaration = each.declaration
            if not isinstance(declaration, TableDeclaration) or declaration.scheduled in (None, *names):
                continue
            self.findings.error(
                self.findings.line_of_module(each.module, declaration.line),
                f"table {declaration.name!r} is scheduled for {declaration.scheduled!r}, which is no reducer",
                nearest(declaration.scheduled or "", names)
                or f"Write one: def {declaration.scheduled}(ctx: ReducerContext, row: {declaration.row.__name__})",
            )

    def _schema(self) -> ModuleSchema:
        types = tuple(self.registry.types)
        named = sorted((name, ref) for ref, name in enumerate(self.registry.names))
        return complete(
            ModuleSchema(
                typespace=types,
                source_typespace=types,
                types=tuple(TypeDef(name, name, ref) for name, ref in named),
                tables=tuple(map(self._with_good_schedule, self.tables.values())),
                reducers=tuple(each.reducer for each in self.reducers.values()),
                row_level_security=tuple(self.rules),
            )
        )

    def _with_good_schedule(self, table: SchemaTable) -> SchemaTable:
        """What is wrong with the reducer that a table is scheduled for has been told."""
        schedule = table.schedule
        return table if schedule is None or schedule.function in self.reducers else replace(table, schedule=None)

    def _report(self, problem: Problem) -> None:
        """A finding about the schema, at the author's line."""
        if problem.where.startswith("rule "):
            # The rule is what stands in that line.
            self.findings.add(replace(problem, where=self.places[problem.where]))
            return
        thing, _, rest = problem.where.partition(".")
        where = self.places.get(thing, problem.where)
        kind, _, name = thing.partition(" ")
        part_kind, _, part = rest.partition(" ")
        if kind == "table" and part_kind == "column" and name in self.row_classes:
            where = self.findings.of_field(self.row_classes[name], part)
        elif kind == "reducer" and part_kind == "parameter":
            where = self.findings.of_parameter(self.reducers[name].function, part)
        elif kind == "type" and name in self.registry.names:
            cls = self.registry.classes[self.registry.names.index(name)]
            where = self.findings.of_field(cls, part) if part else self.findings.of_class(cls)
        message = problem.message if where == problem.where else f"{problem.where}: {problem.message}"
        self.findings.add(Problem(problem.level, where, message, problem.hint))

    def _bindings(self, schema: ModuleSchema) -> tuple[ReducerBinding, ...]:
        return tuple(
            ReducerBinding(
                name,
                each.function,
                each.context_class,
                compile_codec(each.reducer.params, schema.source_typespace, self.registry.classes),
            )
            for name, each in self.reducers.items()
        )
