"""A module with another one inside: whose rows are whose, and where its bugs are."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from stdbpy.errors import NoSuchTable, ReducerCrashed, SqlError
from stdbpy.testing import Module, ModuleDatabase, load_module
from tests.testing.conftest import MODULES


@pytest.fixture(scope="module")
def guild() -> Iterator[Any]:
    sys.path.insert(0, str(MODULES))
    yield importlib.import_module("guild")
    sys.path.remove(str(MODULES))
    del sys.modules["guild"], sys.modules["accounts"]


@pytest.fixture(scope="module")
def module(guild: Any) -> Module:
    return load_module(guild)


def test_rows_of_a_mounted_module_are_of_its_classes(db: ModuleDatabase, guild: Any) -> None:
    user_class = guild.accounts.User
    alice = db.as_("alice")
    alice.reducers.auth.sign_up("Ada")
    ada = user_class(identity=alice.identity, name="Ada")
    for rows in (db.rows("auth.user"), alice.rows("auth.user"), db.rows(user_class), alice.rows(user_class)):
        assert rows == [ada]
    assert db.tables.auth.user.one() == ada
    db.table(user_class).insert(user_class(identity=db.identity, name="itself"))
    assert [user.name for user in db.tables.auth.user] == ["Ada", "itself"]


def test_callers_see_rows_by_class(db: ModuleDatabase, guild: Any) -> None:
    db.reducers.add(1)
    alice = db.as_("alice")
    assert alice.rows(guild.Member) == db.rows(guild.Member) == [guild.Member(level=1)]

    class Membre:
        pass

    with pytest.raises(NoSuchTable, match="no table with rows of class 'Membre'") as unknown:
        alice.rows(Membre)
    assert unknown.value.hint == "Did you mean 'Member'?"


def test_a_bug_of_a_mounted_module(db: ModuleDatabase) -> None:
    with pytest.raises(ReducerCrashed, match=r"'auth\.sign_up' has a bug: IndexError: .*accounts\.py:\d+\)"):
        db.reducers.auth.sign_up("")
    assert db.bugs == []


def test_views_of_who_asks(db: ModuleDatabase) -> None:
    alice = db.as_("alice")
    alice.reducers.honour("brave")
    db.reducers.add(10)
    assert [badge.text for badge in alice.rows("my_badges")] == ["brave"]
    assert db.rows("my_badges") == []
    db.reducers.honour("wise")
    assert [badge.text for badge in db.rows("my_badges")] == ["wise"]
    assert db.tables.my_badges.one().holder == db.owner.identity


def test_a_reducer_that_fails_with_a_view_says_why(db: ModuleDatabase) -> None:
    db.reducers.add(10)
    assert [share.level for share in db.rows("shares")] == [10]
    with pytest.raises(ReducerCrashed, match=r"'add' is undone, as the view 'shares' .*: ZeroDivisionError") as crash:
        db.reducers.add(0)
    assert isinstance(crash.value.__cause__, ZeroDivisionError)
    assert db.bugs == []
    assert len(db.rows("member")) == 1


def test_bugs_are_placed_in_the_authors_files(db: ModuleDatabase) -> None:
    with pytest.raises(SqlError, match=r"a view only reads tables \(.*guild\.py:\d+\)") as failure:
        db.as_("alice").rows("writes")
    assert failure.value.__cause__ is not None
    [frame] = traceback.extract_tb(failure.value.__cause__.__traceback__)
    assert (frame.name, frame.line) == ("writes", "ctx.db.member.insert(Member(level=1))")
    with pytest.raises(ReducerCrashed, match=r"JSONDecodeError: .* \(.*guild\.py:\d+\)"):
        db.http("POST", "/parse", "no JSON")
