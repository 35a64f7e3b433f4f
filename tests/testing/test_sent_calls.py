"""Outboxes of a module under test: what was sent, and what the test says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import dedent

import pytest

from stdbpy.errors import ReducerCrashed, UsageError
from stdbpy.sats.values import Identity
from stdbpy.testing import Module, ModuleDatabase, load_module

THERE, ELSEWHERE = Identity.from_int(7), Identity.from_int(8)

SENDER = """
from stdbpy import *

@remote_reducer
def receive(title: str, body: str) -> None: ...

@table(outbox=receive, on_result="heard")
class Letter:
    id: u64 = auto_inc(primary_key=True)
    to: Identity = column(target=True)
    body: str
    subject: str = column(param="title")

@table
class Heard:
    subject: str
    outcome: str

@reducer
def send(ctx: ReducerContext, to: Identity, subject: str) -> None:
    ctx.db.letter.insert(Letter(to=to, body="hello", subject=subject))

@reducer
def heard(ctx: ReducerContext, letter: Letter, result: RemoteResult) -> None:
    ctx.db.heard.insert(Heard(subject=letter.subject, outcome="ok" if isinstance(result, Ok) else result.error))
    if letter.subject == "bug here":
        raise KeyError(letter.subject)
"""

RECEIVER = """
from stdbpy import *

@table
class Received:
    sender: Identity
    title: str

@reducer
def receive(ctx: ReducerContext, title: str, body: str) -> None:
    ctx.db.received.insert(Received(sender=ctx.sender, title=title))
    if title == "refused":
        raise ReducerError("not this")
    if title == "bug there":
        raise KeyError(title)
"""


@pytest.fixture(scope="module")
def module_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Module]:
    def module(code: str) -> Module:
        file = tmp_path_factory.mktemp("outboxes") / "post.py"
        file.write_text(dedent(code))
        return load_module(file)

    return module


@pytest.fixture(scope="module")
def sending(module_of: Callable[[str], Module]) -> Module:
    return module_of(SENDER)


@pytest.fixture(scope="module")
def receiving(module_of: Callable[[str], Module]) -> Module:
    return module_of(RECEIVER)


@pytest.fixture
def db(sending: Module) -> Iterator[ModuleDatabase]:
    with sending.database() as database:
        yield database


def heard(db: ModuleDatabase) -> list[tuple[str, str]]:
    return [(row.subject, row.outcome) for row in db.rows("heard")]


def test_what_was_sent_is_seen(db: ModuleDatabase) -> None:
    assert db.sent == []
    db.reducers.send(THERE, "one")
    db.reducers.send(ELSEWHERE, "two")
    first, second = db.sent
    assert (first.target, first.reducer, first.args) == (THERE, "receive", ("one", "hello"))
    assert first.row == db.tables.letter.one(1)
    assert second.args == ("two", "hello")
    assert repr(first).startswith(f"SentCall(target={THERE!r}, reducer='receive', args=('one', 'hello'), row=Letter(")


def test_the_test_says_what_becomes_of_it(db: ModuleDatabase) -> None:
    db.reducers.send(THERE, "one")
    db.reducers.send(THERE, "two")
    [first] = db.sent
    first.succeed()
    assert heard(db) == [("one", "ok")]
    [second] = db.sent
    second.fail("no room")
    assert heard(db) == [("one", "ok"), ("two", "no room")]
    assert (db.sent, db.rows("letter")) == ([], [])
    with pytest.raises(AssertionError, match="said already what became of the call of 'receive'"):
        first.succeed()


def test_another_database_under_test_does_it(db: ModuleDatabase, receiving: Module) -> None:
    with receiving.database() as other:
        for subject in ("by hand", "one", "refused", "two"):
            db.reducers.send(other.identity, subject)
        db.sent[0].succeed()
        for _ in range(3):
            db.sent[0].deliver_to(other)
        assert [(row.sender, row.title) for row in other.rows("received")] == [
            (db.identity, "one"),
            (db.identity, "two"),
        ]
        assert heard(db) == [("by hand", "ok"), ("one", "ok"), ("refused", "not this"), ("two", "ok")]


def test_only_the_database_that_a_row_names_takes_it(db: ModuleDatabase, receiving: Module) -> None:
    with receiving.database() as other, receiving.database() as third:
        assert len({db.identity, other.identity, third.identity}) == 3
        db.reducers.send(other.identity, "one")
        with pytest.raises(UsageError) as caught:
            db.sent[0].deliver_to(third)
        assert caught.value.message == (
            f"the call of 'receive' is for the database {other.identity.hex()}, "
            f"not for that of post, {third.identity.hex()}"
        )
        assert (third.rows("received"), heard(db)) == ([], [])
        db.sent[0].deliver_to(other)
        assert heard(db) == [("one", "ok")]


def test_a_database_is_the_same_in_each_run(sending: Module) -> None:
    with sending.database() as first, sending.database() as second:
        before = first.identity, second.identity
    with sending.database() as first, sending.database() as second:
        assert (first.identity, second.identity) == before


def test_bugs_are_told(db: ModuleDatabase, receiving: Module) -> None:
    db.reducers.send(THERE, "bug here")
    with pytest.raises(ReducerCrashed, match="'heard' has a bug: KeyError"):
        db.sent[0].succeed()
    assert (heard(db), db.rows("letter")) == ([], [])
    with receiving.database() as other:
        db.reducers.send(other.identity, "bug there")
        with pytest.raises(ReducerCrashed, match="'receive' has a bug: KeyError"):
            db.sent[0].deliver_to(other)
        assert [subject for subject, _ in heard(db)] == ["bug there"]


def test_what_nobody_answers_is_no_matter(sending: Module) -> None:
    with sending.database() as database:
        database.reducers.send(THERE, "one")
