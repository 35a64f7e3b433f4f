"""Checks of one table: its columns, indexes, constraints, sequences, schedule and defaults.

Source of the rules: ``crates/schema/src/def/validate/v9.rs`` and ``v10.rs`` of SpacetimeDB 2.8.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stdbpy.errors import Problem, SatsError
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.types import SCHEDULE_AT, UNIT, AlgebraicType, Primitive, ProductType, SumType, TypeRef, Typespace
from stdbpy.schema.identifiers import name_problem
from stdbpy.schema.model import Column, Index, IndexAlgorithm, ModuleSchema, Sequence, Table
from stdbpy.schema.text import describe_type
from stdbpy.schema.validate_types import TypeUses

_INTEGERS = {primitive for primitive in Primitive if primitive.value[0] in "IU"}
_DIRECT_INDEX_TYPES = {Primitive.U8, Primitive.U16, Primitive.U32, Primitive.U64}


def table_problems(where: str, table: Table, schema: ModuleSchema, uses: TypeUses) -> Iterator[Problem]:
    """Findings about one table; ``where`` is what each finding's place starts with."""
    faulty_name = name_problem(where, table.name, table.source_name)
    if faulty_name:
        yield faulty_name
    # Names that begin with the table's are made of it: they have its fault, too.
    made_of_fault = table.name if faulty_name else None
    if not table.is_system and table.name.startswith("st_"):
        yield Problem("error", where, "names that start with 'st_' belong to the server's own tables", "Rename it")
    row = schema.typespace[table.product_ref] if table.product_ref < len(schema.typespace) else None
    if not isinstance(row, ProductType):
        yield Problem("error", where, f"its row type, number {table.product_ref} of the types, is no product")
        return
    yield from _column_problems(where, table, schema, uses)
    for index in table.indexes:
        yield from _index_problems(f"{where}.index {index.name}", index, table, schema, made_of_fault)
    yield from _constraint_problems(where, table)
    yield from _sequence_problems(where, table, schema)
    yield from _schedule_problems(where, table, schema, made_of_fault)


def _column_problems(where: str, table: Table, schema: ModuleSchema, uses: TypeUses) -> Iterator[Problem]:
    seen: set[str] = set()
    for column in table.columns:
        column_where = f"{where}.column {column.name or column.position}"
        if not column.source_name:
            yield Problem("error", column_where, "the column has no name")
        elif problem := name_problem(column_where, column.name, column.source_name):
            yield problem
        if column.name in seen:
            yield Problem("error", column_where, "two columns have this name", "Rename one of them")
        seen.add(column.name)
        yield from uses.problem(column_where, "the column", column.type)
        yield from uses.recursion_problem(column_where, "the column", column.type)
        if column.default is not None and not uses.is_recursive(column.type):
            yield from _default_problems(column_where, column, schema)


def _default_problems(where: str, column: Column, schema: ModuleSchema) -> Iterator[Problem]:
    try:
        compile_codec(column.type, schema.typespace).decode_from(column.default or b"", 0)
    except SatsError as error:
        yield Problem("error", where, f"its default is no {describe_type(schema, column.type)}: {error}")


def _index_problems(
    where: str, index: Index, table: Table, schema: ModuleSchema, made_of_fault: str | None
) -> Iterator[Problem]:
    if schema.version != 9 and not _begins_with(index.name, made_of_fault):
        yield from _name_problems(where, index.name)
    if index.accessor is not None and (problem := name_problem(where, index.accessor)):
        yield problem
    yield from _column_list_problems(where, index.columns, table)
    if index.algorithm is not IndexAlgorithm.DIRECT:
        return
    if len(index.columns) != 1:
        yield Problem("error", where, "a direct index has exactly one column")
        return
    column = _column(table, index.columns[0])
    if column is not None and not _may_have_direct_index(column.type, schema.typespace):
        yield Problem(
            "error",
            where,
            f"column {column.name!r} is {describe_type(schema, column.type)}, "
            "but a direct index takes only u8, u16, u32, u64 and enums without payloads",
            "Use a btree index",
        )


def _may_have_direct_index(type: AlgebraicType, typespace: Typespace) -> bool:
    if isinstance(type, TypeRef) and type.index < len(typespace):
        type = typespace[type.index]
        return isinstance(type, SumType) and _is_plain_enum(type)
    return type in _DIRECT_INDEX_TYPES or (isinstance(type, SumType) and _is_plain_enum(type))


def _is_plain_enum(type: SumType) -> bool:
    return all(variant.type == UNIT for variant in type.variants)


