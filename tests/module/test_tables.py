"""Declared tables as the schema has them."""

from __future__ import annotations

import pytest

from stdbpy.sats.bsatn import compile_codec
from stdbpy.schema.definition import read_module_def, write_module_def
from stdbpy.schema.model import CasePolicy, IndexAlgorithm, Table, Visibility
from stdbpy.schema.validate import validate
from tests.module.running import load_code


def only_table(code: str) -> Table:
    [table] = load_code(code).schema.tables
    return table


def indexes(table: Table) -> list[tuple]:
    names = [column.name for column in table.columns]
    return [
        (index.accessor, index.name, index.algorithm.value, *(names[column] for column in index.columns))
        for index in table.indexes
    ]


@pytest.mark.parametrize(
    ("class_name", "table_name"),
    [
        ("Player", "player"),
        ("HighScore", "high_score"),
        ("OneU8", "one_u8"),
        ("PkU32Two", "pk_u32_two"),
        ("HTTPRequest", "http_request"),
        ("Vec3", "vec3"),
        ("already_snake", "already_snake"),
    ],
)
def test_a_table_is_called_like_its_class(class_name, table_name):
    assert only_table(f"@table\nclass {class_name}:\n    x: u8").name == table_name


def test_names_are_as_written_and_the_definition_is_v10():
    schema = load_code("""
        @table(name="HighScores")
        class Score:
            playerName: str = column(index="btree")
        @reducer(name="addScore")
        def add(ctx, playerName: str): pass
    """).schema
    [table], [reducer] = schema.tables, schema.reducers
    assert (schema.version, schema.case_policy) == (10, CasePolicy.NONE)
    assert (table.name, table.columns[0].name, reducer.name) == ("HighScores", "playerName", "addScore")
    assert indexes(table) == [("playerName", "HighScores_playerName_idx_btree", "BTree", "playerName")]
    assert schema.types[0].name == "Score"


def test_event_tables_are_tables_in_all_else():
    table = only_table("""
        @table(event=True, public=True)
        class Hit:
            id: u64 = auto_inc(primary_key=True)
            damage: u32
    """)
    assert (table.is_event, table.is_public, table.primary_key, len(table.sequences)) == (True, True, 0, 1)


def test_tables_are_private_unless_public():
    schema = load_code("""
        @table
        class A:
            x: u8
        @table()
        class B:
            x: u8
        @table(public=True)
        class C:
            x: u8
    """).schema
    assert [(table.name, table.is_public) for table in schema.tables] == [("a", False), ("b", False), ("c", True)]


def test_keys_indexes_constraints_and_sequences():
    table = only_table("""
        @table(indexes=[index("by_b_and_a", "b", "a"), index("all_of", "c", "d", algorithm="hash", unique=True)])
        class T:
            a: u64 = column(primary_key=True, auto_inc=True)
            b: str = column(unique=True)
            c: Identity = column(index="hash")
            d: u16 = column(unique=True, index="direct")
            e: u32 = column(index="btree")
    """)
    assert table.primary_key == 0
    assert indexes(table) == [
        ("a", "t_a_idx_btree", "BTree", "a"),
        ("b", "t_b_idx_btree", "BTree", "b"),
        ("c", "t_c_idx_hash", "Hash", "c"),
        ("d", "t_d_idx_direct", "Direct", "d"),
        ("e", "t_e_idx_btree", "BTree", "e"),
        ("by_b_and_a", "t_b_a_idx_btree", "BTree", "b", "a"),
        ("all_of", "t_c_d_idx_hash", "Hash", "c", "d"),
    ]
    assert [(constraint.name, constraint.columns) for constraint in table.constraints] == [
        ("t_a_key", (0,)),
        ("t_b_key", (1,)),
        ("t_d_key", (3,)),
        ("t_c_d_key", (2, 3)),
    ]
    assert [(sequence.name, sequence.column) for sequence in table.sequences] == [("t_a_seq", 0)]


def test_an_index_over_a_unique_column_alone_is_its_index():
    table = only_table("""
        @table(indexes=[index("by_name", "name", algorithm="hash")])
        class T:
            name: str = column(unique=True)
    """)
    assert indexes(table) == [("by_name", "t_name_idx_hash", "Hash", "name")]


