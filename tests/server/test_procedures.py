"""Procedures of Python modules, called over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from stdbpy.api import ApiClient
from stdbpy.module.package import ModuleSource, pack
from stdbpy.server import RunningServer

MODULE = b"""
from stdbpy import *


@table(name="item", public=True)
class Item:
    id: u64 = column(primary_key=True, auto_inc=True)
    name: str


@client_disconnected
def gone(ctx: ReducerContext):
    ctx.db.item.insert(Item(id=0, name="gone"))


@procedure
def insert(ctx: ProcedureContext, name: str) -> Item:
    with ctx.transaction() as tx:
        return tx.db.item.insert(Item(id=0, name=name))


@procedure
def numbers(ctx: ProcedureContext, count: u32) -> list[u64]:
    return list(range(count))


@procedure
def broken(ctx: ProcedureContext) -> None:
    raise LookupError("not at home")
"""

URL = "/v1/database/items/call/"


@pytest.fixture
def api() -> Iterator[ApiClient]:
    with RunningServer() as server, ApiClient(server.url, server.owner_token) as api:
        api.publish(pack(ModuleSource({"items.py": MODULE}, "items")), "items")
        yield api


def test_values_and_durations(api: ApiClient) -> None:
    result = api.call("items", "insert", ["a"])
    assert result.value == [1, "a"]
    assert result.duration_micros is not None


def test_results_of_any_size(api: ApiClient) -> None:
    assert api.call("items", "numbers", [100_000]).value == list(range(100_000))


def test_bugs(api: ApiClient) -> None:
    with pytest.raises(Exception, match="LookupError: not at home"):
        api.call("items", "broken", [])
    assert any("not at home" in record.message for record in api.logs("items"))


def test_the_caller_has_gone_when_the_answer_is_there(api: ApiClient) -> None:
    api.call("items", "insert", ["a"])
    assert [row[1] for row in api.sql("items", "SELECT * FROM item")[0].rows] == ["a", "gone"]


def test_many_at_once(api: ApiClient) -> None:
    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(lambda number: api.call("items", "insert", [f"n{number}"]).value[1], range(200)))
    assert results == [f"n{number}" for number in range(200)]
    [counted] = api.sql("items", "SELECT COUNT(*) AS n FROM item")[0].rows
    assert counted[0] == 400
