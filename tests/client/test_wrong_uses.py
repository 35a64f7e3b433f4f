"""What is asked of a client in a wrong way is refused with what would be right."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, cast

import pytest

from stdbpy.errors import CallTimeout, InvalidQuery, UsageError
from stdbpy.testing import InMemoryDatabase
from tests.client import game as tables
from tests.client.game import MODULE, DbConnection, Player, Reducers
from tests.client.generated import golden


@pytest.fixture
def db() -> Iterator[Any]:
    with InMemoryDatabase(MODULE) as database:
        yield database.connect(DbConnection)


@pytest.mark.parametrize("ask", ["subscribe", "query", "send_query"])
def test_what_is_no_query(db, ask):
    for wrong in (db.player, [tables.player], Player, 5, None):
        with pytest.raises(UsageError, match=r"a query is a table's, such as tables.player, or SQL"):
            getattr(db, ask)(wrong)
    with pytest.raises(UsageError) as caught:
        getattr(db, ask)(db.score)
    assert "tables.score" in caught.value.hint


def test_what_is_no_callback(db):
    for register in (db.player.on_insert, db.player.on_update, db.on_connect, db.on_closed, db.on_callback_error):
        with pytest.raises(TypeError, match="a callback is a function, not None"):
            register(None)
    with pytest.raises(ValueError, match=r"print.* is none of the callbacks"):
        db.player.remove_on_insert(print)


def test_fields_of_columns():
    with pytest.raises(AttributeError, match=r"player\.guild has no 'x': conditions compare whole columns"):
        tables.player.where(lambda p: p.guild.x == 1)
    columns: list[Any] = []
    tables.player.where(lambda p: columns.append(p.level) or (p.level > 1))
    assert copy.copy(columns[0]).sql == columns[0].sql


def test_sql_for_where():
    with pytest.raises(InvalidQuery, match="where takes a function") as caught:
        tables.player.where(cast("Any", "level > 3"))
    assert "lambda" in caught.value.hint


def test_misspelt_reducers_of_generated_code(db):
    with pytest.raises(AttributeError, match="no attribute 'levle_up'") as caught:
        db.reducers.levle_up(1)
    assert caught.value.obj is db.reducers  # of which Python then names the nearest attribute
    assert caught.value.name == "levle_up"
    assert not hasattr(Reducers(lambda *_: None), "nothing_like_it")


def test_what_tables_do_not_have(db):
    for name, hint in {
        "find": r"indexes have: .*\bname\.find\(…\)",
        "filter": r"indexes have: .*\blevel\.filter\(…\)",
        "insert": "calling reducers",
        "on_insrt": "^'PlayerHandle' object has no attribute 'on_insrt'$",
    }.items():
        with pytest.raises(AttributeError, match=hint) as caught:
            getattr(db.player, name)
        assert (caught.value.obj, caught.value.name) == (db.player, name)  # for Python's own "Did you mean"


def test_a_query_waits_no_longer_than_its_timeout(db, monkeypatch):
    monkeypatch.setattr(db._session, "take_outgoing", list)  # nothing is sent
    with pytest.raises(CallTimeout, match=r"after 0\.01 seconds"):
        db.query(tables.player, timeout=0.01)


def test_values_that_no_row_has():
    sdk = golden("sdk_test_client")
    with InMemoryDatabase(sdk.MODULE) as database:
        db = database.connect(sdk.DbConnection)
        with pytest.raises(TypeError, match=r"the column 'n' holds <SimpleEnum.*, not 'RED'"):
            db.indexed_simple_enum.n.filter("RED")
