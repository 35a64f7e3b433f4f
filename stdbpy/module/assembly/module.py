"""All declarations of a module → its schema, and what running it needs; or what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TypeVar

from stdbpy.errors import Problem, SatsError, nearest
from stdbpy.module.assembly.bind_functions import bind_functions
from stdbpy.module.assembly.databases import KnownTables, database_of
from stdbpy.module.assembly.declared import DeclaredModule, Placed
from stdbpy.module.assembly.environment import AssembledEnvironment, assemble_environment
from stdbpy.module.assembly.findings import Findings
from stdbpy.module.assembly.functions import AssembledFunction, assemble_function
from stdbpy.module.assembly.queries import check_queries
from stdbpy.module.assembly.signatures import read_signature
from stdbpy.module.assembly.tables import assemble_table, is_of_outboxes
from stdbpy.module.bindings import DbLayout, TableBinding, bind_tables
from stdbpy.module.context import Context
from stdbpy.module.declarations import (
    EnvironmentDeclaration,
    FunctionDeclaration,
    HandlerDeclaration,
    OwnDeclaration,
    ProcedureDeclaration,
    ReducerDeclaration,
    RouterDeclaration,
    TableDeclaration,
    ViewDeclaration,
    VisibilityFilter,
)
from stdbpy.module.environment import ReadAs
from stdbpy.module.function_bindings import FunctionBindings
from stdbpy.module.reducer_context import ReducerContext
from stdbpy.module.view_context import AnonymousViewContext, ViewContext
from stdbpy.sats.annotations import TypeRegistry
from stdbpy.schema.complete import complete
from stdbpy.schema.model import HttpHandler, HttpRoute, ModuleSchema, Procedure, Reducer, Submodule, TypeDef, View
from stdbpy.schema.model import Table as SchemaTable
from stdbpy.schema.validate import validate

_KINDS: dict[type[OwnDeclaration], str] = {
    TableDeclaration: "table",
    ReducerDeclaration: "reducer",
    ViewDeclaration: "view",
    ProcedureDeclaration: "procedure",
    HandlerDeclaration: "http handler",
    RouterDeclaration: "http router",
    VisibilityFilter: "rule",
    EnvironmentDeclaration: "environment",
}


@dataclass(frozen=True, slots=True)
class Assembled:
    """Functions are in the order of the schema's, by which hosts number them."""

    schema: ModuleSchema
    prefix: str = ""
    """What names start with in the database: ``auth.`` for what is mounted there."""
    tables: Mapping[str, TableBinding] = field(default_factory=dict)
    functions: FunctionBindings = field(default_factory=FunctionBindings)
    databases: Mapping[type[Context], DbLayout] = field(default_factory=dict)
    """What ``db`` is, by the class of a context."""
    environment: Mapping[str, ReadAs] = field(default_factory=dict)
    """The values of the database's environment that it reads, by name."""
    mounted: Mapping[str, Assembled] = field(default_factory=dict)
    """By namespace, in the schema's order."""
    classes: dict[int, type] = field(default_factory=dict)
    """The Python classes of the typespace, by place."""

    def walk(self) -> Iterator[Assembled]:
        """Itself, and all that is mounted in it."""
        yield self
        for each in self.mounted.values():
            yield from each.walk()


_PLAIN_CONTEXTS: tuple[type[Context], ...] = (ReducerContext, AnonymousViewContext, ViewContext)

SchemaCheck = Callable[[ModuleSchema], Iterable[Problem]]
"""Finds what is wrong with a schema; the places are those that :func:`stdbpy.schema.validate.validate` gives,
and ``rule SELECT …`` for a rule of row-level security."""


