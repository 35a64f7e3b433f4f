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
        self.is_in_doubt = False
        """Whether a write has failed since there was room for more than a few: the server has said so."""
        self.name = name
        self._try_at = 0.0

    def refuses(self, failure: StorageFailed) -> None:
        self.failure = failure
        self._try_at = monotonic() + PAUSE
        if not self.is_in_doubt:
            self.is_in_doubt = True
            hint = f" {failure.hint}" if failure.hint else ""
            log.error("Database %s can be read, but not changed. %s.%s", self.name(), failure, hint)

    def takes(self, *, has_room: bool) -> None:
        """A write has succeeded while that was in doubt; ``has_room`` is whether more will."""
        self.failure = None
        if has_room:
            self.is_in_doubt = False
            log.warning("Database %s can be changed again", self.name())

    def take_gone(self, caller: Caller) -> Sequence[Caller]:
        """Of the clients to disconnect those with the connection id of one who connects: some keep theirs. The module
        is to be told of them first; else it would be told later that this one is gone."""
        same = [
            gone
            for gone in self.to_disconnect
            if gone.connection_id == caller.connection_id and gone.identity == caller.identity
        ]
        for gone in same:
            self.to_disconnect.remove(gone)
        return same

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
