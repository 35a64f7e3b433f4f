"""What the HTTP API answers, as Python values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from stdbpy.sats.types import ProductType
from stdbpy.sats.values import Identity, Timestamp


@dataclass(frozen=True, slots=True)
class Health:
    """``GET /v1/health``."""

    version: str
    package_name: str
    schedulable: bool
    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NewIdentity:
    """An identity that the server made up, with the token that proves it."""

    identity: Identity
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PublishResult:
    database_identity: Identity
    name: str | None
    """The name it was published under; ``None`` when published by identity or without a name."""
    op: Literal["created", "updated"]


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    database_identity: Identity
    owner_identity: Identity
    host_type: str
    """``Wasm``, ``Js``, …: what the module is written for."""
    initial_program: str
    """Hash of the module that the database was created with, 64 hex digits."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """A call that was committed."""

    duration_micros: int | None
    """Time that the module took, as far as the server tells."""
    energy: int | None
    value: Any = None
    """What a procedure returned, as SATS-JSON; reducers return nothing."""


@dataclass(frozen=True, slots=True)
class SqlResult:
    """The answer to one SQL statement."""

    columns: ProductType
    rows: list[list[Any]]
    """SATS-JSON as it came: integers of any size exact, 256-bit ones ``"0x…"``, products as lists
    and sums as ``[tag, payload]``; ``stdbpy.sats.satsjson`` turns them into Python values."""
    duration_micros: int
    rows_inserted: int = 0
    rows_deleted: int = 0
    rows_updated: int = 0

    @property
    def names(self) -> list[str]:
        """The names of the columns; an unnamed one is called ``column_`` and its position."""
        return [name if name is not None else f"column_{place}" for place, name in enumerate(self.columns.names)]


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One line of a database's log."""

    level: str
    """``Error``, ``Warn``, ``Info``, ``Debug``, ``Trace`` or ``Panic``."""
    time: Timestamp
    message: str
    target: str | None = None
    filename: str | None = None
    line_number: int | None = None
    function: str | None = None
    """The reducer that was running."""
    raw: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """The line as it came, which newer servers may add to."""
