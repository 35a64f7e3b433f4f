"""What is said when a statement is refused, where it points, and what it advises."""

from __future__ import annotations

import pytest

from stdbpy.errors import SqlError
from stdbpy.sats.types import ArrayType, Primitive
from tests.engine.sql.little import INDEXED, OTHER, LittleDatabase, schema, table


@pytest.fixture(scope="module")
def database() -> LittleDatabase:
    return LittleDatabase(INDEXED)


@pytest.mark.parametrize(
    ("sql", "message", "hint"),
    [
        ("SELECT * FROM itm", "no such table: `itm` (line 1, column 15)", "Did you mean 'item'?"),
        ("SELECT naem FROM item", "`naem` is not a column of `item` (line 1, column 8)", "Did you mean 'name'?"),
        ("SELECT xyz FROM item", "`xyz` is not a column of `item`", "Its columns: id, kind, size, weight, name, sold."),
        ("SELECT id FROM item WHERE name = \"Ada\"", "`Ada` is not a column of `item`", "single quotes: 'Ada'."),
        ("SELECT id FROM item WHERE name = \"O'Neil\"", "`O'Neil` is not a column of `item`", "quotes: 'O''Neil'."),
        ("SELECT id FROM item WHERE id = Ada", "`Ada` is not a column of `item`", "Its columns: id"),
        ("SELECT x.id FROM item", "no table `x` in this statement (line 1, column 8)", ""),
        ("SELECT id FROM item WHERE id = 'five'", "`five` is not a value of type u32 (line 1, column 32)", ""),
        ("SELECT id FROM item WHERE kind = 300", "`300` is not a value of type i8", ""),
        ("SELECT id FROM item WHERE id = kind", "the column `kind` is of type i8, and u32 is needed here", ""),
        ("SELECT id FROM item WHERE id = true", "`true` is of type bool, and u32 is needed here", ""),
        ("SELECT id FROM item WHERE id", "the column `id` is of type u32, and bool is needed here", ""),
        ("SELECT id FROM item WHERE 1 = 1", "the type of `1` is unknown, because it is compared with no column", ""),
        ("SELECT id FROM item WHERE id = :sender", ":sender is an Identity, not u32", ""),
        ("SELECT id FROM item WHERE id = :me", "no such parameter: `:me`", "There is one: :sender."),
        ("SELECT id\nFROM item\nORDER BY id", "ORDER is not supported (line 3, column 1)", "Sort the rows"),
        ("SELECT id FROM item WHERE NOT sold", "NOT is not supported", "Write the opposite"),
        ("SELECT id FROM item WHERE id IN (1, 2)", "IN is not supported", "column = 1 OR column = 2"),
        ("SELECT id FROM item WHERE id NOT IN (1, 2)", "NOT IN is not supported", "Write the opposite"),
        ("SELECT id FROM item WHERE name LIKE 'a%'", "LIKE is not supported", "= <> <"),
        ("SELECT id FROM item WHERE id + 1 = 2", "the operator `+` is not supported (line 1, column 30)", ""),
        ("SELECT id FROM item WHERE", "expected an expression, found the end (line 1, column 26)", ""),
        ("SELECT id FROM item WHERE id = ", "expected an expression, found the end", ""),
        ("SELECT id, FROM item", "expected FROM, found the end", ""),
        ("SELECT COUNT(*) FROM item", "COUNT(*) needs a name", "COUNT(*) AS name"),
        ("SELECT SUM(id) AS s FROM item", "the function `SUM` is not supported", "COUNT(*) AS name"),
        ("SELECT *, id FROM item", "`*` cannot stand beside other columns", "Name the columns."),
        ("SELECT id, kind AS id FROM item", "two columns are called `id` (line 1, column 20)", "column AS name"),
        ("SELECT * FROM item a JOIN item b", "SELECT * is not supported with several tables", "Write table.*."),
        ("SELECT a.id FROM item a JOIN item a", "two tables are called `a`", "table AS t"),
        ("SELECT id FROM item a JOIN item b", "with several tables a column must name its table: `id`", "table.id"),
        ("SELECT a.id FROM item a LEFT JOIN item b ON a.id = b.id", "LEFT is not supported", "JOIN (inner)"),
        ("SELECT a.id FROM item a JOIN item b USING (id)", "USING is not supported", "ON a.x = b.y"),
        ("SELECT a.id FROM item a JOIN item b ON a.id < b.id", "ON must compare two columns", "WHERE"),
        ("SELECT a.id FROM item a JOIN item b ON a.id = a.id", "ON must compare a column of the joined table", ""),
        ("SELECT id FROM item, order", "a list of tables is not supported", "JOIN"),
        ("SELECT id FROM item LIMIT -1", "LIMIT must be a plain number (line 1, column 27)", ""),
        ("SELECT user FROM item", "`user` is a function here", '"user" with double quotes'),
        ("SELECT id FROM item; DELETE FROM item", "only one statement at a time", "one by one"),
        ("SELECT id FROM item extra words", "expected the end of the statement, found `words`", ""),
        ("", "the text holds no statement", "SELECT * FROM"),
        ("SELECT id FROM item WHERE name = 'a", "the quote ' is never closed (line 1, column 34)", ""),
        ("SELECT id /* FROM item", "the comment /* is never closed (line 1, column 11)", ""),
        ("CREATE TABLE t (id int)", "CREATE is not supported", "change its code and publish"),
        ("FROM item", "expected SELECT, INSERT, UPDATE, DELETE, SET or SHOW, found `FROM`", ""),
        ("INSERT INTO item VALUES (1)", "INSERT must name all 6 columns of `item`, not 0", "id, kind, size"),
        ('INSERT INTO "order" (a, b, c) VALUES (1, 2)', "a row of `order` has 3 values, not 2", "item, size, weight"),
        ('INSERT INTO "order" (a, b, c) VALUES (\'1\', 2, 3)', "a string is not a value of type u32", "SQL can write"),
        ("UPDATE item SET size = size + 1", "the operator `+` is not supported", ""),
        ("UPDATE item SET size = kind", "the new value must be a plain literal", ""),
        ("UPDATE item SET siez = 1", "`siez` is not a column of `item`", "'size'"),
        ("UPDATE item i SET size = 1", "the table of a change cannot have an alias", ""),
        ("DELETE item", "expected FROM, found `item`", ""),
        ("SHOW tables", "TABLES is not supported", ""),
        ("SHOW limits", "no such system variable: `limits`", "There is one: row_limit."),
        ("DELETE FROM st_table", "`st_table` is a table of the server's: it cannot be changed", "publish another"),
    ],
)  # fmt: skip
def test_refused(database: LittleDatabase, sql: str, message: str, hint: str) -> None:
    with pytest.raises(SqlError) as refusal:
        database.run(sql)
    assert refusal.value.message.startswith(message)
    assert hint in refusal.value.hint


