"""Cuts columns out of rows without decoding them.

Rows are kept in BSATN, and so are the keys of indexes: two values are equal if and only if their
bytes are. Floats are the exception, since both zeros are one value and all NaNs are one value;
keys with floats go through :class:`KeyType`, which writes one of them for all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any, cast

from stdbpy.sats import shapes as s
from stdbpy.sats.bsatn import Codec, compile_codec, compile_columns_decoder
from stdbpy.sats.bsatn_reading import Reader, ReaderSource
from stdbpy.sats.types import ProductType, Typespace
from stdbpy.sats.values import Err, Ok, Some, Variant

KeyReader = Callable[[bytes], bytes]
"""From a row to the BSATN of some of its columns, one after the other."""


class KeyType:
    """The values of some columns of a row, taken together: what an index is looked up by."""

    def __init__(self, row: ProductType, columns: Sequence[int], typespace: Typespace) -> None:
        self.type = ProductType(tuple(row.elements[column] for column in columns))
        self.typespace = typespace
        self.shapes = s.Shapes(self.type, typespace, {})
        self.fields = fields_of(self.shapes)
        self.codec = compile_codec(self.type, typespace)
        self.has_floats = any(_has_floats(field, self.shapes, set()) for field in self.fields)
        self._row = row
        self._columns = columns

    @cached_property
    def column_codecs(self) -> tuple[Codec[Any], ...]:
        """One for each column."""
        return tuple(compile_codec(element.type, self.typespace) for element in self.type.elements)

    def encode(self, key: tuple[Any, ...]) -> bytes:
        """A key of Python values as the index holds it. Raises ``EncodeError``."""
        return self.codec.encode(_canonical(key) if self.has_floats else key)

    def canonical(self, key: bytes) -> bytes:
        """A key in BSATN as the index holds it. Raises ``DecodeError`` for floats that are none."""
        return self.codec.encode(_canonical(self.codec.decode(key))) if self.has_floats else key

    def reader(self) -> KeyReader:
        """A function that gives the key of a row."""
        if self.has_floats:
            decode, encode = compile_columns_decoder(self._row, self._columns, self.typespace), self.codec.encode
            return lambda row: encode(_canonical(decode(row)))
        shapes = s.Shapes(self._row, self.typespace, {})
        spans = [_fixed_span(fields_of(shapes), column) for column in self._columns]
        known = _joined([span for span in spans if span is not None])
        if None not in spans and len(known) == 1:
            return cast("KeyReader", itemgetter(slice(*known[0])))
        return _cutter(shapes, self._columns)


def column_start(row: ProductType, column: int, typespace: Typespace) -> int | Callable[[bytes], int]:
    """The offset of a column in every row, or a function that gives it for one row."""
    shapes = s.Shapes(row, typespace, {})
    fields = fields_of(shapes)
    span = _fixed_span(fields, column)
    if span is not None:
        return span[0]
    source = ReaderSource(shapes)
    body = Reader(source, 1)
    for field in fields[:column]:
        body.skip(field)
    body.flush()
    body.line("return o")
    return cast("Callable[[bytes], int]", source.build("start", f"def start(data):\n    o = 0\n{body.text}"))


def fields_of(shapes: s.Shapes) -> tuple[s.Shape, ...]:
    """The shapes of a product's elements, also of one that Python has a class for."""
    root = shapes.root
    if isinstance(root, s.Special):
        return (root.number,)
    assert isinstance(root, s.Record), "rows and keys are products"
    return root.fields


def _fixed_span(fields: Sequence[s.Shape], column: int) -> tuple[int, int | None] | None:
    """Where the column is in every row, if that is always the same; the last one may end anywhere."""
    start = 0
    for field in fields[:column]:
        size = s.fixed_size(field)
        if size is None:
            return None
        start += size
    size = s.fixed_size(fields[column])
    if size is not None:
        return start, start + size
    return (start, None) if column == len(fields) - 1 else None


def _joined(spans: list[tuple[int, int | None]]) -> list[tuple[int, int | None]]:
    joined = spans[:1]
    for start, end in spans[1:]:
        if joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _cutter(shapes: s.Shapes, columns: Sequence[int]) -> KeyReader:
    source = ReaderSource(shapes)
    body = Reader(source, 1)
    for position, field in enumerate(fields_of(shapes)[: max(columns) + 1]):
        if position in columns:
            body.flush()
            body.line(f"start_{position} = o")
        body.skip(field)
        if position in columns:
            body.flush()
            body.line(f"end_{position} = o")
    parts = " + ".join(f"data[start_{column}:end_{column}]" for column in columns)
    body.line(f"return {parts}")
    return cast("KeyReader", source.build("key", f"def key(data):\n    o = 0\n{body.text}"))


def _has_floats(shape: s.Shape, shapes: s.Shapes, seen: set[int]) -> bool:
    match shape:
        case s.Float():
            return True
        case s.List(element):
            return _has_floats(element, shapes, seen)
        case s.Option(some):
            return _has_floats(some, shapes, seen)
        case s.Result(ok, err):
            return _has_floats(ok, shapes, seen) or _has_floats(err, shapes, seen)
        case s.Record(fields=parts) | s.Union(payloads=parts):
            return any(_has_floats(part, shapes, seen) for part in parts)
        case s.Call(index) if index not in seen:
            seen.add(index)
            return _has_floats(shapes.called[index], shapes, seen)
        case _:
            return False


def _canonical(value: Any) -> Any:
    """The value with every float replaced by the one that stands for all equal to it."""
    match value:
        case float():
            return 0.0 if value == 0 else math.nan if math.isnan(value) else value
        case list():
            return [_canonical(item) for item in value]
        case tuple():
            return tuple(_canonical(item) for item in value)
        case Some(inner):
            return Some(_canonical(inner))
        case Ok(inner):
            return Ok(_canonical(inner))
        case Err(inner):
            return Err(_canonical(inner))
        case Variant(name, payload):
            return Variant(name, _canonical(payload))
        case _:
            return value
