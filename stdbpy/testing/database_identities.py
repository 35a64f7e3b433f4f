"""Who the databases under test are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Lock

from stdbpy.engine.names import identity_from_claims
from stdbpy.sats.values import Identity

_taken: set[int] = set()
_lock = Lock()


@contextmanager
def database_identity(issuer: str) -> Iterator[Identity]:
    """An identity for a database as long as it is open.

    No two that are open have the same one, and each run has the same ones: while no other is open, a database has that
    of the subject ``database``, the second one that of ``database 2``, and so on.
    """
    with _lock:
        number = next(number for number in count(1) if number not in _taken)
        _taken.add(number)
    try:
        yield identity_from_claims(issuer, "database" if number == 1 else f"database {number}")
    finally:
        with _lock:
            _taken.discard(number)
