"""All declarations of a module → its schema, and what running it needs; or what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from stdbpy.errors import Problem, SatsError, nearest
from stdbpy.module.assemble_handles import declared_tables
from stdbpy.module.assemble_reducers import AssembledReducer, assemble_reducer
from stdbpy.module.assemble_tables import assemble_table
from stdbpy.module.bindings import TableBinding, bind_tables
from stdbpy.module.context import ReducerContext
from stdbpy.module.declarations import ReducerDeclaration, TableDeclaration
from stdbpy.module.findings import Findings
from stdbpy.module.handles import Table, Tables
from stdbpy.sats.annotations import TypeRegistry
from stdbpy.sats.bsatn import Codec, compile_codec
from stdbpy.schema.complete import complete
from stdbpy.schema.model import ModuleSchema, TypeDef
from stdbpy.schema.validate import validate


@dataclass(frozen=True, slots=True)
class Placed:
    """A declaration and the Python module that it was made in."""

    module: str
    declaration: TableDeclaration | ReducerDeclaration


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


def assemble(placed: Iterable[Placed], findings: Findings) -> Assembled:
    """Joins the declarations. The result is only good for something if ``findings`` has no errors.

    Tables and reducers are taken in the order of their names, as Rust modules do: moving code
    around does not change the definition.
    """
    return _Assembly(sorted(placed, key=lambda each: each.declaration.name), findings).assembled()


class _Assembly:
    def __init__(self, placed: Sequence[Placed], findings: Findings) -> None:
        self.placed = placed
        self.findings = findings
        self.registry = TypeRegistry()
        self.places: dict[str, str] = {}
        """The author's line of what the schema calls ``table person`` or ``reducer add``."""
        self.row_classes: dict[str, type] = {}

    def assembled(self) -> Assembled:
        tables, reducers = [], []
        for each in self.placed:
            declaration = each.declaration
            where = self.findings.line_of_module(each.module, declaration.line)
            kind = "table" if isinstance(declaration, TableDeclaration) else "reducer"
            if f"{kind} {declaration.name}" in self.places:
                self._repeated(kind, declaration.name, where)
                continue
            self.places[f"{kind} {declaration.name}"] = where
            try:
                if isinstance(declaration, TableDeclaration):
                    self.row_classes[declaration.name] = declaration.row
                    table = assemble_table(declaration, where, self.registry, self.findings)
                    tables += [table] if table is not None else []
                else:
                    reducer = assemble_reducer(declaration, self.registry, self.findings)
                    reducers += [reducer] if reducer is not None else []
            except SatsError as error:
                # Found only when joined: two classes of one name.
                self.findings.error(where, error.message, error.hint)
        self._check_schedules()
        if self.findings.has_errors:
            return Assembled(ModuleSchema())
        schema = self._schema(tables, [each.reducer for each in reducers])
        for problem in validate(schema):
            self._report(problem, reducers)
        if self.findings.has_errors:
            return Assembled(schema)
        return self._bound(schema, reducers)

    def _repeated(self, kind: str, name: str, where: str) -> None:
        first = self.places[f"{kind} {name}"]
        self.findings.error(where, f"there is a {kind} {name!r} already, at {first}", f'@{kind}(name="another_name")')

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

    def _schema(self, tables: list[Any], reducers: list[Any]) -> ModuleSchema:
        types = tuple(self.registry.types)
        named = sorted((name, ref) for ref, name in enumerate(self.registry.names))
        return complete(
            ModuleSchema(
                typespace=types,
                source_typespace=types,
                types=tuple(TypeDef(name, name, ref) for name, ref in named),
                tables=tuple(tables),
                reducers=tuple(reducers),
            )
        )

    def _report(self, problem: Problem, reducers: Sequence[AssembledReducer]) -> None:
        """A finding about the schema, at the author's line."""
        thing, _, rest = problem.where.partition(".")
        where = self.places.get(thing, problem.where)
        kind, _, name = thing.partition(" ")
        part_kind, _, part = rest.partition(" ")
        if kind == "table" and part_kind == "column" and name in self.row_classes:
            where = self.findings.of_field(self.row_classes[name], part)
        elif kind == "reducer" and part_kind == "parameter":
            function = next(each.function for each in reducers if each.reducer.name == name)
            where = self.findings.of_parameter(function, part)
        elif kind == "type" and name in self.registry.names:
            cls = self.registry.classes[self.registry.names.index(name)]
            where = self.findings.of_field(cls, part) if part else self.findings.of_class(cls)
        message = problem.message if where == problem.where else f"{problem.where}: {problem.message}"
        self.findings.problems.append(Problem(problem.level, where, message, problem.hint))

    def _bound(self, schema: ModuleSchema, reducers: Sequence[AssembledReducer]) -> Assembled:
        tables = bind_tables(schema, self.registry.classes)
        bindings = tuple(
            ReducerBinding(
                each.reducer.name,
                each.function,
                each.context_class,
                compile_codec(each.reducer.params, schema.source_typespace, self.registry.classes),
            )
            for each in reducers
        )
        db_classes = {}
        for binding in bindings:
            context = binding.context_class
            if context not in db_classes:
                db_classes[context] = declared_tables(context, tables, self.findings)
        return Assembled(schema, tables, bindings, db_classes)
