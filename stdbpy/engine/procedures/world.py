"""What a procedure or HTTP handler can do while it runs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from stdbpy.engine.environment import read_value, read_value_now
from stdbpy.engine.procedures.lease import Lease, LentTransaction
from stdbpy.engine.store.store import Store
from stdbpy.errors import EngineError, HostError
from stdbpy.module.host import Errno
from stdbpy.sats.values import Timestamp
from stdbpy.schema.http import HttpRequestHead, HttpResponseHead


class Surroundings(Protocol):
    """What the procedures of a database share."""

    clock: Callable[[], Timestamp]

    def lend(self, lease: Lease) -> Future[bool]:
        """Queues ``lease.lend`` on the database's thread."""

    def blocked(self) -> AbstractContextManager[None]:
        """While the thread of a call waits for another one."""

    def sleep_until(self, when: Timestamp) -> Timestamp: ...

    def expect_current(self, store: Store) -> None:
        """Raises ``ModuleChanged`` if these are not the database's tables any more."""

    def send(self, request: HttpRequestHead, body: bytes) -> tuple[HttpResponseHead, bytes]: ...


class _Open(NamedTuple):
    lease: Lease
    transaction: LentTransaction
    lending: Future[bool]


class World:
    """That of one call, as :class:`~stdbpy.engine.host.ProcedureWorld` says. For the thread of the call."""

    def __init__(self, name: str, store: Store, surroundings: Surroundings) -> None:
        """``name`` is the function's, and ``store`` what its instance of the module is joined with."""
        self._name = name
        self._store = store
        self._surroundings = surroundings
        self._open: _Open | None = None

    @property
    def tx(self) -> LentTransaction | None:
        return self._open.transaction if self._open is not None else None

    def begin(self) -> tuple[LentTransaction, Timestamp]:
        self._expect_closed("A transaction is open already: there is one at a time")
        lease = Lease(self._name, self._store)
        lending = self._surroundings.lend(lease)
        with self._surroundings.blocked():
            transaction = lease.wait(lending)
        self._open = _Open(lease, transaction, lending)
        return transaction, self._surroundings.clock()

    def commit(self) -> None:
        if not self._end(commits=True):
            raise EngineError("The transaction took too long: it was undone")

    def abort(self) -> None:
        self._end(commits=False)

    def close(self) -> bool:
        """Comes after the call; whether a transaction was open, which is undone now."""
        if self._open is None:
            return False
        self._end(commits=False)
        return True

    def sleep_until(self, when: Timestamp) -> Timestamp:
        self._expect_closed("Nobody can sleep while a transaction is open: all others would wait")
        return self._surroundings.sleep_until(when)

    def env_get(self, key: str) -> str | None:
        self._surroundings.expect_current(self._store)
        return read_value_now(self._store, key) if self.tx is None else read_value(self.tx, key)

    def http_request(self, request: bytes, body: bytes) -> tuple[bytes, bytes]:
        self._expect_closed("No HTTP request can be sent while a transaction is open: all others would wait")
        response, content = self._surroundings.send(HttpRequestHead.decode(request), body)
        return response.encode(), content

    def _end(self, *, commits: bool) -> bool:
        if self._open is None:
            raise HostError(Errno.TRANSACTION_NOT_ANONYMOUS, "No transaction is open that the procedure has begun")
        (lease, _, lending), self._open = self._open, None
        lease.give_back(commits=commits)
        with self._surroundings.blocked():
            return lending.result()

    def _expect_closed(self, why: str) -> None:
        if self._open is not None:
            raise HostError(Errno.WOULD_BLOCK_TRANSACTION, why)
