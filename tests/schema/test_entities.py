"""What is told of a module's declarations."""

from __future__ import annotations

from stdbpy.sats.types import IDENTITY, UNIT, Primitive, TypeRef, product, result
from stdbpy.schema import Outbox
from stdbpy.schema.differences import compare
from stdbpy.schema.entities import entities
from tests.schema.builders import STRING, U64, keyed, module, reducer, view

SENDING = module(
    product(("id", U64), ("to", IDENTITY), ("text", STRING)),
    table=keyed(outbox=Outbox("auth.receive", 1, (2,), "sent", 1)),
    reducers=(reducer("sent", ("row", TypeRef(0)), ("result", result(UNIT, Primitive.STRING))),),
)
NOT_SENDING = module(product(("id", U64), ("to", IDENTITY), ("text", STRING)), table=keyed())


def test_an_outbox_says_what_it_sends() -> None:
    [table] = [entity for entity in entities(SENDING) if entity.kind == "table"]
    assert table.notes[-1] == "sends to auth.receive"
    assert table.data["sends"] == {
        "reducer": "auth.receive",
        "database": SENDING.tables[0].columns[1].name,
        "args": [SENDING.tables[0].columns[2].name],
        "on_result": "sent",
    }


def test_what_a_view_returns_is_told_as_authors_write_it() -> None:
    views = (view("all"), view("some", product(("__query__", TypeRef(0)))))
    told = [entity for entity in entities(module(views=views)) if entity.kind == "view"]
    assert [view.definition for view in told] == ["() -> list[Row]", "() -> Query[Row]"]
    assert [view.data["returns"] for view in told] == ["list[Row]", "Query[Row]"]


def test_a_table_that_becomes_an_outbox_is_another() -> None:
    changes = [difference for difference in compare(NOT_SENDING, SENDING) if "outbox" in str(difference)]
    assert len(changes) == 1
