"""Row classes: what ``@table`` makes of a class."""

from __future__ import annotations

import copy
import dataclasses
import functools
import pickle
from typing import ClassVar

import pytest

from stdbpy import auto_inc, column, index, init, reducer, table, u8, u32, u64, view
from stdbpy.module.rows import make_row_class
from stdbpy.module.tracebacks import user_traceback


@table
class Player:
    id: u64 = auto_inc(primary_key=True)
    name: str
    level: u32 = column(default=1)
    tags: list[str] = []  # noqa: RUF012 - copied for each row
    guild: u32

    @property
    def title(self) -> str:
        return f"{self.name} ({self.level})"


def test_columns_are_given_by_keyword_or_position_and_defaults_may_come_first():
    assert Player(name="Ann", guild=2) == Player(0, "Ann", 1, [], 2)
    assert repr(Player(name="Ann", guild=2)) == "Player(id=0, name='Ann', level=1, tags=[], guild=2)"


@pytest.mark.parametrize(
    ("given", "missing"),
    [({}, "'name', 'guild'"), ({"name": "Ann"}, "'guild'"), ({"guild": 1}, "'name'")],
)
def test_all_missing_columns_are_named(given, missing):
    with pytest.raises(TypeError, match=rf"^Player\(\) needs a value for {missing}$"):
        Player(**given)


def test_the_last_line_of_a_traceback_is_that_which_leaves_one_out():
    with pytest.raises(TypeError) as caught:
        Player()
    assert user_traceback(caught.value).splitlines()[-2:] == [
        "    Player()",
        "TypeError: Player() needs a value for 'name', 'guild'",
    ]


def test_unknown_columns_are_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'nmae'"):
        Player(nmae="Ann")


def test_a_misspelt_column_cannot_be_set():
    player = Player(name="Ann", guild=1)
    with pytest.raises(AttributeError, match="levle"):
        player.levle = 3


def test_mutable_defaults_are_not_shared():
    first, second = Player(name="a", guild=1), Player(name="b", guild=1)
    first.tags.append("x")
    assert second.tags == []


def test_rows_have_the_methods_of_their_class():
    assert Player(name="Ann", guild=1).title == "Ann (1)"


def test_rows_can_be_replaced_copied_pickled_and_matched():
    player = Player(name="Ann", guild=1)
    assert dataclasses.replace(player, level=2) == Player(name="Ann", guild=1, level=2)
    assert copy.deepcopy(player) == player
    assert pickle.loads(pickle.dumps(player)) == player
    match player:
        case Player(name=name, guild=1):
            assert name == "Ann"
        case _:
            raise AssertionError


def test_a_class_is_made_once():
    assert make_row_class(Player) is Player


def test_a_dataclass_of_its_author_stays_as_it_is():
    @dataclasses.dataclass
    class Point:
        x: int

    assert make_row_class(Point) is Point


def test_a_class_with_its_own_init_is_refused():
    class Odd:
        x: u8

        def __init__(self) -> None: ...

    with pytest.raises(TypeError, match="Odd has an __init__ of its own"):
        make_row_class(Odd)


def test_post_init_is_called():
    class Checked:
        x: u8 = 0

        def __post_init__(self) -> None:
            self.x += 1

    assert make_row_class(Checked)().x == 1


def test_any_column_name_can_be_used():
    names = ("self", "MISSING", "row", "locals", "last")
    row_class = make_row_class(type("Odd", (), {"__annotations__": dict.fromkeys(names, u8), "self": 0}))
    assert row_class(MISSING=2, row=3, locals=4, last=5) == row_class(0, 2, 3, 4, 5)
    with pytest.raises(TypeError, match="needs a value for 'MISSING', 'last'"):
        row_class(row=3, locals=4)


@pytest.mark.parametrize("decorate", [lambda cls: cls, dataclasses.dataclass])
def test_a_base_whose_columns_would_be_lost_is_refused(decorate):
    class Base:
        id: u64

    class Derived(Base):
        name: str

    with pytest.raises(TypeError, match="columns of Base, from which Derived is derived, would be lost"):
        make_row_class(decorate(Derived))


def test_a_base_may_have_methods_and_constants():
    class Base:
        LIMIT: ClassVar[int] = 3

        def limit(self) -> int:
            return self.LIMIT

    class Derived(Base):
        name: str

    assert make_row_class(Derived)(name="Ann").limit() == 3


def test_a_constant_may_be_a_list():
    class Levelled:
        LEVELS: ClassVar[list[int]] = [1, 2]
        level: u32 = 1

    row_class = make_row_class(Levelled)
    assert row_class.LEVELS is row_class(level=3).LEVELS == [1, 2]
    assert [field.name for field in dataclasses.fields(row_class)] == ["level"]


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: column(index="btre"), "no kind of index is called 'btre': there are btree, hash, direct"),
        (lambda: column(index=True), "no kind of index is called True"),
        (lambda: column(auto_inc=True, default=5), "an auto_inc column has no default but 0"),
        (lambda: column(index=["btree"]), r"no kind of index is called \['btree'\]"),
        (lambda: index("by_name"), "names no columns"),
        (lambda: index(5, "name"), "index takes names: .*not 5"),
        (lambda: index("by_name", 5), "index takes names: .*not 5"),
        (lambda: table(name=5)(type("Named", (), {})), "a name is text, not 5"),
        (lambda: reducer(name=5)(lambda ctx: None), "a name is text, not 5"),
        (lambda: view(primary_key=5)(lambda ctx: None), "primary_key takes the name of a column, not 5"),
        (lambda: table(primary_key=5), "primary_key takes the name of a column, not 5"),
        (lambda: table(indexes=index("by_name", "name")), r"indexes takes a list of index\(\.\.\.\)"),
        (lambda: table(indexes=["name"]), r"column\(index='btree'\)"),
        (lambda: table(scheduled=make_row_class), "takes the name of a reducer.* scheduled='make_row_class'"),
        (lambda: table("person"), r"@table stands above a class, not 'person'.*@table\(name='person'\)"),
        (lambda: table()(make_row_class), "@table stands above a class"),
        (lambda: reducer("add"), r"a reducer is a function, not 'add'.*@reducer\(name='add'\)"),
        (lambda: reducer(Player), "a reducer is a function"),
        (lambda: init(functools.partial(print)), "a reducer is a function"),
    ],
)
def test_options_that_make_no_sense(declare, message):
    with pytest.raises((ValueError, TypeError), match=message):
        declare()
