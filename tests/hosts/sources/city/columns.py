"""Types of columns that servers of version 1 do not have."""

from dataclasses import replace
from uuid import UUID

from stdbpy import Err, Ok, ReducerContext, column, reducer, table, u32


@table(public=True)
class Newer:
    id: u32 = column(primary_key=True)
    number: UUID
    key: UUID = column(index="btree")
    outcome: Ok[u32] | Err[str]
    outcomes: list[Ok[list[UUID]] | Err[str]]


@reducer
def put_newer(ctx: ReducerContext, row: Newer) -> None:
    ctx.db.newer.insert(row)
    assert ctx.db.newer.id.find(row.id) == row
    assert row in list(ctx.db.newer.key.filter(row.key))
    ctx.db.newer.id.update(replace(row, outcome=Err("changed")))
    ctx.db.newer.id.update(row)


@reducer
def forget_newer(ctx: ReducerContext) -> None:
    ctx.log.info("%d", ctx.db.newer.clear())
