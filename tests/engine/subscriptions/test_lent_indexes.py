"""Indexes that queries borrow of a table for as long as somebody holds them."""

from __future__ import annotations

from stdbpy.engine.subscriptions.events import Updated
from tests.engine.sample import call, running
from tests.engine.test_subscriptions import PATIENCE, connected

PLACES = """
@table(name="place", public=True)
class Place:
    id: u32 = column(primary_key=True)
    town: u32 = column(index="btree")

@table(name="visit", public=True)
class Visit:
    town: u32
    kind: u32

@reducer
def open(ctx: ReducerContext, id: u32, town: u32) -> None:
    ctx.db.place.insert(Place(id=id, town=town))

@reducer
def visit(ctx: ReducerContext, town: u32, kind: u32) -> None:
    ctx.db.visit.insert(Visit(town=town, kind=kind))
"""
VISITED = "SELECT place.* FROM visit JOIN place ON visit.town = place.town"


def test_who_came_while_an_index_was_lent_to_others_is_told_when_it_is_gone():
    with running(PLACES) as database:
        connection, box = connected(database)
        connection.subscribe(1, "all", [VISITED])
        box.take()
        call(database, "open", 1, 1)
        connection.settled().result(PATIENCE)
        visits = next(table for table in database._instance.store.tables.values() if table.name == "visit")
        assert len(visits.indexes) == 1, "lent for the join"
        connection.subscribe(2, "some", [f"{VISITED} WHERE visit.kind = {kind}" for kind in (1, 2)])
        connection.unsubscribe(3, "all", with_rows=False)
        box.take(2)
        assert not visits.indexes
        call(database, "visit", 7, 1)
        call(database, "open", 2, 7)
        told = box.next()
        assert isinstance(told, Updated)
        assert [(set_id, len(rows.inserted)) for set_id, rows in told.updates] == [("some", 1)]