def test_position_counts_lines_and_characters(database: LittleDatabase) -> None:
    with pytest.raises(SqlError) as refusal:
        database.run("SELECT id -- first\n/* two\nlines */ FROM item\n  WHERE nam = 'ä'")
    assert (refusal.value.line, refusal.value.column) == (4, 9)


def test_values_that_sql_does_not_compare() -> None:
    database = LittleDatabase(schema(table(0, "post", {"tags": ArrayType(Primitive.STRING)})))
    for sql in ("SELECT * FROM post WHERE tags = 'a'", "SELECT * FROM post WHERE 'a' = tags"):
        with pytest.raises(SqlError, match=r"values of type list\[str\] cannot be compared") as refusal:
            database.run(sql)
        assert "pick from them" in refusal.value.hint


def test_private_tables_are_the_owners() -> None:
    public = table(0, "seen", {"id": Primitive.U32})
    private = table(1, "hidden", {"id": Primitive.U32}, is_public=False)
    database = LittleDatabase(schema(public, private))
    assert database.run("SELECT * FROM hidden").rows == []
    for sql in ("SELECT * FROM hidden", "DELETE FROM hidden", "SELECT seen.* FROM seen JOIN hidden"):
        with pytest.raises(SqlError, match=r"no such table: `hidden` that you may see") as refusal:
            database.run(sql, OTHER)
        assert "hidden" not in refusal.value.hint


def test_a_private_table_is_not_taken_for_a_mistyped_name() -> None:
    public = table(0, "letter", {"id": Primitive.U32})
    private = table(1, "letters", {"id": Primitive.U32}, is_public=False)
    database = LittleDatabase(schema(public, private))
    for sql, hint in (("SELECT * FROM letters", ""), ("SELECT * FROM lettre", "Did you mean 'letter'?")):
        with pytest.raises(SqlError, match="no such table") as refusal:
            database.run(sql, OTHER)
        assert refusal.value.hint == hint


def test_only_the_owner_changes_anything(database: LittleDatabase) -> None:
    for sql in (
        'INSERT INTO "order" (a, b, c) VALUES (1, 1, 1)',
        "UPDATE item SET size = 1",
        "DELETE FROM item",
        "SET row_limit = 1",
    ):
        with pytest.raises(SqlError, match="may not change this database"):
            database.run(sql, OTHER)
    assert database.run("SHOW row_limit", OTHER).rows == []


def test_a_broken_constraint_is_a_refusal(database: LittleDatabase) -> None:
    rows = "(900, 1, 1, 1, 'a', true), (900, 2, 2, 2, 'b', true)"
    with pytest.raises(SqlError, match="unique constraint"):
        database.run(f"INSERT INTO item (id, kind, size, weight, name, sold) VALUES {rows}")
