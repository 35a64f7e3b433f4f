"""Reading while nothing can be written: a full disk is when somebody wants their rows."""

from __future__ import annotations

from contextlib import suppress

from stdbpy.engine.instance import Instance, IsRead
from stdbpy.engine.results import Caller, StatementResult, expect_allowed
from stdbpy.engine.system_tables.clients import note_client
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import SqlError
from stdbpy.schema.model import Lifecycle


def read_in_passing(instance: Instance, text: str, caller: Caller, *, is_owner: bool) -> list[StatementResult] | None:
    """Runs SQL for a client that connects for this alone, and writes nothing: what the module does when the client
    connects is undone, and it does not hear of its end.

    ``None`` for SQL that changes something. Raises ``SqlError``, and ``NotAllowed`` if the module refuses the client.
    """
    from stdbpy.engine.sql import run_sql

    found: list[StatementResult] | SqlError | None = None

    def read(connecting: Transaction) -> None:
        nonlocal found
        note_client(caller, connecting)
        reading = Transaction(instance.store)
        try:
            results = run_sql(text, reading, caller=caller.identity, is_owner=is_owner)
            found = None if reading.delta else results
        except SqlError as refusal:
            found = refusal
        finally:
            reading.rollback()
        raise IsRead

    outcome = instance.call_lifecycle(Lifecycle.ON_CONNECT, caller, read)
    if outcome is None:  # the module does not want to know
        connecting = Transaction(instance.store)
        try:
            with suppress(IsRead):
                read(connecting)
        finally:
            instance.undo_reading(connecting)
    expect_allowed(outcome)
    if isinstance(found, SqlError):
        raise found
    return found
