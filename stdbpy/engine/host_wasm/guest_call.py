"""What belongs to the running call of a guest: the database as the call sees it, and what the guest holds by number."""

from __future__ import annotations

from stdbpy.engine.host import ProcedureWorld
from stdbpy.engine.host_wasm.memory import GuestMemory
from stdbpy.engine.host_wasm.resources import RowIterator, Slab, Source
from stdbpy.engine.results import Caller
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import HostError
from stdbpy.module.host import Errno
from stdbpy.sats.values import Timestamp
from stdbpy.schema.model import HttpHandler, Procedure, Reducer, View

MOST_HELD = 1 << 16
"""How many iterators, or sources, a guest may hold."""

MOST_WRITTEN = 1 << 28
"""How many bytes a guest may write into one sink."""


class GreedyGuestError(Exception):
    """A guest wants to hold more than the host keeps for it."""


class GuestCall:
    """The state of one instance's calls, which are made one at a time."""

    __slots__ = (
        "_next_source",
        "caller",
        "entry",
        "function",
        "iterators",
        "memory",
        "panic",
        "sinks",
        "sources",
        "timestamp",
        "tx",
        "world",
    )

    memory: GuestMemory

    def __init__(self) -> None:
        self.tx: Transaction | None = None
        """The one that is open."""
        self.world: ProcedureWorld | None = None
        """Of the procedure or HTTP handler that runs."""
        self.caller: Caller | None = None
        self.entry: Reducer | View | Procedure | HttpHandler | None = None
        """What runs."""
        self.function: str | None = None
        """Its name."""
        self.timestamp = Timestamp(0)
        self.panic: str | None = None
        """What the guest said when it was about to crash."""
        self.sources: dict[int, Source] = {}
        self.sinks: dict[int, bytearray] = {}
        self.iterators: Slab[RowIterator] = Slab()
        self._next_source = 1

    def transaction(self) -> Transaction:
        """Raises ``HostError`` if none is open."""
        if self.tx is None:
            raise HostError(Errno.NOT_IN_TRANSACTION, "No transaction is open")
        return self.tx

    def open_source(self, data: bytes) -> int:
        """The number of a source of ``data``; 0 if that is empty."""
        return self.open_present_source(data) if data else 0

    def open_present_source(self, data: bytes) -> int:
        """The number of a source of ``data``, which may be empty."""
        if len(self.sources) >= MOST_HELD:
            raise GreedyGuestError(f"the module holds {MOST_HELD} sources of bytes")
        number = self._next_source
        self._next_source = number + 1
        self.sources[number] = Source(data)
        return number

    def open_sink(self) -> int:
        number = len(self.sinks) + 1
        self.sinks[number] = bytearray()
        return number

    def open_iterator(self, rows: RowIterator) -> int:
        if len(self.iterators) >= MOST_HELD:
            raise GreedyGuestError(f"the module holds {MOST_HELD} iterators")
        return self.iterators.add(rows)

    def written_to(self, sink: int) -> bytes:
        return bytes(self.sinks[sink])

    def end(self) -> None:
        """Closes all that the guest has left open."""
        self.tx = self.world = self.caller = self.entry = self.function = self.panic = None
        self._next_source = 1
        self.sinks.clear()
        if self.sources:
            self.sources.clear()
        if self.iterators:
            self.iterators.clear()
