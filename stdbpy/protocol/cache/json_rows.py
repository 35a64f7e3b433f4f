"""Rows of ``v1.json`` as the other dialects have them, so that one path serves all."""

from __future__ import annotations

import json
from typing import Any

from stdbpy.errors import DecodeError
from stdbpy.protocol.row_list import JsonRowList, RowList
from stdbpy.sats.satsjson import JsonCodec


def bsatn_rows(rows: JsonRowList, codec: JsonCodec[Any]) -> RowList:
    """The rows in BSATN. Raises ``DecodeError`` for what is no JSON or does not fit.

    That takes its time: JSON is for old servers and for looking at, not for speed.
    """
    try:
        return RowList.of([codec.json_to_bsatn(json.loads(row)) for row in rows.rows])
    except json.JSONDecodeError as error:
        raise DecodeError(f"a row is no JSON: {error}") from None
