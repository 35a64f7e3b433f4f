"""SATS-JSON, the form of values in SpacetimeDB's HTTP API: codecs compiled per type.

>>> from stdbpy.sats.types import Primitive, option, product
>>> codec = compile_json_codec(product(("id", Primitive.U256), ("name", option(Primitive.STRING))))
>>> codec.to_json((255, None))
['0xff', [1, []]]
>>> codec.from_json({"id": "0xff", "name": {"some": "Ann"}})
(255, 'Ann')
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, Literal, TypeVar

from stdbpy.errors import DecodeError, EncodeError
from stdbpy.sats import types as t
from stdbpy.sats.bsatn import Codec
from stdbpy.sats.bsatn_checking import ValueChecker
from stdbpy.sats.bsatn_reading import ReaderSource
from stdbpy.sats.failures import READING_FAILURES
from stdbpy.sats.satsjson_reading import JsonParsers, Mismatch
from stdbpy.sats.satsjson_writing import (
    JsonReader,
    LossyJsonReader,
    NamedJsonReader,
    NotFinite,
    ObjectJsonReader,
    ToldJsonReader,
)
from stdbpy.sats.shapes import Shapes

V = TypeVar("V")

Form = Literal["strict", "result", "objects", "named", "told"]

_READERS: dict[Form, type[JsonReader]] = {
    "strict": JsonReader,
    "result": LossyJsonReader,
    "objects": ObjectJsonReader,
    "named": NamedJsonReader,
    "told": ToldJsonReader,
}


class JsonCodec(Generic[V]):
    """Reads and writes the values of one type as what ``json.loads`` gives and ``json.dumps`` takes."""

    __slots__ = ("_bsatn", "_form", "_parse", "_read", "_shapes")

    def __init__(self, shapes: Shapes, form: Form) -> None:
        self._shapes = shapes
        self._form = form
        self._bsatn: Codec[V] = Codec(shapes)
        self._read: Callable[[bytes], Any] | None = None
        self._parse: Callable[[Any], V] | None = None

    def to_json(self, value: V) -> Any:
        """The JSON of ``value``. Raises ``EncodeError`` with the path of the field that does not fit:
        except in the form ``result``, also for NaN and infinities."""
        data = self._bsatn.encode(value)
        try:
            return self.bsatn_to_json(data)
        except NotFinite:
            ValueChecker(self._shapes, finite=True).check(value)
            raise

    def bsatn_to_json(self, data: bytes) -> Any:
        """The JSON of a value that is given in BSATN. Raises ``DecodeError`` for bad bytes, and
        ``EncodeError`` for what :meth:`to_json` refuses."""
        read = self._read or self._generate_read()
        try:
            return read(data)
        except NotFinite:
            ValueChecker(self._shapes, finite=True).check(self._bsatn.decode(data))
            raise
        except READING_FAILURES:
            self._bsatn.decode(data)
            raise

    def from_json(self, obj: Any) -> V:
        """The value that JSON says. Raises ``DecodeError`` with the path of what does not fit."""
        parse = self._parse or self._generate_parse()
        try:
            return parse(obj)
        except Mismatch as mismatch:
            raise mismatch.to_error() from None
        except RecursionError:
            raise DecodeError("the value is nested too deeply") from None

    def json_to_bsatn(self, obj: Any) -> bytes:
        """BSATN of the value that JSON says. Raises as :meth:`from_json` does."""
        value = self.from_json(obj)
        try:
            return self._bsatn.encode(value)
        except EncodeError as error:  # nested too deeply
            raise DecodeError(error.message) from None

    def _generate_read(self) -> Callable[[bytes], Any]:
        self._read = read = ReaderSource(self._shapes, _READERS[self._form]).whole()
        return read

    def _generate_parse(self) -> Callable[[Any], V]:
        self._parse = parse = JsonParsers(self._shapes, null_is_nan=self._form == "result").root
        return parse


def compile_json_codec(
    type: t.AlgebraicType,
    typespace: t.Typespace = (),
    classes: Mapping[int, type] | None = None,
    *,
    form: Form = "strict",
) -> JsonCodec[Any]:
    """A codec for ``type``; the arguments are those of :func:`stdbpy.sats.bsatn.compile_codec`.

    It reads every form that the HTTP API reads. ``form`` says what it writes:

    - ``strict``, arguments of a call: products are arrays, sums ``[tag, payload]``; NaN and
      infinities, which JSON does not have, are refused.
    - ``result``, rows of an SQL result: as ``strict``, but NaN and infinities become ``null``, and
      reading ``null`` for a float gives NaN.
    - ``objects``, rows that ``v1.json`` answers: as ``result``, but products are objects.
    - ``named``, as the schema route gives: products are objects, sums ``{variant: payload}``.
    - ``told``, rows that the official program tells of: as ``named``, but NaN and infinities become ``null``.
    """
    return JsonCodec(Shapes(type, typespace, classes or {}), form)
