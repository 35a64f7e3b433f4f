"""Code that is refused: each problem is at its line, says what is wrong, and what to do."""

from __future__ import annotations

import pytest

from stdbpy.errors import ModuleLoadError, StdbError
from stdbpy.module.load import load
from tests.module import running
from tests.module.marked_problems import expect_problems
from tests.module.running import load_code, problems_of, source_of

# Each case is code in which a comment `# E: regex` (or `# W:`) marks a line with a problem, whose
# message and hint, joined by " | ", match.
CASES = {
    "two tables of one name": """
        @table
        class Player:
            id: u64
        @table(name="player")  # E: there is a table 'player' already, at game.py:3
        class Other:
            id: u64
    """,
    "two reducers of one name": """
        @reducer
        def add(ctx): pass
        @reducer(name="add")  # E: there is a reducer 'add' already, at game.py:3
        def add_too(ctx): pass
    """,
    "a name of stdbpy that was not imported": """
        del u64
        @table
        class Player:
            id: u64  # E: NameError: name 'u64' is not defined | from stdbpy import u64
    """,
    "a name that stdbpy does not have": """
        from stdbpy import Tabel  # E: ImportError: cannot import name 'Tabel' .* | Did you mean 'Table'
    """,
    "a primary key that is no column": """
        @table(primary_key="idd")  # E: the primary key 'idd' of table 'player' is none | Did you mean 'id'
        class Player:
            id: u64
    """,
    "two primary keys": """
        @table
        class Player:
            id: u64 = column(primary_key=True)
            name: str = column(primary_key=True)  # E: 'id' is the primary key of table 'player' already
    """,
    "no columns": """
        @table  # E: the table 'player' has no columns
        class Player:
            pass
    """,
    "a class with columns that is no table": """
        class Player:  # E: the class Player has a column of tables, 'id', but is none | Write @table above
            id: u64 = auto_inc(primary_key=True)
        class Guild:  # E: the class Guild has a column of tables, 'name', but is none | Write @table above
            level: u32
            name: str = column(unique=True)
        @reducer
        def add(ctx: ReducerContext) -> None:
            ctx.db.player.insert(Player(id=1))
    """,
    "types that are none": """
        import datetime
        @table
        class Player:
            id: int  # E: Player.id: int is not a type .* | .*u64
            born: datetime.datetime  # E: Player.born: .* | Use Timestamp
            mails: dict[str, str]  # E: Player.mails: .* | .*list of a dataclass
            good: u8
        @reducer
        def add(
            ctx,
            a: int,  # E: add.a: int is not a type .* | .*u64
            b: u8,
            c: "Nothing",  # E: .*'Nothing', which is not defined
        ): pass
    """,
    "text annotations that name nothing": """
        @table
        class Player:
            id: "u64"
            guild: "Guilt"  # E: .*'Guilt', which is not defined
            land: "list[Lant]"  # E: .*'Lant', which is not defined
    """,
    "a type inside a type": """
        from dataclasses import dataclass
        @dataclass
        class Point:
            x: int  # E: Point.x: int is not a type
            y: u8
            z: dict[str, str]  # E: Point.z: .* is not a type
        class Shape(TaggedUnion): pass
        class Round(Shape):
            value: Point
        class Square(Shape):
            value: int  # E: Square.value: int is not a type
        @table
        class Player:
            place: list[Point]
            shape: Shape
        @reducer
        def move(ctx, to: Point | None, player: Player): pass
    """,
    "a type of an installed package inside a type": """
        from tests.module.running import Unsuitable
        @table
        class Player:
            place: list[Unsuitable]  # E: Unsuitable.id: int is not a type
    """,
    "defaults that do not fit": """
        @table
        class Player:
            level: u8 = 256  # E: the default of Player.level does not fit: .*256
            name: str = 3  # E: the default of Player.name does not fit
    """,
    "indexes": """
        @table(indexes=[index("by_x", "x", "levle")])  # E: .*is over 'x' | It has level # E: .*is over 'levle'
        class Player:
            level: u32 = column(index="btree")
    """,
    "an index over a misspelt column": """
        @table(indexes=[index("by_level", "levle")])  # E: .*is over 'levle', which is no column | Did you mean 'level'
        class Player:
            level: u32
    """,
    "two indexes of one name": """
        @table(indexes=[index("level", "name")])  # E: two indexes of table 'player' are called 'level'
        class Player:
            level: u32 = column(index="btree")
            name: str
    """,
    "a direct index that is not unique": """
        @table
        class Player:
            level: u32 = column(index="direct")  # E: player.level has a direct index, .* | Add unique=True
    """,
    "a direct index over text": """
        @table  # E: table player.index .*direct index takes only u8
        class Player:
            name: str = column(index="direct", unique=True)
    """,
    "text that counts": """
        @table
        class Player:
            name: str = auto_inc()  # E: .*only integers can count up
    """,
    "names that break the rules": """
        @table(name="2fast")  # E: table 2fast: the name '2fast' starts with '2'
        class Fast:
            id: u64
        @reducer(name="add player")  # E: reducer add player: the name 'add player' holds ' '
        def add(ctx): pass
    """,
    "a schedule without a time": """
        @table(scheduled="tick")  # E: table 'timer' is scheduled, but has no columns that say when | .*scheduled_at
        class Timer:
            id: u64 = auto_inc(primary_key=True)
        @reducer
        def tick(ctx, timer: Timer): pass
    """,
    "a schedule with two times": """
        @table(scheduled="tick")  # E: table 'timer' is scheduled, but has several columns
        class Timer:
            id: u64 = auto_inc(primary_key=True)
            at: ScheduleAt
            again: ScheduleAt
        @reducer
        def tick(ctx, timer: Timer): pass
    """,
    "a schedule without a key": """
        @table(scheduled="tick")  # E: .*needs a primary key of type u64
        class Timer:
            id: u32 = auto_inc(primary_key=True)
            at: ScheduleAt
        @reducer
        def tick(ctx, timer: Timer): pass
    """,
    "a schedule for nothing": """
        @table(scheduled="tikc")  # E: table 'timer' is scheduled for 'tikc', which is no reducer | Did you mean 'tick'
        class Timer:
            id: u64 = auto_inc(primary_key=True)
            at: ScheduleAt
        @reducer
        def tick(ctx, timer: Timer): pass
    """,
    "a schedule for a reducer that takes something else": """
        @table(scheduled="tick")  # E: .*it runs 'tick', whose only parameter has to be a row
        class Timer:
            id: u64 = auto_inc(primary_key=True)
            at: ScheduleAt
        @reducer
        def tick(ctx, timer: u64): pass
    """,
    "reducers without a context": """
        @reducer
        def nothing(): pass  # E: reducer 'nothing' has no parameter for its context | def nothing\\(ctx: ReducerContext
        @reducer
        def forgotten(name: str): pass  # E: the first parameter of reducer 'forgotten' has to be its context, .*'name'
        @reducer
        def untyped(name): pass  # E: the first parameter of reducer 'untyped' has to be its context, .*'name'
        @reducer
        def wrong(name: int): pass  # E: .*'wrong' has to be its context, but it is 'name' # E: wrong.name: int is not
        @reducer
        def starred(*ctx): pass  # E: reducer 'starred' has no parameter for its context
    """,
    "a context that is not the first": """
        class Ctx(ReducerContext): pass
        @reducer
        def named(name: str, ctx): pass  # E: .* 'named' .*, but 'ctx' is number 2 | .*\\(ctx, name\\)
        @reducer
        def typed(
            name: str,
            age,  # E: typed.age has no annotation
            c: Ctx,  # E: the context of reducer 'typed' .*, but 'c' is number 3 | def typed\\(c, name, age\\)
        ): pass
        class Underived: pass
        @reducer
        def underived(ctx: Underived): pass  # E: the context of reducer 'underived' is annotated with something else
        @reducer
        def unknown(ctx: "Ctxt", name: int): pass  # E: .*'Ctxt', which is not defined # E: unknown.name: int is not
        @reducer
        def unknown_too(name: str, ctx: "Ctxt"): pass  # E: .*'unknown_too' has to be its context.* # E: .*'Ctxt', which
    """,
    "parameters": """
        @reducer
        def a(ctx, name): pass  # E: a.name has no annotation | .*name: str
        @reducer
        def b(ctx, *names: str): pass  # E: b.names takes any number
        @reducer
        def c(ctx, *, name: str): pass  # E: c.name is keyword-only
        @reducer
        def d(ctx, **names: str): pass  # E: d.names takes any number
        @reducer
        def e(
            ctx,
            name: str = "",  # W: the default of e.name is never used
            more: u8 | str = 1,  # E: e.more: .* | .*TaggedUnion # W: the default of e.more
        ): pass
    """,
    "kinds of function": """
        @reducer
        async def wait(ctx): pass  # E: reducer 'wait' is async
        @reducer
        def give(ctx):  # E: reducer 'give' is a generator
            yield 1
        @reducer
        def count(ctx) -> int:  # W: what reducer 'count' returns is lost
            return 1
    """,
    "lifecycle": """
        @init
        def start(ctx): pass
        @init  # E: .*'start' is there for Init already
        def start_too(ctx): pass
        @client_connected  # E: .*it takes no parameters
        def came(ctx, name: str): pass
    """,
    "two classes of one name": """
        from dataclasses import dataclass
        def make(type):
            @dataclass
            class Point:
                x: type
            return Point
        One, Other = make(u8), make(u16)
        @table
        class A:
            one: One
        @table  # E: .*Point.* | .*rename one of them
        class B:
            other: Other
    """,
    "handles": """
        @table
        class Player:
            id: u64 = auto_inc(primary_key=True)
            name: str = column(unique=True)
            level: u32 = column(index="btree")
            guild: u32
        @table
        class Other:
            x: u8
        class PlayerTable(Table[Player]):
            id: Unique[Player, u64]
            name: PrimaryKey[Player, str]  # E: PlayerTable.name is declared as PrimaryKey | It is Unique
            level: Unique[Player, u32]  # E: PlayerTable.level is declared as Unique | It is Index
            guild: Index[Player, u32]  # E: PlayerTable.guild is declared, but .* | .*column\\(index
            nmae: Unique[Player, str]  # E: PlayerTable.nmae is declared, .* | Did you mean 'name'
        class OtherTable(Table[Player]): pass
        class Db(Tables):
            player: PlayerTable
            playr: Table[Player]  # E: Db declares a table 'playr', which .* | Did you mean 'player'
            other: OtherTable  # E: table 'other' holds rows of class Other, not Player
            number: int  # E: Db.number has to be a Table
        class Ctx(ReducerContext):
            db: Db
        class Bad(ReducerContext):
            db: int  # E: Bad.db has to be a subclass of Tables
        @reducer
        def one(ctx: Ctx): pass
        @reducer
        def two(ctx: Bad): pass
    """,
    "all at once": """
        @table(primary_key="idd", indexes=[index("by_x", "x")])  # E: the primary key 'idd' of # E: .*is over 'x', which
        class Player:
            id: int  # E: Player.id: int is not a type
        @table(name="2fast")  # E: table 2fast: the name '2fast' starts with '2'
        class Fast:
            id: u64 = auto_inc(primary_key=True)
            name: str = auto_inc()  # E: .*only integers can count up
        @table(scheduled="tick")
        class Timer:
            id: u64 = auto_inc(primary_key=True)
            at: ScheduleAt
        @table
        class Fine:
            id: u64
        class Db(Tables):
            player: Table[Player]
            fine: Table[Fast]  # E: table 'fine' holds rows of class Fine, not Fast
            fien: Table[Fine]  # E: Db declares a table 'fien', which .* | Did you mean 'fine'
        class Ctx(ReducerContext):
            db: Db
        class OtherCtx(ReducerContext):
            db: Db
        @reducer
        def tick(ctx: Ctx, timer): pass  # E: tick.timer has no annotation
        @reducer
        def fine(ctx: OtherCtx): pass
        @init  # E: .*it takes no parameters
        def start(ctx: Ctx, name: str): pass
    """,
    "declared queries": """
        from typing import Self
        @table(indexes=[index("place", "x", "level")])
        class Player:
            id: u64 = auto_inc(primary_key=True)
            level: u32 = column(index="btree")
            x: u8
        @table
        class Other:
            x: u8
        class PlayerColumns(Columns):
            id: IndexedColumn[Self, u64]
            level: Column[Self, u32]
            x: IndexedColumn[Self, u8]  # E: PlayerColumns.x is declared as IndexedColumn, but has no index | x: Column
            lvl: Column[Self, u32]  # E: PlayerColumns.lvl is declared, but table .* | Did you mean 'level'
            name: str  # E: PlayerColumns.name has to be a Column
        class Q(Queries):
            player: QueryTable[Player, PlayerColumns]
            playr: QueryTable[Player, PlayerColumns]  # E: Q declares a table 'playr', which .* | Did you mean 'player'
            other: QueryTable[Player, Columns]  # E: table 'other' holds rows of class Other, not Player
            number: int  # E: Q.number has to be a QueryTable
        class Ctx(ViewContext):
            query: Q
        class Bad(AnonymousViewContext):
            query: int  # E: Bad.query has to be a subclass of Queries
        @view
        def one(ctx: Ctx) -> Query[Player]: return ctx.query.player
        @view
        def two(ctx: Bad) -> Query[Player]: return ctx.query.player
    """,
    "number of key columns": """
        @table(indexes=[index("place", "x", "y")])
        class Tile:
            x: u8
            y: u8
        class TileTable(Table[Tile]):
            place: Index[Tile, u8]  # E: TileTable.place is declared with 1 key types | The index has 2: x, y
        class Db(Tables):
            tile: TileTable
        class Ctx(ReducerContext):
            db: Db
        @reducer
        def one(ctx: Ctx): pass
    """,
    "syntax": """
        def (:  # E: SyntaxError: .* | The line is: def \\(:
    """,
    "indentation": """
        def f():
        pass  # E: IndentationError: expected an indented block
    """,
    "an import of nothing": """
        import there_is_no_such_module  # E: there is no module 'there_is_no_such_module' to import | .*pip install
    """,
    "an import of what WebAssembly cannot have": """
        import tensorflow  # E: there is no module 'tensorflow' to import | tensorflow is native code, .*without it
    """,
    "an import of a name that is not there": """
        from stdbpy import tabel  # E: ImportError: cannot import name 'tabel'
    """,
    "an error while importing": """
        def divide(by):
            return 1 / by  # E: ZeroDivisionError: division by zero
        divide(0)
    """,
    "an error of stdbpy while importing": """
        class Shape(TaggedUnion):
            value: u8  # the class statement is what fails
        """,
    "giving up while importing": """
        raise SystemExit("not today")  # E: SystemExit: not today
    """,
    "a misspelt option": """
        @table(pubic=True)  # E: TypeError: @table has no option 'pubic'. Did you mean 'public'
        class Player:
            id: u64
    """,
    "a misspelt argument": """
        @table
        class Player:
            id: u64 = column(primary=True)  # E: .*column.. got an unexpected .* | Did you mean 'primary_key'
    """,
    "another's argument": """
        def own(): ...
        own(nam=3)  # E: TypeError: own.* got an unexpected keyword argument 'nam'
    """,
    "a misspelt module": """
        from stdby import table  # E: there is no module 'stdby' to import | Did you mean 'stdbpy'
    """,
    "a misspelt index": """
        @table
        class Player:
            id: u64 = column(index="tree")  # E: ValueError: no kind of index is called .tree.: there are btree
    """,
}


