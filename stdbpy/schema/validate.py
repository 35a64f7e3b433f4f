"""All that a server would refuse about a module's definition, found before it is sent there.

Source of the rules: ``crates/schema/src/def/validate`` of SpacetimeDB 2.8.3. Stricter than it is
this: column names must differ, lifecycle reducers have no parameters, and what makes the server end
with a panic (columns that hold themselves, some numbers of sequences) is refused. Not looked at is
the SQL of row-level security, which the server checks against its tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from stdbpy.errors import Problem
from stdbpy.sats.types import UNIT, AlgebraicType, ArrayType, Primitive, ProductType, TypeRef
from stdbpy.schema.identifiers import name_problem
from stdbpy.schema.model import HttpRoute, ModuleSchema, Procedure, Reducer, View
from stdbpy.schema.names import canonical_name
from stdbpy.schema.validate_later import later_problems
from stdbpy.schema.validate_tables import table_problems
from stdbpy.schema.validate_types import TypeUses, type_problems

NAMESPACE_BYTES = 63
_ROUTE_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_~/")


def validate(schema: ModuleSchema) -> list[Problem]:
    """The findings about a module, in the order of its parts; none if a server would take it.

    ``Problem.where`` is a path such as ``table person.column id`` or ``reducer add.parameter name``,
    with ``module auth.`` in front for what is in a mounted module. Names are canonical ones.
    """
    return list(_module_problems(schema, ""))


def _module_problems(schema: ModuleSchema, prefix: str) -> Iterator[Problem]:
    uses = TypeUses(schema)
    for problem in _own_problems(schema, uses):
        yield Problem(problem.level, prefix + problem.where, problem.message, problem.hint)
    seen: set[str] = set()
    for submodule in schema.submodules:
        where = f"{prefix}module {submodule.name}"
        if problem_ := name_problem(where, submodule.name, submodule.source_name):
            yield problem_
        if max(len(submodule.name.encode()), len(submodule.source_name.encode())) > NAMESPACE_BYTES:
            yield Problem("error", where, f"its name is longer than {NAMESPACE_BYTES} bytes")
        if submodule.name in seen:
            yield Problem("error", where, "two modules are mounted under this name", "Rename one of them")
        seen.add(submodule.name)
        for reducer in submodule.schema.reducers:
            if reducer.lifecycle is not None:
                yield Problem(
                    "error",
                    f"{where}.reducer {reducer.name}",
                    f"only the outermost module may have a reducer for {reducer.lifecycle.value}",
                )
        if submodule.schema.environment:
            yield Problem("error", where, "only the outermost module may declare environment values")
        if submodule.schema.http_routes:
            yield Problem("warning", where, "its HTTP routes are not served", "Declare them in the outermost module")
        yield from _module_problems(submodule.schema, f"{where}.")


def _own_problems(schema: ModuleSchema, uses: TypeUses) -> Iterator[Problem]:
    yield from type_problems(schema, uses)
    for table in schema.tables:
        yield from table_problems(f"table {table.name}", table, schema, uses)
    for reducer in schema.reducers:
        yield from _reducer_problems(reducer, schema, uses)
    for procedure in schema.procedures:
        where = f"procedure {procedure.name}"
        yield from _function_problems(where, procedure, schema, uses)
        yield from uses.problem(where, "the result", procedure.return_type)
    for view in schema.views:
        yield from _view_problems(view, schema, uses)
    yield from later_problems(schema)
    yield from _duplicate_functions(schema)
    yield from _duplicate_names(schema)
    yield from _duplicate_lifecycles(schema)
    yield from _http_problems(schema)


# --- functions -------------------------------------------------------------------------------


def _function_problems(
    where: str, function: Reducer | Procedure | View, schema: ModuleSchema, uses: TypeUses
) -> Iterator[Problem]:
    if problem := name_problem(where, function.name, function.source_name):
        yield problem
    for position, parameter in enumerate(function.params.elements):
        parameter_where = f"{where}.parameter {parameter.name or position}"
        if parameter.name is None:
            yield Problem("error", parameter_where, "the parameter has no name")
        elif problem := name_problem(parameter_where, canonical_name(parameter.name, schema.case_policy)):
            yield problem
        yield from uses.problem(parameter_where, "the parameter", parameter.type)


def _reducer_problems(reducer: Reducer, schema: ModuleSchema, uses: TypeUses) -> Iterator[Problem]:
    where = f"reducer {reducer.name}"
    yield from _function_problems(where, reducer, schema, uses)
    if reducer.ok_return_type != UNIT or reducer.err_return_type is not Primitive.STRING:
        yield Problem("error", where, "a reducer returns nothing, or fails with a string", "Use a procedure")
    if reducer.lifecycle is not None and reducer.params.elements:
        yield Problem(
            "error", where, f"the server calls it by itself ({reducer.lifecycle.value}), so it takes no parameters"
        )


def _view_problems(view: View, schema: ModuleSchema, uses: TypeUses) -> Iterator[Problem]:
    where = f"view {view.name}"
    yield from _function_problems(where, view, schema, uses)
    if view.row_ref is None:
        yield Problem(
            "error",
            where,
            "a view returns a list, an option or a query of a named row type, and nothing else",
        )
        return
    if view.row_ref >= len(schema.typespace) or not isinstance(schema.typespace[view.row_ref], ProductType):
        yield Problem("error", where, f"its row type, number {view.row_ref} of the types, is no product")
        return
    returned: AlgebraicType = ArrayType(TypeRef(view.row_ref)) if view.is_query else view.return_type
    yield from uses.problem(where, "the result", returned)
    columns = schema.view_columns(view)
    for column in columns:
        column_where = f"{where}.column {column.name or column.position}"
        if not column.source_name:
            yield Problem("error", column_where, "the column has no name")
        elif problem := name_problem(column_where, column.name, column.source_name):
            yield problem
        yield from uses.problem(column_where, "the column", column.type)
        yield from uses.recursion_problem(column_where, "the column", column.type)
    if len(view.primary_key) > 1:
        yield Problem("error", where, "a view's primary key is one column")
    for name in view.primary_key:
        if name not in {column.name for column in columns}:
            yield Problem("error", where, f"its primary key is {name!r}, and its rows have no such column")


# --- what must be there once -----------------------------------------------------------------


def _duplicate_functions(schema: ModuleSchema) -> Iterator[Problem]:
    functions = [("reducer", reducer.name) for reducer in schema.reducers]
    functions += [("procedure", procedure.name) for procedure in schema.procedures]
    functions += [("view", view.name) for view in schema.views]
    yield from _repeated(functions, "reducers, procedures and views")


def _duplicate_names(schema: ModuleSchema) -> Iterator[Problem]:
    """Tables, views, indexes, constraints, sequences and schedules share their names."""
    names: list[tuple[str, str]] = [("view", view.name) for view in schema.views]
    for table in schema.tables:
        names += _spellings("table", table.name, table.source_name)
        for index in table.indexes:
            names += _spellings(f"table {table.name}.index", index.name, index.source_name)
        names += [(f"table {table.name}.unique", constraint.name) for constraint in table.constraints]
        names += [(f"table {table.name}.sequence", sequence.name) for sequence in table.sequences]
        if table.schedule is not None:
            names.append((f"table {table.name}.schedule", table.schedule.name))
    yield from _repeated(names, "tables, views, indexes, constraints, sequences and schedules")


def _spellings(kind: str, name: str, source_name: str) -> list[tuple[str, str]]:
    """The database knows a thing by its canonical name and by the code's."""
    return [(kind, spelling) for spelling in dict.fromkeys((name, source_name))]


