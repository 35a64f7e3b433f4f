"""Sessions of clients: connections that follow one another under a name, of which one at a time lives.

Source: ``crates/client-api-messages`` of SpacetimeDB 2.14, whose clients name a session when they connect. Whoever
comes while another connection of the same identity still has the session ends that one, and is to come again soon.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from stdbpy.sats.values import Identity


@dataclass(frozen=True, slots=True)
class SessionKey:
    database: Identity
    caller: Identity
    name: str = field(repr=False)


class Sessions:
    """Those that somebody holds. All of it belongs to the thread of the event loop."""

    def __init__(self) -> None:
        self._holders: dict[SessionKey, Callable[[], None]] = {}

    def hold(self, session: SessionKey, end_connection: Callable[[], None]) -> bool:
        """Whether the session is the caller's now, until :meth:`release`; otherwise who holds it is on its way out."""
        holder = self._holders.setdefault(session, end_connection)
        if holder is end_connection:
            return True
        holder()
        return False

    def release(self, session: SessionKey) -> None:
        """Whoever held it is gone, and its database knows."""
        del self._holders[session]