@pytest.mark.parametrize("name", [name for name, code in CASES.items() if "# E:" in code])
def test_problems(name):
    expect_problems(CASES[name])


def test_classes_with_columns_that_tables_are_made_of():
    loaded = load_code(
        """
        from dataclasses import dataclass
        @dataclass
        class Numbered:
            id: u64 = auto_inc(primary_key=True)
        class Elsewhere:
            id: u64 = column(primary_key=True)
        @table
        class Player(Numbered): pass
        table(name="one")(Elsewhere)
        """
    )

    assert {table.name for table in loaded.schema.tables} == {"player", "one"}
    assert not loaded.warnings


def test_a_dataclass_with_columns_of_which_no_table_is_made():
    (warning,) = load_code(
        """
        from dataclasses import dataclass
        @dataclass
        class Player:
            id: u64 = auto_inc(primary_key=True)
        @init
        def init(ctx: ReducerContext) -> None: pass
        """
    ).warnings

    assert warning.level == "warning"
    assert warning.where == "game.py:5"
    assert warning.message == "'id' of Player is a column of tables, but no table is made of it"


def test_an_error_of_stdbpy_has_its_hint():
    [problem] = problems_of(CASES["an error of stdbpy while importing"])
    assert problem.where == "game.py:3"
    assert "Shape is a union" in problem.message
    assert problem.hint


