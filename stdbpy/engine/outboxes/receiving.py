"""What a database does with a call that comes from another one."""

from __future__ import annotations

from secrets import token_bytes
from typing import TYPE_CHECKING

from stdbpy.engine.outboxes import records
from stdbpy.engine.outboxes.messages import Message, Outcome
from stdbpy.engine.results import Caller
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import EngineError, InvalidArguments, NotAllowed
from stdbpy.sats.values import ConnectionId
from stdbpy.schema.model import Visibility
from stdbpy.schema.signature_hash import signature_hash
from stdbpy.schema.text import reducer_signature

if TYPE_CHECKING:
    from stdbpy.engine.instance import Instance


def receive(instance: Instance, message: Message) -> Outcome:
    """Carries out a message, and notes what came of it; for one that has come before, only says that.

    Raises ``EngineError`` and ``NotAllowed`` for one that is to be sent again: no module runs, one before it is
    missing, or the module does not let its sender connect.
    """
    sender, stream, sequence = message.sender, message.stream, message.sequence
    present = Transaction(instance.store)
    last = records.applied_up_to(present, sender, stream)
    if sequence <= last:
        noted = records.noted_outcome(present, sender, stream, sequence)
        if noted is None:
            raise EngineError(f"Message {sequence} was carried out, and its sender has said that it knows the outcome")
        return Outcome() if noted.status == records.OK else Outcome(noted.payload.decode(errors="replace"))
    if sequence != last + 1:
        raise EngineError(f"Message {sequence} is out of order: message {last + 1} is the next one")

    def note(transaction: Transaction, error: str | None = None) -> None:
        records.forget_outcome(transaction, sender, stream, message.settled)
        records.note_outcome(transaction, sender, stream, sequence, error)

    error = _refusal(instance, message)
    if error is None:
        caller = Caller(sender, ConnectionId(token_bytes(ConnectionId.SIZE)))
        connecting = instance.connected(caller)
        if connecting is not None and connecting.error is not None:
            raise NotAllowed(f"The module does not let the database connect: {connecting.error}")
        try:
            error = instance.run_reducer(message.reducer, caller, message.args, afterwards=note).error
        except InvalidArguments as mismatch:
            error = str(mismatch)
        finally:
            instance.disconnected(caller)
    if error is not None:
        instance.transact(lambda transaction: note(transaction, error))
    return Outcome(error)


def _refusal(instance: Instance, message: Message) -> str | None:
    """Why the reducer cannot be called, if so."""
    signatures = instance.joined.signatures  # raises if no module runs
    name = message.reducer
    if signatures.get(name) == message.signature:
        return None
    found = instance.reducer(name)
    if found is None or found[0].lifecycle is not None or found[0].visibility is Visibility.PRIVATE:
        return f"There is no reducer {name!r} that another database can call"
    reducer, schema = found
    if name not in signatures:
        signatures[name] = signature_hash(reducer, schema.typespace)
    if signatures[name] != message.signature:
        here = reducer_signature(schema, reducer)
        return f"The sender takes reducer {name!r} for one with other parameters than it has: {here}"
    return None
