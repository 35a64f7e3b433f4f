"""A client with a set for each of its queries, on one of the servers."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable

from stdbpy.protocol.row_list import RowList
from stdbpy.protocol.v2 import messages as m
from tests.contract.subject import Subject
from tests.contract.websocket import Wire, rows_of

Rows = Counter[tuple[str, bytes]]
"""By table."""

Told = Counter[tuple[int, str, str, bytes]]
"""Of each set and table, the rows that came, went, or happened."""

_MARKS = 1_000_000


class Client:
    """``mark`` is a public table with one column that holds a ``u16``, which nobody else writes to: to see that
    all before has been told. ``plain`` makes of a row what is the same on both servers."""

    def __init__(
        self, server: Subject, database: str, wire: Wire, mark: str, plain: Callable[[bytes], bytes] = bytes
    ) -> None:
        self._server = server
        self._database = database
        self._wire = wire
        self._mark = mark
        self._plain = plain
        self._marks = itertools.count(1)
        wire.next()
        wire.ask(m.Subscribe(_MARKS, _MARKS, [f"SELECT * FROM {mark}"]))

    def subscribe(self, number: int, *queries: str) -> Rows | None:
        """The rows at first; ``None`` if a query is refused."""
        applied = self._wire.ask(m.Subscribe(number, number, queries))
        return self._found(applied.rows) if isinstance(applied, m.SubscribeApplied) else None

    def query(self, number: int, query: str) -> Rows | None:
        """What the query gives once; ``None`` if it is refused."""
        answer = self._wire.ask(m.OneOffQuery(number, query)).result
        return self._found(answer.value) if hasattr(answer, "value") else None

    def change(self, statement: str) -> bool:
        """Whether the owner's statement was executed."""
        return self._server.sql(self._database, statement).is_success

    def told(self) -> Told:
        """What the client was told of since the last time."""
        mark = next(self._marks)
        column = self._server.sql(self._database, f"SELECT * FROM {self._mark}").json()[0]["schema"]["elements"][0]
        assert self.change(f"INSERT INTO {self._mark} ({column['name']['some']}) VALUES ({mark})")
        told: Told = Counter()
        while True:
            update = self._wire.next()
            assert isinstance(update, m.TransactionUpdate), update
            for of_set in update.query_sets:
                for table in of_set.tables:
                    for rows in table.rows:
                        for verb, found in _changes(rows):
                            told.update(
                                (of_set.query_set_id, table.table_name, verb, self._plain(row))
                                for row in rows_of(found)
                            )
            if told.pop((_MARKS, self._mark, "came", self._plain(mark.to_bytes(2, "little"))), 0):
                return told

    def _found(self, rows: m.QueryRows) -> Rows:
        return Counter((table.table, self._plain(row)) for table in rows.tables for row in rows_of(table.rows))


def _changes(rows: m.TableUpdateRows) -> list[tuple[str, RowList]]:
    if isinstance(rows, m.EventTable):
        return [("happened", rows.value.events)]
    assert isinstance(rows, m.PersistentTable)
    return [("came", rows.value.inserts), ("went", rows.value.deletes)]
