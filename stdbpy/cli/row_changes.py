"""What happens to subscribed rows, as the lines of JSON that the official program writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from stdbpy.sats.satsjson import JsonCodec

if TYPE_CHECKING:
    from stdbpy.client.transactions import Transaction
    from stdbpy.protocol.cache import TableChanges
    from stdbpy.protocol.catalog import TableLayout


class ChangesAsJson:
    """``{"player":{"deletes":[…],"inserts":[…]}}`` for each transaction, rows as objects of their columns.

    A row that was updated is in both lists. Source: ``crates/cli/src/subcommands/subscribe.rs``.
    """

    def __init__(self, tables: Mapping[str, TableLayout]) -> None:
        self._tables = tables
        self._codecs: dict[str, JsonCodec[Any]] = {}

    def of(self, transaction: Transaction) -> dict[str, dict[str, list[Any]]]:
        return {changes.table: self._of_table(changes) for changes in transaction.changes}

    def _of_table(self, changes: TableChanges) -> dict[str, list[Any]]:
        codec = self._codecs.get(changes.table)
        if codec is None:
            codec = self._codecs[changes.table] = JsonCodec(self._tables[changes.table].shapes, "told")

        def rows(of_one_kind: Iterable[Any], updated: Iterable[Any]) -> list[Any]:
            return [codec.to_json(row) for each in (of_one_kind, updated) for row in each]

        return {
            "deletes": rows(changes.deleted, (old for old, _ in changes.updated)),
            "inserts": rows(changes.inserted, (new for _, new in changes.updated)),
        }
