"""What the HTTP API answers, as Python values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from stdbpy.sats.types import ProductType
from stdbpy.sats.values import Identity, Timestamp

if TYPE_CHECKING:
    from stdbpy.schema.model import EnvironmentValue
    from stdbpy.schema.planned_changes import PlannedChange

HostType = Literal["Wasm", "Js"]
"""What a program is written for, in the server's words; Python projects go as ``Wasm``, the default."""


@dataclass(frozen=True, slots=True)
class Health:
    """``GET /v1/health``."""

    version: str
    package_name: str
    schedulable: bool
    nodes: tuple[int, ...]
    clock: datetime | None = field(default=None, compare=False)
    """What time it was at the server, to the second; ``None`` if it does not tell."""


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
class DatabaseEnvironment:
    """What may be told of the values of a database's environment, which are never told."""

    module_hash: str
    """Of the module that runs; an update says it, so that it is refused when another one runs."""
    declared: tuple[EnvironmentValue, ...]
    """What the module declares."""
    stored: tuple[str, ...]
    """The names of the values that are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPlan:
    """What publishing a program to a database that is there would do, or why its data is in the way."""

    changes: tuple[PlannedChange, ...] = ()
    """In the order in which they are done; empty if tables and views stay as they are."""
    breaks_clients: bool = False
    """Whether clients that were made for the version that runs have to go."""
    reasons: tuple[str, ...] = ()
    """Why it cannot be done unless the data is cleared; empty if it can."""
    hints: tuple[str, ...] = ()
    """What to do about each of the reasons, ``""`` where the server does not say it."""
    is_major_upgrade: bool = False
    """Whether the module was made for SpacetimeDB 1 and is now for 2; no way leads back."""
    text: str = ""
    """The plan, or the reasons, as the server puts it, perhaps in colour; of several lines."""
    token: str = ""
    """Tells the server that the publisher has seen this plan; empty if the data would have to be cleared."""

    @property
    def needs_clearing(self) -> bool:
        """Whether the program can be published only if the data is cleared."""
        return bool(self.reasons)


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    database_identity: Identity
    owner_identity: Identity
    host_type: str
    """``Wasm``, ``Js``, …: what the module is written for."""
    initial_program: str
    """Hash of the module that the database was created with, 64 hex digits."""
    problem: str | None = None
    """Why it cannot be used; stdbpy's own server alone tells of that."""


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
class HttpAnswer:
    """What a module's own HTTP handler answered, whatever its status."""

    status: int
    headers: dict[str, str]
    """Names in lower case; a header that came several times has its values joined with commas."""
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class MetricsTargets:
    """Servers whose metrics Prometheus should collect, as its service discovery over HTTP takes them."""

    targets: tuple[str, ...]
    """``HOST:PORT``."""
    labels: dict[str, str]


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
