"""What SQL uses of a transaction (``stdbpy.engine.transaction.Transaction`` has it)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from stdbpy.schema.model import ModuleSchema


@dataclass(frozen=True, slots=True)
class Edge:
    """One end of a range."""

    value: Any
    inclusive: bool


class TransactionView(Protocol):
    """Rows are BSATN; keys are decoded values, one per column of the index."""

    @property
    def schema(self) -> ModuleSchema: ...

    def table_id(self, name: str) -> int | None: ...

    def index_id(self, name: str) -> int | None: ...

    def row_count(self, table_id: int) -> int: ...

    def scan(self, table_id: int) -> Iterable[bytes]: ...

    def index_point(self, index_id: int, key: tuple[Any, ...]) -> Iterable[bytes]: ...

    def index_range(
        self, index_id: int, prefix: tuple[Any, ...], lower: Edge | None, upper: Edge | None
    ) -> Iterable[bytes]: ...

    def insert(self, table_id: int, row: bytes) -> bytes: ...

    def delete(self, table_id: int, row: bytes) -> bool: ...
