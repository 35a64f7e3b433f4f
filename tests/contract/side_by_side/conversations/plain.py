"""Messages of a server in what every server has in common: rows without order, nobody's ids, no times."""

from __future__ import annotations

import enum
import json
from typing import Any

import msgspec

from stdbpy.protocol.compression import unbrotlied, ungzipped
from stdbpy.protocol.row_list import RowList
from stdbpy.protocol.v1 import messages as m1
from stdbpy.protocol.v1.layouts import QUERY_UPDATE
from stdbpy.protocol.v2 import messages as m2
from stdbpy.sats.tagged_union import TaggedUnion
from stdbpy.sats.values import ConnectionId, Err, Identity, Ok
from tests.contract.websocket import rows_of

UNLIKE = {
    "timestamp",
    "total_host_execution_duration",
    "total_host_execution_duration_micros",
    "energy_quanta_used",
    "token",
    "reducer_id",
    "table_id",
}
"""Fields that every server fills as it likes; whether they are filled is compared."""
WITHOUT_ORDER = {"tables", "query_sets", "updates", "rows"}
LARGEST_SHOWN = 120
"""Bytes of a row, or of arguments."""

_IN_OWN_WORDS = (m1.Failed, m1.ProcedureInternalError, m2.ReducerInternalError, m2.ProcedureInternalError)


class Plain:
    """``names`` tells what to write for an identity or a connection's id, given in hexadecimal digits."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def message(self, message: Any) -> Any:
        return self._of(message, "")

    def _of(self, value: Any, field: str) -> Any:
        if field in UNLIKE:
            return None if value is None else "…"
        match value:
            case Identity() | ConnectionId():
                text = value.hex()
                return self.names.get(text, "nobody" if not text.strip("0") else "somebody else")
            case None | bool() | int():
                return value
            case enum.Enum():
                return value.name
            case str():
                return "an error" if field == "error" else self._text(value)
            case bytes():
                return self._bytes(value)
            case RowList():
                return sorted(map(self._bytes, rows_of(value)))
            case Ok():
                return {"Ok": self._of(value.value, "")}
            case Err():
                return {"Err": "an error"}
            case m1.Gzip():
                return {"Gzip": self._of(QUERY_UPDATE.decode(ungzipped(value.value, 1 << 24)), "")}
            case m1.Brotli():
                return {"Brotli": self._of(QUERY_UPDATE.decode(unbrotlied(value.value, 1 << 24)), "")}
            case TaggedUnion():
                name = type(value).__name__
                if isinstance(value, _IN_OWN_WORDS):
                    return {name: "an error"}
                return {name: self._of(value.value, "")} if hasattr(value, "value") else name
            case m1.QueryUpdate() if not isinstance(value.inserts, RowList):
                return {"deletes": self._json_rows(value.deletes), "inserts": self._json_rows(value.inserts)}
            case m1.OneOffTable() if not isinstance(value.rows, RowList):
                return {"table_name": value.table_name, "rows": self._json_rows(value.rows)}
            case msgspec.Struct():
                fields = {name: self._of(getattr(value, name), name) for name in value.__struct_fields__}
                return {type(value).__name__: fields}
            case list() | tuple():
                items = [self._of(item, "") for item in value]
                return sorted(items, key=_as_text) if field in WITHOUT_ORDER else items
        raise TypeError(f"{field}: {value!r}")

    def _json_rows(self, rows: Any) -> list[str]:
        return sorted(self._text(json.dumps(_as_array(json.loads(row)))) for row in rows)

    def _text(self, text: str) -> str:
        for digits, name in self.names.items():
            text = text.replace(digits, name)
        return text if len(text) <= LARGEST_SHOWN else f"{len(text)} characters, {text[:8]}…"

    def _bytes(self, data: bytes) -> str:
        text = data.hex()
        for digits, name in self.names.items():
            text = text.replace(bytes.fromhex(digits)[::-1].hex(), f" {name} ")
        return text if len(text) <= 2 * LARGEST_SHOWN else f"{len(data)} bytes, {text[:16]}…{text[-16:]}"


def _as_array(row: Any) -> Any:
    """Rows of joins are objects at times: a listed difference."""
    match row:
        case dict():
            return [_as_array(value) for value in row.values()]
        case list():
            return [_as_array(value) for value in row]
    return row


def _as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