def _constraint_problems(where: str, table: Table) -> Iterator[Problem]:
    indexed = {frozenset(index.columns) for index in table.indexes}
    for constraint in table.constraints:
        constraint_where = f"{where}.unique {constraint.name}"
        columns_faulty = list(_column_list_problems(constraint_where, constraint.columns, table))
        yield from columns_faulty
        if not columns_faulty and frozenset(constraint.columns) not in indexed:
            yield Problem(
                "error",
                constraint_where,
                f"a unique constraint needs an index on the same columns ({_names(table, constraint.columns)})",
                "Add the index",
            )
    if table.primary_key is None:
        return
    if _column(table, table.primary_key) is None:
        yield Problem("error", where, f"its primary key is column number {table.primary_key}, which it does not have")
    elif not table.is_unique((table.primary_key,)):
        yield Problem(
            "error",
            f"{where}.column {_names(table, (table.primary_key,))}",
            "a primary key needs a unique constraint on its column",
        )


def _sequence_problems(where: str, table: Table, schema: ModuleSchema) -> Iterator[Problem]:
    seen: set[int] = set()
    for sequence in table.sequences:
        column = _column(table, sequence.column)
        if column is None:
            yield _no_such_column(f"{where}.sequence {sequence.name}", sequence.column)
            continue
        column_where = f"{where}.column {column.name}"
        if column.type not in _INTEGERS:
            yield Problem(
                "error",
                column_where,
                f"only integers can count up by themselves, and it is {describe_type(schema, column.type)}",
                "Use u64, or leave auto_inc out",
            )
        if sequence.column in seen:
            yield Problem("error", column_where, "two sequences fill this column")
        seen.add(sequence.column)
        if fault := _numbers_fault(sequence):
            yield Problem("error", column_where, fault)


def _numbers_fault(sequence: Sequence) -> str:
    """What the database's sequences cannot do (the real server ends with a panic there;
    ``crates/datastore/src/locking_tx_datastore/sequence.rs``)."""
    lowest, highest = sequence.lowest, sequence.highest
    if not lowest <= sequence.first <= highest:
        return f"its numbers start at {sequence.first}, which is not between {lowest} and {highest}"
    if not 0 < abs(sequence.increment) < highest - lowest:
        return f"its numbers go up by {sequence.increment}, which does not fit between {lowest} and {highest}"
    return ""


def _schedule_problems(where: str, table: Table, schema: ModuleSchema, made_of_fault: str | None) -> Iterator[Problem]:
    schedule = table.schedule
    if schedule is None:
        return
    where = f"{where}.schedule {schedule.name}"
    if not _begins_with(schedule.name, made_of_fault):
        yield from _name_problems(where, schedule.name)
    at_column = _column(table, schedule.at_column)
    id_column = _column(table, table.primary_key) if table.primary_key is not None else None
    if at_column is None or at_column.type != SCHEDULE_AT or id_column is None or id_column.type is not Primitive.U64:
        yield Problem(
            "error",
            where,
            "a scheduled table needs a primary key of type u64 and a column of type ScheduleAt",
            "For example: scheduled_id: u64 = column(primary_key=True, auto_inc=True); scheduled_at: ScheduleAt",
        )
    params = [reducer.params for reducer in schema.reducers if reducer.name == schedule.function]
    params += [procedure.params for procedure in schema.procedures if procedure.name == schedule.function]
    if not params:
        yield Problem(
            "error", where, f"it runs {schedule.function!r}, and the module has no reducer or procedure of that name"
        )
    elif [element.type for element in params[0].elements] != [TypeRef(table.product_ref)]:
        yield Problem(
            "error",
            where,
            f"it runs {schedule.function!r}, whose only parameter has to be a row of this table",
        )


def _name_problems(where: str, name: str) -> Iterator[Problem]:
    if problem := name_problem(where, name):
        yield problem


def _begins_with(name: str, start: str | None) -> bool:
    return start is not None and name.startswith(start)


def _column_list_problems(where: str, positions: Iterable[int], table: Table) -> Iterator[Problem]:
    seen: set[int] = set()
    for position in positions:
        if _column(table, position) is None:
            yield _no_such_column(where, position)
        elif position in seen:
            yield Problem("error", where, f"it names column {_names(table, (position,))!r} twice")
        seen.add(position)


def _no_such_column(where: str, position: int) -> Problem:
    return Problem("error", where, f"it refers to column number {position}, which the table does not have")


def _column(table: Table, position: int) -> Column | None:
    return table.columns[position] if position < len(table.columns) else None


def _names(table: Table, positions: Iterable[int]) -> str:
    return ", ".join(table.columns[position].name for position in positions)
