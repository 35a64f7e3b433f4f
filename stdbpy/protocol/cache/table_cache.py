"""The cached rows of one table."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from functools import cached_property

from stdbpy.errors import DecodeError, ProtocolError
from stdbpy.protocol.cache.changes import Plan, Row, RowKey, TableChanges
from stdbpy.protocol.cache.listeners import Listeners
from stdbpy.protocol.cache.lookups import KeptLookup, OrderedLookup, PrimaryLookup, SecondaryLookup, UniqueLookup
from stdbpy.protocol.cache.one_row import ApplyOne, one_row_applier
from stdbpy.protocol.cache.planning import Planner
from stdbpy.protocol.cache.row_keys import PrimaryKeys
from stdbpy.protocol.catalog import TableLayout
from stdbpy.protocol.incoming import Rows


class TableCache:
    """The rows of a table that the subscriptions hold, each of them once.

    ``rows`` maps keys (see :mod:`stdbpy.protocol.cache.row_keys`) to rows and is the same dictionary
    for ever; it is for reading. Messages change it in two steps, so that one that does not fit
    changes nothing: :meth:`prepare` checks, :meth:`commit` cannot fail.

    Not thread-safe, but ``len``, :meth:`snapshot` and ``find`` by primary key are one step each: they
    see the table before or after a step of :meth:`commit`.
    """

    def __init__(self, layout: TableLayout) -> None:
        self.layout = layout
        self.rows: dict[RowKey, Row] = {}
        self.counts: dict[RowKey, int] = {}
        """How many query sets hold a row, by key, where it is more than one."""
        self.listeners = Listeners()
        self._planner = Planner(layout, self.rows, self.counts)
        self._unique: dict[tuple[int, ...], UniqueLookup] = {}
        self._ordered: dict[tuple[int, ...], OrderedLookup] = {}
        self._kept: list[KeptLookup] = []

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        """Over the rows as they are now: changes made meanwhile do not show."""
        return iter(self.snapshot())

    def snapshot(self) -> list[Row]:
        """All rows, in no particular order."""
        return list(self.rows.values())

    # --- look-ups ----------------------------------------------------------------------------

    def unique(self, columns: Sequence[int]) -> UniqueLookup:
        """The look-up by the primary key or the columns of a unique constraint: always the same object."""
        columns = tuple(columns)
        lookup = self._unique.get(columns)
        if lookup is None:
            keys = self._planner.keys
            if isinstance(keys, PrimaryKeys) and columns == (self.layout.primary_key,):
                lookup = PrimaryLookup(self.rows, keys.to_key)
            else:
                lookup = SecondaryLookup(self.layout, columns, self.rows)
                self._kept.append(lookup)
            self._unique[columns] = lookup
        return lookup

    def ordered(self, columns: Sequence[int]) -> OrderedLookup:
        """The look-up by prefixes and ranges of an index's columns: always the same object."""
        columns = tuple(columns)
        lookup = self._ordered.get(columns)
        if lookup is None:
            lookup = self._ordered[columns] = OrderedLookup(self.layout, columns, self.rows)
            self._kept.append(lookup)
        return lookup

    # --- messages ----------------------------------------------------------------------------

    def prepare(self, inserts: Sequence[Rows], deletes: Sequence[Rows], *, is_event: bool = False) -> Plan:
        """What a message changes; all lists that it has for this table together.

        Events are read only if somebody listens. Raises :class:`ProtocolError` for rows that do not
        fit the layout, and for deleted rows that are not in the table. Nothing has changed then.
        """
        try:
            if is_event or self.layout.is_event:
                return self._planner.events(inserts) if self.listeners.on_insert else Plan()
            return self._planner.plan(inserts, deletes, tells_updates=bool(self.listeners.on_update))
        except DecodeError as error:
            raise ProtocolError(
                f"rows of the table {self.layout.name!r} do not fit its columns: {error}",
                hint="Generate the client again, from the schema that the database has now",
            ) from error

    def prepare_to_become(self, other: TableCache) -> Plan:
        """What must change for this table to hold what ``other`` does; of both, rows with the same
        bytes count as the same."""
        return self._planner.plan_to_become(other.rows, other.counts)

    def commit(self, plan: Plan) -> TableChanges:
        """Makes a change that was prepared, with no other one since."""
        changes = self._told(plan)
        gone, rows, counts = plan.gone, self.rows, self.counts
        if gone:
            if gone is rows or len(gone) == len(rows):
                rows.clear()
                counts.clear()
            else:
                deque(map(rows.__delitem__, gone), maxlen=0)
                if counts:
                    for key in gone:
                        counts.pop(key, None)
        if plan.fresh:
            rows.update(plan.fresh)
        if plan.replaced:
            rows.update(plan.replaced)
        for key, count in plan.counts.items():
            if count > 1:
                counts[key] = count
            else:
                counts.pop(key, None)
        return changes

    @cached_property
    def apply_one(self) -> ApplyOne:
        """Does a message of one row at once, where that can be; see :data:`ApplyOne`."""
        return one_row_applier(self.layout, self._planner, self.rows, self.counts, self.listeners, self._kept)

    def _told(self, plan: Plan) -> TableChanges:
        """What listeners and the look-ups in use are to know, read while the old rows are still there."""
        gone, fresh, replaced = plan.gone, plan.fresh, plan.replaced
        listeners, get = self.listeners, self.rows.__getitem__
        kept = [lookup for lookup in self._kept if lookup.built]
        deleted: list[Row] = []
        if kept or listeners.on_delete:
            deleted = self.snapshot() if gone is self.rows else list(map(get, gone))
        old = list(map(get, replaced)) if kept or listeners.on_update else []
        for lookup in kept:
            lookup.note([*deleted, *old], [*fresh.values(), *replaced.values()])
        return TableChanges(
            self.layout.name,
            len(gone) + len(fresh) + len(replaced) + len(plan.events),
            [*fresh.values(), *plan.events] if listeners.on_insert else (),
            deleted if listeners.on_delete else (),
            self._planner.updated(old, plan) if listeners.on_update else (),
        )
