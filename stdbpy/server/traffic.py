"""What goes over the network, counted by database. Where it is not said otherwise, the thread of the event loop counts
it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from stdbpy.sats.values import Identity


@dataclass(slots=True)
class DatabaseTraffic:
    """Of one database, since the server started."""

    answered_bytes: int = 0
    """Of headers and bodies of HTTP answers."""
    straight_bytes: int = 0
    """The same of answers that are sent past the event loop. The database's own thread counts them; the event loop's
    does for a call that is done before anybody can be told, when that one has no other to count: it is told of calls in
    the order in which the event loop made them."""
    accepted: int = 0
    """Clients over websockets that the module has accepted."""
    rejections: Counter[str] = field(default_factory=Counter)
    """Of clients over websockets, by the real server's word for the reason."""
    disconnections: Counter[str] = field(default_factory=Counter)
    """Of accepted clients, by the real server's word for the reason."""
    requests: Counter[str] = field(default_factory=Counter)
    """Frames that clients sent over websockets, by protocol: ``text`` or ``binary``."""


class Traffic:
    def __init__(self) -> None:
        self._databases: dict[Identity, DatabaseTraffic] = {}

    def of(self, database: Identity) -> DatabaseTraffic:
        found = self._databases.get(database)
        if found is None:
            found = self._databases[database] = DatabaseTraffic()
        return found

    def forget_all_but(self, databases: Collection[Identity]) -> None:
        """Drops the counts of databases that are gone."""
        for gone in self._databases.keys() - set(databases):
            del self._databases[gone]
