"""What the functions of a module take and return: one for all that run it.

Source of the format of views' results: ``ViewResultHeader`` in ``crates/lib`` of SpacetimeDB.
"""

from __future__ import annotations

from stdbpy.engine.host import ViewQuery, ViewResult, ViewRows
from stdbpy.errors import DecodeError
from stdbpy.sats import types as t
from stdbpy.sats.bsatn import Codec, compile_codec
from stdbpy.schema.model import ModuleSchema, View

_ROW_DATA, _RAW_SQL = 0, 1

_text: Codec[str] = compile_codec(t.Primitive.STRING)


class FunctionTypes:
    """Reads what comes from outside. All raise ``DecodeError``."""

    def __init__(self, schema: ModuleSchema) -> None:
        self._reducers = [(owner, reducer) for _, owner in schema.walk() for reducer in owner.reducers]
        self._arguments: dict[int, Codec[object]] = {}
        self._views = {
            is_anonymous: [(owner, view) for _, owner in schema.walk() for view in _numbered(owner, is_anonymous)]
            for is_anonymous in (False, True)
        }
        self._rows: dict[tuple[bool, int], Codec[object]] = {}

    def arguments(self, reducer: int) -> Codec[object]:
        """Of the reducer of that number."""
        codec = self._arguments.get(reducer)
        if codec is None:
            owner, definition = self._reducers[reducer]
            codec = self._arguments[reducer] = compile_codec(definition.params, owner.typespace)
        return codec

    def view_rows(self, view: int, written: bytes, offset: int = 0, *, is_anonymous: bool) -> ViewRows:
        """An array of rows, written by the view of that number among the anonymous ones or the others."""
        decode_from = self._row(view, is_anonymous).decode_from
        start = offset + 4
        if len(written) < start:
            raise DecodeError("the number of rows is missing", offset=offset, expected="an array")
        rows = []
        for _ in range(int.from_bytes(written[offset:start], "little")):
            _, end = decode_from(written, start)
            rows.append(written[start:end])
            start = end
        return ViewRows(rows)

    def view_result(self, view: int, written: bytes, *, is_anonymous: bool) -> ViewResult:
        """Of bytes that begin with what they are."""
        kind = written[0] if written else -1
        if kind == _ROW_DATA:
            return self.view_rows(view, written, 1, is_anonymous=is_anonymous)
        if kind == _RAW_SQL:
            return ViewQuery(_text.decode_from(written, 1)[0])
        raise DecodeError("a view's result is neither rows nor a query", offset=0, expected="a result of a view")

    def _row(self, view: int, is_anonymous: bool) -> Codec[object]:
        codec = self._rows.get((is_anonymous, view))
        if codec is None:
            owner, definition = self._views[is_anonymous][view]
            codec = self._rows[is_anonymous, view] = compile_codec(owner.row_type(definition), owner.typespace)
        return codec


def _numbered(schema: ModuleSchema, is_anonymous: bool) -> list[View]:
    return sorted((view for view in schema.views if view.is_anonymous is is_anonymous), key=lambda view: view.index)
