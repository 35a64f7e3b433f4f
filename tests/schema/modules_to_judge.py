"""Modules that a server takes, and modules that it refuses: what validation must tell apart.

Each verdict is that of a real SpacetimeDB 2.8.3 (``test_real_server.py`` asks it again).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from stdbpy.sats.types import (
    IDENTITY,
    NEVER,
    UNIT,
    AlgebraicType,
    ArrayType,
    Primitive,
    TypeRef,
    option,
    product,
    sum_of,
)
from stdbpy.schema import (
    CasePolicy,
    HttpHandler,
    HttpRoute,
    Index,
    IndexAlgorithm,
    Lifecycle,
    ModuleSchema,
    Procedure,
    Submodule,
    Table,
    TypeDef,
    complete,
)
from tests.schema.builders import (
    SCHEDULED_ROW,
    STRING,
    U8,
    U32,
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

HASH, DIRECT = IndexAlgorithm.HASH, IndexAlgorithm.DIRECT
SNAKE = CasePolicy.SNAKE_CASE
TREE = product(("children", ArrayType(TypeRef(1))))
HANDLER = HttpHandler("", "answer")


@dataclass(frozen=True)
class Refused:
    """``where`` and part of the ``message`` of the finding. ``real`` says what the real server does:
    it refuses (``no``), accepts what can never work (``yes``), or ends with a panic (``dies``)."""

    schema: ModuleSchema
    where: str
    message: str
    real: str = "no"


route = partial(HttpRoute, "answer")


def _column(type: AlgebraicType, *more_types: tuple[str, AlgebraicType], **table: Any) -> ModuleSchema:
    return module(product(("a", type)), *more_types, table=table)


ACCEPTED: dict[str, ModuleSchema] = {
    "one table": module(),
    "nothing at all": complete(ModuleSchema()),
    "no columns": module(product()),
    "event table with key": module(table=keyed(is_event=True, sequences=(sequence(0),))),
    "two tables of one type": module(tables=tables("a", "b")),
    "a row type without a name": complete(ModuleSchema(source_typespace=(product(("a", U8)),), tables=tables("a"))),
    "words of SQL as names": module(product(("from", U8)), table={"source_name": "select"}),
    "letters of any script": module(product(("größe", U8), ("名前", STRING)), table={"source_name": "Ågent"}),
    "index on no column": module(table={"indexes": (index(),)}),
    "index on float": _column(Primitive.F32, indexes=(index(0),)),
    "unique on list": _column(ArrayType(U8), indexes=(index(0),), constraints=(unique(0),)),
    "unique with hash index": module(table={"indexes": (index(0, algorithm=HASH),), "constraints": (unique(0),)}),
    "unique on two columns": module(table={"indexes": (index(0, 1),), "constraints": (unique(1, 0),)}),
    "btree and hash on one column": module(table={"indexes": (index(0), index(0, algorithm=HASH))}),
    "direct index, not unique": _column(U8, indexes=(index(0, algorithm=DIRECT),)),
    "direct index on an enum": _column(TypeRef(1), ("E", enum("A", "B")), indexes=(index(0, algorithm=DIRECT),)),
    "one accessor for two indexes": module(table={"indexes": (index(0, accessor="a"), index(1, accessor="a"))}),
    "sequence without index": module(table={"sequences": (sequence(0),)}),
    "sequence with all numbers": module(
        table={"sequences": (sequence(0, start=5, min_value=1, max_value=10, increment=2),)}
    ),
    "sequence downwards": module(table={"sequences": (sequence(0, increment=-1),)}),
    "sequence on i256": _column(Primitive.I256, sequences=(sequence(0),)),
    "sequence beyond its column": _column(U8, sequences=(sequence(0, start=1000),)),
    "unit and never as columns": module(product(("a", UNIT), ("b", NEVER))),
    "recursion in a parameter": module(product(("a", U8)), ("Tree", TREE), reducers=(reducer("r", ("t", TypeRef(1))),)),
    "named option, identity, empty sum": module(
        product(("a", U8)), ("O", option(U8)), ("I", IDENTITY), ("N", NEVER), ("U", UNIT)
    ),
    "fields and variants of one name": module(
        product(("a", U8)), ("P", product(("x", U8), ("x", U8))), ("S", sum_of(("x", UNIT), ("x", U8)))
    ),
    "two names for one type": module(types=(TypeDef("", "A", 0), TypeDef("", "B", 0))),
    "a type name in two scopes": module(
        product(("a", U8)), ("X", product(("a", U8))), types=(TypeDef("", "X", 0), TypeDef("", "X", 1, (), ("geo",)))
    ),
    "a type whose name becomes one": module(types=(TypeDef("", "-my row", 0),), case_policy=SNAKE),
    "types in default order": module(
        product(("a", U8), ("b", U8)), types=(TypeDef("", "R", 0, custom_ordering=False),)
    ),
    "reducer called like the table": module(reducers=(reducer("person"),)),
    "two parameters of one name": module(reducers=(reducer("r", ("x", U8), ("x", U8)),)),
    "procedure": module(procedures=(Procedure("", "p", product(("a", U8)), TypeRef(0)),)),
    "views of each kind": module(
        views=(
            view("all"),
            view("one", option(TypeRef(0))),
            view("query", product(("__query__", TypeRef(0)))),
            view("keyed", primary_key=("id",)),
            view("private", is_public=False),
            view("with_parameter", params=product(("a", U8))),
        )
    ),
    "scheduled reducer": module(SCHEDULED_ROW, table=scheduled(), reducers=(reducer("run", ("row", TypeRef(0))),)),
    "scheduled procedure": module(
        SCHEDULED_ROW, table=scheduled(), procedures=(Procedure("", "run", product(("row", TypeRef(0))), UNIT),)
    ),
    "scheduled event table": module(
        SCHEDULED_ROW, table={**scheduled(), "is_event": True}, reducers=(reducer("run", ("row", TypeRef(0))),)
    ),
    "default": module(product(("a", U32)), defaults={0: b"\1\0\0\0"}),
    "default with bytes left over": module(product(("a", U8)), defaults={0: b"\1\2"}),
    "HTTP routes": module(
        http_handlers=(HANDLER,),
        http_routes=(route("GET", "/a-b_c~/9"), route("POST", "/a-b_c~/9"), route("*", "/b"), route("QUERY", "")),
        reducers=(reducer("answer"),),
    ),
    "mounted module": module(submodules=(Submodule("", "person", module()),)),
}

REFUSED: dict[str, Refused] = {
    "name starts with a digit": Refused(module(table={"source_name": "1st"}), "table 1st", "starts with '1'"),
    "name with a space": Refused(module(table={"source_name": "a b"}), "table a b", "holds ' '"),
    "name not normalised": Refused(module(table={"source_name": "e\u0301a"}), "table e\u0301a", "normalization form C"),
    "name of nothing": Refused(
        module(table={"source_name": "_"}, case_policy=SNAKE), "table ", "(made of '_') is empty"
    ),
    "name of the server's": Refused(module(table={"source_name": "st_mine"}), "table st_mine", "server's own"),
    "table of an enum": Refused(module(enum("A")), "table person", "is no product"),
    "table of nothing": Refused(module(table={"product_ref": 9}), "table person", "number 9 of the types"),
    "two tables of one name": Refused(module(tables=tables("a", "a")), "table a", "is used twice"),
    "table called as another in the code": Refused(
        module(tables=(Table("b", "a", 0, ()), Table("c", "b", 0, ()))), "table b", "is used twice"
    ),
    "unnamed column": Refused(module(product((None, U8))), "table person.column 0", "no name"),
    "two columns of one name": Refused(
        module(product(("a", U8), ("a", U8))), "table person.column a", "two columns", real="yes"
    ),
    "two columns of one canonical name": Refused(
        module(product(("aB", U8), ("a_b", U8)), case_policy=SNAKE), "table person.column a_b", "two columns"
    ),
    "column of a nameless product": Refused(
        _column(product(("x", U8))), "table person.column a", "a product type without a name"
    ),
    "column of a nameless product by reference": Refused(
        complete(
            ModuleSchema(source_typespace=(product(("a", TypeRef(1))), product(("x", U8))), tables=tables("person"))
        ),
        "table person.column a",
        "a product type without a name",
    ),
    "column that is almost an identity": Refused(
        _column(product(("__identity__", Primitive.U128))), "table person.column a", "without a name"
    ),
    "column of no type": Refused(_column(TypeRef(7)), "table person.column a", "number 7, which does not exist"),
    "column of a recursive type": Refused(
        _column(TypeRef(1), ("Tree", TREE)), "table person.column a", "holds itself", real="dies"
    ),
    "index on no such column": Refused(
        module(table={"indexes": (index(9),)}), "table person.index person_col_9_idx_btree", "column number 9"
    ),
    "index on a column twice": Refused(
        module(table={"indexes": (index(0, 0),)}), "table person.index person_id_id_idx_btree", "'id' twice"
    ),
    "two equal indexes": Refused(
        module(table={"indexes": (index(0), index(0))}), "table person.index person_id_idx_btree", "is used twice"
    ),
    "index called like the table": Refused(
        module(table={"indexes": (Index("person", "x", None, HASH, (0,)),)}), "table person", "is used twice"
    ),
    "index with a bad explicit name": Refused(
        module(table={"indexes": (Index("a b", "x", None, HASH, (0,)),)}), "table person.index a b", "holds ' '"
    ),
    "index with a bad accessor": Refused(
        module(table={"indexes": (index(0, accessor="a b"),)}),
        "table person.index person_id_idx_btree",
        "the name 'a b' holds ' '",
    ),
    "direct index on i8": Refused(
        _column(Primitive.I8, indexes=(index(0, algorithm=DIRECT),)),
        "table person.index person_a_idx_direct",
        "column 'a' is i8",
    ),
    "direct index on an enum with payload": Refused(
        _column(TypeRef(1), ("E", sum_of(("A", U8))), indexes=(index(0, algorithm=DIRECT),)),
        "table person.index person_a_idx_direct",
        "column 'a' is E",
    ),
    "unique without index": Refused(
        module(table={"constraints": (unique(0),)}), "table person.unique person_id_key", "needs an index"
    ),
    "unique on no such column": Refused(
        module(table={"constraints": (unique(9),)}), "table person.unique person_col_9_key", "column number 9"
    ),
    "primary key not unique": Refused(
        module(table={"primary_key": 0, "indexes": (index(0),)}), "table person.column id", "needs a unique constraint"
    ),
    "primary key of no column": Refused(module(table={"primary_key": 9}), "table person", "column number 9"),
    "sequence on text": Refused(
        module(table={"sequences": (sequence(1),)}), "table person.column name", "only integers"
    ),
    "sequence on no such column": Refused(
        module(table={"sequences": (sequence(9),)}), "table person.sequence person_col_9_seq", "column number 9"
    ),
    "two sequences for a column": Refused(
        module(table={"sequences": (sequence(0), sequence(0))}), "table person.column id", "two sequences"
    ),
    "sequence from below its least": Refused(
        module(table={"sequences": (sequence(0, start=5, min_value=10),)}), "table person.column id", "start at 5"
    ),
    "sequence from above its greatest": Refused(
        module(table={"sequences": (sequence(0, max_value=0),)}), "table person.column id", "start at 1", real="dies"
    ),
    "sequence that stands": Refused(
        module(table={"sequences": (sequence(0, increment=0),)}), "table person.column id", "go up by 0", real="dies"
    ),
    "sequence with too large steps": Refused(
        module(table={"sequences": (sequence(0, max_value=10, increment=9),)}),
        "table person.column id",
        "go up by 9",
        real="dies",
    ),
    "default of another type": Refused(
        module(product(("a", U32)), defaults={0: b"\1"}), "table person.column a", "its default is no u32"
    ),
    "named number": Refused(module(product(("a", U8)), ("X", U8)), "type X", "only a product or a sum"),
    "named nothing": Refused(module(types=(TypeDef("", "X", 9),)), "type X", "number 9, which does not exist"),
    "two types of one name": Refused(module(product(("a", U8)), ("Row", product(("b", U8)))), "type Row", "two types"),
    "type not in order": Refused(
        module(product(("b", U8), ("a", U8)), types=(TypeDef("", "R", 0, custom_ordering=False),)),
        "type R",
        "not in alphabetical order",
    ),
    "type with a bad name": Refused(module(types=(TypeDef("", "-row", 0),)), "type -row", "starts with '-'"),
    "type with a bad scope": Refused(
        module(types=(TypeDef("", "Row", 0, (), ("my geo",)),)), "type my geo::Row", "holds ' '"
    ),
    "column with a bad name": Refused(module(product(("a b", U8))), "table person.column a b", "holds ' '"),
    "view column without a name": Refused(
        module(product((None, U8)), tables=(), views=(view("v"),)), "view v.column 0", "no name"
    ),
    "view column with a bad name": Refused(
        module(product(("a b", U8)), tables=(), views=(view("v"),)), "view v.column a b", "holds ' '"
    ),
    "parameter with a bad name": Refused(
        module(reducers=(reducer("a", ("x y", U8)),)), "reducer a.parameter x y", "holds ' '"
    ),
    "reducer with a bad name": Refused(module(reducers=(reducer("a b"),)), "reducer a b", "holds ' '"),
    "handler with a bad name": Refused(
        module(http_handlers=(HttpHandler("", "a b"),)), "http handler a b", "holds ' '"
    ),
    "default of no type": Refused(
        module(product(("a", TypeRef(7))), defaults={0: b"\1"}), "table person.column a", "its default is no"
    ),
    "unnamed field": Refused(module(product(("a", U8)), ("X", product((None, U8)))), "type X.field 0", "has no name"),
    "unnamed variant": Refused(
        module(product(("a", U8)), ("X", sum_of((None, U8)))), "type X.variant 0", "has no name"
    ),
    "badly named field": Refused(
        module(product(("a", U8)), ("X", product(("a b", U8)))), "type X.field a b", "the name 'a b' holds ' '"
    ),
    "variant of a nameless sum": Refused(
        module(product(("a", U8)), ("X", sum_of(("A", enum("B"))))), "type X.variant A", "a sum type without a name"
    ),
    "two reducers of one name": Refused(module(reducers=(reducer("a"), reducer("a"))), "reducer a", "is used twice"),
    "two reducers of one canonical name": Refused(
        module(reducers=(reducer("aB"), reducer("a_b")), case_policy=SNAKE), "reducer a_b", "is used twice"
    ),
    "reducer and procedure of one name": Refused(
        module(reducers=(reducer("a"),), procedures=(Procedure("", "a", UNIT, U8),)), "reducer a", "is used twice"
    ),
    "unnamed parameter": Refused(module(reducers=(reducer("a", (None, U8)),)), "reducer a.parameter 0", "has no name"),
    "parameter of a nameless product": Refused(
        module(reducers=(reducer("a", ("x", product(("y", U8)))),)), "reducer a.parameter x", "without a name"
    ),
    "parameter of a nameless recursion": Refused(
        complete(ModuleSchema(source_typespace=(ArrayType(TypeRef(0)),), reducers=(reducer("a", ("x", TypeRef(0))),))),
        "reducer a.parameter x",
        "made of itself",
    ),
    "reducer with a result": Refused(
        module(reducers=(reducer("a", ok_return_type=U8),)), "reducer a", "returns nothing"
    ),
    "two inits": Refused(
        module(reducers=(reducer("a", lifecycle=Lifecycle.INIT), reducer("b", lifecycle=Lifecycle.INIT))),
        "reducer b",
        "Init already",
    ),
    "init with a parameter": Refused(
        module(reducers=(reducer("a", ("x", U8), lifecycle=Lifecycle.INIT),)),
        "reducer a",
        "takes no parameters",
        real="yes",
    ),
    "procedure with a nameless result": Refused(
        module(procedures=(Procedure("", "p", UNIT, product(("x", U8))),)), "procedure p", "without a name"
    ),
    "view of numbers": Refused(module(views=(view("v", ArrayType(U8)),)), "view v", "a list, an option or a query"),
    "view of a row": Refused(module(views=(view("v", TypeRef(0)),)), "view v", "a list, an option or a query"),
    "view of an enum": Refused(
        module(product(("a", U8)), ("E", enum("A")), views=(view("v", ArrayType(TypeRef(1))),)), "view v", "no product"
    ),
    "view of recursive rows": Refused(
        module(product(("a", U8)), ("Tree", TREE), views=(view("v", ArrayType(TypeRef(1))),)),
        "view v.column children",
        "holds itself",
        real="dies",
    ),
    "view called like the table": Refused(module(views=(view("person"),)), "view person", "is used twice"),
    "view with an unknown key": Refused(module(views=(view("v", primary_key=("x",)),)), "view v", "no such column"),
    "view with two keys": Refused(
        module(views=(view("v", primary_key=("id", "name")),)), "view v", "primary key is one column"
    ),
    "schedule without key": Refused(
        module(
            SCHEDULED_ROW, table={**scheduled(), "primary_key": None}, reducers=(reducer("run", ("r", TypeRef(0))),)
        ),
        "table person.schedule person_sched",
        "needs a primary key of type u64",
    ),
    "schedule by another column": Refused(
        module(SCHEDULED_ROW, table=scheduled(at_column=0), reducers=(reducer("run", ("r", TypeRef(0))),)),
        "table person.schedule person_sched",
        "a column of type ScheduleAt",
    ),
    "schedule of no function": Refused(
        module(SCHEDULED_ROW, table=scheduled()), "table person.schedule person_sched", "no reducer or procedure"
    ),
    "schedule of a reducer without parameter": Refused(
        module(SCHEDULED_ROW, table=scheduled(), reducers=(reducer("run"),)),
        "table person.schedule person_sched",
        "a row of this table",
    ),
    "route to nowhere": Refused(module(http_routes=(route("GET", "/a"),)), "http route GET /a", "no such HTTP handler"),
    "route in capitals": Refused(
        module(http_handlers=(HANDLER,), http_routes=(route("GET", "/A"),)), "http route GET /A", "lower-case"
    ),
    "route without slash": Refused(
        module(http_handlers=(HANDLER,), http_routes=(route("GET", "a"),)), "http route GET a", "starts with '/'"
    ),
    "overlapping routes": Refused(
        module(http_handlers=(HANDLER,), http_routes=(route("GET", "/a"), route("*", "/a"))),
        "http route * /a",
        "the same requests",
    ),
    "two handlers of one name": Refused(
        module(http_handlers=(HANDLER, HANDLER)), "http handler answer", "two HTTP handlers"
    ),
    "two mounted modules of one name": Refused(
        module(submodules=(Submodule("", "auth", module()), Submodule("", "auth", module()))),
        "module auth",
        "two modules",
    ),
    "mounted module with a bad name": Refused(
        module(submodules=(Submodule("", "a b", module()),)), "module a b", "holds ' '"
    ),
    "mounted module with a long name": Refused(
        module(submodules=(Submodule("", "é" * 32, module()),)), f"module {'é' * 32}", "longer than 63 bytes"
    ),
    "lifecycle in a mounted module": Refused(
        module(submodules=(Submodule("", "auth", module(reducers=(reducer("i", lifecycle=Lifecycle.INIT),))),)),
        "module auth.reducer i",
        "outermost module",
    ),
    "fault in a mounted module": Refused(
        module(submodules=(Submodule("", "auth", module(product((None, U8)))),)),
        "module auth.table person.column 0",
        "no name",
    ),
}
