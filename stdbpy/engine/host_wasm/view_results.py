"""What views have written: rows, which come from outside, or a query.

Source of the format: ``ViewResultHeader`` in ``crates/lib`` of SpacetimeDB.
"""

from __future__ import annotations

from stdbpy.engine.host import ViewQuery, ViewResult, ViewRows
from stdbpy.errors import DecodeError
from stdbpy.sats import types as t
from stdbpy.sats.bsatn import Codec, compile_codec
from stdbpy.schema.model import ModuleSchema, View

_ROW_DATA, _RAW_SQL = 0, 1


class ViewResults:
    """Reads what the views of a module return."""

    def __init__(self, schema: ModuleSchema) -> None:
        self._rows: dict[int, Codec[object]] = {
            id(view): compile_codec(owner.row_type(view), owner.typespace)
            for _, owner in schema.walk()
            for view in owner.views
        }
        self._schema = schema  # keeps the views, whose identities are the keys
        self._text: Codec[str] = compile_codec(t.Primitive.STRING)

    def rows(self, view: View, written: bytes, offset: int = 0) -> ViewRows:
        """Of an array of rows. Raises ``DecodeError``."""
        decode_from = self._rows[id(view)].decode_from
        start = offset + 4
        if len(written) < start:
            raise DecodeError("the number of rows is missing", offset=offset, expected="an array")
        rows = []
        for _ in range(int.from_bytes(written[offset:start], "little")):
            _, end = decode_from(written, start)
            rows.append(written[start:end])
            start = end
        return ViewRows(rows)

    def with_header(self, view: View, written: bytes) -> ViewResult:
        """Of bytes that begin with what they are. Raises ``DecodeError``."""
        kind = written[0] if written else -1
        if kind == _ROW_DATA:
            return self.rows(view, written, 1)
        if kind == _RAW_SQL:
            return ViewQuery(self._text.decode_from(written, 1)[0])
        raise DecodeError("a view's result is neither rows nor a query", offset=0, expected="a result of a view")
