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

_text: Codec[str] = compile_codec(t.Primitive.STRING)


class ViewResults:
    """Reads what the views of a module return. All raise ``DecodeError``."""

    def __init__(self, schema: ModuleSchema) -> None:
        self._rows: dict[bool, list[Codec[object]]] = {}
        for is_anonymous in (False, True):
            views = [(owner, view) for _, owner in schema.walk() for view in _numbered(owner, is_anonymous)]
            self._rows[is_anonymous] = [compile_codec(owner.row_type(view), owner.typespace) for owner, view in views]

    def rows(self, number: int, written: bytes, offset: int = 0, *, is_anonymous: bool) -> ViewRows:
        """Of an array of rows, written by the view of that number among the anonymous ones or the others."""
        decode_from = self._rows[is_anonymous][number].decode_from
        start = offset + 4
        if len(written) < start:
            raise DecodeError("the number of rows is missing", offset=offset, expected="an array")
        rows = []
        for _ in range(int.from_bytes(written[offset:start], "little")):
            _, end = decode_from(written, start)
            rows.append(written[start:end])
            start = end
        return ViewRows(rows)

    def with_header(self, number: int, written: bytes, *, is_anonymous: bool) -> ViewResult:
        """Of bytes that begin with what they are."""
        kind = written[0] if written else -1
        if kind == _ROW_DATA:
            return self.rows(number, written, 1, is_anonymous=is_anonymous)
        if kind == _RAW_SQL:
            return ViewQuery(_text.decode_from(written, 1)[0])
        raise DecodeError("a view's result is neither rows nor a query", offset=0, expected="a result of a view")


def _numbered(schema: ModuleSchema, is_anonymous: bool) -> list[View]:
    return sorted((view for view in schema.views if view.is_anonymous is is_anonymous), key=lambda view: view.index)