def test_problems_of_several_files():
    problems = problems_of(
        "import world.tables\n@reducer\ndef a(ctx, x): pass",
        files={
            "world/__init__.py": "from . import reducers",
            "world/tables.py": "from stdbpy import *\n\n@table\nclass T:\n    x: int",
            "world/reducers.py": "from stdbpy import *\n\n@reducer\ndef b(): pass",
        },
    )
    assert sorted(problem.where for problem in problems) == ["game.py:4", "world/reducers.py:4", "world/tables.py:5"]


def test_a_class_of_another_file_is_declared_where_table_is_called():
    files = {
        "world/__init__.py": "",
        "world/rows.py": "from dataclasses import dataclass\nfrom stdbpy import *\n@dataclass\nclass T:\n    x: u8",
        "world/tables.py": "from stdbpy import *\nfrom .rows import T\n\n\n\n\n\ntable(name='no name')(T)",
    }
    [problem] = problems_of("import world.tables", files=files)
    assert problem.where == "world/tables.py:8"


def test_inherited_columns_are_read_where_they_were_written():
    files = {
        "world/__init__.py": "",
        "world/base.py": """\
            from __future__ import annotations
            from dataclasses import dataclass
            from stdbpy import u64 as Number
            @dataclass
            class Base:
                id: Number
        """,
        "world/tables.py": """\
            from __future__ import annotations
            from stdbpy import table
            from .base import Base
            @table
            class T(Base):
                x: Nothing
        """,
    }
    [problem] = problems_of("import world.tables", files=files)
    assert problem.where == "world/tables.py:6"
    assert "'Nothing', which is not defined" in problem.message


