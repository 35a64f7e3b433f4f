"""From the rows that a message names to what becomes of the table.

The server sends a row once for every query set that it enters or leaves (under v1, for every
query), so the cache must know how many hold it. Almost always one does. Whole messages of such rows
are therefore judged by operations over sets of keys, which run in C; only where rows are shared, or
a message names one twice, they are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain

from stdbpy.errors import DecodeError, ProtocolError, counted
from stdbpy.protocol.cache.changes import Plan, Row, RowKey
from stdbpy.protocol.cache.comparing import has_floats
from stdbpy.protocol.cache.json_rows import bsatn_rows
from stdbpy.protocol.cache.row_keys import RowKeys, row_keys
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

    def plan(self, inserts: Sequence[Rows], deletes: Sequence[Rows]) -> Plan:
        """What becomes of the table. Raises ``DecodeError`` for rows that do not fit the layout, and
        :class:`ProtocolError` if more query sets let go of a row than hold it."""
        keys = self.keys
        left: list[RowKey] = []
        for rows in deletes:
            left += keys.of_deleted(self._binary(rows))
        arrived: list[tuple[RowList, list[Row]]] = []
        came: dict[RowKey, Row] = {}
        announced = 0
        for rows in inserts:
            sent = self._binary(rows)
            decoded = self._decode(sent)
            announced += len(decoded)
            arrived.append((sent, decoded))
            came.update(zip(keys.of_inserted(decoded, sent), decoded, strict=True))
        if len(came) == announced:
            plan = self._plan_at_once(came, left)
            if plan is not None:
                return plan
        came_keys = chain.from_iterable(keys.of_inserted(decoded, sent) for sent, decoded in arrived)
        return self._plan_one_by_one(came, came_keys, left)

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

    def differing(self, old: Iterable[Row], new: Iterable[Row]) -> list[tuple[Row, Row]]:
        """The pairs of rows that are not the same."""
        pairs = zip(old, new, strict=True)
        if self._has_floats:
            return [pair for pair in pairs if not self.same(*pair)]
        return [pair for pair in pairs if pair[0] != pair[1]]

    # --- planning ----------------------------------------------------------------------------

    def _plan_at_once(self, came: dict[RowKey, Row], left: list[RowKey]) -> Plan | None:
        """The plan, if the message names every key once on each side, and no two query sets share one."""
        rows, counts = self._rows, self._counts
        if not left:
            return Plan(fresh=came) if rows.keys().isdisjoint(came) else None
        out = set(left)
        if len(out) != len(left) or not (rows.keys() >= out) or (counts and not counts.keys().isdisjoint(out)):
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
                raise ProtocolError(f"The server deletes a row of {self._layout.name!r} that is not there")
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
        rows = self._layout.codec.decode_rows(sent.data)
        if len(rows) != len(sent):
            raise DecodeError(f"{counted(len(sent), 'row')} are announced, but there are {len(rows)}")
        return rows
