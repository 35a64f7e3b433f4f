"""Generated clients in memory: each table's rows through cache and handles, and queries of each column."""

from __future__ import annotations

import importlib
import random
from pathlib import Path
from typing import Any

import pytest

from stdbpy.client.query import Column, OpaqueColumn, QueryTable
from stdbpy.client.query.of_layout import query_table
from stdbpy.errors import InvalidQuery
from stdbpy.sats.bsatn import compile_codec
from stdbpy.testing import InMemoryDatabase
from tests.client.random_queries import random_row, random_value

GOLDEN = Path(__file__).parent.parent / "golden"
PACKAGES = sorted(folder.name for folder in GOLDEN.iterdir() if (folder / "connections.py").is_file())


@pytest.fixture(params=PACKAGES)
def package(request, monkeypatch) -> Any:
    monkeypatch.syspath_prepend(str(GOLDEN))
    return importlib.import_module(request.param)


def query_tables(package: Any) -> dict[str, QueryTable[Any, Any]]:
    return {thing.name: thing for thing in vars(package.tables).values() if isinstance(thing, QueryTable)}


def test_there_are_packages():
    assert len(PACKAGES) > 3


def test_rows_of_every_table(package):
    with InMemoryDatabase(package.MODULE) as database:
        db = database.connect(package.DbConnection)
        db.subscribe(*query_tables(package).values())
        chance = random.Random(7)
        for name, table in query_tables(package).items():
            layout = package.MODULE.catalog.tables[name]
            plain = compile_codec(layout.row_type, layout.typespace)
            row = layout.codec.decode(plain.encode(random_row(layout, chance)))
            stream = db.tables[name].changes(timeout=0)
            database.insert(table, row)
            assert isinstance(row, table.row_type)
            assert [repr(change.row) for change in stream] == [repr(row)], name
            if not layout.is_event:
                assert list(map(repr, db.tables[name])) == list(map(repr, db.query(table))) == [repr(row)]


def test_columns_of_every_table_are_those_of_the_schema(package):
    chance = random.Random(7)
    for name, table in query_tables(package).items():
        layout = package.MODULE.catalog.tables[name]
        seen: list[Any] = []
        with pytest.raises(InvalidQuery):
            table.where(seen.append)
        of_schema: list[Any] = []
        with pytest.raises(InvalidQuery):
            query_table(layout).where(of_schema.append)
        columns, known = vars(seen[0]), vars(of_schema[0])
        assert list(columns) == list(layout.fields) == list(known)
        for attribute, column in columns.items():
            assert type(column) is type(known[attribute]), (name, attribute)
            assert column.sql == known[attribute].sql
            if isinstance(column, Column):
                assert column.type is known[attribute].type
                value = random_value(column.type, chance)
                assert column.sql in table.where(lambda it, at=attribute, value=value: getattr(it, at) == value).sql
            else:
                assert isinstance(column, OpaqueColumn)
