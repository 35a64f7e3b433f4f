"""What differs between two modules, and what of it breaks clients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stdbpy.sats.types import AlgebraicType, ArrayType, Primitive, TypeRef, option, product, sum_of
from stdbpy.schema import HttpHandler, HttpRoute, Lifecycle, ModuleSchema, Procedure, Submodule, Visibility
from stdbpy.schema.definition import schema_from_json
from stdbpy.schema.differences import Change, Difference, compare
from stdbpy.schema.migrate import plan_migration
from tests.schema.builders import U8, U32, U64, enum, index, keyed, module, reducer, sequence, unique, view
from tests.schema.migrations_to_judge import MIGRATIONS
from tests.schema.recorded import NAMES, printed

STRING = Primitive.STRING
PLAIN = module()
ROW_COLUMNS = (("id", U64), ("name", STRING))


def lines(found: tuple[Difference, ...], inside: str = "") -> list[str]:
    """``+ column person.age: u8 !``, where ``!`` marks what breaks clients."""
    told: list[str] = []
    for each in found:
        sign = {"added": "+", "removed": "-", "changed": "~"}[each.change]
        values = " → ".join(value for value in (each.before, each.after) if value)
        name = f"{inside}{each.name}" if each.name or not inside else inside.rstrip(".")
        told.append(f"{sign} {each.kind} {name}{': ' if values else ''}{values}{' !' if each.breaks else ''}")
        told += lines(each.parts, f"{name}.")
    return told


def row(*columns: tuple[str, AlgebraicType], **more: Any) -> ModuleSchema:
    return module(product(*columns), **more)


def holding(kind: AlgebraicType, *, name: str = "Kind") -> ModuleSchema:
    """A module with a named type and a column of it."""
    return module(product(("id", U64), ("kind", TypeRef(1))), (name, kind))


def procedure(params: AlgebraicType = Primitive.U8, returns: AlgebraicType = U64) -> ModuleSchema:
    return module(procedures=(Procedure("", "total", product(("of", params)), returns),))


CHANGES: dict[str, tuple[ModuleSchema, ModuleSchema, list[str]]] = {
    "nothing": (PLAIN, PLAIN, []),
    "table added": (
        module(tables=()),
        PLAIN,
        ["+ table person: (id: u64, name: str)  [public]"],
    ),
    "table removed": (
        PLAIN,
        module(tables=()),
        ["- table person: (id: u64, name: str)  [public] !"],
    ),
    "column added": (PLAIN, row(*ROW_COLUMNS, ("age", U8)), ["~ table person", "+ column person.age: u8 !"]),
    "column removed": (PLAIN, row(("id", U64)), ["~ table person", "- column person.name: str !"]),
    "column of another type": (
        PLAIN,
        row(("id", U32), ("name", STRING)),
        ["~ table person", "~ column person.id: u64 → u32 !"],
    ),
    "columns in another order": (
        PLAIN,
        row(("name", STRING), ("id", U64)),
        [
            "~ table person",
            "~ column person.id: u64, at place 1 → u64, at place 2 !",
            "~ column person.name: str, at place 2 → str, at place 1 !",
        ],
    ),
    "column in between": (
        PLAIN,
        row(("id", U64), ("age", U8), ("name", STRING)),
        ["~ table person", "+ column person.age: u8 !"],
    ),
    "made private": (
        PLAIN,
        module(table={"is_public": False}),
        ["~ table person", "~ access person: public → private !"],
    ),
    "made public": (module(table={"is_public": False}), PLAIN, ["~ table person", "~ access person: private → public"]),
    "made an event": (
        PLAIN,
        module(table={"is_event": True}),
        ["~ table person", "~ kind of table person: rows → event !"],
    ),
    "key added": (PLAIN, module(table=keyed()), ["~ table person", "+ primary key person: id"]),
    "key removed": (module(table=keyed()), PLAIN, ["~ table person", "- primary key person: id !"]),
    "key instead of unique": (
        module(table={"constraints": (unique(0),), "indexes": (index(0),)}),
        module(table=keyed()),
        ["~ table person", "+ primary key person: id"],
    ),
    "unique added": (
        PLAIN,
        module(table={"constraints": (unique(0, 1),), "indexes": (index(0, 1),)}),
        ["~ table person", "+ unique person.id, name"],
    ),
    "unique removed": (
        module(table={"constraints": (unique(0),), "indexes": (index(0),)}),
        module(table={"indexes": (index(0),)}),
        ["~ table person", "- unique person.id !", "+ index person.id: btree"],
    ),
    "index added": (
        PLAIN,
        module(table={"indexes": (index(1, 0),)}),
        ["~ table person", "+ index person.name, id: btree"],
    ),
    "numbers added": (
        module(table=keyed()),
        module(table=keyed(sequences=(sequence(0),))),
        ["~ table person", "+ auto-increment person.id"],
    ),
    "variant added": (
        holding(enum("A", "B")),
        holding(enum("A", "B", "C")),
        ["~ type Kind", "+ variant Kind.C: tuple[()] !"],
    ),
    "variant of another type": (
        holding(sum_of(("A", U8))),
        holding(sum_of(("A", STRING))),
        ["~ type Kind", "~ variant Kind.A: u8 → str !"],
    ),
    "field renamed": (
        holding(product(("a", U8))),
        holding(product(("b", U8))),
        ["~ type Kind", "- field Kind.a: u8 !", "+ field Kind.b: u8 !"],
    ),
    "sum instead of product": (
        holding(product(("a", U8))),
        holding(enum("A")),
        ["~ type Kind", "~ definition Kind: (a: u8) → A !"],
    ),
    "type renamed": (holding(enum("A")), holding(enum("A"), name="Sort"), ["- type Kind: A", "+ type Sort: A"]),
    "type that holds itself": (
        holding(product(("next", option(TypeRef(1))))),
        holding(product(("next", ArrayType(TypeRef(1))))),
        ["~ type Kind", "~ field Kind.next: Kind | None → list[Kind] !"],
    ),
    "reducer added": (PLAIN, module(reducers=(reducer("add", ("x", U8)),)), ["+ reducer add: (x: u8)"]),
    "reducer removed": (module(reducers=(reducer("add"),)), PLAIN, ["- reducer add: () !"]),
    "lifecycle reducer removed": (
        module(reducers=(reducer("init", lifecycle=Lifecycle.INIT),)),
        PLAIN,
        ["- reducer init: ()  [runs when the database is created]"],
    ),
    "parameter of another type": (
        module(reducers=(reducer("add", ("x", U8)),)),
        module(reducers=(reducer("add", ("x", U32)),)),
        ["~ reducer add: (x: u8) → (x: u32) !"],
    ),
    "parameter renamed": (
        module(reducers=(reducer("add", ("x", U8)),)),
        module(reducers=(reducer("add", ("y", U8)),)),
        ["~ reducer add: (x: u8) → (y: u8)"],
    ),
    "reducer made private": (
        module(reducers=(reducer("add"),)),
        module(reducers=(reducer("add", visibility=Visibility.PRIVATE),)),
        ["~ reducer add: () → ()  [private] !"],
    ),
    "private reducer changed": (
        module(reducers=(reducer("add", visibility=Visibility.PRIVATE),)),
        module(reducers=(reducer("add", ("x", U8), visibility=Visibility.PRIVATE),)),
        ["~ reducer add: ()  [private] → (x: u8)  [private]"],
    ),
    "result of another type": (
        procedure(returns=U64),
        procedure(returns=STRING),
        ["~ procedure total: (of: u8) -> u64 → (of: u8) -> str !"],
    ),
    "view removed": (module(views=(view("all"),)), PLAIN, ["- view all: () -> list[Row]  [public] !"]),
    "view for each": (
        module(views=(view("all"),)),
        module(views=(view("all", is_anonymous=False),)),
        ["~ view all", "~ readers all: all alike → each its own !"],
    ),
    "view of other rows": (
        module(views=(view("all"),)),
        module(row=product(*ROW_COLUMNS, ("age", U8)), views=(view("all"),)),
        [
            "~ table person",
            "+ column person.age: u8 !",
            "~ view all",
            "+ column all.age: u8 !",
        ],
    ),
    "view of one row": (
        module(views=(view("all"),)),
        module(views=(view("all", option(TypeRef(0))),)),
        ["~ view all", "~ returns all: list[Row] → Row | None !"],
    ),
    "rule added": (
        PLAIN,
        module(row_level_security=("SELECT * FROM person",)),
        ["+ rule SELECT * FROM person !"],
    ),
    "route with another handler": (
        module(http_handlers=(HttpHandler("", "a"), HttpHandler("", "b")), http_routes=(HttpRoute("a", "GET", "/x"),)),
        module(http_handlers=(HttpHandler("", "a"), HttpHandler("", "b")), http_routes=(HttpRoute("b", "GET", "/x"),)),
        ["~ route GET /x: a → b"],
    ),
    "in a mounted module": (
        module(submodules=(Submodule("auth", "auth", PLAIN),)),
        module(submodules=(Submodule("auth", "auth", module(table={"is_public": False})),)),
        ["~ table auth.person", "~ access auth.person: public → private !"],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changes(name: str) -> None:
    old, new, expected = CHANGES[name]
    found = compare(old, new)
    assert lines(found) == expected
    assert [each.breaks_clients for each in found] == [any("!" in line for line in lines((each,))) for each in found]


@pytest.mark.parametrize("name", NAMES)
def test_what_one_way_is_added_is_removed_the_other(name: str) -> None:
    schema = schema_from_json(printed(name, 10))
    assert compare(schema, schema_from_json(printed(name, 10))) == ()
    less = replace(schema, reducers=(), views=(), row_level_security=())
    added, removed = compare(less, schema), compare(schema, less)
    assert [(each.kind, each.name, each.after) for each in added] == [
        (each.kind, each.name, each.before) for each in removed
    ]
    assert {each.change for each in (*added, *removed)} <= {Change.ADDED, Change.REMOVED}


@pytest.mark.parametrize("name", MIGRATIONS)
def test_whatever_the_server_asks_consent_for_breaks_clients(name: str) -> None:
    migration = MIGRATIONS[name]
    plan = plan_migration(migration.old, migration.new)
    found = compare(migration.old, migration.new)
    if plan.breaks_clients:
        assert any(each.breaks_clients for each in found), lines(found)


def test_as_data() -> None:
    old, new, _ = CHANGES["column added"]
    (difference,) = compare(old, new)
    assert difference.record() == {
        "change": "changed",
        "kind": "table",
        "name": "person",
        "before": None,
        "after": None,
        "breaks_clients": True,
        "parts": [
            {
                "change": "added",
                "kind": "column",
                "name": "age",
                "before": None,
                "after": "u8",
                "breaks_clients": True,
                "parts": [],
            }
        ],
    }
