"""What databases note of calls of each other's reducers, in system tables of SpacetimeDB 2.14."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from stdbpy.engine.store.table import Table
from stdbpy.engine.system_tables.definitions import SYSTEM, TABLE_IDS
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.values import Identity, Timestamp

if TYPE_CHECKING:
    from stdbpy.engine.transaction import Transaction

OK, FAILED = 1, 2
"""How a call has ended, as ``st_inbound_msg`` has it."""


class Stream(NamedTuple):
    """Of ``st_outbound_stream``: what goes from one outbox to one database."""

    id: int
    outbox: int
    """The table's number."""
    target: int
    next: int
    """What the next message gets as its sequence."""
    settled: int
    """All messages up to this one are done with."""


class Waiting(NamedTuple):
    """Of ``st_outbound_msg``: a message that is not done with."""

    stream: int
    row_key: int
    """The primary key of the outbox's row."""
    sequence: int
    attempts: int = 0
    """That have failed."""
    last_error: str | None = None
    status: int | None = None
    payload: bytes | None = None


class Applied(NamedTuple):
    """Of ``st_inbound_stream``: how far a sender's stream has been carried out."""

    sender: int
    stream: int
    last: int


class Noted(NamedTuple):
    """Of ``st_inbound_msg``: an outcome that its sender may ask for again."""

    sender: int
    stream: int
    sequence: int
    status: int
    payload: bytes


class _Records:
    """The rows of one of these tables, by indexes over its first columns."""

    def __init__(self, name: str) -> None:
        self._id = TABLE_IDS[name]
        self._codec = compile_codec(SYSTEM.row_type(SYSTEM.tables_by_name[name]))

    def all(self, transaction: Transaction) -> Iterator[tuple[Any, ...]]:
        return map(self._codec.decode, transaction.scan(self._id))

    def find(self, transaction: Transaction, columns: tuple[int, ...], *key: int) -> tuple[Any, ...] | None:
        """The row with that key in the unique index over ``columns``."""
        table: Table = transaction.table(self._id)
        index = next(index for index in table.indexes if index.columns == columns)
        row = next(index.rows(index.key_type.encode(key)), None)
        return None if row is None else self._codec.decode(row)

    def insert(self, transaction: Transaction, row: tuple[Any, ...]) -> None:
        transaction.insert(self._id, self._codec.encode(row))

    def delete(self, transaction: Transaction, row: tuple[Any, ...]) -> None:
        transaction.delete(self._id, self._codec.encode(row))


_STREAMS, _WAITING = _Records("st_outbound_stream"), _Records("st_outbound_msg")
_APPLIED, _NOTED = _Records("st_inbound_stream"), _Records("st_inbound_msg")


def number_of(identity: Identity) -> int:
    """An identity as these tables have it."""
    return int.from_bytes(identity, "big")


# --- the sender's --------------------------------------------------------------------------------


def note_insertion(transaction: Transaction, table: Table, row: bytes) -> int:
    """A row was inserted into an outbox: notes a message for it, unless there is one. Returns its stream's number."""
    assert table.outbox is not None
    row_key, target = table.outbox.key_and_target(row)
    found = _STREAMS.find(transaction, (1, 2), table.id, target)
    if found is None:
        # The time, because those who had messages of a stream remember its number, when this database is cleared, too.
        stream = Stream(max(int(Timestamp.now()), _last_stream(transaction) + 1), table.id, target, 1, 0)
    else:
        stream = Stream(*found)
        if _WAITING.find(transaction, (0, 1), stream.id, row_key) is not None:
            return stream.id
        _STREAMS.delete(transaction, stream)
    _STREAMS.insert(transaction, stream._replace(next=stream.next + 1))
    _WAITING.insert(transaction, Waiting(stream.id, row_key, stream.next))
    return stream.id


def _last_stream(transaction: Transaction) -> int:
    return max((stream.id for stream in streams(transaction)), default=0)


def streams(transaction: Transaction) -> Iterator[Stream]:
    """All of them, whether they have something to send or not."""
    return (Stream(*row) for row in _STREAMS.all(transaction))


def first_waiting(transaction: Transaction, stream_id: int) -> tuple[Stream, Waiting | None] | None:
    """A stream, and its first message that is not done with; ``None`` if there is none, or no such stream. What is
    missing in the middle comes as no message."""
    found = _STREAMS.find(transaction, (0,), stream_id)
    if found is None:
        return None
    stream = Stream(*found)
    if stream.settled + 1 == stream.next:
        return None
    waiting = _WAITING.find(transaction, (0, 2), stream_id, stream.settled + 1)
    return stream, None if waiting is None else Waiting(*waiting)


def note_failure(transaction: Transaction, message: Waiting, error: str) -> None:
    """An attempt to send has failed."""
    _WAITING.delete(transaction, message)
    _WAITING.insert(transaction, message._replace(attempts=message.attempts + 1, last_error=error))


def settle(transaction: Transaction, stream_id: int, message: Waiting) -> None:
    """A message is done with."""
    found = _STREAMS.find(transaction, (0,), stream_id)
    assert found is not None
    _WAITING.delete(transaction, message)
    _STREAMS.delete(transaction, found)
    _STREAMS.insert(transaction, Stream(*found)._replace(settled=message.sequence))


# --- the receiver's ------------------------------------------------------------------------------


def applied_up_to(transaction: Transaction, sender: Identity, stream: int) -> int:
    """The sequence of the last message that was carried out."""
    found = _APPLIED.find(transaction, (0, 1), number_of(sender), stream)
    return 0 if found is None else Applied(*found).last


def noted_outcome(transaction: Transaction, sender: Identity, stream: int, sequence: int) -> Noted | None:
    found = _NOTED.find(transaction, (0, 1, 2), number_of(sender), stream, sequence)
    return None if found is None else Noted(*found)


def note_outcome(transaction: Transaction, sender: Identity, stream: int, sequence: int, error: str | None) -> None:
    """The next message of a stream was carried out, or is refused for good."""
    number = number_of(sender)
    found = _APPLIED.find(transaction, (0, 1), number, stream)
    if found is not None:
        _APPLIED.delete(transaction, found)
    _APPLIED.insert(transaction, Applied(number, stream, sequence))
    status, payload = (OK, b"") if error is None else (FAILED, error.encode(errors="replace"))
    _NOTED.insert(transaction, Noted(number, stream, sequence, status, payload))


def forget_outcome(transaction: Transaction, sender: Identity, stream: int, sequence: int) -> None:
    """The sender is done with a message."""
    found = noted_outcome(transaction, sender, stream, sequence)
    if found is not None:
        _NOTED.delete(transaction, found)