def assemble(declared: DeclaredModule, findings: Findings, also: SchemaCheck = lambda _: ()) -> Assembled:
    """Joins the declarations. The result is only good for something if ``findings`` has no errors.
    ``also`` is asked about the schema, too."""
    assembly = _Assembly(declared, findings)
    schema = assembly.schema()
    for problem in validate(schema):
        assembly.report(problem)
    assembly.bind_tables(schema)
    if not assembly.has_faulty_tables:
        for problem in also(schema):
            assembly.report(problem)
    assembly.bind_databases()
    return Assembled(schema) if findings.has_errors else assembly.assembled(schema)


class _Assembly:
    """What is in order is joined and looked at even if something else is not: authors are told all
    that can be found at once."""

    def __init__(self, declared: DeclaredModule, findings: Findings, prefix: str = "") -> None:
        self.placed = declared.placed
        self.findings = findings
        self.prefix = prefix
        self.mounted = {
            each.namespace: _Assembly(each.module, findings, f"{prefix}{each.namespace}.") for each in declared.mounted
        }
        self.registry = TypeRegistry()
        self.places: dict[str, str] = {}
        """The author's line of what the schema calls ``table person``, ``reducer add`` or ``rule SELECT …``."""
        self.tables: dict[str, SchemaTable] = {}
        self.functions: dict[type, dict[str, AssembledFunction]] = {
            kind: {} for kind in (Reducer, View, Procedure, HttpHandler)
        }
        self.row_classes: dict[str, type] = {}
        """Of all tables, those that are not in order too."""
        # As a set that keeps its order; the plain ones are what other modules may ask for.
        self.context_classes: dict[type[Context], None] = dict.fromkeys(_PLAIN_CONTEXTS)
        """Of those with a ``db``."""
        self.rules: list[str] = []
        self.routes: tuple[HttpRoute, ...] = ()
        self.environment = AssembledEnvironment()
        self.bound_tables: dict[str, TableBinding] = {}
        self.databases: dict[type[Context], DbLayout] = {}
        for mounted in declared.mounted:
            self.places[f"module {mounted.namespace}"] = mounted.where
        for each in declared.placed:
            self._assemble(each)
        self._check_schedules()
        self._assemble_outboxes()

    # --- from the declarations to what the module is ---------------------------------------------

    def bind_tables(self, schema: ModuleSchema) -> None:
        self.bound_tables = bind_tables(schema, self.registry.classes, self.prefix)
        for submodule in schema.submodules:
            self.mounted[submodule.name].bind_tables(submodule.schema)

    @property
    def faulty_tables(self) -> set[str]:
        return self.row_classes.keys() - self.bound_tables.keys()

    @property
    def has_faulty_tables(self) -> bool:
        return bool(self.faulty_tables) or any(each.has_faulty_tables for each in self.mounted.values())

    def bind_databases(self) -> None:
        """What ``db`` is in each of the contexts."""
        for each in self.mounted.values():
            each.bind_databases()
        known = self.known_tables()
        self.databases = {context: database_of(context, known, self.findings) for context in self.context_classes}
        for context in self.context_classes:
            if issubclass(context, AnonymousViewContext):
                check_queries(context, known, self.findings)

    def known_tables(self) -> KnownTables:
        mounted = {namespace: each.known_tables() for namespace, each in self.mounted.items()}
        return KnownTables(self.bound_tables, self.faulty_tables, mounted)

    def assembled(self, schema: ModuleSchema) -> Assembled:
        return Assembled(
            schema,
            self.prefix,
            self.bound_tables,
            bind_functions(schema, self.functions, self.registry.classes),
            self.databases,
            self.environment.read_as,
            {each.name: self.mounted[each.name].assembled(each.schema) for each in schema.submodules},
            dict(self.registry.classes),
        )

    # --- one declaration after the other ---------------------------------------------------------

    def _assemble(self, placed: Placed) -> None:
        declaration = placed.declaration
        where = self.findings.line_of_module(placed.module, declaration.line)
        name = f"{_KINDS[type(declaration)]} {declaration.name}"
        if name in self.places:
            self._repeated(declaration, where, self.places[name])
            return
        self.places[name] = where
        try:
            match declaration:
                case TableDeclaration():
                    self._table(declaration, where)
                case VisibilityFilter(sql):
                    self.rules.append(sql)
                case RouterDeclaration():
                    self._router(declaration, where)
                case EnvironmentDeclaration():
                    self._environment(declaration)
                case _:
                    self._function(declaration)
        except SatsError as error:
            # Found only when joined: two classes of one name.
            self.findings.error(where, error.message, error.hint)

    def _table(self, declaration: TableDeclaration, where: str) -> None:
        known = len(self.findings.problems)
        self.row_classes[declaration.name] = declaration.row
        table = assemble_table(declaration, where, self.registry, self.findings)
        if table is not None and not self.findings.has_errors_since(known):
            self.tables[table.name] = table

    def _function(self, declaration: FunctionDeclaration) -> None:
        signature = read_signature(declaration, self.findings)
        with_db = signature.transaction_class or signature.context_class
        if with_db is not None:
            self.context_classes[with_db] = None
        function = assemble_function(declaration, signature, self.registry, self.findings)
        if function is not None:
            self.functions[type(function.declared)][declaration.name] = function

    def _router(self, declaration: RouterDeclaration, where: str) -> None:
        handlers = {
            each.declaration.function: each.declaration.name
            for each in self.placed
            if isinstance(each.declaration, HandlerDeclaration)
        }
        for route in declaration.routes:
            if route.handler not in handlers:
                name = route.handler.__name__
                message = f"the route {route.method} {route.path!r} leads to {name!r}, which is no HTTP handler"
                self.findings.error(where, message, f"Write @http_handler above def {name}(...)")
        self.routes = tuple(
            HttpRoute(handlers[route.handler], route.method, route.path)
            for route in declaration.routes
            if route.handler in handlers
        )

    def _environment(self, declaration: EnvironmentDeclaration) -> None:
        self.environment = assemble_environment(declaration, self.findings)
        for name, where in self.environment.places.items():
            self.places[f"environment {name}"] = where

    def _repeated(self, declaration: OwnDeclaration, where: str, first: str) -> None:
        if isinstance(declaration, VisibilityFilter):
            self.findings.warning(where, f"the same filter is declared already, at {first}", "Remove one of them")
            return
        if isinstance(declaration, RouterDeclaration):
            message = f"the module has a router already, at {first}"
            self.findings.error(where, message, "Join the two: http_router(first.merge(second))")
            return
        if isinstance(declaration, EnvironmentDeclaration):
            message = f"the module has an environment already, at {first}"
            self.findings.error(where, message, "Declare all values in one class")
            return
        kind = _KINDS[type(declaration)]
        message = f"there is {_a(kind)} {declaration.name!r} already, at {first}"
        self.findings.error(where, message, f'@{kind.replace(" ", "_")}(name="another_name")')

    def _check_schedules(self) -> None:
        names = [
            each.declaration.name
            for each in self.placed
            if isinstance(each.declaration, ReducerDeclaration | ProcedureDeclaration)
        ]
        for each in self.placed:
            declaration = each.declaration
            if not isinstance(declaration, TableDeclaration) or declaration.scheduled in (None, *names):
                continue
            self.findings.error(
                self.findings.line_of_module(each.module, declaration.line),
                f"table {declaration.name!r} is scheduled for {declaration.scheduled!r}, "
                "which is no reducer and no procedure",
                nearest(declaration.scheduled or "", names)
                or f"Write one: def {declaration.scheduled}(ctx: ReducerContext, row: {declaration.row.__name__})",
            )

    def _assemble_outboxes(self) -> None:
        """When all tables and reducers are known."""
        declared = {
            self.findings.line_of_module(each.module, each.declaration.line): each.declaration
            for each in self.placed
            if isinstance(each.declaration, TableDeclaration) and is_of_outboxes(each.declaration)
        }
        if declared:
            from stdbpy.module.assembly.outboxes import OwnReducers, assemble_outboxes  # few modules have some

            names = {each.declaration.name for each in self.placed if isinstance(each.declaration, ReducerDeclaration)}
            good = {reducer.name: reducer for reducer in self._declared(Reducer)}
            reducers = OwnReducers(names, good, self.prefix)
            self.tables |= assemble_outboxes(declared, self.tables, self.registry, reducers, self.findings)

    # --- the schema, and what is wrong with it ---------------------------------------------------

    def schema(self) -> ModuleSchema:
        types = tuple(self.registry.types)
        named = sorted((name, ref) for ref, name in enumerate(self.registry.names))
        return complete(
            ModuleSchema(
                typespace=types,
                source_typespace=types,
                types=tuple(TypeDef(name, name, ref) for name, ref in named),
                tables=tuple(map(self._with_good_schedule, self.tables.values())),
                reducers=self._declared(Reducer),
                procedures=self._declared(Procedure),
                views=_numbered(self._declared(View)),
                http_handlers=self._declared(HttpHandler),
                http_routes=self._good_routes(),
                row_level_security=tuple(self.rules),
                environment=self.environment.values,
                submodules=tuple(
                    Submodule(namespace, namespace, each.schema()) for namespace, each in self.mounted.items()
                ),
            )
        )

    def _declared(self, kind: type[Declared]) -> tuple[Declared, ...]:
        declared = [each.declared for each in self.functions[kind].values()]
        return tuple(each for each in declared if isinstance(each, kind))

    def _with_good_schedule(self, table: SchemaTable) -> SchemaTable:
        """What is wrong with the function that a table is scheduled for has been told."""
        schedule = table.schedule
        good = {*self.functions[Reducer], *self.functions[Procedure]}
        return table if schedule is None or schedule.function in good else replace(table, schedule=None)

    def _good_routes(self) -> tuple[HttpRoute, ...]:
        """As with schedules."""
        return tuple(route for route in self.routes if route.handler in self.functions[HttpHandler])

    def report(self, problem: Problem) -> None:
        """A finding about the schema, at the author's line."""
        for namespace, mounted in self.mounted.items():
            inside = f"module {namespace}."
            if problem.where.startswith(inside):
                mounted.report(replace(problem, where=problem.where.removeprefix(inside)))
                return
        if problem.where.startswith("rule "):
            # The rule is what stands in that line.
            self.findings.add(replace(problem, where=self.places[problem.where]))
            return
        thing, _, rest = problem.where.partition(".")
        where = self.places.get(thing, problem.where)
        if thing.startswith("http route "):
            where = self.places["http router "]
        if thing == "environment":
            where = self.places["environment "]
        kind, _, name = thing.rpartition(" ")
        part_kind, _, part = rest.partition(" ")
        if kind == "table" and part_kind == "column" and name in self.row_classes:
            where = self.findings.of_field(self.row_classes[name], part)
        elif part_kind == "parameter" and kind in ("reducer", "procedure"):
            functions = self.functions[Reducer if kind == "reducer" else Procedure]
            where = self.findings.of_parameter(functions[name].function, part)
        elif kind == "type" and name in self.registry.names:
            cls = self.registry.classes[self.registry.names.index(name)]
            where = self.findings.of_field(cls, part) if part else self.findings.of_class(cls)
        message = problem.message if where == problem.where else f"{problem.where}: {problem.message}"
        self.findings.add(Problem(problem.level, where, message, problem.hint))


Declared = TypeVar("Declared", Reducer, View, Procedure, HttpHandler)


def _numbered(views: tuple[View, ...]) -> tuple[View, ...]:
    """Hosts call views by their place among the anonymous ones, or among the others."""
    numbers = {True: count(), False: count()}
    return tuple(replace(view, index=next(numbers[view.is_anonymous])) for view in views)


def _a(noun: str) -> str:
    return f"an HTTP{noun[4:]}" if noun.startswith("http") else f"a {noun}"
