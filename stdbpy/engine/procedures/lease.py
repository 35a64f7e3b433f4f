"""A transaction that the database's thread lends to a procedure's.

The one thread waits while the other works: there is one writer at any time. What cannot be waited for any
longer is taken back.
"""

from __future__ import annotations

from concurrent.futures import Future
from threading import Event, Lock, get_ident

from stdbpy.debugging import is_debugged
from stdbpy.engine.instance import Instance
from stdbpy.engine.store.index import Index
from stdbpy.engine.store.store import Store
from stdbpy.engine.store.table import Table
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import EngineError, ModuleChanged
from stdbpy.sats.types import AlgebraicType
from stdbpy.schema.column_types import without_references

LONGEST_LEASE = 30.0
"""Seconds that a procedure may keep a transaction open, in which nobody else can do anything."""


class LentTransaction(Transaction):
    """One that changes hands: for every thread but that of its holder all operations raise ``EngineError``."""

    __slots__ = ("_changing", "_holder")

    def __init__(self, store: Store, holder: int) -> None:
        """``holder`` is the ``threading.get_ident()`` of a thread."""
        super().__init__(store)
        self._holder = holder
        self._changing = Lock()

    def take_over(self) -> None:
        """The calling thread is the holder. Returns when no other one is in the middle of a change."""
        with self._changing:
            self._holder = get_ident()

    def table(self, table_id: int) -> Table:
        self._expect_held()
        return super().table(table_id)

    def _table_and_index(self, index_id: int) -> tuple[Table, Index]:
        self._expect_held()
        return super()._table_and_index(index_id)

    def insert(self, table_id: int, row: bytes) -> bytes:
        with self._changing:
            self._expect_held()
            return super().insert(table_id, row)

    def delete(self, table_id: int, row: bytes) -> bool:
        with self._changing:
            return super().delete(table_id, row)

    def update(self, table_id: int, index_id: int, row: bytes) -> bytes:
        with self._changing:
            return super().update(table_id, index_id, row)

    def clear(self, table_id: int) -> int:
        with self._changing:
            return super().clear(table_id)

    def _expect_held(self) -> None:
        if self._holder != get_ident():
            raise EngineError(
                "The procedure's transaction has ended: it was open for too long, or the database was closed",
                hint="Wait and compute before or behind a transaction.",
            )


class Lease:
    """One transaction of the procedure whose thread makes this."""

    def __init__(self, procedure: str, store: Store) -> None:
        self._procedure = procedure
        self._store = store
        self._borrower = get_ident()
        self._lent: Future[LentTransaction] = Future()
        self._is_back = Event()
        self._commits = False

    # --- on the procedure's thread -----------------------------------------------------------

    def wait(self, lending: Future[bool]) -> LentTransaction:
        """Returns when the database's thread has lent the transaction; ``lending`` is its job. Raises what the
        job does if it does not come to that."""

        def fail(lending: Future[bool]) -> None:
            error = lending.exception()
            if error is not None and not self._lent.done():
                self._lent.set_exception(error)

        lending.add_done_callback(fail)
        return self._lent.result()

    def give_back(self, *, commits: bool) -> None:
        self._commits = commits
        self._is_back.set()

    # --- on any thread -----------------------------------------------------------------------

    def take_back(self) -> None:
        """Aborts the transaction, unless it is about to be committed."""
        self._is_back.set()

    # --- on the database's thread ------------------------------------------------------------

    def lend(self, instance: Instance) -> bool:
        """Returns when the transaction is over; whether it was committed."""
        if not _has_same_rows(self._store, instance.store):
            raise ModuleChanged(
                "The module has been updated since the procedure began, and its tables are others now",
                hint="Call it again.",
            )
        transaction = LentTransaction(instance.store, self._borrower)
        instance.running = self._procedure
        try:
            instance.transact(self._until_it_is_back, transaction)
        except _AbortedError:
            return False
        finally:
            instance.running = None
        return True

    def _until_it_is_back(self, transaction: Transaction) -> None:
        assert isinstance(transaction, LentTransaction)
        self._lent.set_result(transaction)
        while not self._is_back.wait(LONGEST_LEASE) and is_debugged():
            pass  # it may be stopped at a breakpoint
        transaction.take_over()
        if not self._commits:
            raise _AbortedError


def _has_same_rows(old: Store, new: Store) -> bool:
    """Whether what writes to the tables of a store that was replaced can write to those of its successor. On
    the real server, too, a procedure that runs goes on when its module is updated."""
    if old is new:
        return True
    pairs = [(table, new.tables.get(number)) for number, table in old.tables.items()]
    return all(twin is not None and _column_types(table) == _column_types(twin) for table, twin in pairs)


def _column_types(table: Table) -> list[AlgebraicType]:
    return [without_references(column.type, table.module.typespace) for column in table.definition.columns]


class _AbortedError(Exception):
    """The transaction is to be undone."""