def _repeated(names: Iterable[tuple[str, str]], among: str) -> Iterator[Problem]:
    names = list(names)
    counts = Counter(name for _, name in names)
    for kind, name in names:
        if counts[name] > 1:
            counts[name] = 0  # said once
            yield Problem("error", f"{kind} {name}", f"the name is used twice among {among}", "Rename one of them")


def _duplicate_lifecycles(schema: ModuleSchema) -> Iterator[Problem]:
    first: dict[object, str] = {}
    for reducer in schema.reducers:
        if reducer.lifecycle is None:
            continue
        if reducer.lifecycle in first:
            yield Problem(
                "error",
                f"reducer {reducer.name}",
                f"the reducer {first[reducer.lifecycle]!r} is there for {reducer.lifecycle.value} already",
            )
        first.setdefault(reducer.lifecycle, reducer.name)


# --- HTTP ------------------------------------------------------------------------------------


def _http_problems(schema: ModuleSchema) -> Iterator[Problem]:
    handlers: set[str] = set()
    for handler in schema.http_handlers:
        where = f"http handler {handler.name}"
        if problem := name_problem(where, handler.name, handler.source_name):
            yield problem
        if handler.name in handlers:
            yield Problem("error", where, "two HTTP handlers have this name", "Rename one of them")
        handlers.add(handler.name)
    for position, route in enumerate(schema.http_routes):
        where = f"http route {route.method} {route.path or '(root)'}"
        if (route.path and not route.path.startswith("/")) or not set(route.path) <= _ROUTE_CHARACTERS:
            yield Problem(
                "error",
                where,
                "a path is empty or starts with '/', and holds only lower-case letters, digits and -_~/",
            )
        if route.handler not in handlers:
            yield Problem("error", where, f"it leads to {route.handler!r}, and the module has no such HTTP handler")
        if any(_overlap(route, other) for other in schema.http_routes[:position]):
            yield Problem("error", where, "another route takes the same requests")


def _overlap(route: HttpRoute, other: HttpRoute) -> bool:
    return route.path == other.path and (route.method == other.method or "*" in (route.method, other.method))
