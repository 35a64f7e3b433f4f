"""What a database knows of a disk that takes nothing: a full one above all.

It can be read all the same, and clients come and go. Who is connected is written down for what a restart has to do,
so that can wait; what a module wants to change cannot.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from time import monotonic

from stdbpy.engine.delta import Commit, Delta
from stdbpy.engine.journal.journal import Journal
from stdbpy.engine.results import Caller
from stdbpy.engine.system_tables.definitions import TABLE_IDS
from stdbpy.errors import StorageFailed

PAUSE = 1.0
"""Seconds until a disk that has refused a write is tried again when nobody asks for one. Schedules wait as well: they
would all be due again at once."""

_OF_CLIENTS = {TABLE_IDS["st_client"], TABLE_IDS["st_connection_credentials"]}

log = logging.getLogger("stdbpy.engine")


class FullDisk:
    """All is well until :meth:`refuses` is called, and again after :meth:`takes`."""

    def __init__(self, name: Callable[[], str]) -> None:
        """``name`` is what the database is called in the server's own output."""
        self.failure: StorageFailed | None = None
        """Why the last write failed, if it did."""
        self.unwritten = Delta()
        """Who came and went meanwhile: it is to be written before anything else."""
        self.to_disconnect: list[Caller] = []
        """Clients that are gone, of whom the module could not be told."""
        self.is_tried = False
        """Whether the group is there to see whether something can be written."""
        self.name = name
        self._is_told = False
        self._try_at = 0.0

    def refuses(self, failure: StorageFailed) -> None:
        self.failure = failure
        self._try_at = monotonic() + PAUSE
        if not self._is_told:
            self._is_told = True
            hint = f" {failure.hint}" if failure.hint else ""
            log.error("Database %s can be read, but not changed. %s.%s", self.name(), failure, hint)

    def takes(self, *, has_room: bool) -> None:
        """A write has succeeded; ``has_room`` is whether more will."""
        self.failure = None
        if self._is_told and has_room:
            self._is_told = False
            log.warning("Database %s can be changed again", self.name())

    def note_try(self, journal: Journal) -> None:
        """Gives the journal something to write, so as to see whether it can."""
        self.is_tried = True
        if self.unwritten:
            journal.note(self.unwritten, ())
        else:
            journal.note_nothing()

    @property
    def seconds_to_try(self) -> float:
        return max(0.0, self._try_at - monotonic())

    def put_off(self, group: Sequence[Commit]) -> bool:
        """Keeps the changes of transactions for later; false if there are some that cannot wait."""
        if not all(_OF_CLIENTS.issuperset(committed.delta.changes) for committed in group):
            return False
        for committed in group:
            for changes in committed.delta:
                net = self.unwritten.of(changes.table)
                for row in changes.deleted:
                    net.delete(row)
                for row in changes.inserted:
                    net.insert(row)
        self.unwritten.leave_out_unchanged()
        return True
