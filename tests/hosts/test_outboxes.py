"""Databases that run the same module and call each other's reducers: outboxes, which SpacetimeDB has since 2.14."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stdbpy.api import ApiClient
from stdbpy.errors import ApiError, Forbidden
from stdbpy.module.package import ModuleSource
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.sats.values import Identity
from stdbpy.testing import wait_until
from stdbpy.wasm.abi import AbiLevel
from stdbpy.wasm.build import build_wasm
from tests.hosts.town import PATIENCE, Town, on

pytestmark = on("native", hosts=("native", "strict", "wasm"))

CODE = b"""
from dataclasses import dataclass
from stdbpy import *

@dataclass
class Page:
    number: u16
    text: str | None

@table(public=True, outbox="receive", on_result="heard")
class Letter:
    id: u64 = auto_inc(primary_key=True)
    to: Identity = column(target=True)
    note: str
    content: list[Page] = column(param="pages")
    subject: str

@table(public=True)
class Received:
    sender: Identity
    subject: str
    pages: list[Page]

@table(public=True)
class Outcome:
    id: u64 = auto_inc(primary_key=True)
    subject: str
    outcome: str
    sender: Identity

@reducer
def send(ctx: ReducerContext, to: Identity, subjects: list[str]) -> None:
    for subject in subjects:
        pages = [Page(1, subject), Page(2, None)]
        letter = ctx.db.letter.insert(Letter(to=to, note="mine", content=pages, subject=subject))
        assert ctx.db.letter.id.find(letter.id) == letter
    if "never" in subjects:
        raise ReducerError("I have thought better of it")

@reducer
def take_back(ctx: ReducerContext) -> None:
    ctx.db.letter.clear()

@reducer
def receive(ctx: ReducerContext, subject: str, pages: list[Page]) -> None:
    ctx.db.received.insert(Received(sender=ctx.sender, subject=subject, pages=pages))
    if subject == "refused":
        raise ReducerError("not this")
    if subject == "bad":
        raise KeyError(subject)

@reducer
def heard(ctx: ReducerContext, letter: Letter, result: RemoteResult) -> None:
    match result:
        case Ok(()):
            said = f"{letter.note}: ok"
        case Err(reason):
            said = f"{letter.note}: {reason}"
    ctx.db.outcome.insert(Outcome(subject=letter.subject, outcome=said, sender=ctx.sender))
"""


@pytest.fixture(scope="session")
def post(town: Town, request: pytest.FixtureRequest) -> Iterator[tuple[ApiClient, str, str]]:
    """Two databases that run the module."""
    source = ModuleSource({"post.py": CODE}, "post")
    if town.runs_natively:
        program = town.made(source)
    else:
        cache = request.config.cache
        assert cache is not None
        program = build_wasm(source, abi=AbiLevel.V10_6, cache=Path(cache.mkdir("wasm"))).program
    first, second = (town.api.publish(program, None).database_identity.hex() for _ in range(2))
    yield town.api, first, second
    for database in (first, second):
        town.api.delete(database)


def rows(api: ApiClient, database: str, query: str) -> list[Any]:
    """Sorted."""
    [result] = api.sql(database, query)
    return sorted(map(compile_json_codec(result.columns, form="result").from_json, result.rows))


def identity(hexadecimal: str) -> dict[str, str]:
    return {"__identity__": f"0x{hexadecimal}"}


def test_rows_are_calls(post: tuple[ApiClient, str, str]) -> None:
    api, sender, receiver = post
    api.call(sender, "send", [identity(receiver), ["one", "refused", "bad", "two"]])
    with pytest.raises(ApiError, match="thought better"):
        api.call(sender, "send", [identity(receiver), ["never"]])
    wait_until(lambda: len(rows(api, sender, "SELECT subject FROM outcome")) == 4, timeout=PATIENCE)
    assert rows(api, sender, "SELECT * FROM letter") == []
    nobody = Identity.from_int(0)
    told = rows(api, sender, "SELECT * FROM outcome")
    assert [(subject, sender) for _, subject, _, sender in told] == [
        ("one", nobody),
        ("refused", nobody),
        ("bad", nobody),
        ("two", nobody),
    ]
    outcomes = [outcome for _, _, outcome, _ in told]
    assert outcomes[:2] == ["mine: ok", "mine: not this"]
    assert "KeyError: 'bad'" in str(outcomes[2])
    received = rows(api, receiver, "SELECT sender, subject FROM received")
    assert received == [(Identity.fromhex(sender), "one"), (Identity.fromhex(sender), "two")]


def test_a_database_calls_itself(post: tuple[ApiClient, str, str]) -> None:
    api, _, database = post
    api.call(database, "send", [identity(database), ["me"]])
    query = "SELECT outcome FROM outcome WHERE subject = 'me'"
    wait_until(lambda: rows(api, database, query) != [], timeout=PATIENCE)
    assert rows(api, database, query) == [("mine: ok",)]


def test_what_waits_stays(post: tuple[ApiClient, str, str]) -> None:
    """A database that is not there may come."""
    api, sender, _ = post
    api.call(sender, "send", [identity("c2" * 32), ["waiting"]])
    with pytest.raises(ApiError, match="rows of an outbox stay until it is known what became of them"):
        api.call(sender, "take_back", [])
    assert rows(api, sender, "SELECT subject FROM letter") == [("waiting",)]


def test_clients_do_not_tell_what_became_of_rows(town: Town, post: tuple[ApiClient, str, str]) -> None:
    _, sender, receiver = post
    letter = [1, identity(receiver), "", [], "a lie"]
    with ApiClient(town.url) as somebody, pytest.raises(Forbidden, match="heard"):
        somebody.call(sender, "heard", [letter, {"ok": []}])
