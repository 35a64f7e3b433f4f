"""The stream of transactions: all that one message changed, whatever kind of connection it came over."""

from __future__ import annotations

import asyncio

import pytest

from stdbpy.client import Transaction, connect, connect_async
from stdbpy.errors import CredentialsRefused
from stdbpy.protocol.events import ReconnectedEvent, ReducerEvent, SubscribeAppliedEvent

QUERIES = ("SELECT * FROM user", "SELECT * FROM message")


def counts(transaction: Transaction) -> dict[str, tuple[int, int, int]]:
    return {each.table: (len(each.inserted), len(each.deleted), len(each.updated)) for each in transaction.changes}


@pytest.mark.parametrize("delivery", ["thread", "tick"])
def test_each_message_is_one_transaction(chat, delivery) -> None:
    with connect(chat.url, chat.database, delivery=delivery) as db, db.transactions(timeout=60) as transactions:
        db.subscribe(*QUERIES)
        first = next(transactions)
        assert isinstance(first.event, SubscribeAppliedEvent)
        assert counts(first) == {"user": (1, 0, 0)}

        db.reducers.set_name("Ann")
        db.reducers.send_message("hi")
        named, sent = next(transactions), next(transactions)

        assert isinstance(named.event, ReducerEvent)
        assert counts(named) == {"user": (0, 0, 1)}
        [(old, new)] = named.changes[0].updated
        assert (old.name, new.name) == (None, "Ann")
        assert counts(sent) == {"message": (1, 0, 0)}


def test_rows_that_were_missed_come_at_once(chat, proxy) -> None:
    with connect(proxy.url, chat.database) as db, connect(chat.url, chat.database) as other:
        db.subscribe("SELECT * FROM message")
        with db.transactions(timeout=60) as transactions:
            proxy.cut()
            for text in ("one", "two"):
                other.reducers.send_message(text)
            missed: list[str] = []
            for transaction in transactions:
                assert isinstance(transaction.event, ReconnectedEvent)
                missed += [row.text for each in transaction.changes for row in each.inserted]
                break
        assert sorted(missed) == ["one", "two"]


def test_the_stream_ends(chat) -> None:
    with connect(chat.url, chat.database) as db:
        assert list(db.transactions(timeout=0)) == []
        with db.transactions() as transactions:
            db.subscribe("SELECT * FROM user")
        assert len(list(transactions)) == 1, "what is already there can still be taken"
        db.reducers.set_name("Ann")
        assert list(transactions) == []
        last = db.transactions()
    assert list(last) == []


def test_nobody_listens_behind_a_closed_stream(chat) -> None:
    with connect(chat.url, chat.database) as db:
        with db.transactions():
            assert db.tables["user"]._source.cache.listeners.on_insert
        assert not db.tables["user"]._source.cache.listeners.on_insert


def test_under_asyncio(chat) -> None:
    async def main() -> list[dict[str, tuple[int, int, int]]]:
        async with connect_async(chat.url, chat.database) as db:
            transactions = db.transactions(timeout=60)
            async with db.subscribe(*QUERIES):
                await db.reducers.send_message("hi")
            transactions.timeout = 0
            return [counts(transaction) async for transaction in transactions]

    begun, sent, ended = asyncio.run(main())
    assert begun == {"user": (1, 0, 0)}
    assert sent == {"message": (1, 0, 0)}
    assert ended == {"user": (0, 1, 0), "message": (0, 1, 0)}


def test_what_the_connection_gave_up_for_is_raised(chat) -> None:
    with chat.sync_class.made(chat.url, chat.database, {"token": "nonsense"}) as db:
        transactions = db.transactions(timeout=60)
        db.begin()
        with pytest.raises(CredentialsRefused):
            next(transactions)
