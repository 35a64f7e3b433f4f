"""A schema made complete: what its author may leave out, filled in as the server would."""

from __future__ import annotations

from dataclasses import replace

from stdbpy.errors import SatsError
from stdbpy.sats.bsatn import compile_codec
from stdbpy.schema.model import Column, ModuleSchema, Visibility
from stdbpy.schema.names import with_names


def complete(schema: ModuleSchema) -> ModuleSchema:
    """The schema as it is in force once a server took it: with all names
    (:func:`~stdbpy.schema.names.with_names`), defaults without bytes left over, and functions that
    only the server calls private.
    """
    return with_private_functions(with_exact_defaults(with_names(schema)))


def with_exact_defaults(schema: ModuleSchema) -> ModuleSchema:
    """Servers take a default's value from the start of its bytes and drop the rest."""

    def exact(column: Column) -> Column:
        if column.default is None:
            return column
        try:
            _, end = compile_codec(column.type, schema.typespace).decode_from(column.default, 0)
        except SatsError:
            return column  # validation says what is wrong
        return replace(column, default=column.default[:end])

    if all(column.default is None for table in schema.tables for column in table.columns):
        return schema
    return replace(
        schema, tables=tuple(replace(table, columns=tuple(map(exact, table.columns))) for table in schema.tables)
    )


def with_private_functions(schema: ModuleSchema) -> ModuleSchema:
    """Clients may not call lifecycle reducers and what schedules and outboxes call. (Of a V9
    definition the real server leaves them callable.)"""
    private = {table.schedule.function for table in schema.tables if table.schedule is not None}
    private |= {table.outbox.on_result for table in schema.tables if table.outbox and table.outbox.on_result}
    private |= {reducer.name for reducer in schema.reducers if reducer.lifecycle is not None}
    return replace(
        schema,
        reducers=tuple(
            replace(reducer, visibility=Visibility.PRIVATE) if reducer.name in private else reducer
            for reducer in schema.reducers
        ),
        procedures=tuple(
            replace(procedure, visibility=Visibility.PRIVATE) if procedure.name in private else procedure
            for procedure in schema.procedures
        ),
    )
