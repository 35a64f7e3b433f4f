"""Updates of databases that have rows: what becomes of these decides about the update, or is there to be seen."""

from __future__ import annotations

from dataclasses import replace

from stdbpy.sats.types import AlgebraicType, ArrayType, Primitive, TypeRef, option, product, sum_of
from stdbpy.schema import IndexAlgorithm, ModuleSchema, Procedure, Submodule, complete
from stdbpy.schema.model import HttpHandler, HttpRoute, Lifecycle, Reducer
from tests.contract.side_by_side.updates import Update
from tests.schema.builders import (
    ROW,
    SCHEDULED_ROW,
    STRING,
    U8,
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

ONE = ("INSERT INTO person (id, name) VALUES (1, 'a')",)
TWO = (*ONE, "INSERT INTO person (id, name) VALUES (2, 'b')")
TWINS = (*ONE, "INSERT INTO person (id, name) VALUES (1, 'b')")
MORE = ("INSERT INTO person (id, name) VALUES (3, 'c')", "INSERT INTO person (id, name) VALUES (1, 'd')")
"""One more, and one that has its id already."""
COUNTED = ("INSERT INTO person (id, name) VALUES (0, 'x')", "INSERT INTO person (id, name) VALUES (0, 'y')")
FIND = ("SELECT * FROM person WHERE id = 1", "DELETE FROM person WHERE id = 1")

PLAIN = module()
INDEXED = module(table={"indexes": (index(0),)})
UNIQUE = module(table={"indexes": (index(0),), "constraints": (unique(0),)})
KEYED = module(table=keyed())
NUMBERED = module(table=keyed(sequences=(sequence(0),)))
OTHER_CODE = (reducer("other"),)
"""In the place of no reducers: nothing of the database changes."""
DOGS = module(tables=tables("person", "dog"))
PRIVATE = module(table={"is_public": False})
EVENTS = module(table={"is_event": True})
DOG = "INSERT INTO dog (id, name) VALUES (7, 'Rex')"
RULE = "SELECT * FROM person WHERE id = 2"
RULED = module(row_level_security=(RULE,))


KIND = TypeRef(1)


def with_columns(
    *columns: tuple[str, AlgebraicType, bytes | None], reducers: tuple[Reducer, ...] = (), **table: object
) -> ModuleSchema:
    """Behind those of ``person``: name, type, default."""
    row = product(*((element.name, element.type) for element in ROW.elements), *(it[:2] for it in columns))
    defaults = {2 + place: default for place, (*_, default) in enumerate(columns)}
    return module(row, table=table, defaults=defaults, reducers=reducers)


LEVEL = ("level", U8, b"\x07")
TITLE = ("title", STRING, b"\x02\0\0\0hi")
LEVELLED = with_columns(LEVEL)
NEXT = ("INSERT INTO person (id, name, level) VALUES (3, 'c', 9)", "SELECT * FROM person WHERE level = 7")


def with_kind(kind: AlgebraicType, column: AlgebraicType = KIND) -> ModuleSchema:
    return module(product(("id", U64), ("kind", column)), ("Kind", kind))


def numbered(**numbers: int) -> ModuleSchema:
    return module(table=keyed(sequences=(sequence(0, **numbers),)))


def with_module(inside: ModuleSchema, outside: ModuleSchema = PLAIN) -> ModuleSchema:
    return complete(replace(outside, submodules=(Submodule("", "auth", inside),)))


TABLES = {
    "add a table": Update(PLAIN, DOGS, TWO, (DOG, *MORE)),
    "remove a table with rows": Update(DOGS, PLAIN, (*TWO, DOG)),
    "remove a table that is empty again": Update(DOGS, PLAIN, (*TWO, DOG, "DELETE FROM dog"), MORE),
    "remove a table and add it": Update(DOGS, module(tables=tables("person", "cat")), TWO, MORE),
    "rename a table with rows": Update(PLAIN, module(table={"source_name": "human"}), TWO),
    "rename a table without rows": Update(PLAIN, module(table={"source_name": "human"})),
    "tables in another order": Update(DOGS, module(tables=tables("dog", "person")), (*TWO, DOG), (DOG, *MORE)),
    "make a table private": Update(PLAIN, PRIVATE, TWO, MORE),
    "make a table public": Update(PRIVATE, PLAIN, TWO, MORE),
    "make it an event table": Update(PLAIN, EVENTS, TWO),
    "make it no event table": Update(EVENTS, PLAIN, (), ONE),
    "columns of an event table": Update(
        EVENTS,
        module(product(("size", U8)), table={"is_event": True}),
        (),
        ("INSERT INTO person (size) VALUES (1)",),
    ),
    "keep an event table": Update(EVENTS, module(table={"is_event": True}, reducers=OTHER_CODE), (), ONE),
    "the same again": Update(PLAIN, PLAIN, TWO, MORE),
}

COLUMNS = {
    "add a column": Update(PLAIN, LEVELLED, TWO, NEXT),
    "add a column where there are no rows": Update(PLAIN, LEVELLED, (), NEXT),
    "add a column of text": Update(PLAIN, with_columns(TITLE), TWO),
    "add an optional column": Update(PLAIN, with_columns(("level", option(U8), b"\1")), TWO),
    "add a column with a list": Update(PLAIN, with_columns(("levels", ArrayType(U8), b"\0\0\0\0")), TWO),
    "add two columns": Update(PLAIN, with_columns(LEVEL, TITLE), TWO),
    "add a column behind an added one": Update(LEVELLED, with_columns(LEVEL, TITLE), (), NEXT),
    "another default": Update(LEVELLED, with_columns(("level", U8, b"\x08")), NEXT[:1]),
    "a column loses its default": Update(LEVELLED, with_columns(("level", U8, None)), NEXT[:1]),
    "add a column with an index": Update(PLAIN, with_columns(LEVEL, indexes=(index(2),)), TWO, NEXT),
    "add a column with a hash index": Update(
        PLAIN, with_columns(LEVEL, indexes=(index(2, algorithm=IndexAlgorithm.HASH),)), TWO, NEXT
    ),
    "add a column with a direct index": Update(
        PLAIN, with_columns(LEVEL, indexes=(index(2, algorithm=IndexAlgorithm.DIRECT),), constraints=(unique(2),)), ONE
    ),
    "add a unique column to one row": Update(
        PLAIN, with_columns(LEVEL, indexes=(index(2),), constraints=(unique(2),)), ONE, NEXT
    ),
    "add a unique column to two rows": Update(
        PLAIN, with_columns(LEVEL, indexes=(index(2),), constraints=(unique(2),)), TWO, NEXT
    ),
    "add a numbered column": Update(
        PLAIN, with_columns(("number", U64, bytes(8)), sequences=(sequence(2),)), TWO, COUNTED
    ),
    "add a column to a keyed table": Update(KEYED, with_columns(LEVEL, **keyed()), TWO, NEXT),
    "add a column to a numbered table": Update(
        NUMBERED,
        with_columns(LEVEL, **keyed(sequences=(sequence(0),))),
        COUNTED,
        ("INSERT INTO person (id, name, level) VALUES (0, 'z', 1)",),
    ),
    "remove a column": Update(LEVELLED, PLAIN, NEXT[:1]),
    "rename a column": Update(PLAIN, module(product(("id", U64), ("title", STRING))), TWO),
    "a column in the middle": Update(
        PLAIN, module(product(("id", U64), ("level", U8), ("name", STRING)), defaults={1: b"\1"}), TWO
    ),
    "a column in front": Update(
        PLAIN, module(product(("level", U8), ("id", U64), ("name", STRING)), defaults={0: b"\1"}), TWO
    ),
    "another type": Update(PLAIN, module(product(("id", Primitive.I64), ("name", STRING))), TWO),
    "a variant more at the end": Update(
        with_kind(enum("A", "B")), with_kind(enum("A", "B", "C")), ("DELETE FROM person",), FIND
    ),
    "a variant more in front": Update(with_kind(enum("A", "B")), with_kind(enum("C", "A", "B"))),
    "a variant more in a list": Update(
        with_kind(enum("A"), ArrayType(KIND)), with_kind(enum("A", "B"), ArrayType(KIND))
    ),
    "a variant less": Update(with_kind(enum("A", "B")), with_kind(enum("A"))),
    "a variant with more in it": Update(with_kind(sum_of(("A", U8))), with_kind(sum_of(("A", U64)))),
    "a variant and a column more": Update(
        with_kind(enum("A")),
        module(product(("id", U64), ("kind", KIND), ("level", U8)), ("Kind", enum("A", "B")), defaults={2: b"\1"}),
    ),
    "a field more in a product": Update(with_kind(product(("a", U8))), with_kind(product(("a", U8), ("b", U8)))),
    "types in another order": Update(
        module(product(("id", U64), ("kind", KIND)), ("A", enum("x")), ("B", enum("y"))),
        module(product(("id", U64), ("kind", TypeRef(2))), ("B", enum("y")), ("A", enum("x"))),
    ),
}

INDEXES = {
    "add an index": Update(PLAIN, INDEXED, TWINS, (*FIND, *MORE)),
    "remove an index": Update(INDEXED, PLAIN, TWINS, (*FIND, *MORE)),
    "another kind of index": Update(
        INDEXED, module(table={"indexes": (index(0, algorithm=IndexAlgorithm.HASH),)}), TWINS, (*FIND, *MORE)
    ),
    "a direct index instead of a tree": Update(
        UNIQUE,
        module(table={"indexes": (index(0, algorithm=IndexAlgorithm.DIRECT),), "constraints": (unique(0),)}),
        TWO,
        (*MORE, *FIND),
    ),
    "an index of two columns": Update(PLAIN, module(table={"indexes": (index(0, 1),)}), TWINS, (*FIND, *MORE)),
    "another accessor": Update(
        module(table={"indexes": (index(0, accessor="a"),)}), module(table={"indexes": (index(0, accessor="b"),)}), TWO
    ),
    "add uniqueness": Update(PLAIN, UNIQUE, TWO, MORE),
    "add uniqueness to an index": Update(INDEXED, UNIQUE, TWO, MORE),
    "add uniqueness where there are twins": Update(PLAIN, UNIQUE, TWINS, MORE),
    "add uniqueness to an index where there are twins": Update(INDEXED, UNIQUE, TWINS, MORE),
    "remove uniqueness": Update(UNIQUE, PLAIN, TWO, MORE),
    "remove uniqueness and keep the index": Update(UNIQUE, INDEXED, TWO, MORE),
    "unique by another column": Update(
        UNIQUE, module(table={"indexes": (index(1),), "constraints": (unique(1),)}), TWO, MORE
    ),
    "unique by two columns": Update(
        UNIQUE, module(table={"indexes": (index(0, 1),), "constraints": (unique(0, 1),)}), TWO, MORE
    ),
    "add a key": Update(PLAIN, KEYED, TWO, MORE),
    "add a key where there are twins": Update(PLAIN, KEYED, TWINS, MORE),
    "make unique the key": Update(UNIQUE, KEYED, TWO, MORE),
    "make the key unique alone": Update(KEYED, UNIQUE, TWO, MORE),
    "remove the key": Update(KEYED, PLAIN, TWO, MORE),
    "another key": Update(
        KEYED, module(table={"primary_key": 1, "indexes": (index(1),), "constraints": (unique(1),)}), TWO, MORE
    ),
}

NUMBERS = {
    "add numbers": Update(KEYED, NUMBERED, (), COUNTED),
    "add numbers where there are some": Update(KEYED, NUMBERED, TWO, COUNTED),
    "add numbers beyond those that there are": Update(KEYED, numbered(start=10, min_value=10), TWO, COUNTED),
    "add numbers from beyond those that there are": Update(KEYED, numbered(start=10), TWO, COUNTED),
    "add numbers to no key": Update(PLAIN, module(table={"sequences": (sequence(0),)}), (), COUNTED),
    "remove numbers": Update(NUMBERED, KEYED, COUNTED, COUNTED),
    "keep numbers": Update(
        NUMBERED, module(table=keyed(sequences=(sequence(0),)), reducers=OTHER_CODE), COUNTED, COUNTED
    ),
    "other steps between numbers": Update(NUMBERED, numbered(increment=5), COUNTED, COUNTED),
    "other steps between numbers, without rows": Update(NUMBERED, numbered(increment=5), (), COUNTED),
    "another start of numbers": Update(NUMBERED, numbered(start=50), (), COUNTED),
    "another start of numbers, where there were some": Update(
        NUMBERED, numbered(start=50), (*COUNTED, "DELETE FROM person"), COUNTED
    ),
    "another end of numbers": Update(NUMBERED, numbered(max_value=100), COUNTED, COUNTED),
}

PROCEDURE = module(procedures=(Procedure("", "p", product(), U8),))
CONNECTING = (reducer("on", lifecycle=Lifecycle.ON_CONNECT), reducer("off", lifecycle=Lifecycle.ON_DISCONNECT))
VIEW = module(views=(view("all"),))
RUN = (reducer("run", ("row", TypeRef(0))), reducer("walk", ("row", TypeRef(0))))
PLAIN_TIMES = module(SCHEDULED_ROW, table=keyed(), reducers=RUN)
TIMES = module(SCHEDULED_ROW, table=scheduled(), reducers=RUN)

OTHERS = {
    "add a rule": Update(PLAIN, RULED, TWO, MORE),
    "remove a rule": Update(RULED, PLAIN, TWO, MORE),
    "another rule": Update(RULED, module(row_level_security=("SELECT * FROM person",)), TWO, MORE),
    "keep a rule": Update(RULED, module(row_level_security=(RULE,), reducers=OTHER_CODE), TWO, MORE),
    "a rule that is none": Update(PLAIN, module(row_level_security=("SELECT * FROM cat",)), TWO, MORE),
    "a rule about a table that goes": Update(
        module(tables=tables("person", "dog"), row_level_security=("SELECT * FROM dog",)), PLAIN, TWO, MORE
    ),
    "a rule that stays about a table that goes": Update(
        module(tables=tables("person", "dog"), row_level_security=("SELECT * FROM dog",)),
        module(row_level_security=("SELECT * FROM dog",)),
        TWO,
        MORE,
    ),
    "a rule that stays while its table becomes private": Update(
        RULED,
        module(table={"is_public": False}, row_level_security=(RULE,)),
        TWO,
        MORE,
    ),
    "a rule more, and one that is not in order": Update(
        module(row_level_security=("SELECT * FROM person",)),
        module(row_level_security=("SELECT * FROM person", "SELECT id FROM person")),
        TWO,
        MORE,
    ),
    "a rule about a new table": Update(
        PLAIN, module(tables=tables("person", "dog"), row_level_security=("SELECT * FROM dog",)), TWO, (DOG, *MORE)
    ),
    "add a schedule": Update(PLAIN_TIMES, TIMES),
    "remove a schedule": Update(TIMES, PLAIN_TIMES),
    "another schedule": Update(TIMES, module(SCHEDULED_ROW, table=scheduled("walk"), reducers=RUN)),
    "keep a schedule": Update(TIMES, module(SCHEDULED_ROW, table=scheduled(), reducers=(*RUN, *OTHER_CODE))),
    "add a reducer": Update(PLAIN, module(reducers=(reducer("a"),)), TWO, MORE),
    "remove a reducer": Update(module(reducers=(reducer("a"),)), PLAIN, TWO, MORE),
    "other parameters of a reducer": Update(
        module(reducers=(reducer("a"),)), module(reducers=(reducer("a", ("x", U8)),)), TWO, MORE
    ),
    "add lifecycle reducers": Update(
        PLAIN,
        module(
            reducers=(reducer("on", lifecycle=Lifecycle.ON_CONNECT), reducer("off", lifecycle=Lifecycle.ON_DISCONNECT))
        ),
        TWO,
        MORE,
    ),
    "add an init reducer": Update(PLAIN, module(reducers=(reducer("begin", lifecycle=Lifecycle.INIT),)), TWO, MORE),
    "add a procedure": Update(PLAIN, PROCEDURE, TWO, MORE),
    "another type of a procedure": Update(
        PROCEDURE,
        module(procedures=(Procedure("", "p", product(), U64),)),
        TWO,
    ),
    "remove a procedure": Update(PROCEDURE, PLAIN, TWO, MORE),
    "add a route": Update(
        PLAIN, module(http_handlers=(HttpHandler("", "h"),), http_routes=(HttpRoute("h", "GET", "/x"),)), TWO, MORE
    ),
    "remove a route": Update(
        module(http_handlers=(HttpHandler("", "h"),), http_routes=(HttpRoute("h", "GET", "/x"),)), PLAIN, TWO, MORE
    ),
    "add a view": Update(PLAIN, VIEW, TWO, MORE),
    "remove a view": Update(VIEW, PLAIN, TWO, MORE),
    "another key of a view": Update(VIEW, module(views=(view("all", primary_key=("id",)),)), TWO),
    "a view becomes a table": Update(module(views=(view("dog"),)), DOGS, TWO, MORE),
    "a table becomes a view": Update(DOGS, module(views=(view("dog"),)), TWO, MORE),
    "add a module inside": Update(PLAIN, with_module(UNIQUE), TWO, MORE),
    "remove a module inside": Update(with_module(UNIQUE), PLAIN, TWO, MORE),
    "a column more inside": Update(with_module(PLAIN), with_module(LEVELLED), TWO, MORE),
    "an index and numbers inside": Update(with_module(PLAIN), with_module(NUMBERED), TWO, MORE),
    "nothing inside": Update(with_module(KEYED), with_module(KEYED, INDEXED), TWO, MORE),
}

SEVERAL = {
    "a table, a column and an index more": Update(
        PLAIN, with_columns(LEVEL, indexes=(index(0), index(2)), reducers=OTHER_CODE), TWO, NEXT
    ),
    "a table more and one less": Update(DOGS, module(tables=tables("person", "cat", "bird")), TWO, MORE),
    "a possible and an impossible change": Update(DOGS, module(product(("id", U64)), reducers=OTHER_CODE), TWO),
    "a column more, and uniqueness where there are twins": Update(
        PLAIN, with_columns(LEVEL, indexes=(index(0),), constraints=(unique(0),)), TWINS
    ),
    "private, keyed and numbered": Update(
        PLAIN, module(table=keyed(sequences=(sequence(0),), is_public=False)), (), COUNTED
    ),
    "a private table with a rule": Update(
        PLAIN, module(table={"is_public": False}, row_level_security=(RULE,)), TWO, MORE
    ),
    "a table with rows less, and a column more": Update(DOGS, LEVELLED, (*TWO, DOG), NEXT),
}

SYSTEM_TABLES = {
    f"{change} told by {table}": Update(PLAIN, new, TWO, watched=f"SELECT * FROM {table}")
    for change, new, table in (
        ("a new table", DOGS, "st_table"),
        ("columns of a new table", DOGS, "st_column"),
        ("a private table", PRIVATE, "st_table"),
        ("a new index", INDEXED, "st_index"),
        ("a new constraint", UNIQUE, "st_constraint"),
        ("nothing", module(reducers=OTHER_CODE), "st_table"),
    )
}

UPDATES = {**TABLES, **COLUMNS, **INDEXES, **NUMBERS, **OTHERS, **SEVERAL, **SYSTEM_TABLES}