def test_a_class_of_an_installed_package_can_be_a_table():
    module = load_code("from tests.module.running import Installed\ntable(name='installed')(Installed)")
    assert [table.name for table in module.schema.tables] == ["installed"]
    assert "__stdbpy__" not in vars(running)


def test_a_reducer_wrapped_by_a_decorator_of_an_installed_package():
    module = load_code("""
        import contextlib
        @contextlib.contextmanager
        def quietly():
            yield
        @reducer
        @quietly()
        def add(ctx, x: u8): pass
    """)
    assert [reducer.name for reducer in module.schema.reducers] == ["add"]


def test_the_error_says_how_many_and_shows_all():
    with pytest.raises(ModuleLoadError, match="the module 'game' has 2 errors") as caught:
        load_code("@reducer\ndef a(ctx, x, y: u8 = 1) -> int: pass\n@reducer\ndef b(): pass")
    assert [problem.level for problem in caught.value.problems] == ["warning", "error", "warning", "error"]


def test_the_cause_of_a_failed_import_is_kept():
    with pytest.raises(ModuleLoadError) as caught:
        load_code("1 / 0")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_entry_that_is_not_there():
    with pytest.raises(ModuleLoadError) as caught:
        load(source_of(entry="game.mian", files={"game/__init__.py": "", "game/main.py": ""}))
    [problem] = caught.value.problems
    assert "there is no module 'game.mian'" in problem.message


@pytest.mark.parametrize("entry", ["json", "stdbpy", "logging"])
def test_an_entry_that_python_has_already(entry):
    with pytest.raises(StdbError) as caught:
        load_code("@reducer\ndef a(ctx): pass", entry=entry)
    assert isinstance(caught.value, ModuleLoadError)
    assert f"cannot be called '{entry}'" in caught.value.problems[0].message


def test_a_module_without_declarations_is_loaded_with_a_warning():
    module = load_code("x = 1")
    [warning] = module.warnings
    assert "declares no tables and no functions" in warning.message


def test_warnings_do_not_keep_a_module_from_loading():
    module = load_code("@reducer\ndef a(ctx, n: u8 = 1): pass")
    assert [str(warning).split(":")[:3] for warning in module.warnings] == [["game.py", "3", " warning"]]
