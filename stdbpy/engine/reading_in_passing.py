"""Reading while nothing can be written: a full disk is when somebody wants their rows."""

from __future__ import annotations

from stdbpy.engine.instance import Instance
from stdbpy.engine.results import Caller, StatementResult
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import SqlError


def read_in_passing(instance: Instance, text: str, caller: Caller, *, is_owner: bool) -> list[StatementResult] | None:
    """Runs SQL for a client that connects for this alone, and writes nothing: what the module does when the client
    connects is undone, and it does not hear of its end.

    ``None`` for SQL that changes something. Raises ``SqlError``, and ``NotAllowed`` if the module refuses the client.
    """
    from stdbpy.engine.sql import run_sql

    reading = Transaction(instance.store)

    def read() -> list[StatementResult] | SqlError:
        try:
            return run_sql(text, reading, caller=caller.identity, is_owner=is_owner)
        except SqlError as refusal:
            return refusal
        finally:
            reading.rollback()

    found = instance.while_connected_in_passing(caller, read)
    if isinstance(found, SqlError):
        raise found
    return None if reading.delta else found
