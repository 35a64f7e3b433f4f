"""From the rows that a message names to what becomes of the table.

The server sends a row once for every query set that it enters or leaves (under v1, for every
query), so the cache must know how many hold it. Almost always one does. Whole messages of such rows
are therefore judged by operations over sets of keys, which run in C; only where rows are shared, or
a message names one twice, they are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain, compress
from typing import cast

from stdbpy.errors import ProtocolError
from stdbpy.protocol.cache.changes import Plan, Row, RowKey
from stdbpy.protocol.cache.comparing import has_floats
from stdbpy.protocol.cache.row_keys import RowKeys, row_keys
from stdbpy.protocol.cache.row_reading import bsatn_rows, decoded_rows
from stdbpy.protocol.catalog import TableLayout
from stdbpy.protocol.incoming import Rows
from stdbpy.protocol.row_list import RowList


class Planner:
    """Reads the messages for one table, and says what they change in ``rows`` and ``counts``, which
    are those of the table and never written here."""

    def __init__(self, layout: TableLayout, rows: Mapping[RowKey, Row], counts: Mapping[RowKey, int]) -> None:
        self._layout = layout
        self._rows = rows
        self._counts = counts
        self._by_bytes = layout.primary_key is None

    @cached_property
    def keys(self) -> RowKeys:
        return row_keys(self._layout)

    def events(self, sent: Iterable[Rows]) -> Plan:
        """The events of an event table. Raises ``DecodeError``."""
        return Plan(events=[row for rows in sent for row in self._decode(self._binary(rows))])

    def plan(self, inserts: Sequence[Rows], deletes: Sequence[Rows], *, tells_updates: bool) -> Plan:
        """What becomes of the table. ``tells_updates``: :meth:`updated` will be asked.

        Raises ``DecodeError`` for rows that do not fit the layout, and :class:`ProtocolError` if more
        query sets let go of a row than hold it.
        """
        keys = self.keys
        leaving = [self._binary(rows) for rows in deletes]
        if not inserts and self._by_bytes and self._are_all(leaving):
            return Plan(gone=self._rows)
        left = list(chain.from_iterable(map(keys.of_deleted, leaving)))
        arrived = [(sent, self._decode(sent)) for sent in map(self._binary, inserts)]
        came: dict[RowKey, Row] = {}
        for sent, rows in arrived:
            came.update(zip(keys.of_inserted(rows, sent), rows, strict=True))
        plan = None
        if len(came) == sum(len(rows) for _, rows in arrived):
            plan = self._plan_at_once(came, left)
        if plan is None:
            came_keys = chain.from_iterable(keys.of_inserted(rows, sent) for sent, rows in arrived)
            plan = self._plan_one_by_one(came, came_keys, left)
        if tells_updates and plan.replaced and self._has_floats:
            in_order = len(leaving) == 1 == len(arrived) and left == list(came)
            if in_order and len(leaving[0]) == len(arrived[0][0]):
                plan.unchanged = set(compress(left, leaving[0].same_as(arrived[0][0])))
            else:
                plan.unchanged = self._unchanged(leaving, arrived)
        return plan

    def _are_all(self, leaving: Sequence[RowList]) -> bool:
        """Whether these are all rows of the table in its order, which shows without taking them apart: so
        they leave when a subscription ends."""
        if len(leaving) != 1 or leaving[0].offsets is not None or len(leaving[0]) != len(self._rows):
            return False
        return not self._counts and b"".join(cast("Iterable[bytes]", self._rows)) == leaving[0].data

    def _unchanged(self, leaving: Iterable[RowList], arrived: Iterable[tuple[RowList, list[Row]]]) -> set[RowKey]:
        """The keys of rows that leave and come with the same bytes: a query set may let go of a row
        that another one takes, and a join say of a row that it leaves and comes."""
        left = set(chain.from_iterable(sent.slices() for sent in leaving))
        unchanged: set[RowKey] = set()
        for sent, rows in arrived:
            slices = sent.slices()
            if not left.isdisjoint(slices):
                pairs = zip(slices, self.keys.of_inserted(rows, sent), strict=True)
                unchanged.update(key for data, key in pairs if data in left)
        return unchanged

    def plan_to_become(self, rows: Mapping[RowKey, Row], counts: Mapping[RowKey, int]) -> Plan:
        """What must change for the table to hold ``rows``, each as often as ``counts`` says. Rows that
        it holds already stay the objects that they are."""
        mine = self._rows
        gone = [key for key in mine if key not in rows]
        fresh = {key: row for key, row in rows.items() if key not in mine}
        replaced: dict[RowKey, Row] = {}
        if not self._by_bytes:
            replaced = {key: row for key, row in rows.items() if key in mine and not self.same(mine[key], row)}
        return Plan(gone, fresh, replaced, {**dict.fromkeys(self._counts, 1), **counts})

    def same(self, old: Row, new: Row) -> bool:
        """Whether two rows have the same bytes."""
        if self._has_floats:
            encode = self._layout.codec.encode
            return encode(old) == encode(new)
        return bool(old == new)

    def updated(self, old: Iterable[Row], plan: Plan) -> list[tuple[Row, Row]]:
        """The ``old`` rows with those that the plan replaces them by, where they differ."""
        pairs = zip(old, plan.replaced.values(), strict=True)
        if not self._has_floats:
            return [pair for pair in pairs if pair[0] != pair[1]]
        if not plan.unchanged:
            return list(pairs)
        return [pair for key, pair in zip(plan.replaced, pairs, strict=True) if key not in plan.unchanged]

    # --- planning ----------------------------------------------------------------------------

    def _plan_at_once(self, came: dict[RowKey, Row], left: list[RowKey]) -> Plan | None:
        """The plan, if the message names every key once on each side, and no two query sets share one."""
        rows, counts = self._rows, self._counts
        if not left:
            return Plan(fresh=came) if rows.keys().isdisjoint(came) else None
        if not came and not counts and len(left) == len(rows) and left == list(rows):
            return Plan(gone=rows)
        out = set(left)
        if len(out) != len(left) or (counts and not counts.keys().isdisjoint(out)):
            return None
        if not all(map(rows.__contains__, left)):  # in the order of the rows: a set's would miss the processor's caches
            return None
        if not came:
            return Plan(gone=left)
        if came.keys() == out:
            return None if self._by_bytes else Plan(replaced=came)
        if out.isdisjoint(came):
            return Plan(gone=left, fresh=came) if rows.keys().isdisjoint(came) else None
        if self._by_bytes:
            return None
        fresh = {key: row for key, row in came.items() if key not in out}
        if not rows.keys().isdisjoint(fresh):
            return None
        replaced = {key: row for key, row in came.items() if key in out}
        return Plan([key for key in left if key not in came], fresh, replaced)

    def _plan_one_by_one(self, came: Mapping[RowKey, Row], came_keys: Iterable[RowKey], left: Iterable[RowKey]) -> Plan:
        rows, counts = self._rows, self._counts
        balance: dict[RowKey, int] = {}
        for key in left:
            balance[key] = balance.get(key, 0) - 1
        deleted = set(balance)
        for key in came_keys:
            balance[key] = balance.get(key, 0) + 1
        gone: list[RowKey] = []
        fresh: dict[RowKey, Row] = {}
        replaced: dict[RowKey, Row] = {}
        new_counts: dict[RowKey, int] = {}
        for key, change in balance.items():
            before = counts.get(key, 1) if key in rows else 0
            after = before + change
            if after < 0:
                raise ProtocolError(f"the server deletes a row of {self._layout.name!r} that is not there")
            if after == 0:
                if before:
                    gone.append(key)
                continue
            if not before:
                fresh[key] = came[key]
            elif key in came and not self._by_bytes and (key in deleted or not self.same(rows[key], came[key])):
                replaced[key] = came[key]
            if after != max(before, 1):
                new_counts[key] = after
        return Plan(gone, fresh, replaced, new_counts)

    # --- reading -----------------------------------------------------------------------------

    @cached_property
    def _has_floats(self) -> bool:
        return has_floats(self._layout.record, self._layout.shapes)

    def _binary(self, rows: Rows) -> RowList:
        return rows if isinstance(rows, RowList) else bsatn_rows(rows, self._layout.json_codec)

    def _decode(self, sent: RowList) -> list[Row]:
        return decoded_rows(sent, self._layout.codec)