@pytest.mark.parametrize("spelling", ['@table(primary_key="id")', "@table"])
def test_the_primary_key_can_be_said_by_table_or_column(spelling):
    column = "" if "primary_key" in spelling else " = column(primary_key=True)"
    table = only_table(f"{spelling}\nclass T:\n    id: u64{column}\n    x: u8")
    assert table.primary_key == 0
    assert indexes(table) == [("id", "t_id_idx_btree", "BTree", "id")]
    assert table.is_unique((0,))


def test_defaults_are_those_of_the_columns_except_of_keys():
    table = only_table("""
        from dataclasses import dataclass, field
        from enum import Enum
        class Color(Enum):
            RED = "r"
            BLUE = "b"
        @dataclass
        class Point:
            x: i32 = 0
        @table
        class T:
            id: u64 = auto_inc(primary_key=True)
            code: u32 = column(unique=True, default=3)
            level: u32 = 1
            name: str | None = None
            tags: list[str] = column(default=["new"])
            notes: list[str] = []
            color: Color = Color.BLUE
            place: Point = Point(7)
            always: list[u16] = field(default_factory=list)
            plain: u8
    """)
    types = {column.name: column.type for column in table.columns}
    assert len(types) == 10
    defaults = {column.name: column.default for column in table.columns}
    assert defaults == {
        "id": None,
        "code": None,
        "level": b"\x01\0\0\0",
        "name": b"\x01",
        "tags": compile_codec(types["tags"]).encode(["new"]),
        "notes": b"\0\0\0\0",
        "color": b"\x01",
        "place": b"\x07\0\0\0",
        "always": None,
        "plain": None,
    }


def test_one_class_for_several_tables():
    schema = load_code("""
        from dataclasses import dataclass
        @table(name="online", public=True)
        @table(name="offline")
        class Player:
            id: u64 = column(primary_key=True)
        @dataclass
        class Plain:
            a: u8
        table(name="one", primary_key="a")(Plain)
        table(name="two")(Plain)
        @reducer
        def leave(ctx, id: u64):
            player = ctx.db.online.id.find(id)
            ctx.db.online.id.delete(id)
            ctx.db.offline.insert(player)
    """).schema
    assert [(table.name, table.product_ref, table.primary_key) for table in schema.tables] == [
        ("offline", 0, 0),
        ("one", 1, 0),
        ("online", 0, 0),
        ("two", 1, None),
    ]


def test_a_scheduled_table():
    schema = load_code("""
        @table(scheduled="remind")
        class Reminder:
            id: u64 = auto_inc(primary_key=True)
            text: str
            due: ScheduleAt
        @reducer
        def remind(ctx, reminder: Reminder): pass
    """).schema
    [table] = schema.tables
    assert table.schedule is not None
    assert (table.schedule.name, table.schedule.at_column, table.schedule.function) == ("reminder_sched", 2, "remind")
    assert schema.reducers_by_name["remind"].visibility is Visibility.PRIVATE


def test_the_order_of_the_code_does_not_matter():
    parts = [
        "@table\nclass Zoo:\n    animals: list[Animal]",
        "@table\nclass Area:\n    zoo: Zoo",
        "@reducer\ndef open_zoo(ctx, zoo: Zoo): pass",
        "@reducer\ndef feed(ctx, food: Food): pass",
    ]
    types = "from dataclasses import dataclass\n"
    types += "".join(f"@dataclass\nclass {name}:\n    x: u8\n" for name in ("Animal", "Food"))
    forward = load_code(types + "\n".join(parts)).schema
    backward = load_code(types + "\n".join([parts[0], *reversed(parts[1:])])).schema
    assert write_module_def(forward) == write_module_def(backward)


@pytest.mark.parametrize("version", [9, 10])
def test_the_schema_is_valid_and_can_be_written_and_read(version):
    schema = load_code("""
        from enum import Enum, auto
        class Color(Enum):
            RED = auto()
        class Shape(TaggedUnion): pass
        class Circle(Shape):
            value: f32
        @table(public=True, scheduled="paint", indexes=[index("by_color_and_at", "color", "n")])
        class Job:
            id: u64 = auto_inc(primary_key=True)
            at: ScheduleAt
            color: Color
            n: i128
            shape: Shape | None = None
            raw: bytes = b""
        @reducer
        def paint(ctx, job: Job): pass
        @init
        def start(ctx): pass
    """).schema
    assert validate(schema) == []
    read = read_module_def(write_module_def(schema, version))
    assert [table.name for table in read.tables] == ["job"]
    assert {index.algorithm for index in read.tables[0].indexes} == {IndexAlgorithm.BTREE}
    assert [reducer.name for reducer in read.reducers] == ["paint", "start"]
