"""Rows out of the lists that messages hold."""

from __future__ import annotations

from typing import Any

from stdbpy.errors import DecodeError, counted
from stdbpy.protocol.cache.changes import Row
from stdbpy.protocol.json_text import parse_json
from stdbpy.protocol.row_list import JsonRowList, RowList
from stdbpy.sats.bsatn import Codec
from stdbpy.sats.satsjson import JsonCodec


def decoded_rows(sent: RowList, codec: Codec[Any]) -> list[Row]:
    """The rows, as many as the list announces. Raises ``DecodeError``."""
    announced = len(sent)
    if announced and not sent.data:  # rows of units only, which take no bytes
        return [codec.decode(b"") for _ in range(announced)]
    rows = codec.decode_rows(sent.data)
    if len(rows) != announced:
        raise DecodeError(f"{counted(announced, 'row')} are announced, but there are {len(rows)}")
    return rows


def bsatn_rows(rows: JsonRowList, codec: JsonCodec[Any]) -> RowList:
    """Rows of ``v1.json`` as the other dialects have them, so that one path serves all.

    Raises ``DecodeError`` for what is no JSON or does not fit. That takes its time: JSON is for old
    servers and for looking at, not for speed.
    """
    return RowList.of([codec.json_to_bsatn(parse_json(row, "a row")) for row in rows.rows])
