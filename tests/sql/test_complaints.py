"""Complaints of servers, word for word as they came, and the part of the statement that each is about."""

from __future__ import annotations

import pytest

from stdbpy.sql.complaints import Place, excerpt, find_place

REAL = [
    ("sql parser error: Expected end of statement, found: frm at Line: 1, Column 10", "select * >frm< user"),
    ("sql parser error: Expected an expression:, found: ) at Line: 3, Column 7", "select *\nfrom user\nwhere >)<"),
    ("sql parser error: Unterminated string literal at Line: 1, Column 8", "select >'<abc; -- no"),
    ("sql parser error: Unexpected EOF while in a multi-line comment at Line: 1, Column 24", "select * from u /* x><"),
    ("sql parser error: Expected ), found: EOF", "select * from user where (online = true>< -- so"),
    ("`onlin` is not in scope", "select * from user where >onlin< = true"),
    ("no such table: `usr`. If the table exists, it may be marked private.", "select * from >usr<"),
    ("`usr` is not a valid table", "select * from >usr<"),
    ("`user` does not have a field `onlin`", "update user set >onlin< = true"),
    ("The literal expression `true` cannot be parsed as type `Bool`", "select * from user where online = >'true'<"),
    ("The literal expression `256` cannot be parsed as type `U8`", "select * from one_u8 where n = >256<"),
    ("Unsupported: SELECT * FROM user ORDER BY name", "select * from user >order< by name"),
    ("Unsupported expression: name LIKE 'x'", "select * from user where >name  like 'x'< and a = 1"),
    ("Unsupported projection expression: 1", "select >1<"),
]
EMBEDDED = [
    (
        "no such column: `onlin` (line 2, column 7)\nhint: Did you mean 'online'?",
        "select * from user\nwhere >onlin< = true",
    ),
    ("expected FROM, found the end (line 1, column 9)", "select *><"),
]
NOWHERE = [
    ("Aggregate expressions must have column aliases", "select count(*) from user"),
    ("Unexpected type: (expected) String != U64 (inferred)", "select * from user where name = 5"),
    ("Unsupported: SHOW TABLES", "show tables"),
    ("`user` is not in scope", "select * from person"),
    ("Empty SQL query", ""),
    ("", "select 1"),
]


@pytest.mark.parametrize(("complaint", "marked"), REAL + EMBEDDED)
def test_place(complaint: str, marked: str) -> None:
    start, end = marked.index(">"), marked.rindex("<") - 1

    place = find_place(complaint, marked.replace(">", "").replace("<", ""))

    assert place is not None
    assert (place.start, place.end) == (start, end)


@pytest.mark.parametrize(("complaint", "statement"), NOWHERE)
def test_no_place(complaint: str, statement: str) -> None:
    assert find_place(complaint, statement) is None


def test_what_to_write_instead() -> None:
    place = find_place("Unsupported: SELECT * FROM user ORDER BY name", "select * from user order by name")

    assert place is not None
    assert "Sort the rows" in place.hint


@pytest.mark.parametrize(
    ("statement", "place", "shown"),
    [
        ("a bc d", Place(2, 4), "a bc d\n  ^^"),
        ("a\n\tbc\nd", Place(3, 5), " bc\n ^^"),
        ("a bc", Place(4, 4), "a bc\n    ^"),
        ("a 'b\nc' d", Place(2, 7), "a 'b\n  ^^"),
    ],
)
def test_excerpt(statement: str, place: Place, shown: str) -> None:
    assert excerpt(statement, place) == shown


@pytest.mark.parametrize("before", [0, 20, 500])
@pytest.mark.parametrize("behind", [0, 20, 500])
def test_excerpt_of_a_long_line(before: int, behind: int) -> None:
    statement = "x" * before + "here" + "y" * behind

    line, marks = excerpt(statement, Place(before, before + 4)).split("\n")

    assert len(line) <= 100
    assert line[marks.index("^") :][:4] == "here"
    assert marks.strip() == "^^^^"
