"""A module that does all that makes names hard: keywords, names of types and of the library's own attributes,
names that become the same in Python's style; with a mounted module, and types inside each other."""

from __future__ import annotations

from stdbpy.sats.types import BYTES, TIMESTAMP, UNIT, ArrayType, Primitive, TypeRef, option, product, result, sum_of
from stdbpy.schema import complete
from stdbpy.schema.model import (
    Index,
    IndexAlgorithm,
    ModuleSchema,
    Procedure,
    Reducer,
    Submodule,
    Table,
    TypeDef,
    UniqueConstraint,
    View,
    Visibility,
)

ROW, KIND, TREE, NODE, IDENTITY, NEVER, IDS = map(TypeRef, range(7))

TYPESPACE = (
    product(
        ("class", Primitive.U64),
        ("str", Primitive.STRING),
        ("fooBar", Primitive.U8),
        ("foo_bar", Primitive.U8),
        ("__hidden", Primitive.BOOL),
        ("__init__", Primitive.BOOL),
        ("json", Primitive.F32),
        ("nested", option(option(Primitive.U32))),
        ("outcome", result(BYTES, Primitive.STRING)),
        ("moment", option(TIMESTAMP)),
        ("kind", KIND),
        ("tree", TREE),
        ("ids", IDS),
        ("count", Primitive.I32),
    ),
    sum_of(("None", UNIT), ("none", UNIT), ("name", UNIT), ("_last_", UNIT)),
    sum_of(("Leaf", UNIT), ("Node", NODE), ("Choice", sum_of(("a", Primitive.U8), ("b", UNIT)))),
    product(("left", TREE), ("right", TREE)),
    product(("name", Primitive.STRING), ("pair", product((None, Primitive.U8), (None, TREE)))),
    sum_of(),
    ArrayType(Primitive.U64),
)
NAMES = ("Row", "Kind", "Tree", "Node", "Identity", "Nothing", "Ids")


def btree(accessor: str | None, *columns: int) -> Index:
    return Index("", "", accessor, IndexAlgorithm.BTREE, columns)


def unique(*columns: int) -> UniqueConstraint:
    return UniqueConstraint("", "", columns)


def reducer(name: str, *params: tuple[str, object], visibility: Visibility = Visibility.CLIENT_CALLABLE) -> Reducer:
    return Reducer(name, name, product(*params), visibility=visibility)  # type: ignore[arg-type]


def awkward_schema() -> ModuleSchema:
    return complete(
        ModuleSchema(
            typespace=TYPESPACE,
            source_typespace=TYPESPACE,
            types=tuple(TypeDef(name, name, ref) for ref, name in enumerate(NAMES)),
            tables=(
                Table(
                    "import",
                    "import",
                    0,
                    (),
                    primary_key=0,
                    indexes=(
                        btree("class", 0),
                        btree("str", 1),
                        btree("count", 13),
                        btree("byFooAndStr", 2, 1, 13),
                        btree("changes", 2, 3),
                    ),
                    constraints=(unique(0), unique(2, 3)),
                ),
                Table("close", "close", 4, ()),
                Table("Close", "Close", 4, (), is_event=True),
                Table("_state", "_state", 4, (), is_public=False),
            ),
            reducers=(
                reducer("list", ("self", Primitive.U8), ("lambda", KIND), ("str", Primitive.STRING)),
                reducer("insert", ("items", option(Primitive.STRING)), ("nothing", NEVER)),
                reducer("__init__", ("invoke", Primitive.STRING)),
                reducer("internal", visibility=Visibility.PRIVATE),
            ),
            procedures=(
                Procedure("invoke", "invoke", product(), option(ROW)),
                Procedure("rollDice", "rollDice", product(("sides", Primitive.U8)), result(Primitive.U8, TREE)),
            ),
            views=(View("mine", "mine", 0, True, False, product(), ArrayType(ROW)),),
            submodules=(Submodule("auth", "auth", auth_schema()),),
        )
    )


def auth_schema() -> ModuleSchema:
    space = (product(("token", Primitive.STRING), ("id", Primitive.U32)), sum_of(("In", UNIT), ("Out", Primitive.U8)))
    return ModuleSchema(
        typespace=space,
        source_typespace=space,
        types=(TypeDef("Session", "Session", 0), TypeDef("Direction", "Direction", 1)),
        tables=(
            Table("session", "session", 0, (), primary_key=1, indexes=(btree("id", 1),), constraints=(unique(1),)),
        ),
        reducers=(reducer("login", ("which", TypeRef(1))),),
        procedures=(Procedure("current", "current", product(), option(TypeRef(0))),),
    )
