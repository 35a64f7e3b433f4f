"""Changes of a module: what has to be done for each, or why it cannot be done.

Each verdict is that of a real SpacetimeDB 2.8.3 (``test_real_server.py`` asks it again).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from stdbpy.sats.types import AlgebraicType, ArrayType, Primitive, TypeRef, option, product, sum_of
from stdbpy.schema import CasePolicy, Index, IndexAlgorithm, ModuleSchema, Submodule, Table
from tests.schema.builders import (
    ROW,
    SCHEDULED_ROW,
    STRING,
    U8,
    U32,
    U64,
    enum,
    index,
    keyed,
    module,
    reducer,
    scheduled,
    sequence,
    tables,
    unique,
    view,
)


@dataclass(frozen=True)
class Migration:
    """``steps`` as their texts, in order; or part of the ``refusal``. ``real`` says where the real
    server differs: it cannot print the plan (``no plan``), or it makes the plan and then fails,
    saying ``not yet implemented``."""

    old: ModuleSchema
    new: ModuleSchema
    steps: tuple[str, ...] = ()
    refusal: str = ""
    real: str = ""


CLIENTS = "Disconnect all clients"
PLAIN = module()
FIRST = TypeRef(1)


def _holding(*types: AlgebraicType, column: AlgebraicType = FIRST) -> ModuleSchema:
    """A module with these named types and a column of the first."""
    return module(product(("id", U64), ("kind", column)), *((f"T{n}", type) for n, type in enumerate(types)))


def _with_column(*defaults: int) -> ModuleSchema:
    row = product(*((element.name, element.type) for element in ROW.elements), ("level", U8))
    return module(row, defaults=dict.fromkeys(defaults, b"\1"))


_RUN = (reducer("run", ("row", TypeRef(0))), reducer("walk", ("row", TypeRef(0))))

MIGRATIONS: dict[str, Migration] = {
    "nothing": Migration(PLAIN, PLAIN),
    "add a table": Migration(PLAIN, module(tables=tables("person", "dog")), ("Add table dog",)),
    "remove a table": Migration(module(tables=tables("person", "dog")), PLAIN, ("Remove table dog", CLIENTS)),
    "rename a table": Migration(
        PLAIN, module(table={"source_name": "human"}), ("Remove table person", "Add table human", CLIENTS)
    ),
    "rename a table in the code": Migration(
        module(tables=(Table("person", "a", 0, ()),)),
        module(tables=(Table("person", "b", 0, ()),)),
        ("Change the name in the code of table person",),
    ),
    "make a table private": Migration(PLAIN, module(table={"is_public": False}), ("Change who may read person",)),
    "make it an event table": Migration(PLAIN, module(table={"is_event": True}), refusal="become an event table"),
    "make it no event table": Migration(module(table={"is_event": True}), PLAIN, refusal="become an ordinary table"),
    "add a column with default": Migration(PLAIN, _with_column(2), ("Add columns to table person", CLIENTS)),
    "add a column without default": Migration(
        PLAIN, _with_column(), refusal="column level: it is new and has no default"
    ),
    "add a column in front": Migration(
        PLAIN,
        module(product(("level", U8), ("id", U64), ("name", STRING)), defaults={0: b"\1"}),
        refusal="column id: it would stand at another place",
    ),
    "remove a column": Migration(PLAIN, module(product(("id", U64))), refusal="column name: it would be removed"),
    "rename a column": Migration(
        PLAIN, module(product(("id", U64), ("title", STRING))), refusal="column name: it would be removed"
    ),
    "rename a column in the code": Migration(
        module(product(("fooBar", U8)), case_policy=CasePolicy.SNAKE_CASE),
        module(product(("foo_bar", U8)), case_policy=CasePolicy.SNAKE_CASE),
        ("Change the name in the code of column foo_bar",),
    ),
    "change a column's type": Migration(
        PLAIN,
        module(product(("id", U32), ("name", STRING))),
        refusal="column id: its type would change from u64 to u32",
    ),
    "swap columns": Migration(
        PLAIN, module(product(("name", STRING), ("id", U64))), refusal="column name: it would stand at another place"
    ),
    "add a variant": Migration(_holding(enum("A")), _holding(enum("A", "B")), ("Change column types of table person",)),
    "add a variant inside an option": Migration(
        _holding(enum("A"), column=option(TypeRef(1))),
        _holding(enum("A", "B"), column=option(TypeRef(1))),
        ("Change column types of table person",),
    ),
    "add a variant as large": Migration(
        _holding(sum_of(("A", STRING))),
        _holding(sum_of(("A", STRING), ("B", ArrayType(U64)))),
        ("Change column types of table person",),
    ),
    "add a variant as large with padding": Migration(
        _holding(
            sum_of(("A", TypeRef(2))), product(("x", U64), ("y", U8)), product(*((f"b{n}", U8) for n in range(9)))
        ),
        _holding(
            sum_of(("A", TypeRef(2)), ("B", TypeRef(3))),
            product(("x", U64), ("y", U8)),
            product(*((f"b{n}", U8) for n in range(9))),
        ),
        ("Change column types of table person",),
    ),
    "add a larger variant": Migration(
        _holding(sum_of(("A", U32))), _holding(sum_of(("A", U32), ("B", U64))), refusal="another amount of space"
    ),
    "add a variant of another alignment": Migration(
        _holding(sum_of(("A", TypeRef(2))), product(("x", U32), ("y", U8))),
        _holding(sum_of(("A", TypeRef(2)), ("B", U64)), product(("x", U32), ("y", U8))),
        refusal="another amount of space",
    ),
    "add a larger variant inside a list": Migration(
        _holding(sum_of(("A", U32)), column=ArrayType(TypeRef(1))),
        _holding(sum_of(("A", U32), ("B", U64)), column=ArrayType(TypeRef(1))),
        refusal="column kind: its type would change (list[T0]): its values take another amount of space",
    ),
    "remove a variant": Migration(_holding(enum("A", "B")), _holding(enum("A")), refusal="fewer variants"),
    "rename a variant": Migration(_holding(enum("A", "B")), _holding(enum("A", "C")), refusal="variant 'B' is now 'C'"),
    "add a field inside": Migration(
        _holding(product(("a", U8))), _holding(product(("a", U8), ("b", U8))), refusal="another number of fields"
    ),
    "rename a field inside": Migration(
        _holding(product(("a", U8))), _holding(product(("b", U8))), refusal="field 'a' is now 'b'"
    ),
    "change a field inside": Migration(
        _holding(product(("a", U8))), _holding(product(("a", Primitive.I8))), refusal="it is another type"
    ),
    "change columns of an event table": Migration(
        module(table={"is_event": True}),
        module(product(("name", U8)), table={"is_event": True}),
        ("Replace columns of event table person", CLIENTS),
    ),
    "leave an event table": Migration(module(table={"is_event": True}), module(table={"is_event": True})),
    "add an index": Migration(PLAIN, module(table={"indexes": (index(0),)}), ("Add index person_id_idx_btree",)),
    "remove an index": Migration(module(table={"indexes": (index(0),)}), PLAIN, ("Remove index person_id_idx_btree",)),
    "change an index": Migration(
        module(table={"indexes": (Index("by", "by", None, IndexAlgorithm.BTREE, (0,)),)}),
        module(table={"indexes": (Index("by", "by", None, IndexAlgorithm.BTREE, (1,)),)}),
        ("Remove index by", "Add index by"),
    ),
    "change an index's accessor": Migration(
        module(table={"indexes": (index(0, accessor="a"),)}),
        module(table={"indexes": (index(0, accessor="b"),)}),
        refusal="code would call it 'b', no longer 'a'",
    ),
    "change an index's name in the code": Migration(
        module(table={"indexes": (replace(index(0), source_name="a"),)}),
        module(table={"indexes": (replace(index(0), source_name="b"),)}),
        ("Change the name in the code of index person_id_idx_btree",),
    ),
    "add a unique constraint": Migration(
        module(table={"indexes": (index(0),)}),
        module(table={"indexes": (index(0),), "constraints": (unique(0),)}),
        ("Add unique constraint person_id_key",),
    ),
    "remove a unique constraint": Migration(
        module(table={"indexes": (index(0),), "constraints": (unique(0),)}),
        module(table={"indexes": (index(0),)}),
        ("Remove unique constraint person_id_key",),
    ),
    "add a primary key": Migration(
        module(table={**keyed(), "primary_key": None}),
        module(table=keyed()),
        ("Change the primary key of table person",),
    ),
    "add a sequence": Migration(PLAIN, module(table={"sequences": (sequence(0),)}), ("Add sequence person_id_seq",)),
    "remove a sequence": Migration(
        module(table={"sequences": (sequence(0),)}), PLAIN, ("Remove sequence person_id_seq",)
    ),
    "change a sequence": Migration(
        module(table={"sequences": (sequence(0),)}),
        module(table={"sequences": (sequence(0, increment=2),)}),
        ("Remove sequence person_id_seq", "Add sequence person_id_seq"),
    ),
    "add a schedule": Migration(
        module(SCHEDULED_ROW, table=keyed(), reducers=_RUN),
        module(SCHEDULED_ROW, table=scheduled(), reducers=_RUN),
        ("Add schedule person_sched",),
        real="not yet implemented",
    ),
    "remove a schedule": Migration(
        module(SCHEDULED_ROW, table=scheduled(), reducers=_RUN),
        module(SCHEDULED_ROW, table=keyed(), reducers=_RUN),
        ("Remove schedule person_sched",),
        real="not yet implemented",
    ),
    "change a schedule": Migration(
        module(SCHEDULED_ROW, table=scheduled(), reducers=_RUN),
        module(SCHEDULED_ROW, table=scheduled("walk"), reducers=_RUN),
        ("Remove schedule person_sched", "Add schedule person_sched"),
        real="not yet implemented",
    ),
    "change reducers": Migration(module(reducers=(reducer("a"),)), module(reducers=(reducer("b", ("x", U8)),))),
    "add a view": Migration(PLAIN, module(views=(view("all"),)), ("Add view all",)),
    "remove a view": Migration(module(views=(view("all"),)), PLAIN, ("Remove view all", CLIENTS)),
    "leave a view": Migration(module(views=(view("all"),)), module(views=(view("all"),)), ("Compute again view all",)),
    "change a view from list to option": Migration(
        module(views=(view("all"),)), module(views=(view("all", option(TypeRef(0))),)), ("Compute again view all",)
    ),
    "change who may read a view": Migration(
        module(views=(view("all"),)),
        module(views=(view("all", is_public=False),)),
        ("Change who may read all", "Compute again view all"),
        real="no plan",
    ),
    "change whether a view knows its reader": Migration(
        module(views=(view("all"),)),
        module(views=(view("all", is_anonymous=False),)),
        ("Remove view all", "Add view all", CLIENTS),
    ),
    "change a view's parameters": Migration(
        module(views=(view("all"),)),
        module(views=(view("all", params=product(("a", U8))),)),
        ("Remove view all", "Add view all", CLIENTS),
    ),
    "change a view's key": Migration(
        module(views=(view("all"),)),
        module(views=(view("all", primary_key=("id",)),)),
        ("Remove view all", "Add view all", CLIENTS),
    ),
    "change a view's rows": Migration(
        module(tables=(), views=(view("all"),)),
        module(product(("id", U64)), tables=(), views=(view("all"),)),
        ("Remove view all", "Add view all", CLIENTS),
    ),
    "add a row-level security rule": Migration(
        PLAIN,
        module(row_level_security=("SELECT * FROM person",)),
        ("Add row-level security rule SELECT * FROM person", CLIENTS),
    ),
    "remove a row-level security rule": Migration(
        module(row_level_security=("SELECT * FROM person",)),
        PLAIN,
        ("Remove row-level security rule SELECT * FROM person", CLIENTS),
    ),
    "mount a module": Migration(PLAIN, module(submodules=(Submodule("", "auth", PLAIN),)), ("Add table auth.person",)),
    "unmount a module": Migration(
        module(submodules=(Submodule("", "auth", PLAIN),)), PLAIN, ("Remove table auth.person", CLIENTS)
    ),
    "add an index in a mounted module": Migration(
        module(submodules=(Submodule("", "auth", PLAIN),)),
        module(submodules=(Submodule("", "auth", module(table={"indexes": (index(0),)})),)),
        ("Add index auth.person_id_idx_btree",),
    ),
}
