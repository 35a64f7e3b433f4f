"""Which rows are read to answer a query, and through which index."""

from __future__ import annotations

import pytest

from tests.engine.sql.little import INDEXED, LittleDatabase

ROWS = 100


@pytest.fixture(scope="module")
def database() -> LittleDatabase:
    """Items 0 to 99 (``kind`` by tens, ``size`` by ones), and two orders of each."""
    database = LittleDatabase(INDEXED)
    database.insert("item", [(id, id // 10, id % 10, id / 2, f"name{id}", id % 2 == 0) for id in range(ROWS)])
    database.insert("order", [(id, size, 0.5) for id in range(ROWS) for size in (1, 2)])
    return database


def read(database: LittleDatabase, sql: str) -> tuple[int, dict[str, int]]:
    """How many rows were the result, and how many were read."""
    result = database.run(sql)
    return len(result.rows), {how: rows for how, rows in database.transaction.reads.items() if rows}


@pytest.mark.parametrize(
    ("condition", "rows", "reads"),
    [
        ("id = 7", 1, {"point": 1}),
        ("7 = id", 1, {"point": 1}),
        ("id = 7 AND size = 0", 0, {"point": 1}),
        ("id = 7 AND id = 8", 0, {"point": 1}),
        ("id = 1000", 0, {}),
        ("id >= 90", 10, {"range": 10}),
        ("id > 90 AND id < 95", 4, {"range": 4}),
        ("id > 90 AND id >= 95", 5, {"range": 9}),
        ("weight > 48.0 AND sold", 1, {"range": 3}),
        ("kind = 3", 10, {"range": 10}),
        ("kind = 3 AND size = 4", 1, {"point": 1}),
        ("kind = 3 AND size >= 8", 2, {"range": 2}),
        ("kind > 7", 20, {"range": 20}),
        ("size = 4", 10, {"scan": ROWS}),
        ("name = 'name5'", 1, {"point": 1}),
        ("name > 'name98'", 1, {"scan": ROWS}),
        ("id <> 7", ROWS - 1, {"scan": ROWS}),
        ("id = 7 OR id = 8", 2, {"scan": ROWS}),
        ("name = 'name5' AND id >= 0", 1, {"point": 1}),
        ("kind = 0 AND id = 5", 1, {"point": 1}),
    ],
)
def test_index_of_one_table(database: LittleDatabase, condition: str, rows: int, reads: dict[str, int]) -> None:
    assert read(database, f"SELECT * FROM item WHERE {condition}") == (rows, reads)


@pytest.mark.parametrize(
    ("rest", "rows", "reads"),
    [
        # One item through its key, then its orders through theirs, whatever was written first.
        ("item i JOIN o ON i.id = o.item WHERE i.id = 7", 2, {"point": 3}),
        ("o JOIN item i ON o.item = i.id WHERE i.id = 7", 2, {"point": 3}),
        ("o JOIN item i WHERE o.item = i.id AND i.id = 7", 2, {"point": 3}),
        # All items, and each one's orders.
        ("item i JOIN o ON i.id = o.item", 200, {"scan": 100, "point": 200}),
        # No index on the items' column: they are read once.
        ("o JOIN item i ON i.size = o.size WHERE o.item = 3", 20, {"point": 2, "scan": 100}),
        # Nothing before means that nothing behind it is read.
        ("item i JOIN o ON i.size = o.size WHERE i.id = 1000", 0, {}),
    ],
)
def test_joins(database: LittleDatabase, rest: str, rows: int, reads: dict[str, int]) -> None:
    joined = rest.replace("JOIN o ", 'JOIN "order" o ').replace("o JOIN", '"order" o JOIN', 1)
    assert read(database, f"SELECT o.item FROM {joined}") == (rows, reads)


def test_limit_stops_reading(database: LittleDatabase) -> None:
    assert read(database, "SELECT * FROM item LIMIT 3") == (3, {"scan": 3})
    assert read(database, "SELECT * FROM item WHERE size = 1 LIMIT 1") == (1, {"scan": 2})
    assert read(database, 'SELECT i.id FROM item i JOIN "order" o LIMIT 5')[0] == 5


def test_counting_a_whole_table_reads_nothing(database: LittleDatabase) -> None:
    assert database.run("SELECT COUNT(*) AS n FROM item").rows == [(ROWS,)]
    assert not any(database.transaction.reads.values())


def test_only_needed_columns_are_decoded(database: LittleDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    (known,) = {table for table in [database.sql._catalog.find("item", is_owner=True)] if table is not None}
    asked: list[tuple[int, ...]] = []
    decoder = known.format.decoder

    def noting(columns: tuple[int, ...]) -> object:
        asked.append(columns)
        return decoder(columns)

    monkeypatch.setattr(known.format, "decoder", noting)
    database.run("SELECT name FROM item WHERE kind = 55 AND sold")
    assert asked == [(4, 5)], "kind is the index's, and the rest nobody asked for"


def test_statements_are_compiled_once(database: LittleDatabase) -> None:
    before = database.sql._kept.cache_info().misses
    for _ in range(3):
        database.run("SELECT id FROM item WHERE id = 12345")
    assert database.sql._kept.cache_info().misses == before + 1
