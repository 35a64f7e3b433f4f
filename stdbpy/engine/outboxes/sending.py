"""What a database does with the rows of its outboxes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from stdbpy.engine.outboxes import records
from stdbpy.engine.outboxes.messages import Message, Outcome
from stdbpy.engine.results import Caller
from stdbpy.engine.store.table import Table
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import StdbError, ViewFailed
from stdbpy.module.host import LogLevel
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.types import UNIT, Primitive, result
from stdbpy.sats.values import Err, Identity, Ok

if TYPE_CHECKING:
    from stdbpy.engine.instance import Instance

_RESULT = compile_codec(result(UNIT, Primitive.STRING))

_NOBODY = Caller(Identity.from_int(0))
"""Who calls the reducers that are told of outcomes."""


class Sent(NamedTuple):
    """A message on its way, and what it was made of."""

    message: Message
    waiting: records.Waiting
    table: Table
    row: bytes


def take_messages(instance: Instance) -> Iterator[Sent]:
    """The messages that are to be sent now. What comes of each is to be told to :func:`delivered` or
    :func:`not_delivered`. All that the database has must be durable: a message cannot be taken back."""
    if not instance.has_module:
        return
    for stream in instance.outgoing.ready():
        found = records.first_waiting(Transaction(instance.store), stream)
        if found is None:
            instance.outgoing.be_idle(stream)
            continue
        sent = _sent(instance, *found)
        if sent is None:
            # To leave it out would be to go on as if it had been carried out.
            instance.outgoing.pause(stream)
        else:
            instance.outgoing.begin(stream)
            yield sent


def _sent(instance: Instance, stream: records.Stream, waiting: records.Waiting | None) -> Sent | None:
    """``None`` if the row is gone: modules have no means to delete it."""
    table = instance.store.tables.get(stream.outbox)
    row = None if table is None or waiting is None else _row(table, waiting.row_key)
    if table is None or table.outbox is None or waiting is None or row is None:
        return None
    message = Message(
        sender=instance.identity,
        stream=stream.id,
        sequence=waiting.sequence,
        settled=stream.settled,
        target=Identity(stream.target.to_bytes(Identity.SIZE, "big")),
        reducer=table.outbox.definition.remote_reducer,
        signature=table.outbox.signature,
        args=table.outbox.args(row),
    )
    return Sent(message, waiting, table, row)


def _row(table: Table, key: int) -> bytes | None:
    columns = (table.definition.primary_key,)
    index = next(index for index in table.indexes if index.unique and index.columns == columns)
    return next(index.rows(index.key_type.encode((key,))), None)


def delivered(instance: Instance, sent: Sent, outcome: Outcome) -> None:
    """A message came to something: tells the reducer that wants to know, and is done with the row."""
    is_done = False
    try:
        is_done = not _is_waiting(instance, sent) or _tell(instance, sent, outcome) or _clean_up(instance, sent)
    finally:
        if is_done:
            instance.outgoing.finish(sent.message.stream)
        else:
            instance.outgoing.fail(sent.message.stream)


def not_delivered(instance: Instance, sent: Sent, error: str) -> None:
    """A message has to be sent again."""
    instance.outgoing.fail(sent.message.stream)
    if sent.waiting.attempts == 0:
        called = f"reducer {sent.message.reducer!r} in database {sent.message.target}"
        instance.logs.system(f"A call of {called} has to wait: {error}", level=LogLevel.WARN, function=sent.table.name)
    if _is_waiting(instance, sent):
        instance.transact(lambda transaction: records.note_failure(transaction, sent.waiting, error))


def _is_waiting(instance: Instance, sent: Sent) -> bool:
    """Whether the message is not done with: what came of it may be told twice."""
    found = records.first_waiting(Transaction(instance.store), sent.message.stream)
    return found is not None and found[1] is not None and found[1].sequence == sent.waiting.sequence


def _tell(instance: Instance, sent: Sent, outcome: Outcome) -> bool:
    """Whether the reducer that is told what becomes of rows has committed, and the row is done with."""
    outbox = sent.table.outbox
    assert outbox is not None, "only rows of outboxes are sent"
    if outbox.definition.on_result is None or not _is_there(Transaction(instance.store), sent):
        return False
    name = sent.table.name.removesuffix(sent.table.definition.name) + outbox.definition.on_result
    args = sent.row + _RESULT.encode(Ok(()) if outcome.error is None else Err(outcome.error))
    try:
        told = instance.run_reducer(name, _NOBODY, args, afterwards=lambda transaction: _forget(transaction, sent))
    except (StdbError, KeyError) as error:
        instance.logs.system(f"It could not be told of an outcome: {error}", level=LogLevel.ERROR, function=name)
        return False
    return told.error is None


def _clean_up(instance: Instance, sent: Sent) -> bool:
    try:
        instance.transact(lambda transaction: _forget(transaction, sent))
    except ViewFailed as failure:
        instance.logs.system(f"Its row stays: {failure}", level=LogLevel.ERROR, function=sent.table.name)
        return False
    return True


def _forget(transaction: Transaction, sent: Sent) -> None:
    """The message is done with, and so is its row, unless another one has taken its place."""
    if _is_there(transaction, sent):
        transaction.delete(sent.table.id, sent.row)
    found = records.first_waiting(transaction, sent.message.stream)
    assert found is not None and found[1] is not None, "only who has sent it ends it"
    records.settle(transaction, sent.message.stream, found[1])


def _is_there(transaction: Transaction, sent: Sent) -> bool:
    return sent.row in transaction.table(sent.table.id).rows
